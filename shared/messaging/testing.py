"""For the tests of services: applying events without a broker, and reading what was announced."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.context import Actor
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.messages import Message
from shared.messaging.tables import outbox


def message(
    type_: str,
    data: Mapping[str, Any],
    *,
    subject: tuple[str, object] = ("test", "1"),
    sequence: int = 1,
    epoch: int = 1,
    version: int = 1,
    source: str = "test",
    occurred_at: datetime | None = None,
    snapshot: bool = False,
    event_id: UUID | None = None,
    actor: Actor | None = None,
) -> Message:
    """Return an event as another service would send it; `data` is JSON values."""
    return Message(
        id=event_id or uuid7(),
        type=type_,
        version=version,
        source=source,
        epoch=epoch,
        occurred_at=occurred_at or utc_now(),
        subject_type=subject[0],
        subject_id=str(subject[1]),
        sequence=sequence,
        snapshot=snapshot,
        actor=actor,
        data=dict(data),
    )


def apply(
    database: Database,
    service: str,
    modules: Iterable[ModuleType],
    *messages: Message | Mapping[str, Any],
) -> int:
    """Let the service's handlers in `modules` apply events, each in its own transaction, as the worker does.

    Takes messages or their JSON envelopes. Returns how many were new. Raises what the handler raised.
    """
    inbox = Inbox(service, Handlers.of(modules), database)
    read = [one if isinstance(one, Message) else Message.from_dict(one) for one in messages]
    return sum(len(inbox.apply(one)) for one in read)


def announced(session: Session, type_: str | None = None) -> list[Message]:
    """Return what was recorded in the outbox, oldest first; only events of `type_` if it is given."""
    statement = select(outbox).order_by(outbox.c.seq)
    if type_ is not None:
        statement = statement.where(outbox.c.type == type_)
    return [
        Message(
            id=row.event_id,
            type=row.type,
            version=row.schema_version,
            source="",
            epoch=row.epoch,
            occurred_at=row.occurred_at,
            subject_type=row.aggregate_type,
            subject_id=row.aggregate_id,
            sequence=row.sequence or 0,
            correlation_id=row.correlation_id,
            causation_id=row.causation_id,
            traceparent=row.traceparent,
            actor=Actor(**row.actor) if row.actor else None,
            data=row.payload,
        )
        for row in session.execute(statement)
    ]
