"""Telling everything again: how a new or wiped reader gets what was announced before it listened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from shared.messaging.events import EventType, event_type
from shared.messaging.messages import Subject


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How to tell the present state of every subject of one event type.

    `select` yields one entity a row; rows are read in pages, by primary key. `build` makes the payload
    (by default the event class's `of(row)`). `about` names the subject (by default the row, with its version).
    Tombstones are a second Snapshot: the `x.deleted` event over the rows that are deleted.
    """

    event: type[Any]
    select: Select[Any]
    build: Callable[[Session, Any], Any] | None = None
    about: Callable[[Any], Subject] | None = None

    @property
    def declared(self) -> EventType:
        """The event's name and version."""
        return event_type(self.event)

    def payload(self, session: Session, row: Any) -> Any:
        """Return the event that tells the state of `row`."""
        return self.build(session, row) if self.build else self.event.of(row)

    def subject(self, row: Any) -> Subject:
        """Return whom the event is about."""
        if self.about:
            return self.about(row)
        return Subject(type=row.aggregate_type, id=str(row.id), sequence=row.version)
