"""Recording events in the transaction of the change they tell of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.ids import uuid7
from shared.listing.statements import compiled, run
from shared.messaging.context import current
from shared.messaging.errors import AlreadyRecorded, EventTooLarge
from shared.messaging.events import EventType, event_type
from shared.messaging.messages import Subject
from shared.messaging.schemas import dump

# The envelope around the payload is well below 2 KiB; the whole must stay within a message's 64 KiB.
MAX_PAYLOAD_BYTES = 62 * 1024

# The rows come as JSON: any number of events is one round trip, and one hint to the relay.
_RECORD = compiled(
    text("""
        INSERT INTO outbox (event_id, type, schema_version, aggregate_type, aggregate_id, sequence, epoch, live,
                            occurred_at, correlation_id, causation_id, traceparent, actor, payload)
        SELECT e.event_id, e.type, e.schema_version, e.aggregate_type, e.aggregate_id, e.sequence,
               (SELECT epoch FROM event_epoch), e.live,
               e.occurred_at, e.correlation_id, e.causation_id, e.traceparent, e.actor, e.payload
        FROM ROWS FROM (jsonb_to_recordset(CAST(:events AS jsonb)) AS (
            event_id uuid, type text, schema_version integer, aggregate_type text, aggregate_id text, sequence bigint,
            live boolean, occurred_at timestamptz, correlation_id uuid, causation_id uuid, traceparent text,
            actor jsonb, payload jsonb
        )) WITH ORDINALITY AS e
        ORDER BY e.ordinality
        ON CONFLICT (aggregate_type, aggregate_id, sequence, type) DO NOTHING
        RETURNING event_id
    """),
    in_transactions=True,
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
    return _write(session, [_Event(declared, _subject(subject, about), dump(payload))])[0]


def record_all(session: Session, told: Iterable[tuple[Any, Counted | Subject]]) -> None:
    """Announce several payloads, each with what it is about, in this order and at once; see `record`."""
    session.flush()
    events = [
        _Event(event_type(payload), about if isinstance(about, Subject) else _subject(about, None), dump(payload))
        for payload, about in told
    ]
    if events:
        _write(session, events)


def write(session: Session, declared: EventType, told: Subject, data: dict[str, Any]) -> UUID:
    """Insert the outbox row of an event whose payload is JSON values already; see `record`."""
    return _write(session, [_Event(declared, told, data)])[0]


class _Event(NamedTuple):
    """An event that is about to be written."""

    declared: EventType
    told: Subject
    data: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.declared.key} about {self.told.type} {self.told.id}"


def _write(session: Session, events: Sequence[_Event]) -> list[UUID]:
    origin, now = current(), utc_now()
    actor = origin.actor
    ids, rows = [uuid7() for _ in events], []
    for event_id, event in zip(ids, events, strict=True):
        payload = orjson.dumps(event.data)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise EventTooLarge(f"{event.name}: {len(payload)} bytes")
        rows.append(
            {
                "event_id": event_id,
                "type": event.declared.key,
                "schema_version": event.declared.version,
                "aggregate_type": event.told.type,
                "aggregate_id": event.told.id,
                "sequence": event.told.sequence,
                "live": event.declared.live,
                "occurred_at": now,
                "correlation_id": origin.correlation_id or event_id,
                "causation_id": origin.causation_id,
                "traceparent": origin.traceparent,
                "actor": {"user_id": actor.user_id, "role": actor.role} if actor else None,
                "payload": orjson.Fragment(payload),
            }
        )
    written = run(session.connection(), _RECORD, {"events": orjson.dumps(rows).decode()})
    if len(written) < len(rows):
        new = {row["event_id"] for row in written}
        again = next(event for event_id, event in zip(ids, events, strict=True) if event_id not in new)
        raise AlreadyRecorded(
            f"{again.declared.key} was already recorded for {again.told.type} {again.told.id} "
            f"at version {again.told.sequence}: "
            "change the row before announcing again, or name what this tells of with about="
        )
    return ids


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
