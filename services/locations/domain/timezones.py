"""Time zones: what their clocks show at a moment, and when they change next."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

AHEAD_DAYS: Final = 400
STEP: Final = timedelta(days=7)


def described(name: str, at: datetime, country_codes: list[str]) -> dict[str, Any]:
    """Return what clocks of a zone show at a moment."""
    local = at.astimezone(ZoneInfo(name))
    offset = local.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    shown = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return {
        "name": name,
        "label": f"{name.rpartition('/')[2].replace('_', ' ')} (UTC{shown})",
        "utc_offset": shown,
        "utc_offset_minutes": minutes,
        "abbreviation": local.tzname() or "",
        "is_dst": bool(local.dst()),
        "next_transition": next_transition(name, at),
        "country_codes": country_codes,
    }


def next_transition(name: str, at: datetime) -> datetime | None:
    """Return when the zone's offset changes next, within 400 days; None where it does not."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = _transition_after(name, day)
    return _transition_after(name, at) if found is not None and found <= at else found


@lru_cache(maxsize=4096)
def _transition_after(name: str, start: datetime) -> datetime | None:
    zone = ZoneInfo(name)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(zone).utcoffset()

    low, held = start, offset(start)
    while offset(low + STEP) == held:
        low += STEP
        if low - start > timedelta(days=AHEAD_DAYS):
            return None
    high = low + STEP
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if offset(middle) == held:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
