"""Days on which something happens."""

from datetime import UTC, date, datetime, timedelta


def next_payout_date(now: datetime) -> date:
    """Return the next Monday (UTC); on a Monday the following one."""
    today = now.astimezone(UTC).date()
    return today + timedelta(days=7 - today.weekday())
