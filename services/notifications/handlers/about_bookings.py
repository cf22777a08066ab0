"""What bookings says in every fact about a booking, and telling people of one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.notifications.operations.mailing import Appointment
from services.notifications.operations.telling import News, name_of, tell
from shared.clock import utc_now
from shared.messaging import Message

PURCHASES = ("package", "bundle", "course", "series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an appointment takes place."""

    name: str
    full_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What every fact about a booking says."""

    id: int
    kind: str
    user_id: int
    practitioner_user_id: int
    service_name: str
    practitioner_name: str
    service_id: int = 0
    public_uuid: str = ""
    location_type: str = ""
    sessions_total: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    amount_cents: int = 0
    place: Place | None = None

    @property
    def is_purchase(self) -> bool:
        """Whether sessions belong to it, instead of one time."""
        return self.kind in PURCHASES

    def values(self, session: Session) -> dict[str, Any]:
        """Return what the texts about a booking may use."""
        return {
            "service": self.service_name,
            "practitioner": self.practitioner_name,
            "client": name_of(session, self.user_id),
            "start": self.start_time,
            "end": self.end_time,
            "place": self.where,
            "online": self.is_online,
            "sessions": self.sessions_total or 0,
            "amount_cents": self.amount_cents,
        }

    @property
    def is_online(self) -> bool:
        """Whether people may meet in a room of ours."""
        return self.location_type in ("virtual", "hybrid")

    @property
    def where(self) -> str | None:
        """Where to go; None if it is online, or not known."""
        return (self.place.full_address or self.place.name) if self.place else None

    def appointment(self, message: Message, *, other: str, is_cancelled: bool = False) -> Appointment | None:
        """Return what a calendar is told; the feed of bookings names it alike, and counts changes alike."""
        if self.start_time is None or self.end_time is None or not self.public_uuid or self.is_purchase:
            return None
        return Appointment(
            uid=f"{self.public_uuid}@estuary",
            sequence=message.sequence,
            start=self.start_time,
            end=self.end_time,
            summary=f"{self.service_name} · {other}",
            location=self.where,
            is_cancelled=is_cancelled,
        )


def tell_about(
    session: Session,
    user_id: int,
    kind: str,
    event: Booking,
    message: Message,
    *,
    form: Callable[[News], News] = lambda news: news,
    **more: Any,
) -> None:
    """Tell somebody about the booking; `more` are values of the kind's own, `form` changes how it is told."""
    news = News(kind=kind, values={**event.values(session), **more}, related=("booking", event.id))
    tell(session, user_id, form(news), message=message, now=utc_now())


def with_(**changes: Any) -> Callable[[News], News]:
    """Return what changes how news are told."""
    return lambda news: replace(news, **changes)
