"""What is known of a service when somebody wants to book it: one statement for all of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models.occupancy import SessionSeat
from services.bookings.models.replicas import CalendarCopy, Practitioner, Service, User
from shared.scheduling import Bookable, Calendar

Reference = int | UUID | str
"""An id, a public uuid or a slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service with one of its practitioners, the practitioner's calendar, and the client who asks.

    `practitioner` is None if nothing is known of the one who was asked for.
    """

    service: Service
    practitioner: Practitioner | None
    calendar_row: CalendarCopy | None
    client: User | None
    seat: SessionSeat | None

    @property
    def calendar(self) -> Calendar | None:
        """The practitioner's hours; None before they were told."""
        return self.calendar_row.calendar if self.calendar_row and self.calendar_row.deleted_at is None else None

    @property
    def takes_bookings(self) -> bool:
        """Whether service and practitioner can be booked, apart from the time of sale."""
        return (
            self.service.deleted_at is None
            and self.service.status == "active"
            and self.service.is_active
            and self.practitioner is not None
            and self.practitioner.is_bookable
        )

    def is_on_sale(self, now: datetime) -> bool:
        """Whether it is sold at this moment."""
        service = self.service
        return (service.available_from is None or service.available_from <= now) and (
            service.available_until is None or now < service.available_until
        )

    def bookable(self, *, valid_until: datetime | None = None, is_credit: bool = False) -> Bookable:
        """Return the service as free times are computed with it; a session credit is bought already."""
        service = self.service
        return Bookable(
            service_id=service.id,
            duration_minutes=max(service.duration_minutes, 1),
            schedule_id=service.schedule_id,
            available_from=None if is_credit else service.available_from,
            available_until=None if is_credit else service.available_until,
            valid_until=valid_until,
            is_active=self.takes_bookings,
        )


def referring(model: type[Service] | type[Practitioner], reference: Reference) -> ColumnElement[bool]:
    """Return the clause for the row that the reference names."""
    clause: ColumnElement[bool] = getattr(model, _named_by(reference)) == reference
    return clause


def find_offer(
    session: Session,
    service: Reference,
    *,
    practitioner: Reference | None = None,
    client_id: int | None = None,
    service_session_id: int | None = None,
) -> Offer | None:
    """Return what is known of the service, or None if nothing is or it is deleted.

    `practitioner` defaults to the service's primary one; whether the one asked for gives the service is not checked.
    """
    row = session.execute(
        _offer(_named_by(service), None if practitioner is None else _named_by(practitioner)),
        {"service": service, "practitioner": practitioner, "client_id": client_id, "seat": service_session_id},
    ).first()
    if row is None:
        return None
    found = Offer(
        service=row[0],
        practitioner=row[1],
        calendar_row=row[2],
        client=row[3],
        seat=row[4],
    )
    # A session forgets rows that nobody holds; these are shown again in the answer, and not read again for it.
    session.info.setdefault("offers", []).append(found)
    return found


@cache
def _offer(service: str, practitioner: str | None) -> Select[*tuple[Any, ...]]:
    """Return the statement for a service and a practitioner that are named by these columns, built once."""
    asked = (
        Service.practitioner_id == Practitioner.id
        if practitioner is None
        else getattr(Practitioner, practitioner) == bindparam("practitioner")
    )
    return (
        select(Service, Practitioner, CalendarCopy, User, SessionSeat)
        .select_from(Service)
        .outerjoin(Practitioner, asked)
        .outerjoin(CalendarCopy, CalendarCopy.practitioner_id == Practitioner.id)
        .outerjoin(User, and_(User.id == bindparam("client_id", type_=BigInteger), User.deleted_at.is_(None)))
        .outerjoin(SessionSeat, SessionSeat.id == bindparam("seat", type_=BigInteger))
        .where(getattr(Service, service) == bindparam("service"), Service.deleted_at.is_(None))
    )


def _named_by(reference: Reference) -> str:
    """Return the column that a reference of this kind names."""
    return "id" if isinstance(reference, int) else "public_uuid" if isinstance(reference, UUID) else "slug"


def practitioner_of(session: Session, user_id: int) -> Practitioner | None:
    """Return the practitioner that this user is, found here rather than in a token that may be older."""
    return session.scalar(
        select(Practitioner).where(Practitioner.user_id == user_id, Practitioner.deleted_at.is_(None))
    )


def sessions_of(session: Session, service_id: int, *, now: datetime) -> list[SessionSeat]:
    """Return the sessions of a workshop or course that can still be joined, in order."""
    return list(
        session.scalars(
            select(SessionSeat)
            .where(
                SessionSeat.service_id == service_id,
                SessionSeat.status == "scheduled",
                SessionSeat.deleted_at.is_(None),
                SessionSeat.starts_at > now,
                or_(SessionSeat.visibility.is_(None), SessionSeat.visibility != "private"),
            )
            .order_by(SessionSeat.starts_at, SessionSeat.id)
        )
    )


def is_dated(service: Service) -> bool:
    """Whether the service happens at dates that its practitioner sets, with seats."""
    return service.service_type in (words.WORKSHOP, words.COURSE)
