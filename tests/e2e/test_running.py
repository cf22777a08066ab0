"""The supervisor keeps everything running, and lets code be renewed while people use it."""

import http.client
import os
import signal
import threading
import time
from collections import Counter
from itertools import count
from typing import Self

import pytest

from deploy.local.runner import wait_for
from deploy.local.stack import Stack
from deploy.local.system import belonging_to, is_alive

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class Load:
    """People asking one page after another until the block ends; `answers` counts what they got."""

    def __init__(self, stack: Stack, *paths: str, people: int = 4) -> None:
        self.answers: Counter[int | str] = Counter()
        self._stack = stack
        self._paths = paths
        self._stop = threading.Event()
        self._people = [threading.Thread(target=self._ask, args=(number,)) for number in range(people)]

    def __enter__(self) -> Self:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for person in self._people:
            person.join()

    def _ask(self, number: int) -> None:
        port = self._stack.profile.port("gateway")
        for turn in count(number):
            if self._stop.is_set():
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
            try:
                connection.request("GET", self._stack.path(self._paths[turn % len(self._paths)]))
                self.answers[connection.getresponse().status] += 1
            except OSError as refused:
                self.answers[type(refused).__name__] += 1
            finally:
                connection.close()
            time.sleep(0.01)


def test_what_crashes_is_started_again(stack: Stack) -> None:
    before = stack.pid("bookings")

    stack.kill("bookings")
    stack.wait_until_healthy(["bookings"])

    assert stack.pid("bookings") not in (None, before)


def test_a_reload_refuses_nobody(stack: Stack) -> None:
    with Load(stack, "public-services/", "public-practitioners/") as load:
        time.sleep(0.5)
        stack.restart("catalog", "practitioners")
        time.sleep(0.5)

    assert set(load.answers) == {200}
    assert load.answers[200] > 50


def test_one_service_that_hangs_leaves_the_others_serving(stack: Stack) -> None:
    stack.signal("reviews", signal.SIGSTOP)
    try:
        with Load(stack, "public-services/") as load:
            time.sleep(2)
    finally:
        stack.signal("reviews", signal.SIGCONT)

    assert set(load.answers) == {200}


def test_without_the_broker_everybody_is_served(stack: Stack) -> None:
    stack.stop("RabbitMQ")
    try:
        with Load(stack, "public-services/") as load:
            time.sleep(2)
        degraded = {one.name: one.answer for one in stack.health() if not one.is_well}
    finally:
        stack.start("RabbitMQ")

    assert set(load.answers) == {200}
    assert degraded == {}
    stack.wait_until_healthy()


def test_a_database_crash_heals_by_itself(stack: Stack) -> None:
    pids = {name: stack.pid(name) for name in stack.names()}

    stack.crash_server("PostgreSQL")
    stack.start("PostgreSQL")
    began = time.monotonic()
    stack.wait_until_healthy(seconds=30)

    assert time.monotonic() - began < 15
    assert {name: stack.pid(name) for name in stack.names()} == pids


def test_a_supervisor_that_dies_is_replaced_and_loses_no_process(stack: Stack) -> None:
    supervisor = stack.supervisor
    os.kill(supervisor, signal.SIGKILL)
    assert wait_for(lambda: not is_alive(supervisor), 10)
    orphans = belonging_to(stack.profile.folder)
    assert orphans

    stack.resume()

    assert not set(orphans) & set(belonging_to(stack.profile.folder))
    stack.wait_until_healthy()
