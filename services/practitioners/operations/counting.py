"""Moving a practitioner's numbers by the difference that a booking's change makes."""

from collections import Counter
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.practitioners.domain.counting import Counted, days, totals
from services.practitioners.models import BookingCopy

_LOCK = text("SELECT pg_advisory_xact_lock(8104, hashint8(:id))")
_TOTALS = text("""
    UPDATE practitioners
    SET bookings_count = bookings_count + :bookings_count, canceled_count = canceled_count + :canceled_count,
        completed_count = completed_count + :completed_count
    WHERE id = :id
""")
_DAY = text("""
    INSERT INTO practitioner_daily AS held (practitioner_id, day, created, completed, canceled, revenue_cents, hours)
    VALUES (:id, :day, :created, :completed, :canceled, :revenue_cents, CAST(:hours AS smallint[]))
    ON CONFLICT (practitioner_id, day) DO UPDATE SET
        created = held.created + excluded.created, completed = held.completed + excluded.completed,
        canceled = held.canceled + excluded.canceled, revenue_cents = held.revenue_cents + excluded.revenue_cents,
        hours = ARRAY(SELECT one + two FROM unnest(held.hours, excluded.hours) AS sums(one, two))
""")
# Worked out anew from the two people's bookings: there are never many, and nothing can drift.
_CLIENT = text("""
    INSERT INTO client_stats AS held (
        practitioner_id, user_id, bookings, completed, canceled, no_show, spent_cents, first_at, last_at, type_codes)
    SELECT :id, :user_id,
        count(*) FILTER (WHERE whole AND status IN ('confirmed', 'in_progress', 'completed')),
        count(*) FILTER (WHERE whole AND status = 'completed'),
        count(*) FILTER (WHERE whole AND canceled), count(*) FILTER (WHERE single AND status = 'no_show'),
        coalesce(sum(amount_cents) FILTER (WHERE single AND status = 'completed'), 0),
        min(coalesce(start_time, booked_at)) FILTER (WHERE status IN ('confirmed', 'in_progress', 'completed')),
        max(start_time) FILTER (
            WHERE single AND status IN ('confirmed', 'in_progress', 'completed') AND start_time <= :now),
        coalesce(array_agg(DISTINCT service_type ORDER BY service_type) FILTER (
            WHERE whole AND status IN ('confirmed', 'in_progress', 'completed')), '{}')
    FROM (
        SELECT *, parent_booking_id IS NULL AS whole,
            parent_booking_id IS NOT NULL OR kind NOT IN ('course', 'package', 'bundle', 'series') AS single,
            status = 'canceled' AND status_detail IS DISTINCT FROM 'expired'
            AND status_detail IS DISTINCT FROM 'late_payment' AS canceled
        FROM bookings
        WHERE practitioner_id = :id AND user_id = :user_id AND deleted_at IS NULL
    ) AS theirs
    ON CONFLICT (practitioner_id, user_id) DO UPDATE SET
        bookings = excluded.bookings, completed = excluded.completed, canceled = excluded.canceled,
        no_show = excluded.no_show, spent_cents = excluded.spent_cents, first_at = excluded.first_at,
        last_at = excluded.last_at, type_codes = excluded.type_codes
""")


def lock_numbers(session: Session, practitioner_id: int) -> None:
    """Let changes of one practitioner's numbers come one after another."""
    session.execute(_LOCK, {"id": practitioner_id})


def counted(booking: BookingCopy) -> Counted:
    """Return a booking as numbers see it."""
    return Counted(
        kind=booking.kind,
        status=booking.status,
        status_detail=booking.status_detail,
        is_part=booking.parent_booking_id is not None,
        start_time=booking.start_time,
        amount_cents=booking.amount_cents,
        booked_at=booking.booked_at,
        completed_at=booking.completed_at,
        canceled_at=booking.canceled_at,
        zone=booking.counted_zone,
    )


def move_numbers(session: Session, practitioner_id: int, *, before: Counted | None, after: Counted) -> None:
    """Move counters and daily numbers from what the booking was to what it is."""
    moved = totals(after)
    moved.subtract(totals(before) if before else {})
    if any(moved.values()):
        session.execute(_TOTALS, {"id": practitioner_id, **moved})
    changes = days(after)
    changes.subtract(days(before) if before else {})
    by_day: dict[str, Counter[str]] = {}
    for (day, name), amount in changes.items():
        if amount:
            by_day.setdefault(day, Counter())[name] += amount
    for day, numbers in sorted(by_day.items()):
        session.execute(
            _DAY,
            {
                "id": practitioner_id,
                "day": date.fromisoformat(day),
                **{name: numbers[name] for name in ("created", "completed", "canceled", "revenue_cents")},
                "hours": [numbers[f"h{hour}"] for hour in range(24)],
            },
        )


def count_known_bookings(session: Session, practitioner_id: int) -> None:
    """Count for a new profile the bookings that were told of before it."""
    lock_numbers(session, practitioner_id)
    known = select(BookingCopy).where(BookingCopy.practitioner_id == practitioner_id, BookingCopy.deleted_at.is_(None))
    found = sum((totals(counted(booking)) for booking in session.scalars(known)), Counter[str]())
    if found:
        names = ("bookings_count", "canceled_count", "completed_count")
        session.execute(_TOTALS, {"id": practitioner_id, **{name: found[name] for name in names}})


def recount_client(session: Session, practitioner_id: int, user_id: int, *, now: datetime) -> None:
    """Work out what a practitioner and a client had with each other."""
    session.execute(_CLIENT, {"id": practitioner_id, "user_id": user_id, "now": now})
