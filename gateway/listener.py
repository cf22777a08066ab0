"""Identity events from the broker, in a thread of their own.

Every process has its own exclusive queue, which dies with it: what it would have missed, the poll tells.

`shared.messaging.live` does the same for services. Importing it brings the database's and the schemas' libraries along,
27 MB that no gateway process needs; hence this small one.
"""

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pika
from pika.exceptions import AMQPError
from uuid_utils import uuid7

EXCHANGE = "estuary.events"
EVENTS = ("session.revoked", "signing_keys.changed")
RETRY_SECONDS = (0.5, 5.0)
log = logging.getLogger("gateway.identity")


class EventListener:
    """Consumes session.revoked and signing_keys.changed and hands each to `handle` on the event loop.

    `on_bound` is called on the loop each time the queue is there, so that what was missed can be read.
    """

    def __init__(
        self,
        url: str,
        loop: asyncio.AbstractEventLoop,
        *,
        handle: Callable[[Mapping[str, Any]], None],
        on_bound: Callable[[], None],
    ) -> None:
        self._url = url
        self._loop = loop
        self._handle = handle
        self._on_bound = on_bound
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="identity-events", daemon=True)
        self.connected = False

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns at once, the thread ends within a second."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (AMQPError, OSError) as error:
                log.warning("the broker is away: %r", error)
            finally:
                self.connected = False
            self._stopping.wait(random.uniform(*RETRY_SECONDS))  # noqa: S311 (spreads reconnections)

    def _listen(self) -> None:
        parameters = pika.URLParameters(self._url)
        parameters.heartbeat = 10
        parameters.socket_timeout = parameters.stack_timeout = 5
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            queue = f"gateway.live.{uuid7()}"
            channel.queue_declare(queue, exclusive=True, auto_delete=True)
            for event in EVENTS:
                channel.queue_bind(queue, EXCHANGE, routing_key=event)
            channel.basic_consume(queue, self._received, auto_ack=True, exclusive=True)
            self.connected = True
            self._loop.call_soon_threadsafe(self._on_bound)
            while not self._stopping.is_set():
                connection.process_data_events(time_limit=1)
        finally:
            if connection.is_open:
                connection.close()

    def _received(self, _channel: Any, _method: Any, _properties: Any, body: bytes) -> None:
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError:
            log.warning("an identity event is not JSON")
            return
        if isinstance(event, dict):
            self._loop.call_soon_threadsafe(self._handle, event)
