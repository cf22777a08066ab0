"""Revocations through the real broker."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pika
import pytest
import requests

from gateway.listener import EXCHANGE
from gateway.tests.running import BASE, RunningGateway, bearer, until
from shared.testing import environment


@pytest.fixture(scope="module")
def listening() -> Iterator[RunningGateway]:
    running = RunningGateway(rabbitmq_url=environment.read("gateway")["RABBITMQ_URL"]).start()
    assert until(lambda: running.gateway._listener.connected)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def publish() -> Iterator[Callable[[str, bytes], None]]:
    connection = pika.BlockingConnection(pika.URLParameters(environment.read("auth")["RABBITMQ_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()

    def send(key: str, body: bytes) -> None:
        channel.basic_publish(EXCHANGE, key, body, pika.BasicProperties(user_id="auth"))

    yield send
    connection.close()


def revoked(session_id: str) -> bytes:
    data: dict[str, Any] = {
        "kind": "session",
        "session_ids": [session_id],
        "user_id": 7,
        "expires_at": time.time() + 60,
    }
    return orjson.dumps({"id": "e", "type": "session.revoked", "epoch": 1, "sequence": 1, "data": data})


def status(running: RunningGateway, headers: dict[str, str]) -> int:
    return requests.get(f"http://127.0.0.1:{running.port}{BASE}/bookings/", headers=headers, timeout=20).status_code


def test_a_revoked_session_is_refused(listening: RunningGateway, publish: Callable[[str, bytes], None]) -> None:
    headers = bearer(session_id="s-broker")
    assert status(listening, headers) == 200

    publish("session.revoked", revoked("s-broker"))

    assert until(lambda: status(listening, headers) == 401)


def test_what_cannot_be_read_harms_nothing(listening: RunningGateway, publish: Callable[[str, bytes], None]) -> None:
    for body in (b"not JSON", b"[]", b"{}", b'{"type":"session.revoked","data":{}}'):
        publish("session.revoked", body)
    publish("session.revoked", revoked("s-after"))

    assert until(lambda: status(listening, bearer(session_id="s-after")) == 401)
    assert status(listening, bearer(session_id="s-fine")) == 200


def test_a_broker_that_is_away_stops_nothing() -> None:
    lonely = RunningGateway(rabbitmq_url="amqp://nobody:x@127.0.0.1:1/").start()
    try:
        assert status(lonely, bearer()) == 200
        assert not lonely.gateway._listener.connected
    finally:
        lonely.stop()
    names = {thread.name for thread in threading.enumerate()}
    assert len([name for name in names if name == "identity-events"]) <= 2
