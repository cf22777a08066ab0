"""When a live stream or a booking's room may do what. Instants are arguments."""

from datetime import datetime, timedelta

from services.streams.domain import words

EARLY = timedelta(minutes=15)
LATE_START = timedelta(minutes=5)
AHEAD_MAX = timedelta(days=366)
LENGTH_MIN, LENGTH_MAX = timedelta(minutes=5), timedelta(hours=12)
MISSED_AFTER = timedelta(hours=1)
HOST_GONE = timedelta(seconds=15)
NO_HOST_EVER = timedelta(minutes=10)
OVERTIME = timedelta(hours=4)
LIVE_MAX = timedelta(hours=12)
ROOM_CLOSES = timedelta(minutes=60)


def can_start(status: str, scheduled_start: datetime, now: datetime) -> bool:
    """Whether the host may go live: from 15 minutes before the start on, inclusive."""
    return status == words.SCHEDULED and now >= scheduled_start - EARLY


def phase(
    *,
    status: str,
    end_reason: str | None,
    scheduled_start: datetime,
    host_present: bool,
    host_last_seen: datetime | None,
    now: datetime,
) -> str:
    """Return what a viewer should be shown."""
    if status == words.CANCELLED:
        return words.MISSED if end_reason == words.TIMEOUT else words.CANCELLED
    if status == words.SCHEDULED:
        return words.WAITING if now >= scheduled_start - EARLY else words.UPCOMING
    if status == words.LIVE:
        gone = not host_present and host_last_seen is not None and now - host_last_seen > HOST_GONE
        return words.RECONNECTING if gone else words.LIVE
    return words.ENDED


def why_over(
    *,
    actual_start: datetime,
    scheduled_end: datetime,
    host_present: bool,
    host_last_seen: datetime | None,
    room_lost_at: datetime | None,
    grace: timedelta,
    now: datetime,
) -> str | None:
    """Return why a live stream has to be ended now, or None.

    `host_last_seen` is None while no host has ever been inside.
    """
    if now >= min(max(scheduled_end, actual_start) + OVERTIME, actual_start + LIVE_MAX):
        return words.TIMEOUT
    if host_present:
        return None
    if room_lost_at is not None and now - room_lost_at > grace:
        return words.ROOM_CLOSED
    if host_last_seen is None:
        return words.HOST_LEFT if now - actual_start > NO_HOST_EVER else None
    return words.HOST_LEFT if now - host_last_seen > grace else None


def duration_minutes(
    *,
    scheduled_start: datetime,
    scheduled_end: datetime,
    actual_start: datetime | None,
    actual_end: datetime | None,
    now: datetime,
) -> int:
    """Return the length so far, rounded down; before it began, the planned one."""
    if actual_start is None:
        return int((scheduled_end - scheduled_start).total_seconds() // 60)
    return max(int(((actual_end or now) - actual_start).total_seconds() // 60), 0)


def times_fit(start: datetime, end: datetime, now: datetime) -> dict[str, str]:
    """Return what is wrong with the times of a live stream, by field; nothing if they fit."""
    wrong = {}
    if start < now - LATE_START:
        wrong["scheduled_start"] = "Must not lie in the past."
    elif start > now + AHEAD_MAX:
        wrong["scheduled_start"] = "Must lie within a year."
    if end <= start:
        wrong["scheduled_end"] = "Must be after the start."
    elif not LENGTH_MIN <= end - start <= LENGTH_MAX:
        wrong["scheduled_end"] = "A live stream lasts 5 minutes to 12 hours."
    return wrong
