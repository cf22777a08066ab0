"""Hearing events in a process that has no inbox: each such process has a queue of its own, which goes with it.

What is missed while the link is down is lost; whoever uses this looks after it by other means, and is told when
to do so (`on_connected`).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty

from shared.ids import uuid7
from shared.messaging.broker import Backoff, Link
from shared.messaging.errors import BrokerLost, Unreadable
from shared.messaging.messages import Message

log = logging.getLogger(__name__)


class Listener:
    """Calls `on_message` for every event that the bindings let through, in a thread of its own.

    `bindings` are pairs of exchange and key: ("estuary.events", "session.revoked"), ("estuary.notifications.live", "").
    `on_connected` is called each time the queue is there, also after a loss. `user` is the broker's user.
    """

    def __init__(
        self,
        broker_url: str,
        *,
        user: str,
        bindings: Sequence[tuple[str, str]],
        on_message: Callable[[Message], object],
        on_connected: Callable[[], object] = lambda: None,
    ) -> None:
        self._broker_url = broker_url
        self._user = user
        self._bindings = bindings
        self._on_message = on_message
        self._on_connected = on_connected
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self.is_connected = False

    def start(self) -> None:
        """Begin to listen; returns at once, whether the broker is there or not."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                link = Link.open(self._broker_url, name=f"{self._user}-live")
            except BrokerLost as problem:
                log.warning("listener: no broker: %s", problem)
                backoff.wait(self._stop)
                continue
            try:
                ready = link.listen(f"{self._user}.live.{uuid7()}", self._bindings)
                while not ready.wait(0.25) and link.is_open and not self._stop.is_set():
                    pass
                if ready.is_set():
                    self.is_connected = True
                    backoff.reset()
                    self._on_connected()
                self._read(link)
            except BrokerLost as problem:
                log.warning("listener: %s", problem)
            except Exception:
                log.exception("listener: starting over")
            finally:
                self.is_connected = False
                link.close()
            if not self._stop.is_set():
                backoff.wait(self._stop)

    def _read(self, link: Link) -> None:
        """Hand messages on until told to stop. Raises BrokerLost."""
        while not self._stop.is_set():
            try:
                delivery = link.deliveries.get(timeout=0.25)
            except Empty:
                continue
            if delivery is None:
                raise BrokerLost(link.problem)
            try:
                message = Message.from_bytes(delivery.body)
            except Unreadable as problem:
                log.warning("listener: passed over: %s", problem)
                continue
            self._on_message(message)
