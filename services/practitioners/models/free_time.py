"""What free times are computed from, besides the calendar: what can be booked, and what is taken."""

from datetime import datetime

from sqlalchemy import BigInteger, cast, select, text
from sqlalchemy.orm import Session

from services.practitioners.models.hours import Schedule
from services.practitioners.models.replicas import Busy, Service
from shared.scheduling import Bookable


def bookable_sessions(session: Session, practitioner_id: int) -> list[Bookable]:
    """Return what of a practitioner's visible services takes an appointment, one for each length and schedule."""
    rows = session.scalars(
        select(Service)
        .where(
            Service.practitioner_ids.contains([practitioner_id]),
            Service.is_visible,
            Service.deleted_at.is_(None),
            Service.service_type == "session",
        )
        .order_by(Service.duration_minutes, Service.id)
        .limit(100)
    )
    shortest: dict[tuple[int, int | None], Bookable] = {}
    own = set(
        session.scalars(
            select(Schedule.service_id).where(
                Schedule.practitioner_id == practitioner_id, Schedule.service_id.is_not(None)
            )
        )
    )
    for row in rows:
        key = (row.id if row.id in own else 0, row.schedule_id)
        if key not in shortest:
            shortest[key] = bookable(row)
    return list(shortest.values())


def bookable(service: Service) -> Bookable:
    """Return a service as the rule of free times sees it."""
    return Bookable(
        service_id=service.id,
        duration_minutes=max(service.duration_minutes, 1),
        schedule_id=service.schedule_id,
        available_from=service.available_from,
        available_until=service.available_until,
        is_active=service.is_visible,
    )


def busy_times(
    session: Session, practitioner_id: int, *, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return what takes a practitioner's time between two instants."""
    rows = session.scalars(
        select(Busy.during).where(
            # GiST compares bigint with bigint only: without the cast the index would not find the practitioner.
            Busy.practitioner_id == cast(practitioner_id, BigInteger),
            Busy.during.op("&&")(text("tstzrange(:busy_from, :busy_to)").bindparams(busy_from=start, busy_to=end)),
        )
    )
    return [(during.lower, during.upper) for during in rows if during.lower and during.upper]
