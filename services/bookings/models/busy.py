"""Reading taken time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# The cast is what lets the index find the practitioner: GiST knows no comparison of bigint with integer, and without
# it everybody's time in the range is read.
_READ = """
    SELECT lower(block.during) AS starts, upper(block.during) AS ends, block.source, block.source_id,
           (booking.status = 'pending_payment' AND booking.hold_expires_at <= :now) IS TRUE
           OR (hold.expires_at <= :now) IS TRUE AS is_stale
    FROM calendar_blocks AS block
    LEFT JOIN bookings AS booking ON block.source = 'booking' AND booking.id = block.source_id
    LEFT JOIN holds AS hold ON block.source = 'hold' AND hold.id = block.source_id
    WHERE block.practitioner_id = CAST(:practitioner_id AS bigint)
      AND block.during && tstzrange(:starts, :ends, '[)')
"""
_BUSY = text(_READ)
_LOCK_SPACE = 71
"""The first key of advisory locks on practitioners."""
_LOCK = "SELECT pg_advisory_xact_lock(:space, hashint8(:practitioner_id))"
_LOCKED = text(f"{_LOCK}; {_READ}")


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


def hold_calendar(session: Session, practitioner_id: int) -> None:
    """Hold a practitioner's calendar until the transaction ends: nobody else gives away their time meanwhile."""
    session.execute(text(_LOCK), {"space": _LOCK_SPACE, "practitioner_id": practitioner_id})


def taken_while_held(
    session: Session, practitioner_id: int, start: datetime, end: datetime, *, now: datetime
) -> list[Taken]:
    """Hold the practitioner's calendar, then return what takes their time in `[start, end)`: in one message.

    The second statement sees what was committed while the first waited; what is in between is not held up by the way
    to the database and back.
    """
    told = {"practitioner_id": practitioner_id, "starts": start, "ends": end, "now": now, "space": _LOCK_SPACE}
    return [Taken(*row) for row in session.execute(_LOCKED, told)]


def spans(taken: Sequence[Taken]) -> list[tuple[datetime, datetime]]:
    """Return the stretches that count as busy: stale ones do not."""
    return [(one.start, one.end) for one in taken if not one.is_stale]
