"""When a card is over."""

from datetime import datetime, timedelta


def is_expired(year: int, month: int, now: datetime) -> bool:
    """Whether a card's last month is over everywhere on earth: 12 h after its end in UTC."""
    following = (year + month // 12, month % 12 + 1)
    local = now - timedelta(hours=12)
    return (local.year, local.month) >= following
