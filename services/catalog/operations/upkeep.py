"""What keeps services true while nobody does anything."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.domain.figures import EPOCH, HALF_LIFE_DAYS
from services.catalog.events import ServiceDeleted
from services.catalog.models import (
    AgendaItem,
    Service,
    ServiceBenefit,
    ServiceMedia,
    ServiceRelationship,
    ServiceSession,
)
from services.catalog.operations.announcing import announce_session
from services.catalog.operations.deriving import derive
from shared.messaging import record

log = logging.getLogger(__name__)

BATCH = 500
OVER_AFTER = timedelta(hours=2)
FORGOTTEN_AFTER = timedelta(days=30)


def roll_sessions(session: Session, *, now: datetime) -> int:
    """Let services whose next session has begun look for the one after; return how many there were."""
    due = session.scalars(
        select(Service.id)
        .where(Service.next_session_at < now, Service.deleted_at.is_(None))
        .order_by(Service.next_session_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    derive(session, due, now=now)
    return len(due)


def complete_sessions(session: Session, *, now: datetime) -> int:
    """Complete sessions that ended two hours ago and were never said to be over; return how many there were."""
    due = session.scalars(
        select(ServiceSession)
        .where(
            ServiceSession.status.in_((words.SCHEDULED, words.IN_PROGRESS)), ServiceSession.ends_at < now - OVER_AFTER
        )
        .order_by(ServiceSession.ends_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for dated in due:
        dated.status = words.COMPLETED
        announce_session(session, dated)
    derive(session, {dated.service_id for dated in due}, now=now)
    return len(due)


def clean_drafts(session: Session, *, now: datetime) -> int:
    """Delete never-published drafts of thirty days that hold nothing but a name; return how many there were."""
    empty = session.scalars(
        select(Service)
        .where(
            Service.status == words.DRAFT,
            Service.published_at.is_(None),
            Service.deleted_at.is_(None),
            Service.updated_at < now - FORGOTTEN_AFTER,
            ~Service.is_active,
            ~Service.is_public,
            func.coalesce(Service.description, "") == "",
            func.coalesce(Service.short_description, "") == "",
            Service.sessions_count == 0,
            Service.image_url.is_(None),
            *(~exists().where(model.service_id == Service.id) for model in (ServiceMedia, ServiceBenefit, AgendaItem)),
            ~exists().where(ServiceRelationship.parent_id == Service.id),
            ~exists().where(ServiceRelationship.child_id == Service.id),
        )
        .order_by(Service.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for service in empty:
        service.deleted_at = now
        session.flush()
        record(session, ServiceDeleted.of(service), subject=service)
    return len(empty)


def renew_hot_set(session: Session, *, size: int) -> None:
    """Mark the most popular listed services, writing only rows that change."""
    session.execute(
        text("""
            WITH top AS (
                SELECT id FROM services WHERE listed ORDER BY popularity_score DESC, id DESC LIMIT :size
            )
            UPDATE services s SET hot = NOT s.hot
            WHERE s.hot <> EXISTS (SELECT FROM top WHERE top.id = s.id) AND (s.hot OR s.listed)
        """),
        {"size": size},
    )


def count_modalities(session: Session) -> None:
    """Count the listed services of each modality, and the practitioners behind them."""
    session.execute(
        text("""
            WITH counted AS (
                SELECT m.id, count(s.id) AS services, count(DISTINCT s.practitioner_id) AS practitioners
                FROM modalities m
                LEFT JOIN service_modalities sm ON sm.modality_id = m.id
                LEFT JOIN services s ON s.id = sm.service_id AND s.listed
                GROUP BY m.id
            )
            UPDATE modalities m SET services_count = c.services, practitioners_count = c.practitioners
            FROM counted c
            WHERE c.id = m.id AND (m.services_count, m.practitioners_count) <> (c.services, c.practitioners)
        """)
    )


def renew_search_terms(session: Session) -> None:
    """Learn the words of names, categories, modalities and tags of listed services."""
    session.execute(text("DELETE FROM search_terms"))
    session.execute(
        text("""
            INSERT INTO search_terms (term, df)
            SELECT word, ndoc FROM ts_stat(
                $words$SELECT to_tsvector('simple', unaccent(name || ' ' || search_extra)) FROM services
                WHERE listed$words$
            )
            WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]'
            ORDER BY ndoc DESC LIMIT 100000
        """)
    )


_RECOUNT = text("""
    WITH seats AS (
        SELECT d.id, coalesce(sum(b.participants) FILTER (WHERE b.status = ANY(:holding)), 0) AS taken
        FROM service_sessions d LEFT JOIN bookings b ON b.session_ids @> ARRAY[d.id] AND b.deleted_at IS NULL
        WHERE d.service_id % 30 = :day GROUP BY d.id
    )
    UPDATE service_sessions d SET taken = seats.taken FROM seats
    WHERE d.id = seats.id AND d.taken <> seats.taken RETURNING d.service_id
""")
_RECOUNT_SERVICES = text("""
    WITH counted AS (
        SELECT s.id, count(b.booking_id) AS bookings,
               coalesce(sum(
                   b.participants * power(2, extract(epoch FROM b.booked_at - :since) / 86400 / :half_life)
               ), 0) AS popularity
        FROM services s
        LEFT JOIN bookings b ON b.service_id = s.id AND b.deleted_at IS NULL AND b.status = ANY(:counted)
        WHERE s.id % 30 = :day GROUP BY s.id
    )
    UPDATE services s SET bookings_count = c.bookings, popularity_sum = c.popularity,
        popularity_score = c.popularity * (0.5 + s.rating_weighted / 10)
    FROM counted c
    WHERE s.id = c.id AND (s.bookings_count <> c.bookings
        OR abs(s.popularity_sum - c.popularity) > 1e-6 * greatest(1, c.popularity))
    RETURNING s.id
""")


_RECOUNT_CATEGORIES = [
    text(f"""
        UPDATE {table} c SET services_count = counted.number
        FROM (
            SELECT k.id, count(s.id) AS number FROM {table} k LEFT JOIN services s ON s.{column} = k.id AND {which}
            WHERE k.id % 30 = :day GROUP BY k.id
        ) counted
        WHERE c.id = counted.id AND c.services_count <> counted.number RETURNING c.id
    """)  # noqa: S608 - our own names.
    for table, column, which in (
        ("service_categories", "category_id", "s.listed"),
        (
            "practitioner_categories",
            "practitioner_category_id",
            "s.deleted_at IS NULL AND s.status <> 'archived'",
        ),
    )
]


def recount(session: Session, *, day: int) -> int:
    """Count seats, bookings and popularity of a thirtieth of the services anew; return how many were wrong."""
    sessions = session.scalars(_RECOUNT, {"day": day, "holding": list(words.SEAT_HOLDING)}).all()
    services = session.scalars(
        _RECOUNT_SERVICES,
        {"day": day, "counted": list(words.COUNTED_BOOKINGS), "since": EPOCH, "half_life": HALF_LIFE_DAYS},
    ).all()
    derive(session, sessions)
    wrong = len(sessions) + len(services)
    if wrong:
        log.warning("counters had drifted", extra={"sessions": len(sessions), "services": len(services)})
    return wrong


def recount_categories(session: Session, *, day: int) -> int:
    """Count the services of a thirtieth of the categories anew; return how many were wrong."""
    wrong = [one for statement in _RECOUNT_CATEGORIES for one in session.scalars(statement, {"day": day})]
    if wrong:
        log.warning("counters had drifted", extra={"categories": len(wrong)})
    return len(wrong)
