"""What may only be asked for now and then."""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import TooOften
from services.practitioners.models import Throttle


def throttle(
    session: Session,
    practitioner_id: int,
    action: str,
    *,
    most: int,
    window: timedelta,
    pause: timedelta = timedelta(0),
    now: datetime,
) -> None:
    """Count one use. Raises TooOften beyond `most` in a window, or sooner than `pause` after the last use."""
    fresh = {
        "practitioner_id": practitioner_id,
        "action": action,
        "window_start": now,
        "used": 0,
        "last_at": now - window,
    }
    session.execute(insert(Throttle).values(**fresh).on_conflict_do_nothing())
    row = session.get_one(Throttle, (practitioner_id, action), with_for_update=True, populate_existing=True)
    if now - row.window_start >= window:
        row.window_start, row.used = now, 0
    ready = max(row.last_at + pause, now if row.used < most else row.window_start + window)
    if ready > now:
        raise TooOften(retry_after=int((ready - now).total_seconds()) + 1)
    row.used, row.last_at = row.used + 1, now
