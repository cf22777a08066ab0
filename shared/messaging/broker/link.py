"""One connection, with a thread of its own that does nothing but read and write frames.

So heartbeats go on whatever the callers' threads are busy with. A broken link is never mended: its owner opens a new
one.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Self

import pika
import pika.exceptions
from pika.channel import Channel

from shared.messaging.broker.wire import Delivery, Outgoing, parameters_of
from shared.messaging.errors import BrokerLost, NotConfirmed

log = logging.getLogger(__name__)

OPEN_SECONDS = 15
CONFIRM_SECONDS = 30
WINDOW = 200

LOST = "the connection was lost"
HELD_BACK = "held back: an earlier event of the same subject was not taken"


class _Batch:
    """Messages on their way, at most `window` of them unconfirmed. Lives in the link's thread."""

    def __init__(self, messages: Sequence[Outgoing], window: int) -> None:
        self.messages = messages
        self.window = window
        self.outcomes: list[str | None] = [LOST] * len(messages)
        self.next = 0
        self.in_flight: dict[int, int] = {}
        self.returned: dict[str, str] = {}
        self.refused: set[Hashable] = set()
        self.done = threading.Event()

    def settle(self, tag: int, *, multiple: bool, taken: bool) -> None:
        tags = [one for one in self.in_flight if one <= tag] if multiple else [tag]
        for one in tags:
            index = self.in_flight.pop(one, None)
            if index is None:
                continue
            message = self.messages[index]
            problem = self.returned.pop(message.message_id, None) or (None if taken else "refused by the broker")
            self.outcomes[index] = problem
            if problem is not None and message.order is not None:
                self.refused.add(message.order)


class Link:
    """One open connection: a channel that publishes with confirms, and one that consumes when asked to."""

    def __init__(self, url: str, *, name: str) -> None:
        self._parameters = parameters_of(url, name)
        self.user = str(self._parameters.credentials.username)
        self._connection: pika.SelectConnection | None = None
        self._publishing: Channel | None = None
        self._consuming: Channel | None = None
        self._opened = threading.Event()
        self._closed = threading.Event()
        self._reason: str = ""
        self._batch: _Batch | None = None
        self._next_tag = 1
        self._publish_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"link-{name}", daemon=True)
        self.deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()

    @classmethod
    def open(cls, url: str, *, name: str) -> Self:
        """Connect, and return when messages can be published. Raises BrokerLost."""
        link = cls(url, name=name)
        link._thread.start()
        deadline = time.monotonic() + OPEN_SECONDS
        while not link._opened.wait(0.02):
            if link._closed.is_set() or time.monotonic() > deadline:
                link.close()
                raise BrokerLost(link._reason or "no answer")
        return link

    @property
    def is_open(self) -> bool:
        """Whether nothing has broken so far."""
        return self._opened.is_set() and not self._closed.is_set()

    @property
    def problem(self) -> str:
        """Why the link is closed."""
        return self._reason or "closed"

    def publish(
        self, messages: Sequence[Outgoing], *, window: int = WINDOW, timeout: float = CONFIRM_SECONDS
    ) -> list[str | None]:
        """Send messages and wait for the broker's word on each: None where it has it safely, else what was wrong.

        At most `window` are unconfirmed at a time. When the link breaks or `timeout` passes without an end, the
        fate of the rest is unknown and they are to be sent again.
        """
        if not messages:
            return []
        batch = _Batch(messages, window)
        with self._publish_lock:
            self._in_thread(lambda: self._start(batch))
            deadline = time.monotonic() + timeout
            while not batch.done.wait(0.2) and not self._closed.is_set():
                if time.monotonic() > deadline:
                    self.abandon("the broker did not confirm in time")
        return list(batch.outcomes)

    def publish_one(self, message: Outgoing) -> None:
        """Send one message and return when the broker has it. Raises BrokerLost, NotConfirmed."""
        (problem,) = self.publish([message])
        if problem == LOST:
            raise BrokerLost(self.problem)
        if problem is not None:
            raise NotConfirmed(f"{message.exchange} {message.key}: {problem}")

    def consume(self, queue_name: str, *, prefetch: int) -> None:
        """Let messages of a queue arrive in `deliveries`, at most `prefetch` unacknowledged; None there means lost."""

        def start(channel: Channel) -> None:
            self._consuming = channel
            channel.add_on_close_callback(self._on_channel_closed)
            channel.add_on_cancel_callback(lambda _frame: self.abandon(f"{queue_name} is gone"))
            channel.basic_qos(
                prefetch_count=prefetch,
                callback=lambda _frame: channel.basic_consume(queue_name, self._on_delivery),
            )

        self._in_thread(lambda: self._connection and self._connection.channel(on_open_callback=start))

    def listen(self, queue_name: str, bindings: Sequence[tuple[str, str]]) -> threading.Event:
        """Declare a queue that lives as long as this link, bind it to (exchange, key) pairs and consume it.

        Returns an event that is set when messages flow.
        """
        ready = threading.Event()

        def start(channel: Channel) -> None:
            self._consuming = channel
            channel.add_on_close_callback(self._on_channel_closed)
            channel.queue_declare(
                queue_name, exclusive=True, auto_delete=True, callback=lambda _frame: bind(channel, list(bindings))
            )

        def bind(channel: Channel, left: list[tuple[str, str]]) -> None:
            if left:
                exchange, key = left.pop()
                channel.queue_bind(queue_name, exchange, key, callback=lambda _frame: bind(channel, left))
            else:
                channel.basic_consume(queue_name, self._on_delivery, auto_ack=True, callback=lambda _frame: ready.set())

        self._in_thread(lambda: self._connection and self._connection.channel(on_open_callback=start))
        return ready

    def acknowledge(self, tag: int, *, multiple: bool = False) -> None:
        """Tell the broker that a delivery (with `multiple`, every one up to it) is done with."""

        def tell() -> None:
            if self._consuming is not None and self._consuming.is_open:
                self._consuming.basic_ack(tag, multiple=multiple)

        with contextlib.suppress(BrokerLost):
            self._in_thread(tell)

    def depths(self, queues: Sequence[str], *, timeout: float = 2.0) -> dict[str, int]:
        """Return how many messages lie ready in each queue; those that the user may not look at are left out."""
        found: dict[str, int] = {}
        done = threading.Event()

        def look(channel: Channel, left: list[str]) -> None:
            if not left:
                channel.close()
                done.set()
                return
            name = left.pop()

            def note(frame: Any) -> None:
                found[name] = frame.method.message_count
                look(channel, left)

            channel.queue_declare(name, passive=True, callback=note)

        def start(channel: Channel) -> None:
            channel.add_on_close_callback(lambda *_: done.set())
            look(channel, list(queues))

        self._in_thread(lambda: self._connection and self._connection.channel(on_open_callback=start))
        done.wait(timeout)
        return dict(found)

    def stop_consuming(self) -> None:
        """Ask for no more deliveries; those that are here may still be acknowledged."""

        def stop() -> None:
            if self._consuming is not None and self._consuming.is_open:
                for tag in self._consuming.consumer_tags:
                    self._consuming.basic_cancel(tag)

        with contextlib.suppress(BrokerLost):
            self._in_thread(stop)

    def close(self) -> None:
        """Close the connection; what was not acknowledged is the broker's again."""

        def close() -> None:
            if self._connection is not None and not (self._connection.is_closing or self._connection.is_closed):
                self._connection.close()

        with contextlib.suppress(BrokerLost):
            self._in_thread(close)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)
        if self._thread.is_alive():
            self.abandon("closing took too long")

    def abandon(self, reason: str) -> None:
        """Give the link up without a word to the broker."""
        self._lost(reason)
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.ioloop.add_callback_threadsafe(connection.ioloop.stop)

    def _run(self) -> None:
        try:
            self._connection = pika.SelectConnection(
                self._parameters,
                on_open_callback=self._on_open,
                on_open_error_callback=lambda _connection, problem: self._stop(problem),
                on_close_callback=lambda _connection, problem: self._stop(problem),
            )
            self._connection.ioloop.start()
        except Exception as problem:  # noqa: BLE001 - Whatever ends the thread, whoever waits must learn of it.
            self._lost(f"{type(problem).__name__}: {problem}")
        finally:
            self._lost("closed")
            if self._connection is not None:
                with contextlib.suppress(Exception):
                    self._connection.ioloop.close()
                # A link that was abandoned leaves its socket to a loop that turns no more.
                with contextlib.suppress(Exception):
                    self._connection._transport._sock.close()

    def _on_open(self, connection: pika.SelectConnection) -> None:
        connection.channel(on_open_callback=self._on_publishing_channel)

    def _on_publishing_channel(self, channel: Channel) -> None:
        self._publishing = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_returned)
        channel.confirm_delivery(self._on_confirmed, callback=lambda _frame: self._opened.set())

    def _on_channel_closed(self, _channel: Channel, problem: Exception) -> None:
        self._lost(str(problem))
        if self._connection is not None and not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()

    def _on_delivery(self, _channel: Channel, method: Any, properties: Any, body: bytes) -> None:
        self.deliveries.put(
            Delivery(
                tag=method.delivery_tag,
                body=body,
                message_id=properties.message_id or "",
                type=properties.type or "",
                app_id=properties.app_id or "",
                headers=properties.headers or {},
                exchange=method.exchange,
                key=method.routing_key,
            )
        )

    def _start(self, batch: _Batch) -> None:
        if self._closed.is_set():
            batch.done.set()
            return
        self._batch = batch
        self._send()

    def _send(self) -> None:
        """Publish until the window is full or the batch is at its end."""
        batch, channel = self._batch, self._publishing
        if batch is None or channel is None or not channel.is_open:
            return
        while batch.next < len(batch.messages) and len(batch.in_flight) < batch.window:
            index, message = batch.next, batch.messages[batch.next]
            batch.next += 1
            if message.order is not None and message.order in batch.refused:
                batch.outcomes[index] = HELD_BACK
                continue
            batch.in_flight[self._next_tag] = index
            self._next_tag += 1
            channel.basic_publish(
                message.exchange, message.key, message.body, self._properties(message), mandatory=message.mandatory
            )
        if not batch.in_flight and batch.next == len(batch.messages):
            self._batch = None
            batch.done.set()

    def _properties(self, message: Outgoing) -> pika.BasicProperties:
        return pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2 if message.persistent else 1,
            message_id=message.message_id,
            type=message.type,
            app_id=message.app_id,
            correlation_id=message.correlation_id,
            user_id=self.user,
            headers=dict(message.headers) or None,
        )

    def _on_returned(self, _channel: Channel, method: Any, properties: Any, _body: bytes) -> None:
        if self._batch is not None:
            self._batch.returned[properties.message_id] = f"no queue takes it: {method.reply_text}"

    def _on_confirmed(self, frame: Any) -> None:
        batch = self._batch
        if batch is None:
            return
        taken = isinstance(frame.method, pika.spec.Basic.Ack)
        batch.settle(frame.method.delivery_tag, multiple=frame.method.multiple, taken=taken)
        self._send()

    def _stop(self, problem: object) -> None:
        self._lost(str(problem))
        if self._connection is not None:
            self._connection.ioloop.stop()

    def _lost(self, reason: str) -> None:
        """Wake whoever waits; the first reason given is kept."""
        if self._closed.is_set():
            return
        self._reason = reason
        self._closed.set()
        self.deliveries.put(None)
        batch = self._batch
        if batch is not None:
            batch.done.set()

    def _in_thread(self, work: Callable[[], object]) -> None:
        """Run `work` in the link's thread, soon. Raises BrokerLost."""
        if self._connection is None or self._closed.is_set():
            raise BrokerLost(self.problem)
        try:
            self._connection.ioloop.add_callback_threadsafe(work)
        except Exception as problem:
            raise BrokerLost(self.problem) from problem
