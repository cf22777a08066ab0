"""Comparing the counters that are kept with what they follow from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.practitioners.models import FavoriteCounter, Practitioner

PARTS: Final = 30

_PROFILES = text("""
    WITH booked AS (
        SELECT practitioner_id, user_id, kind, status, amount_cents, canceled_at, parent_booking_id IS NULL AS whole,
            parent_booking_id IS NOT NULL OR kind NOT IN ('course', 'package', 'bundle', 'series') AS single,
            status IN ('confirmed', 'in_progress', 'completed') AS held,
            status = 'canceled' AND status_detail IS DISTINCT FROM 'expired'
            AND status_detail IS DISTINCT FROM 'late_payment' AS canceled
        FROM bookings WHERE practitioner_id = ANY(:ids) AND deleted_at IS NULL
    ), bookings_of AS (
        SELECT practitioner_id,
            count(*) FILTER (WHERE whole AND (held OR canceled OR status = 'no_show')) AS bookings,
            count(*) FILTER (WHERE whole AND canceled) AS canceled,
            count(*) FILTER (WHERE whole AND canceled AND canceled_at IS NOT NULL) AS dated,
            count(*) FILTER (WHERE single AND status = 'completed') AS completed,
            count(*) FILTER (WHERE whole AND held) AS created,
            coalesce(sum(amount_cents) FILTER (WHERE single AND status = 'completed'), 0) AS revenue
        FROM booked GROUP BY practitioner_id
    ), days AS (
        SELECT practitioner_id, sum(created) AS created, sum(canceled) AS canceled, sum(completed) AS completed,
            sum(revenue_cents) AS revenue
        FROM practitioner_daily WHERE practitioner_id = ANY(:ids) GROUP BY practitioner_id
    ), clients AS (
        SELECT practitioner_id, sum(bookings) AS bookings, sum(completed) AS completed, sum(canceled) AS canceled,
            sum(no_show) AS no_show, sum(spent_cents) AS spent
        FROM client_stats WHERE practitioner_id = ANY(:ids) GROUP BY practitioner_id
    ), bookings_of_clients AS (
        SELECT practitioner_id, count(*) FILTER (WHERE whole AND held) AS bookings,
            count(*) FILTER (WHERE whole AND status = 'completed') AS completed,
            count(*) FILTER (WHERE whole AND booked.canceled) AS canceled,
            count(*) FILTER (WHERE single AND status = 'no_show') AS no_show,
            coalesce(sum(amount_cents) FILTER (WHERE single AND status = 'completed'), 0) AS spent
        FROM booked JOIN client_stats USING (practitioner_id, user_id) GROUP BY practitioner_id
    )
    SELECT subject.id, counter.name, counter.held, counter.found
    FROM practitioners AS subject
    LEFT JOIN bookings_of ON bookings_of.practitioner_id = subject.id
    LEFT JOIN days ON days.practitioner_id = subject.id
    LEFT JOIN clients ON clients.practitioner_id = subject.id
    LEFT JOIN bookings_of_clients AS theirs ON theirs.practitioner_id = subject.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, min(price_cents) AS least, max(price_cents) AS most FROM services
        WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND services.deleted_at IS NULL
    ) AS offered
    CROSS JOIN LATERAL (VALUES
        ('bookings_count', subject.bookings_count, coalesce(bookings_of.bookings, 0)),
        ('canceled_count', subject.canceled_count, coalesce(bookings_of.canceled, 0)),
        ('completed_count', subject.completed_count, coalesce(bookings_of.completed, 0)),
        ('services_count', subject.services_count, offered.count),
        ('min_price_cents', subject.min_price_cents, offered.least),
        ('max_price_cents', subject.max_price_cents, offered.most),
        ('days_created', coalesce(days.created, 0), coalesce(bookings_of.created, 0)),
        ('days_canceled', coalesce(days.canceled, 0), coalesce(bookings_of.dated, 0)),
        ('days_completed', coalesce(days.completed, 0), coalesce(bookings_of.completed, 0)),
        ('days_revenue_cents', coalesce(days.revenue, 0), coalesce(bookings_of.revenue, 0)),
        ('clients_bookings', coalesce(clients.bookings, 0), coalesce(theirs.bookings, 0)),
        ('clients_completed', coalesce(clients.completed, 0), coalesce(theirs.completed, 0)),
        ('clients_canceled', coalesce(clients.canceled, 0), coalesce(theirs.canceled, 0)),
        ('clients_no_show', coalesce(clients.no_show, 0), coalesce(theirs.no_show, 0)),
        ('clients_spent_cents', coalesce(clients.spent, 0), coalesce(theirs.spent, 0))
    ) AS counter(name, held, found)
    WHERE subject.id = ANY(:ids) AND counter.held IS DISTINCT FROM counter.found
    ORDER BY subject.id, counter.name
""")
_FAVORITES = text("""
    SELECT counter.user_id AS id, 'favorites_total' AS name, counter.total AS held, liked.count AS found
    FROM favorite_counters AS counter
    CROSS JOIN LATERAL (SELECT count(*) AS count FROM favorite_practitioners AS one
                        WHERE one.user_id = counter.user_id) AS liked
    WHERE counter.user_id = ANY(:ids) AND counter.total <> liked.count ORDER BY counter.user_id
""")


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A counter that is not what it should be; `owner_id` is a practitioner's or, of favourites, a user's."""

    owner_id: int
    counter: str
    held: int | None
    found: int | None


def practitioners(session: Session, *, part: int, batch: int) -> Iterator[list[int]]:
    """Yield a thirtieth of the practitioners, in batches of ids."""
    return _part_of(session, Practitioner.id, part=part, batch=batch)


def admirers(session: Session, *, part: int, batch: int) -> Iterator[list[int]]:
    """Yield a thirtieth of the users who have had favourites, in batches of ids."""
    return _part_of(session, FavoriteCounter.user_id, part=part, batch=batch)


def _part_of(session: Session, key: InstrumentedAttribute[int], *, part: int, batch: int) -> Iterator[list[int]]:
    after = 0
    while ids := list(session.scalars(select(key).where(key > after, key % PARTS == part).order_by(key).limit(batch))):
        yield ids
        after = ids[-1]


def drifted_profiles(session: Session, ids: Sequence[int]) -> list[Drift]:
    """Return the counters of profiles, of their days and of their clients that bookings and services contradict."""
    return _drifts(session, _PROFILES, ids)


def drifted_favorites(session: Session, ids: Sequence[int]) -> list[Drift]:
    """Return the users whose number of favourites is not how many they have."""
    return _drifts(session, _FAVORITES, ids)


def _drifts(session: Session, statement: TextClause, ids: Sequence[int]) -> list[Drift]:
    rows = session.execute(statement, {"ids": list(ids)})
    return [Drift(owner_id=row.id, counter=row.name, held=_whole(row.held), found=_whole(row.found)) for row in rows]


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
