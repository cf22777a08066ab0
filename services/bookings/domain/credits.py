"""When session credits lapse."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def valid_until(*, confirmed_at: datetime, validity_days: int | None, zone: ZoneInfo) -> datetime | None:
    """Return the end of the last day, in the client's zone, on which a credit can be used; None if it never lapses."""
    if validity_days is None:
        return None
    last = confirmed_at.astimezone(zone).date() + timedelta(days=validity_days)
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
