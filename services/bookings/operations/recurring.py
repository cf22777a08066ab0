"""Series of appointments: booked together, paid together, each with a life of its own."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import NotBookable, NotCancellable, SlotTaken, SlotUnavailable
from services.bookings.domain.recurrence import OCCURRENCES_MIN, BadRule, Rule
from services.bookings.models import Booking, Series
from services.bookings.models.busy import Taken, spans, taken_between
from services.bookings.operations.building import insert, new_booking
from services.bookings.operations.cancelling import Cancellation, cancel_found
from services.bookings.operations.checking import (
    Request,
    check_limits,
    check_offer,
    place_for,
    times_of,
    understand,
)
from services.bookings.operations.expiring import clear_stale
from services.bookings.operations.finding import Found, lock_booking
from services.bookings.operations.occupying import children_of, lock_calendar, take_time_of
from services.bookings.operations.purchases import new_child, tell_purchase
from services.bookings.operations.wishes import Wish
from shared.errors import Invalid
from shared.identity import Identity
from shared.scheduling import is_offered

HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One appointment that is wished for; `reason` says why it can not be."""

    start: datetime
    end: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A series as it was made, or on a dry run would be."""

    occurrences: list[Occurrence]
    price_cents: int
    parent: Booking | None = None
    children: tuple[Booking, ...] = ()
    series_id: int | None = None

    @property
    def free(self) -> list[Occurrence]:
        """The appointments that can be."""
        return [one for one in self.occurrences if one.reason is None]

    @property
    def total_cents(self) -> int:
        """What they cost together."""
        return self.price_cents * len(self.free)


def create_recurring(
    session: Session, wish: Wish, rule: Rule, *, by: Identity, now: datetime, skip_conflicts: bool, dry_run: bool
) -> Recurring:
    """Book a series; all of it or nothing, or with `skip_conflicts` what is free of it.

    The horizon of the practitioner binds the first appointment only. Raises Invalid, OwnService, NotBookable,
    LimitReached, SlotTaken, SlotUnavailable (naming the starts that can not be). Emits BookingCreated for the parent.
    """
    request = understand(session, wish, by=by, now=now)
    check_offer(request)
    if request.service.service_type != words.SESSION:
        raise Invalid.field("service_id", "Only sessions recur.")
    first, _ = times_of(request)
    try:
        starts = rule.occurrences(first)
    except BadRule as bad:
        raise Invalid.field("rrule", str(bad)) from bad
    if not dry_run:
        lock_calendar(session, request.practitioner.id)
        check_limits(session, request)
    length = timedelta(minutes=request.service.duration_minutes)
    calendar = request.offer.calendar
    if calendar is None:
        raise NotBookable
    until = starts[-1] + length + timedelta(minutes=calendar.buffer_minutes)
    taken = taken_between(session, request.practitioner.id, starts[0], until, now=now)
    found = Recurring(occurrences=_judged(request, taken, starts, length), price_cents=request.service.price_cents)
    if dry_run:
        return found
    _refuse_conflicts(found, skip_conflicts=skip_conflicts)
    return _book(session, request, rule, found, taken)


def _judged(request: Request, taken: list[Taken], starts: list[datetime], length: timedelta) -> list[Occurrence]:
    calendar = request.offer.calendar
    assert calendar is not None
    far = replace(calendar, advance_booking_max_days=HORIZON_DAYS)
    busy = spans(taken)
    judged = []
    for number, start in enumerate(starts):
        refusal = is_offered(far if number else calendar, request.offer.bookable(), busy, start, now=request.now)
        judged.append(Occurrence(start=start, end=start + length, reason=str(refusal.reason) if refusal else None))
    return judged


def _refuse_conflicts(found: Recurring, *, skip_conflicts: bool) -> None:
    bad = [one for one in found.occurrences if one.reason is not None]
    if not bad or (skip_conflicts and len(found.free) >= OCCURRENCES_MIN):
        return
    told = {"start_time": [f"{one.start.isoformat().replace('+00:00', 'Z')} {one.reason}" for one in bad]}
    if any(one.reason == "overlap" for one in bad):
        raise SlotTaken(errors=told)
    raise SlotUnavailable(errors=told)


def _book(session: Session, request: Request, rule: Rule, found: Recurring, taken: list[Taken]) -> Recurring:
    if any(one.is_stale for one in taken):
        clear_stale(session, taken, now=request.now)
    free, price = found.free, found.price_cents
    series = Series(
        rrule=rule.rrule,
        timezone=rule.zone.key,
        client_id=request.client_id,
        practitioner_id=request.practitioner.id,
        service_id=request.service.id,
        total_cents=found.total_cents,
    )
    session.add(series)
    session.flush()
    location_id = place_for(session, request)
    parent = new_booking(
        request,
        kind=words.SERIES,
        start=free[0].start,
        end=free[-1].end,
        price_cents=found.total_cents,
        discount_cents=0,
        location_id=location_id,
    )
    parent.series_id, parent.sessions_total = series.id, len(free)
    insert(session, parent)
    children = [
        new_child(
            parent,
            request,
            kind=words.SESSION,
            number=number,
            share_cents=price,
            series_id=series.id,
            start_time=one.start,
            end_time=one.end,
            buffer_minutes=parent.buffer_minutes,
            client_notes=parent.client_notes,
        )
        for number, one in enumerate(free, start=1)
    ]
    insert(session, *children)
    for child in children:
        take_time_of(session, child)
    tell_purchase(session, parent, children, request)
    return replace(found, parent=parent, children=tuple(children), series_id=series.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCanceled:
    """What became of a series: which were canceled, which stay and why, and the refund of all."""

    canceled: list[int]
    kept: list[tuple[int, str]]
    refund_cents: int


def cancel_series(
    session: Session, reference: str, *, only_following: bool, reason: str | None, by: Identity, now: datetime
) -> SeriesCanceled:
    """Cancel what is to come of a series, each appointment by its own policy; an unpaid series as a whole.

    Raises BookingNotFound, NotCancellable if the booking belongs to none. Emits BookingCancelled for each.
    """
    found = lock_booking(session, reference, by=by)
    parent = found.parent or found.booking
    if parent.kind != words.SERIES:
        raise NotCancellable("This does not belong to a series.")
    how = Cancellation(reason=reason)
    children = children_of(session, parent.id, lock=True)
    if parent.status == words.PENDING:
        done = cancel_found(session, Found(parent, None), how, by=by, now=now)
        return SeriesCanceled(
            canceled=[child.id for child in children], kept=[], refund_cents=done.outcome.refund_cents
        )
    since = found.booking.start_time if only_following and found.parent is not None else None
    canceled, kept, refund = [], [], 0
    for child in children:
        if child.status in words.TERMINAL:
            continue
        if since is not None and child.start_time is not None and child.start_time < since:
            continue
        try:
            done = cancel_found(session, Found(child, parent), how, by=by, now=now)
        except NotCancellable as refused:
            kept.append((child.id, refused.message))
            continue
        canceled.append(child.id)
        refund += done.outcome.refund_cents
    return SeriesCanceled(canceled=canceled, kept=kept, refund_cents=refund)
