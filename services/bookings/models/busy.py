"""Reading taken time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_BUSY = text("""
    SELECT lower(block.during) AS starts, upper(block.during) AS ends, block.source, block.source_id,
           (booking.status = 'pending_payment' AND booking.hold_expires_at <= :now) IS TRUE
           OR (hold.expires_at <= :now) IS TRUE AS is_stale
    FROM calendar_blocks AS block
    LEFT JOIN bookings AS booking ON block.source = 'booking' AND booking.id = block.source_id
    LEFT JOIN holds AS hold ON block.source = 'hold' AND hold.id = block.source_id
    WHERE block.practitioner_id = :practitioner_id
      AND block.during && tstzrange(:starts, :ends, '[)')
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch of taken time, its buffer included. Stale: it was kept for a payment or a form that never came."""

    start: datetime
    end: datetime
    source: str
    source_id: int
    is_stale: bool


def taken_between(
    session: Session,
    practitioner_id: int,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    leaving_out: tuple[str, int] | None = None,
) -> list[Taken]:
    """Return what takes the practitioner's time in `[start, end)`; one (source, id) may be left out."""
    rows = session.execute(_BUSY, {"practitioner_id": practitioner_id, "starts": start, "ends": end, "now": now})
    found = [Taken(*row) for row in rows]
    return [taken for taken in found if (taken.source, taken.source_id) != leaving_out]


def spans(taken: Sequence[Taken]) -> list[tuple[datetime, datetime]]:
    """Return the stretches that count as busy: stale ones do not."""
    return [(one.start, one.end) for one in taken if not one.is_stale]
