import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.messaging import Message, handles
from shared.messaging.broker import Browser, Link, Outgoing
from shared.messaging.consumer import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.testing import message
from shared.tests.messaging.conftest import Running
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually

FORKING = multiprocessing.get_context("fork")


def credited(number: int, *, kind: str = "good", account: int = 1) -> Message:
    data = {"account_id": account, "number": number, "kind": kind}
    return message("account.credited", data, subject=("account", account), sequence=number, source="shop")


def changed(account: int, sequence: int, *, epoch: int = 1) -> Message:
    data = {"id": account, "balance": sequence * 10, "name": f"state {sequence}"}
    return message("account.changed", data, subject=("account", account), sequence=sequence, epoch=epoch, source="shop")


def send(servers: Servers, *messages: Message, headers: dict[str, int] | None = None) -> None:
    """Put messages into mirror's queue as if shop had published them."""
    with Browser(servers.broker_url("shop"), name="test") as browser:
        for one in messages:
            send_body(browser, one.to_bytes(), one.type, str(one.id), headers)


def send_body(
    browser: Browser, body: bytes, type_: str, message_id: str = "", headers: dict[str, int] | None = None
) -> None:
    browser.publish(
        Outgoing(
            exchange="estuary.events",
            key=type_,
            body=body,
            message_id=message_id,
            type=type_,
            app_id="shop",
            headers=headers or {},
        )
    )


def effects(servers: Servers) -> tuple[int, int]:
    """Return how many effects there are, and of how many events."""
    rows, events = servers.query("SELECT count(*), count(DISTINCT event_id) FROM mirror.effects")[0]
    return rows, events


def test_every_event_three_times_shuffled_has_one_effect_and_the_newest_state_wins(
    servers: Servers, running: Running
) -> None:
    states = [changed(account, sequence) for account in range(1, 11) for sequence in range(1, 21)]
    facts = [credited(number) for number in range(1, 101)]
    deliveries = (states + facts) * 3
    random.Random(7).shuffle(deliveries)
    send(servers, *deliveries)

    for _ in range(3):
        running.consumer()

    eventually(lambda: effects(servers) == (100, 100) and servers.depth("mirror.in") == 0, within=20)
    held = servers.query("SELECT account_id, balance, sequence FROM mirror.account_copies ORDER BY account_id")
    assert held == [(account, 200, 20) for account in range(1, 11)]
    assert servers.depth("mirror.dead") == 0


def test_restored_source_wins_by_its_epoch(servers: Servers, running: Running) -> None:
    running.consumer()
    send(servers, changed(1, 50), changed(1, 7, epoch=2), changed(1, 60))

    eventually(lambda: servers.query("SELECT epoch, sequence FROM mirror.account_copies") == [(2, 7)])


def test_deleted_subject_is_not_revived_by_a_late_event(servers: Servers, running: Running) -> None:
    closed = message("account.closed", {"account_id": 1}, subject=("account", 1), sequence=5)
    running.consumer()

    send(servers, closed, changed(1, 4))

    eventually(lambda: servers.depth("mirror.in") == 0)
    eventually(
        lambda: servers.query("SELECT sequence, deleted_at IS NOT NULL FROM mirror.account_copies") == [(5, True)]
    )


def test_acknowledged_only_after_the_commit(servers: Servers, running: Running) -> None:
    """While the handler works, the broker still owns the message: a reader that is killed then loses nothing."""
    inside = FORKING.Event()

    @handles("account.credited", toy.Credited)
    def linger(session: Session, event: toy.Credited, message: Message) -> None:
        toy.act_on_credit(session, event, message)
        session.flush()
        inside.set()
        time.sleep(60)

    def work() -> None:
        handlers = Handlers.of([SimpleNamespace(linger=linger)])  # type: ignore[list-item]
        inbox = Inbox("mirror", handlers, servers.database("mirror"))
        Consumer(inbox, broker_url=servers.broker_url("mirror")).run(threading.Event())

    reader = FORKING.Process(target=work)
    reader.start()
    send(servers, credited(1))
    assert inside.wait(10)
    reader.kill()
    reader.join()
    assert effects(servers) == (0, 0)

    running.consumer()

    eventually(lambda: effects(servers) == (1, 1) and servers.depth("mirror.in") == 0)


def test_one_bad_event_of_a_batch_does_not_hold_up_the_others(servers: Servers, running: Running) -> None:
    kinds = ["refused" if number % 10 == 0 else "good" for number in range(1, 51)]
    send(servers, *(credited(number, kind=kind) for number, kind in enumerate(kinds, start=1)))

    running.consumer()

    eventually(lambda: effects(servers) == (45, 45) and servers.depth("mirror.dead") == 5)


@pytest.mark.parametrize("kind", ["early", "bug"])
def test_what_fails_for_the_moment_is_tried_eight_times(servers: Servers, running: Running, kind: str) -> None:
    send(servers, credited(1, kind=kind))

    running.consumer()

    eventually(lambda: servers.depth("mirror.dead") == 1, within=20)
    with Browser(servers.admin_broker_url(), name="test") as browser:
        (dead,) = browser.look("mirror.dead")
    assert dead.attempt == 8
    assert effects(servers) == (0, 0)


def test_what_succeeds_at_a_later_try_has_its_effect_once(servers: Servers, mirror: Database, running: Running) -> None:
    tries: list[int] = []

    @handles("account.credited", toy.Credited)
    def third_time_lucky(session: Session, event: toy.Credited, message: Message) -> None:
        tries.append(message.attempt)
        if len(tries) < 3:
            toy.MISBEHAVIOURS["early"]()
        toy.act_on_credit(session, event, message)

    running.consumer(handlers=Handlers.of([SimpleNamespace(lucky=third_time_lucky)]))  # type: ignore[list-item]
    send(servers, credited(1))

    eventually(lambda: effects(servers) == (1, 1))
    assert tries == [0, 1, 2]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff not json", id="not JSON"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(credited(1).to_bytes().replace(b'"version":1', b'"version":2'), id="unknown version"),
        pytest.param(credited(1).to_bytes().replace(b'"number":1', b'"number":"x"'), id="does not fit the schema"),
        pytest.param(b'{"pad":"' + b"x" * 70_000 + b'"}', id="too large"),
    ],
)
def test_what_can_never_be_read_is_dead_at_once(servers: Servers, running: Running, body: bytes) -> None:
    running.consumer()
    with Browser(servers.broker_url("shop"), name="test") as browser:
        send_body(browser, body, "account.credited")

    eventually(lambda: servers.depth("mirror.dead") == 1)


def test_a_restarting_database_costs_no_message_its_tries(servers: Servers, running: Running) -> None:
    running.consumer()
    send(servers, *(credited(number) for number in range(1, 101)))
    eventually(lambda: effects(servers)[0] > 0)

    servers.restart_database()
    send(servers, *(credited(number) for number in range(101, 151)))

    eventually(lambda: effects(servers) == (150, 150), within=20)
    assert servers.depth("mirror.dead") == 0
    assert sum(servers.depth(f"mirror.retry.{name}") for name in ("5s", "30s", "5m", "30m")) == 0


def test_an_event_that_always_loses_the_connection_is_put_aside(
    servers: Servers, mirror: Database, running: Running
) -> None:
    @handles("account.credited", toy.Credited)
    def hang_up(session: Session, event: toy.Credited, message: Message) -> None:
        if event.kind == "cut":
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        toy.act_on_credit(session, event, message)

    send(servers, credited(1), credited(2, kind="cut"), credited(3), headers={"x-attempt": 7})
    running.consumer(handlers=Handlers.of([SimpleNamespace(hang_up=hang_up)]))  # type: ignore[list-item]

    eventually(lambda: effects(servers) == (2, 2) and servers.depth("mirror.dead") == 1, within=30)


@contextmanager
def restarting_reader(servers: Servers, *, prefetch: int) -> Iterator[Any]:
    """Keep one worker process of mirror alive, as a supervisor would; yields a counter of those that died.

    The supervisor is a process too: forking while other threads run could leave a child with their locks.
    """

    def work() -> None:
        inbox = Inbox("mirror", toy.MIRROR.handlers, servers.database("mirror"))
        url = servers.broker_url("mirror")
        quarantine = Consumer(inbox, broker_url=url, is_quarantine=True)
        threading.Thread(target=quarantine.run, args=(threading.Event(),), daemon=True).start()
        Consumer(inbox, broker_url=url, prefetch=prefetch).run(threading.Event())

    def supervise() -> None:
        while not stop.is_set():
            process = FORKING.Process(target=work)
            process.start()
            while process.is_alive() and not stop.is_set():
                process.join(0.05)
            if process.is_alive():
                process.kill()
                process.join()
            else:
                crashes.value += 1

    crashes, stop = FORKING.Value("i", 0), FORKING.Event()
    supervisor = FORKING.Process(target=supervise)
    supervisor.start()
    try:
        yield crashes
    finally:
        stop.set()
        supervisor.join(10)
        assert not supervisor.is_alive()


@pytest.mark.parametrize("prefetch", [16, 64])
def test_a_message_that_kills_its_reader_harms_no_other(servers: Servers, mirror: Database, prefetch: int) -> None:
    before = [credited(number) for number in range(1, 101)]
    after = [credited(number) for number in range(101, 201)]
    send(servers, *before, credited(999, kind="deadly"), *after)

    with restarting_reader(servers, prefetch=prefetch) as crashes:
        eventually(lambda: effects(servers) == (200, 200) and servers.depth("mirror.dead") == 1, within=30)

    with Browser(servers.admin_broker_url(), name="test") as browser:
        (dead,) = browser.look("mirror.dead")
    assert Message.from_bytes(dead.body).data["number"] == 999
    assert crashes.value <= 8


def test_a_reader_sees_how_full_its_queues_are(servers: Servers) -> None:
    send(servers, credited(1), credited(2))
    link = Link.open(servers.broker_url("mirror"), name="test")

    found = link.depths(["mirror.in", "mirror.dead", "events.unrouted"])
    assert found == {"mirror.in": 2, "mirror.dead": 0, "events.unrouted": 0}
    assert link.is_open
    link.close()
