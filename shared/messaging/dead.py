"""What people do with a service's dead messages: look, send again, throw away.

Looking takes nothing out: messages lie in the queue again when the link is closed. Sending again is safe to repeat,
because the inbox knows what was applied; a message older than the inbox's memory is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.clock import utc_now
from shared.ids import uuid7
from shared.messaging.broker import Browser, Delivery, Outgoing
from shared.messaging.errors import Unreadable
from shared.messaging.messages import Message
from shared.messaging.names import own_exchange

INBOX_MEMORY = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadMessage:
    """A message that could not be applied. `event` is None where its body is no event."""

    message_id: str
    type: str
    source: str
    problem: str
    attempts: int
    died_at: str
    body: bytes
    event: Message | None

    def to_dict(self) -> dict[str, Any]:
        """Return what a person wants to see, as JSON values."""
        return {
            "id": self.message_id,
            "type": self.type,
            "source": self.source,
            "problem": self.problem,
            "attempts": self.attempts,
            "died_at": self.died_at,
            "event": self.event.to_dict() if self.event else self.body.decode(errors="replace"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay did; `refused` lists messages that are older than the inbox remembers."""

    sent: tuple[str, ...]
    refused: tuple[str, ...]


def list_dead(
    broker_url: str, service: str, *, type_: str | None = None, since: datetime | None = None, limit: int = 100
) -> list[DeadMessage]:
    """Return up to `limit` dead messages of a service, oldest first; `since` is when they happened."""
    with Browser(broker_url, name=f"dead-{service}") as browser:
        return [dead for _, dead in _matching(browser, service, type_=type_, since=since, limit=limit)]


def show_dead(broker_url: str, service: str, message_id: str) -> DeadMessage | None:
    """Return one dead message, or None."""
    with Browser(broker_url, name=f"dead-{service}") as browser:
        return next((dead for _, dead in _matching(browser, service, message_id=message_id, limit=1)), None)


def replay_dead(
    broker_url: str,
    service: str,
    *,
    message_id: str | None = None,
    type_: str | None = None,
    since: datetime | None = None,
    limit: int = 1000,
) -> Replayed:
    """Put dead messages back into the service's queue, as on their first day. Raises NotConfirmed.

    Each is taken out of the dead queue after the broker confirmed it in the other.
    """
    sent, refused, replay_id = [], [], str(uuid7())
    with Browser(broker_url, name=f"dead-{service}") as browser:
        chosen = list(_matching(browser, service, message_id=message_id, type_=type_, since=since, limit=limit))
        for delivery, dead in chosen:
            if dead.event is not None and utc_now() - dead.event.occurred_at > INBOX_MEMORY:
                refused.append(dead.message_id)
                continue
            browser.publish(
                Outgoing(
                    exchange=own_exchange(service),
                    key="in",
                    body=delivery.body,
                    message_id=delivery.message_id,
                    type=delivery.type,
                    app_id=delivery.app_id,
                    headers={"x-replay-id": replay_id},
                )
            )
            browser.remove(delivery)
            sent.append(dead.message_id)
    return Replayed(sent=tuple(sent), refused=tuple(refused))


def drop_dead(
    broker_url: str,
    service: str,
    *,
    message_id: str | None = None,
    type_: str | None = None,
    since: datetime | None = None,
    limit: int = 1000,
) -> list[DeadMessage]:
    """Throw dead messages away for good, and return them."""
    with Browser(broker_url, name=f"dead-{service}") as browser:
        chosen = list(_matching(browser, service, message_id=message_id, type_=type_, since=since, limit=limit))
        for delivery, _ in chosen:
            browser.remove(delivery)
    return [dead for _, dead in chosen]


def _matching(
    browser: Browser,
    service: str,
    *,
    message_id: str | None = None,
    type_: str | None = None,
    since: datetime | None = None,
    limit: int,
) -> Iterator[tuple[Delivery, DeadMessage]]:
    """Yield the dead messages that fit everything asked for."""
    for delivery in browser.look(f"{service}.dead"):
        if limit <= 0:
            return
        dead = _read(delivery)
        if message_id not in {None, dead.message_id} or type_ not in {None, dead.type}:
            continue
        if since is not None and (dead.event is None or dead.event.occurred_at < since):
            continue
        limit -= 1
        yield delivery, dead


def _read(delivery: Delivery) -> DeadMessage:
    try:
        event: Message | None = Message.from_bytes(delivery.body)
    except Unreadable:
        event = None
    deaths = delivery.headers.get("x-death") or [{}]
    by_broker = f"given up by the broker: {deaths[0].get('reason', 'unknown')} in {deaths[0].get('queue', '?')}"
    return DeadMessage(
        message_id=delivery.message_id,
        type=delivery.type or _type_in(delivery.body),
        source=delivery.app_id,
        problem=str(delivery.headers.get("x-problem") or by_broker),
        attempts=delivery.attempt,
        died_at=str(delivery.headers.get("x-moved-at") or deaths[0].get("time", "")),
        body=delivery.body,
        event=event,
    )


def _type_in(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["type"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
