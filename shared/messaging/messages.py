"""The envelope of an event: what travels, and what a handler is told beside the payload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.ids import uuid7
from shared.messaging.context import Actor, Context
from shared.messaging.errors import Unreadable

MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about.

    `sequence` counts the subject's changes; None for a fact about something that this service does not count.
    """

    type: str
    id: str
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event as it travels.

    `type` is the routing key. `epoch` counts restores of the source's database; (epoch, sequence) orders the
    states of one subject, `sequence` being 0 where nobody counts. `snapshot`: told again for replicas, must
    cause no effects. `data` is the payload as JSON values.
    """

    id: UUID
    type: str
    source: str
    occurred_at: datetime
    subject_type: str
    subject_id: str
    data: dict[str, Any]
    version: int = 1
    epoch: int = 1
    sequence: int = 0
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: Actor | None = None
    snapshot: bool = False
    attempt: int = field(default=0, compare=False)

    def context(self) -> Context:
        """Return the origin of the work that this message causes."""
        return Context(
            correlation_id=self.correlation_id or self.id,
            causation_id=self.id,
            traceparent=self.traceparent,
            actor=self.actor,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the envelope as JSON values."""
        return {
            "id": str(self.id),
            "type": self.type,
            "version": self.version,
            "source": self.source,
            "epoch": self.epoch,
            "occurred_at": instant(self.occurred_at),
            "subject": {"type": self.subject_type, "id": self.subject_id},
            "sequence": self.sequence,
            "correlation_id": str(self.correlation_id) if self.correlation_id else None,
            "causation_id": str(self.causation_id) if self.causation_id else None,
            "traceparent": self.traceparent,
            "actor": {"user_id": self.actor.user_id, "role": self.actor.role} if self.actor else None,
            "snapshot": self.snapshot,
            "data": self.data,
        }

    def to_bytes(self) -> bytes:
        """Return the envelope as JSON."""
        return orjson.dumps(self.to_dict())

    @classmethod
    def from_bytes(cls, body: bytes, *, attempt: int = 0) -> "Message":
        """Read an envelope. Raises Unreadable."""
        if len(body) > MAX_BYTES:
            raise Unreadable(f"{len(body)} bytes, more than a message may have")
        try:
            return cls.from_dict(orjson.loads(body), attempt=attempt)
        except orjson.JSONDecodeError as problem:
            raise Unreadable(f"not JSON: {problem}") from problem

    @classmethod
    def from_dict(cls, envelope: Mapping[str, Any], *, attempt: int = 0) -> "Message":
        """Read an envelope from JSON values. Raises Unreadable."""
        try:
            subject, actor = envelope["subject"], envelope.get("actor")
            return cls(
                id=UUID(envelope["id"]),
                type=str(envelope["type"]),
                version=int(envelope["version"]),
                source=str(envelope["source"]),
                epoch=int(envelope["epoch"]),
                occurred_at=_aware(envelope["occurred_at"]),
                subject_type=str(subject["type"]),
                subject_id=str(subject["id"]),
                sequence=int(envelope["sequence"] or 0),
                correlation_id=_optional_uuid(envelope.get("correlation_id")),
                causation_id=_optional_uuid(envelope.get("causation_id")),
                traceparent=envelope.get("traceparent"),
                actor=Actor(user_id=actor.get("user_id"), role=actor.get("role") or "system") if actor else None,
                snapshot=bool(envelope.get("snapshot", False)),
                data=_object(envelope["data"]),
                attempt=attempt,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise Unreadable(f"not an event: {type(problem).__name__}: {problem}") from problem


def new_message(
    type_: str,
    data: dict[str, Any],
    *,
    source: str,
    subject: Subject,
    occurred_at: datetime,
    epoch: int = 1,
    version: int = 1,
    snapshot: bool = False,
) -> Message:
    """Return an event with an id of its own."""
    return Message(
        id=uuid7(),
        type=type_,
        version=version,
        source=source,
        epoch=epoch,
        occurred_at=occurred_at,
        subject_type=subject.type,
        subject_id=subject.id,
        sequence=subject.sequence or 0,
        snapshot=snapshot,
        data=data,
    )


def instant(value: datetime) -> str:
    """Return an instant in UTC with `Z` and microseconds (RFC 3339)."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("data is not an object")
    return value


def _aware(value: str) -> datetime:
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError("occurred_at has no offset")
    return parsed.astimezone(UTC)


def _optional_uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None
