"""Seats, bookings, popularity and waiting people, moved by the difference of two states of one booking or entry.

Each row's states are serialised by an advisory lock on the row, so that two workers never take the same difference.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.domain.figures import booking_weight
from services.catalog.models import Booking, Service, ServiceSession, WaitlistEntry
from services.catalog.operations.deriving import derive

SCORE = Service.popularity_sum * (0.5 + Service.rating_weighted / 10)


@dataclass(frozen=True, slots=True)
class BookingState:
    """What a booking counts for."""

    service_id: int
    session_ids: tuple[int, ...]
    participants: int
    status: str
    booked_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the state that an event or a row tells."""
        return cls(row.service_id, tuple(row.session_ids), row.participants, row.status, row.booked_at)

    @classmethod
    def held(cls, session: Session, booking_id: int) -> Self | None:
        """Return the state that is kept, and let nobody else move this booking until the transaction ends."""
        session.execute(select(func.pg_advisory_xact_lock(7_310, func.hashint8(booking_id))))
        row = session.execute(select(Booking.__table__).where(Booking.booking_id == booking_id)).first()
        return cls.of(row) if row else None

    @property
    def seats(self) -> Counter[int]:
        """The places it holds in dated sessions."""
        held = self.status in words.SEAT_HOLDING
        return Counter(dict.fromkeys(self.session_ids, self.participants) if held else {})

    @property
    def bookings(self) -> int:
        """How many bookings it is for its service."""
        return int(self.status in words.COUNTED_BOOKINGS)

    @property
    def weight(self) -> float:
        """What it adds to its service's popularity."""
        return booking_weight(self.booked_at, self.participants) if self.bookings else 0.0


def count_booking(session: Session, before: BookingState | None, after: BookingState) -> None:
    """Move the counters of services and dated sessions from one state of a booking to the next."""
    seats = Counter(after.seats)
    bookings: Counter[int] = Counter({after.service_id: after.bookings})
    weights = {after.service_id: after.weight}
    if before is not None:
        seats.subtract(before.seats)
        bookings.subtract({before.service_id: before.bookings})
        weights[before.service_id] = weights.get(before.service_id, 0.0) - before.weight
    moved = [session_id for session_id in sorted(seats) if seats[session_id]]
    services: set[int] = set()
    for session_id in moved:
        service_id = session.scalar(
            update(ServiceSession)
            .where(ServiceSession.id == session_id)
            .values(
                taken=func.greatest(0, ServiceSession.taken + seats[session_id]), updated_at=ServiceSession.updated_at
            )
            .returning(ServiceSession.service_id)
            .execution_options(synchronize_session=False)
        )
        if service_id is not None:
            services.add(service_id)
    for service_id in sorted(weights):
        if bookings[service_id] or weights[service_id]:
            add_popularity(session, service_id, bookings=bookings[service_id], weight=weights[service_id])
    derive(session, services)


def add_popularity(session: Session, service_id: int, *, bookings: int, weight: float) -> None:
    """Count bookings of a service, or take them back; the score follows in the same statement."""
    summed = func.greatest(0.0, Service.popularity_sum + weight)
    session.execute(
        update(Service)
        .where(Service.id == service_id)
        .values(
            bookings_count=func.greatest(0, Service.bookings_count + bookings),
            popularity_sum=summed,
            popularity_score=summed * (0.5 + Service.rating_weighted / 10),
            updated_at=Service.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where somebody waits, and whether they still do."""

    service_id: int
    session_id: int | None
    waits: bool

    @classmethod
    def held(cls, session: Session, entry_id: UUID) -> Self | None:
        """Return the state that is kept, and let nobody else move this entry until the transaction ends."""
        session.execute(select(func.pg_advisory_xact_lock(7_311, func.hashtext(str(entry_id)))))
        row = session.execute(select(WaitlistEntry.__table__).where(WaitlistEntry.entry_id == entry_id)).first()
        return cls(row.service_id, row.session_id, row.status == "waiting") if row else None


def count_waiting(session: Session, before: Waiting | None, after: Waiting) -> None:
    """Move the numbers of waiting people from one state of an entry to the next."""
    services: Counter[int] = Counter()
    sessions: Counter[int] = Counter()
    for state, sign in ((before, -1), (after, 1)):
        if state is not None and state.waits:
            services[state.service_id] += sign
            if state.session_id is not None:
                sessions[state.session_id] += sign
    for model, numbers in ((ServiceSession, sessions), (Service, services)):
        for key in sorted(number for number in numbers if numbers[number]):
            session.execute(
                update(model)
                .where(model.id == key)
                .values(
                    waitlist_count=func.greatest(0, model.waitlist_count + numbers[key]), updated_at=model.updated_at
                )
                .execution_options(synchronize_session=False)
            )
