"""A practitioner's desk: this month's numbers, clients, notes."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, cast, exists, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.practitioners.domain.text import dollars_text, percent_change
from services.practitioners.models import BookingCopy, ClientNote, ClientStats, User
from services.practitioners.queries.texts import holds
from shared.http import fields
from shared.listing import Filter, Listing
from shared.localtime import local_day

TYPES: Final = ("session", "workshop", "course", "package", "bundle")

_MONTHS = text("""
    SELECT coalesce(sum(created) FILTER (WHERE day >= :first), 0) AS created,
           coalesce(sum(created) FILTER (WHERE day < :first), 0) AS created_before,
           coalesce(sum(revenue_cents) FILTER (WHERE day >= :first), 0) AS revenue,
           coalesce(sum(revenue_cents) FILTER (WHERE day < :first), 0) AS revenue_before
    FROM practitioner_daily
    WHERE practitioner_id = :id
      AND (day BETWEEN :first AND :today OR day BETWEEN :first_before AND :today_before)
""")
_CLIENTS = text("""
    SELECT count(DISTINCT user_id) FILTER (WHERE at > :month_ago) AS active,
           count(DISTINCT user_id) FILTER (WHERE at <= :month_ago) AS active_before,
           count(*) FILTER (WHERE status = 'confirmed' AND start_time > :now) AS upcoming
    FROM (SELECT user_id, status, start_time, coalesce(start_time, booked_at) AS at
          FROM bookings WHERE practitioner_id = :id AND deleted_at IS NULL
            AND status IN ('confirmed', 'in_progress', 'completed')) AS held
    WHERE at > :two_months_ago AND (at <= :now OR status = 'confirmed')
""")


def month_stats(connection: Connection, row: dict[str, Any], *, zone: str, now: datetime) -> dict[str, Any]:
    """Return this month so far against the same number of days of last month; `row` is the profile."""
    today = local_day(now, zone)
    first = today.replace(day=1)
    first_before = (first - timedelta(days=1)).replace(day=1)
    today_before = min(first_before + (today - first), first - timedelta(days=1))
    months = connection.execute(
        _MONTHS,
        {
            "id": row["id"],
            "first": first,
            "today": today,
            "first_before": first_before,
            "today_before": today_before,
        },
    ).one()
    clients = connection.execute(
        _CLIENTS,
        {
            "id": row["id"],
            "now": now,
            "month_ago": now - timedelta(days=30),
            "two_months_ago": now - timedelta(days=60),
        },
    ).one()
    return {
        "total_bookings": _measure(int(months.created), int(months.created_before)),
        "total_revenue": {
            **_measure(int(months.revenue), int(months.revenue_before)),
            "value_display": dollars_text(int(months.revenue)),
        },
        "active_clients": _measure(clients.active, clients.active_before),
        "average_rating": {
            "value": round(float(row["rating_average"]), 1),
            "total_reviews": row["rating_count"],
            "change": 0.0,
            "is_positive": True,
        },
        "upcoming_bookings": clients.upcoming,
        "period": {"start": first, "end": today, "timezone": zone},
    }


def _measure(value: int, before: int) -> dict[str, Any]:
    change = percent_change(value, before)
    return {"value": value, "change": change, "is_positive": change >= 0}


_NEXT = (
    select(func.min(BookingCopy.start_time))
    .where(
        BookingCopy.practitioner_id == ClientStats.practitioner_id,
        BookingCopy.user_id == ClientStats.user_id,
        BookingCopy.status == "confirmed",
        BookingCopy.start_time > func.now(),
    )
    .correlate(ClientStats)
    .scalar_subquery()
)
_LAST = (
    select(func.max(BookingCopy.start_time))
    .where(
        BookingCopy.practitioner_id == ClientStats.practitioner_id,
        BookingCopy.user_id == ClientStats.user_id,
        BookingCopy.status.in_(("confirmed", "in_progress", "completed")),
        BookingCopy.start_time <= func.now(),
    )
    .correlate(ClientStats)
    .scalar_subquery()
)
_NAME = func.trim(func.concat(User.first_name, literal_column("' '"), User.last_name))
_UPCOMING = exists().where(
    BookingCopy.practitioner_id == ClientStats.practitioner_id,
    BookingCopy.user_id == ClientStats.user_id,
    BookingCopy.status == "confirmed",
    BookingCopy.start_time > func.now(),
)

CLIENTS: Final = Listing(
    columns=select(
        ClientStats.user_id.label("id"),
        User.email,
        _NAME.label("full_name"),
        User.avatar_url,
        User.phone_number,
        ClientStats.bookings,
        ClientStats.completed,
        ClientStats.canceled,
        ClientStats.no_show,
        ClientStats.spent_cents,
        ClientStats.first_at,
        ClientStats.type_codes,
        _LAST.label("last_at"),
        _NEXT.label("next_at"),
    )
    .select_from(ClientStats)
    .outerjoin(User, User.id == ClientStats.user_id)
    .where(ClientStats.practitioner_id == bindparam("practitioner"), ClientStats.bookings > 0),
    key=ClientStats.user_id,
    filters={
        "session_type": Filter(
            fields.Names(TYPES), lambda value: ClientStats.type_codes.op("&&")(cast(value, ARRAY(Text)))
        ),
        "has_upcoming": Filter(fields.Boolean(), lambda value: value == _UPCOMING),
    },
    orderings={
        "last_booking_date": _LAST,
        "next_booking_date": _NEXT,
        "total_bookings": ClientStats.bookings,
        "total_spent": ClientStats.spent_cents,
        "full_name": _NAME,
    },
    default_ordering="-last_booking_date",
    search=lambda value: or_(holds(_NAME, value), holds(User.email, value)),
    nullable=frozenset({"last_booking_date", "next_booking_date"}),
)


def client_body(row: dict[str, Any]) -> dict[str, Any]:
    """Return a client as they are answered."""
    name = row["full_name"] or "Member"
    return {
        "id": row["id"],
        "email": row["email"] or "",
        "full_name": name,
        "display_name": name,
        "avatar_url": row["avatar_url"],
        "phone_number": row["phone_number"],
        "total_bookings": row["bookings"],
        "total_spent": row["spent_cents"],
        "total_spent_display": dollars_text(row["spent_cents"]),
        "last_booking_date": row["last_at"],
        "next_booking_date": row["next_at"],
        "session_types": [code.capitalize() for code in row["type_codes"]],
    }


def client_detail(connection: Connection, practitioner_id: int, client_id: int) -> dict[str, Any] | None:
    """Return everything about one client, or None for somebody who is none."""
    statement = CLIENTS.columns.where(ClientStats.user_id == client_id)
    row = connection.execute(statement, {"practitioner": practitioner_id}).mappings().first()
    if row is None:
        return None
    notes = connection.execute(
        select(func.count()).where(ClientNote.practitioner_id == practitioner_id, ClientNote.user_id == client_id)
    ).scalar_one()
    return {
        **client_body(dict(row)),
        "first_booking_date": row["first_at"],
        "completed_bookings": row["completed"],
        "canceled_bookings": row["canceled"],
        "no_show_bookings": row["no_show"],
        "notes_count": notes,
    }
