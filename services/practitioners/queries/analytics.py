"""A practitioner's analytics: what happened in the last days, by day, hour, weekday and service."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from services.practitioners.domain.text import dollars_text, percent_change, percentage
from shared.localtime import local_day, start_of_day

_OVERVIEW = text("""
    SELECT coalesce(sum(created), 0) AS created, coalesce(sum(completed), 0) AS completed,
           coalesce(sum(canceled), 0) AS canceled
    FROM practitioner_daily WHERE practitioner_id = :id AND day BETWEEN :first AND :today
""")
_TREND = text("""
    SELECT on_day::date AS day, coalesce(created, 0) AS bookings, coalesce(revenue_cents, 0) AS revenue
    FROM generate_series(CAST(:first AS date), CAST(:today AS date), interval '1 day') AS days(on_day)
    LEFT JOIN practitioner_daily ON practitioner_id = :id AND day = on_day::date
    ORDER BY on_day
""")
_HOURS = text("""
    SELECT extract(isodow FROM day)::int AS weekday, hours
    FROM practitioner_daily WHERE practitioner_id = :id AND day BETWEEN :first AND :today
""")
_VIEWS = text("""
    SELECT coalesce(sum(views) FILTER (WHERE day >= :first), 0) AS total,
           coalesce(sum(views) FILTER (WHERE day < :first), 0) AS before
    FROM views_daily WHERE practitioner_id = :id AND day BETWEEN :first_before AND :today
""")
_POPULAR = text("""
    SELECT coalesce(services.name, 'Service ' || theirs.service_id) AS title,
           coalesce(services.service_type, 'session') AS type, theirs.bookings, theirs.revenue
    FROM (SELECT service_id, count(*) AS bookings,
                 coalesce(sum(amount_cents) FILTER (WHERE status = 'completed'), 0) AS revenue
          FROM bookings
          WHERE practitioner_id = :id AND deleted_at IS NULL AND parent_booking_id IS NULL
            AND status IN ('confirmed', 'in_progress', 'completed') AND booked_at >= :since
          GROUP BY service_id) AS theirs
    LEFT JOIN services ON services.id = theirs.service_id
    ORDER BY theirs.bookings DESC, theirs.service_id LIMIT 10
""")
_CUSTOMERS = text("""
    SELECT count(*) AS unique_ones, count(*) FILTER (WHERE bookings > 1) AS repeated
    FROM (SELECT user_id, count(*) AS bookings FROM bookings
          WHERE practitioner_id = :id AND deleted_at IS NULL AND parent_booking_id IS NULL
            AND status IN ('confirmed', 'in_progress', 'completed') AND booked_at >= :since
          GROUP BY user_id) AS theirs
""")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def analytics(connection: Connection, practitioner_id: int, *, days: int, zone: str, now: datetime) -> dict[str, Any]:
    """Return the numbers of the last `days` days, today included."""
    today = local_day(now, zone)
    first = today - timedelta(days=days - 1)
    asked = {
        "id": practitioner_id,
        "first": first,
        "today": today,
        "first_before": first - timedelta(days=days),
        "since": start_of_day(first, zone),
    }
    overview = connection.execute(_OVERVIEW, asked).one()
    views = connection.execute(_VIEWS, asked).one()
    customers = connection.execute(_CUSTOMERS, asked).one()
    created, canceled, seen = int(overview.created), int(overview.canceled), int(views.total)
    by_hour, by_weekday = [0] * 24, [0] * 7
    for weekday, hours in connection.execute(_HOURS, asked):
        by_weekday[weekday - 1] += sum(hours)
        by_hour = [held + more for held, more in zip(by_hour, hours, strict=True)]
    return {
        "overview": {
            "profile_views": {
                "total": seen,
                "trend": percent_change(seen, int(views.before)),
                "daily_average": round(seen / days, 1),
            },
            "total_bookings": created,
            "completed_bookings": int(overview.completed),
            "canceled_bookings": canceled,
            "cancellation_rate": percentage(canceled, created + canceled),
            "conversion_rate": min(percentage(created, seen), 100.0),
            "unique_customers": customers.unique_ones,
            "repeat_customers": customers.repeated,
            "retention_rate": percentage(customers.repeated, customers.unique_ones),
        },
        "service_popularity": [
            {
                "title": row.title,
                "type": row.type,
                "bookings": row.bookings,
                "revenue": int(row.revenue),
                "revenue_display": dollars_text(int(row.revenue)),
            }
            for row in connection.execute(_POPULAR, asked)
        ],
        "booking_trend": [
            {
                "date": row.day,
                "bookings": row.bookings,
                "revenue": row.revenue,
                "revenue_display": dollars_text(row.revenue),
            }
            for row in connection.execute(_TREND, asked)
        ],
        "peak_hours": [{"hour": hour, "bookings": count} for hour, count in enumerate(by_hour) if count],
        "peak_days": [{"weekday": name, "bookings": count} for name, count in zip(_WEEKDAYS, by_weekday, strict=True)],
    }
