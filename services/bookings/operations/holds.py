"""Holds: a time or a seat kept for five minutes while somebody fills in the form."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import HoldNotFound, LimitReached, SlotTaken
from services.bookings.models import Hold
from services.bookings.models.busy import hold_client, taken_between
from services.bookings.models.occupancy import HOLD
from services.bookings.operations import tokens
from services.bookings.operations.checking import check_offer, check_slot, times_of, understand
from services.bookings.operations.expiring import clear_stale
from services.bookings.operations.occupying import drop_holds, lock_calendar, take_time
from services.bookings.operations.seating import hold_seat
from services.bookings.operations.wishes import Wish
from shared.errors import Invalid
from shared.identity import Identity

LENGTH = timedelta(minutes=5)
HOLDS_MAX = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A hold and its token, which is told once."""

    hold: Hold
    token: str


def hold(session: Session, wish: Wish, *, by: Identity, now: datetime) -> Held:
    """Keep the wished time or seat for the caller. Raises what booking it would, LimitReached for a fourth hold."""
    request = understand(session, wish, by=by, now=now)
    check_offer(request)
    seat = request.seat
    if request.service.service_type == words.WORKSHOP:
        if seat is None or seat.starts_at is None or seat.ends_at is None:
            raise Invalid.field("service_session_id", "Choose one of the workshop's sessions.")
        start, end = seat.starts_at, seat.ends_at
    elif request.service.service_type == words.SESSION:
        start, end = times_of(request)
    else:
        raise Invalid.field("service_id", "Only sessions and workshops can be held.")
    lock_calendar(session, request.practitioner.id)
    hold_client(session, by.user_id)
    live = list(session.scalars(select(Hold).where(Hold.user_id == by.user_id).with_for_update()))
    drop_holds(session, [one for one in live if one.expires_at <= now])
    if sum(one.expires_at > now for one in live) >= HOLDS_MAX:
        raise LimitReached(f"At most {HOLDS_MAX} times can be held at once.")
    token = tokens.new_token()
    made = Hold(
        token_hash=tokens.digest(token),
        user_id=by.user_id,
        service_id=request.service.id,
        practitioner_id=request.practitioner.id,
        start_time=start,
        end_time=end,
        service_session_id=seat.id if seat is not None else None,
        expires_at=now + LENGTH,
    )
    session.add(made)
    session.flush()
    if seat is not None:
        hold_seat(session, seat.id, now=now)
        return Held(made, token)
    calendar = request.offer.calendar
    assert calendar is not None
    until = end + timedelta(minutes=calendar.buffer_minutes)
    taken = taken_between(session, request.practitioner.id, start, until, now=now)
    check_slot(request.offer, taken, start, end, now=now, override=False)
    if clear_stale(session, taken, now=now):
        raise SlotTaken
    take_time(session, practitioner_id=made.practitioner_id, start=start, end=until, source=HOLD, source_id=made.id)
    return Held(made, token)


def let_go(session: Session, token: str, *, by: Identity) -> None:
    """Give up one's hold. Raises HoldNotFound."""
    found = session.scalar(
        select(Hold).where(Hold.token_hash == tokens.digest(token), Hold.user_id == by.user_id).with_for_update()
    )
    if found is None:
        raise HoldNotFound
    drop_holds(session, [found])
