"""Recording events in the transaction of the change they tell of."""

from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.ids import uuid7
from shared.messaging.context import current
from shared.messaging.errors import AlreadyRecorded, EventTooLarge
from shared.messaging.events import EventType, event_type
from shared.messaging.messages import Subject
from shared.messaging.schemas import dump
from shared.messaging.tables import event_epoch, outbox

# The envelope around the payload is well below 2 KiB; the whole must stay within a message's 64 KiB.
MAX_PAYLOAD_BYTES = 62 * 1024

_RECORD = (
    insert(outbox)
    .values(epoch=select(event_epoch.c.epoch).scalar_subquery())
    .on_conflict_do_nothing(index_elements=["aggregate_type", "aggregate_id", "sequence", "type"])
    .returning(outbox.c.seq)
)


class Counted(Protocol):
    """A row whose changes are counted (`shared.database.Versioned`) and that has a key."""

    aggregate_type: ClassVar[str]
    id: Any
    version: Any


def record(
    session: Session,
    payload: Any,
    *,
    subject: Counted | None = None,
    about: Subject | tuple[str, object] | tuple[str, object, int] | None = None,
) -> UUID:
    """Announce `payload` with the change that the session is about to commit, and return the event's id.

    `subject` is the row the event is about: pending changes are flushed first, and the row's version becomes the
    event's sequence. `about` names anything else as (type, id), or (type, id, sequence) where changes are
    counted elsewhere. Raises AlreadyRecorded if this type was already told of this version, EventTooLarge.
    """
    declared = event_type(payload)
    session.flush()
    return write(session, declared, _subject(subject, about), dump(payload))


def write(session: Session, declared: EventType, told: Subject, data: dict[str, Any]) -> UUID:
    """Insert the outbox row of an event whose payload is JSON values already; see `record`."""
    size = len(orjson.dumps(data))
    if size > MAX_PAYLOAD_BYTES:
        raise EventTooLarge(f"{declared.key} about {told.type} {told.id}: {size} bytes")
    origin = current()
    event_id = uuid7()
    actor = origin.actor
    recorded = session.execute(
        _RECORD,
        {
            "event_id": event_id,
            "type": declared.key,
            "schema_version": declared.version,
            "aggregate_type": told.type,
            "aggregate_id": told.id,
            "sequence": told.sequence,
            "live": declared.live,
            "occurred_at": utc_now(),
            "correlation_id": origin.correlation_id or event_id,
            "causation_id": origin.causation_id,
            "traceparent": origin.traceparent,
            "actor": {"user_id": actor.user_id, "role": actor.role} if actor else None,
            "payload": data,
        },
    ).scalar()
    if recorded is None:
        raise AlreadyRecorded(
            f"{declared.key} was already recorded for {told.type} {told.id} at version {told.sequence}: "
            "change the row before announcing again, or name what this tells of with about="
        )
    return event_id


def _subject(row: Counted | None, about: Subject | tuple[Any, ...] | None) -> Subject:
    if (row is None) == (about is None):
        raise TypeError("record() takes exactly one of subject= and about=")
    if row is not None:
        return Subject(type=row.aggregate_type, id=str(row.id), sequence=row.version)
    if isinstance(about, Subject):
        return about
    assert about is not None
    kind, key, *sequence = about
    return Subject(type=kind, id=str(key), sequence=sequence[0] if sequence else None)


def retell(session: Session, *, since: datetime) -> int:
    """Let everything that was recorded at `since` or later be published again, and return how much that is.

    Readers pass over what they have applied; one whose memory was set back by a restore applies the rest.
    """
    again = text("UPDATE outbox SET published_at = NULL WHERE occurred_at >= :since AND NOT live RETURNING seq")
    return len(session.execute(again, {"since": since}).all())
