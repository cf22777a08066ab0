"""Which status of a dated session leads where."""

from datetime import datetime, timedelta

from services.catalog.domain.words import CANCELED, COMPLETED, DRAFT, IN_PROGRESS, SCHEDULED

EARLY_START = timedelta(minutes=30)
FARTHEST = timedelta(days=5 * 366)
_NEXT = {
    DRAFT: frozenset({SCHEDULED, CANCELED}),
    SCHEDULED: frozenset({IN_PROGRESS, COMPLETED, CANCELED}),
    IN_PROGRESS: frozenset({COMPLETED, CANCELED}),
}


def may_become(present: str, wanted: str, *, staff: bool) -> bool:
    """Whether the status may change so; a running session is canceled by staff only."""
    if present == IN_PROGRESS and wanted == CANCELED and not staff:
        return False
    return wanted in _NEXT.get(present, frozenset())


def time_problem(starts_at: datetime, ends_at: datetime, *, now: datetime) -> tuple[str, str] | None:
    """Return the field and what is wrong with its time, or None."""
    if ends_at <= starts_at:
        return "end_time", "Must be after start_time."
    if ends_at > now + FARTHEST:
        return "end_time", "Must be within the next five years."
    return None
