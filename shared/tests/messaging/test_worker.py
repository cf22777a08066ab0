import json
import logging
import multiprocessing
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared.database import Database
from shared.messaging.worker import Worker
from shared.tests.messaging.test_consumer import credited, effects, send
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually

FORKING = multiprocessing.get_context("fork")


def get(port: int, path: str) -> tuple[int, Any]:
    """Return the status and body of a probe; (0, None) while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if path != "/metrics" else body.decode()
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())
    except OSError:
        return 0, None


@contextmanager
def worker_process(servers: Servers, *, broker_url: str | None = None) -> Iterator[tuple[Any, int]]:
    """Run mirror's worker in a process; yields it and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def work() -> None:
        logging.disable(logging.CRITICAL)
        settings = SimpleNamespace(
            database_url=servers.database_url("mirror"),
            rabbitmq_url=broker_url or servers.broker_url("mirror"),
            worker_bind=f"127.0.0.1:{port}",
            log_level="critical",
        )
        Worker("mirror", settings=settings, handlers=[toy.HANDLERS], publishes=[], snapshots=[]).run()  # type: ignore[list-item]
        os._exit(0)

    process = FORKING.Process(target=work)
    process.start()
    try:
        yield process, port
    finally:
        process.kill()
        process.join()


def test_probes_tell_the_truth(servers: Servers, mirror: Database) -> None:
    with worker_process(servers) as (_, port):
        eventually(lambda: get(port, "/health/live")[0] == 200)

        status, state = get(port, "/health/ready")
        assert status == 503
        assert state["failing"]["replicas"] == "waiting for account.changed"

        # The worker answers before it has asked.
        eventually(lambda: servers.query("UPDATE mirror.replica_states SET completed_at = now() RETURNING type"))
        eventually(lambda: "replicas" not in get(port, "/health/ready")[1]["failing"])
        eventually(lambda: get(port, "/health/ready")[1]["degraded"] == {})
        assert "estuary_events_consumed_total" in get(port, "/metrics")[1]
        assert get(port, "/nothing")[0] == 404


def test_a_lost_broker_only_degrades(servers: Servers, mirror: Database) -> None:
    with worker_process(servers, broker_url="amqp://mirror:toy@127.0.0.1:1/") as (_, port):
        eventually(lambda: get(port, "/health/live")[0] == 200)

        state = get(port, "/health/ready")[1]

        assert state["degraded"] == {"broker": "unreachable"}
        assert "broker" not in state["failing"]


def test_a_worker_told_to_stop_finishes_what_it_has_and_leaves_the_rest(servers: Servers, mirror: Database) -> None:
    with worker_process(servers) as (process, port):
        eventually(lambda: get(port, "/health/live")[0] == 200)
        send(servers, *(credited(number) for number in range(400)))
        eventually(lambda: effects(servers)[0] > 0)

        os.kill(process.pid, signal.SIGTERM)
        process.join(20)

        assert process.exitcode == 0
    done, distinct = effects(servers)
    assert done == distinct
    eventually(lambda: servers.depth("mirror.in") == 400 - done)
    assert servers.depth("mirror.dead") == 0


def test_a_worker_without_a_handler_that_its_queue_is_bound_for_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("services.mirror.worker")
    handlers = ModuleType("services.mirror.handlers.shop")
    handlers.copy_account = toy.copy_account  # type: ignore[attr-defined]
    module.shop = handlers  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "services.mirror.worker", module)

    with pytest.raises(ValueError, match=r"bound for account\.changed"):
        Worker("mirror", settings=SimpleNamespace(database_url="", rabbitmq_url="", worker_bind=""))  # type: ignore[arg-type]
