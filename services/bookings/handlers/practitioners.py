"""What practitioners says: who they are, and when they work."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_, update
from sqlalchemy.orm import Session

from services.bookings.models import CalendarCopy, Practitioner
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The whole public state of a practitioner."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    display_name: str = ""
    bio: str | None = None
    profile_image_url: str | None = None
    status: str = "pending"
    is_verified: bool = False
    timezone: str | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerFact:
    """Something that happened to a practitioner's standing."""

    practitioner_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChanged:
    """A practitioner's whole calendar; its form is `shared.scheduling.calendar`'s."""

    practitioner_id: int


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest state of a practitioner; whoever is not active takes no new bookings."""
    key = {"id": event.id}
    names = (name for name in PractitionerChanged.__slots__ if name not in ("id", "deleted"))
    values = {name: getattr(event, name) for name in names}
    if event.deleted:
        remove_replica(session, Practitioner, key=key, values=values, message=message)
    else:
        replace_replica(session, Practitioner, key=key, values=values, message=message)


@handles("practitioner.suspended", PractitionerFact)
def stop_bookings(session: Session, event: PractitionerFact, message: Message) -> None:
    """Take no new bookings from this moment, unless a newer state is known already; what is booked stays."""
    known = Practitioner.id == event.practitioner_id
    older = tuple_(Practitioner.epoch, Practitioner.sequence) <= tuple_(message.epoch, message.sequence)
    session.execute(update(Practitioner).where(known, older).values(status="suspended"))


@handles("schedule.changed", ScheduleChanged)
def keep_calendar(session: Session, event: ScheduleChanged, message: Message) -> None:
    """Keep the newest calendar; what is booked keeps its time."""
    key = {"practitioner_id": event.practitioner_id}
    replace_replica(session, CalendarCopy, key=key, values={"data": message.data}, message=message)
