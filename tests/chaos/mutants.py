"""Five ways to break the messaging, each a mistake that has been made elsewhere.

They are applied to the modules of one process after it was forked; nothing in the messaging itself knows of them.
A harness that does not catch all of them proves nothing.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from sqlalchemy import true
from sqlalchemy.orm import Session

from shared.messaging import replicas
from shared.messaging.broker import Delivery, Link, Outgoing
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Inbox
from shared.messaging.messages import Message
from shared.messaging.relay import Relay

# The toy's effects take a millisecond, a service's take more: the time in which an early acknowledgement can harm.
SLOW_HANDLER_SECONDS = 0.05


def acknowledge_early() -> None:
    """Acknowledge before the effect is committed: a reader that dies in between loses it."""
    handle = Consumer.handle

    def handle_after_acknowledging(self: Consumer, link: Link, batch: Sequence[Delivery], stop: Any) -> None:
        link.acknowledge(batch[-1].tag, multiple=True)
        time.sleep(SLOW_HANDLER_SECONDS)
        with patch.object(link, "acknowledge", lambda *_args, **_options: None):
            handle(self, link, batch, stop)

    Consumer.handle = handle_after_acknowledging  # type: ignore[method-assign]


def forget_the_inbox() -> None:
    """Apply whatever arrives: a repeated delivery has its effect again."""

    def apply_everything(self: Inbox, session: Session, messages: Sequence[Message]) -> list[Message]:
        for message in messages:
            self.handlers.apply(session, message)
        return list(messages)

    Inbox.apply_within = apply_everything  # type: ignore[method-assign]


def take_any_state() -> None:
    """Take the state that arrived last instead of the newest: a late event undoes a newer one."""
    replicas.is_newer = lambda *_arguments: true()  # type: ignore[assignment]


def trust_the_socket() -> None:
    """Count a message as published once it was written to the socket: what the broker never read is lost."""

    def publish_and_hope(self: Link, messages: Sequence[Outgoing], **_options: Any) -> list[str | None]:
        def send() -> None:
            if self._publishing is not None and self._publishing.is_open:
                for message in messages:
                    self._publishing.basic_publish(
                        message.exchange, message.key, message.body, self._properties(message)
                    )

        self._in_thread(send)
        return [None] * len(messages)

    Link.publish = publish_and_hope  # type: ignore[method-assign, assignment]


def follow_a_cursor() -> None:
    """Read the outbox from the last number seen: a slower transaction's lower numbers are passed over for ever."""
    pending = Relay._pending

    def pending_above(self: Relay, connection: Any) -> Sequence[Any]:
        rows = [row for row in pending(self, connection) if row[0] > getattr(self, "cursor", 0)]
        if rows:
            self.cursor = max(row[0] for row in rows)  # type: ignore[attr-defined]
        return rows

    Relay._pending = pending_above  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    "early-ack": acknowledge_early,
    "no-inbox": forget_the_inbox,
    "no-sequence": take_any_state,
    "no-confirms": trust_the_socket,
    "cursor-relay": follow_a_cursor,
}
