"""Reading taken time."""

from collections.abc import Callable, Sequence
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
_CALENDARS, _CLIENTS = 71, 72
"""The first keys of advisory locks on practitioners' calendars and on clients. Calendars come first everywhere."""
_CALENDAR = f"{_CALENDARS}, hashint8(:practitioner_id)"
_CLIENT = f"{_CLIENTS}, hashint8(:client_id)"
_HOLD = text(f"SELECT pg_advisory_xact_lock({_CALENDAR})")
_PENDING = """
    SELECT count(*) FROM bookings
    WHERE client_id = :client_id AND parent_id IS NULL AND status = 'pending_payment'
"""
_COUNTED = text(f"SELECT pg_advisory_xact_lock({_CLIENT}); {_PENDING}")
# One message: the client's lock is taken only with the calendar's, and what is read is what was committed until then.
_TRIED = text(f"""
    SELECT set_config('estuary.calendar', CAST(pg_try_advisory_xact_lock({_CALENDAR}) AS text), true);
    SELECT pg_advisory_xact_lock({_CLIENT}) WHERE current_setting('estuary.calendar') = 'true';
    SELECT current_setting('estuary.calendar') = 'true' AS is_held, ({_PENDING}) AS pending, taken.*
    FROM (SELECT 1) AS one LEFT JOIN ({_READ}) AS taken ON true
""")  # noqa: S608 - formed of the texts above only.
# Waiting for whoever holds the calendar, and letting go of it in the same message: nobody queues behind a reader.
_AFTERWARDS = text(f"""
    SAVEPOINT calendar; SELECT pg_advisory_xact_lock_shared({_CALENDAR}); ROLLBACK TO SAVEPOINT calendar; {_READ}
""")
_SOLD = text("""
    SELECT 1 FROM services AS service
    JOIN calendar_blocks AS block
      ON block.practitioner_id = service.practitioner_id AND block.during @> CAST(:start AS timestamptz)
    LEFT JOIN bookings AS booking ON block.source = 'booking' AND booking.id = block.source_id
    LEFT JOIN holds AS hold ON block.source = 'hold' AND hold.id = block.source_id
    WHERE service.id = :service_id AND service.service_type = 'session' AND service.deleted_at IS NULL
      AND service.status = 'active' AND service.is_active AND service.is_visible
      AND (CAST(:practitioner_id AS bigint) IS NULL OR service.practitioner_id = :practitioner_id)
      AND (CAST(:end AS timestamptz) IS NULL
           OR CAST(:end AS timestamptz) = CAST(:start AS timestamptz) + service.duration_minutes * interval '1 minute')
      AND (booking.status = 'pending_payment' AND booking.hold_expires_at <= :now) IS NOT TRUE
      AND (hold.expires_at <= :now) IS NOT TRUE
    LIMIT 1
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


def is_sold(
    session: Session,
    service_id: int,
    start: datetime,
    end: datetime | None,
    *,
    practitioner_id: int | None,
    now: datetime,
) -> bool:
    """Whether this start of a service that is on offer is somebody else's: all that a request has to ask to lose.

    False says nothing: the service may be unknown, or another practitioner meant than its primary one.
    """
    asked = {"service_id": service_id, "start": start, "end": end, "practitioner_id": practitioner_id, "now": now}
    return session.execute(_SOLD, asked).first() is not None


def hold_calendar(session: Session, practitioner_id: int) -> None:
    """Hold a practitioner's calendar until the transaction ends: nobody else gives away their time meanwhile."""
    session.execute(_HOLD, {"practitioner_id": practitioner_id})


def hold_client(session: Session, client_id: int) -> int:
    """Hold what a client buys until the transaction ends, and return how many of their bookings wait for payment."""
    return int(session.execute(_COUNTED, {"client_id": client_id}).scalar_one())


@dataclass(frozen=True, slots=True)
class Held:
    """What takes a practitioner's time; `pending` counts the client's bookings that wait for their payment.

    Calendar and client are held until the transaction ends.
    """

    taken: list[Taken]
    pending: int


def look_while_held(
    session: Session,
    practitioner_id: int,
    start: datetime,
    end: datetime,
    *,
    client_id: int,
    now: datetime,
    is_lost: Callable[[list[Taken]], None],
) -> Held:
    """Hold the practitioner's calendar and the client, and return what takes the time in `[start, end)`.

    While somebody else holds the calendar this waits for them, holding nothing, and looks again: `is_lost` raises when
    what it is shown leaves no hope. So of fifty who want one slot forty-nine find out side by side, by one message.
    """
    told = {
        "practitioner_id": practitioner_id, "starts": start, "ends": end, "now": now, "client_id": client_id,
    }  # fmt: skip
    for patience in (1, 0, 0):
        rows = session.execute(_TRIED, told).all()
        if rows[0].is_held:
            break
        is_lost([Taken(*row) for row in session.execute(_AFTERWARDS, told)])
        if not patience:
            # Others want other times of the same calendar: from here on one after the other.
            hold_calendar(session, practitioner_id)
    return Held([Taken(*row[2:]) for row in rows if row.source is not None], rows[0].pending)


def spans(taken: Sequence[Taken]) -> list[tuple[datetime, datetime]]:
    """Return the stretches that count as busy: stale ones do not."""
    return [(one.start, one.end) for one in taken if not one.is_stale]
