"""How long things may be done."""

from datetime import UTC, datetime, timedelta

RESPONSE_EDIT = timedelta(hours=24)
CLAIM = timedelta(minutes=10)


def review_by(completed_at: datetime, *, days: int) -> datetime | None:
    """Return until when, inclusive, a booking can be reviewed; None without a limit (`days` 0)."""
    return completed_at + timedelta(days=days) if days else None


def is_open(until: datetime | None, now: datetime) -> bool:
    """Whether a window that may have no end is open; the end is inclusive."""
    return until is None or now <= until


def oldest(now: datetime, *, days: int) -> datetime:
    """Return the completion, inclusive, from which on bookings can be reviewed at `now`."""
    return now - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
