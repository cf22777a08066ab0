"""From confirmed to done: confirming by hand, starting, completing, not showing up."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.cancellation import refund_cents
from services.bookings.domain.errors import HoldExpired, InvalidTransition, TooEarly, TooLate
from services.bookings.events import BookingCompleted, BookingNoShow, BookingStarted
from services.bookings.models import Booking
from services.bookings.operations.announcing import announce, drop_reminders, set_reminders, wake_waiting
from services.bookings.operations.building import told_confirmed
from services.bookings.operations.finding import Found, lock_booking
from services.bookings.operations.following import confirm_children, let_parent_follow
from services.bookings.operations.occupying import release
from services.bookings.settings import settings
from shared.errors import Forbidden, Invalid, PaymentRequired
from shared.identity import Identity
from shared.identity.caller import SYSTEM

START_BEFORE = timedelta(minutes=15)
CORRECTION = timedelta(hours=24)


def _only_practitioner(booking: Booking, by: Identity) -> None:
    if booking.role_of(by) == words.CLIENT:
        raise Forbidden


def confirm_booking(session: Session, reference: str, *, by: Identity, collect: str | None, now: datetime) -> Booking:
    """Confirm an unpaid booking that is paid in person. A confirmed one stays as it is.

    Raises BookingNotFound, PaymentRequired (a client pays), HoldExpired, InvalidTransition. Emits BookingConfirmed.
    """
    booking = lock_booking(session, reference, by=by).booking
    if booking.status == words.CONFIRMED:
        return booking
    if booking.status != words.PENDING or booking.parent_id is not None:
        raise InvalidTransition.of(booking.status)
    if booking.role_of(by) == words.CLIENT or collect == words.PLATFORM:
        raise PaymentRequired
    if booking.hold_expires_at is not None and booking.hold_expires_at <= now:
        raise HoldExpired("The time was held for the payment until a moment ago.")
    booking.collect = words.IN_PERSON
    settle(session, booking, how="practitioner", now=now, by=by)
    return booking


def settle(session: Session, booking: Booking, *, how: str, now: datetime, by: Identity = SYSTEM) -> None:
    """Confirm a locked, pending booking, and let its children follow. Emits BookingConfirmed."""
    booking.become(words.CONFIRMED, now=now)
    booking.confirmed_at = now
    set_reminders(session, booking, now=now)
    if booking.is_parent:
        session.flush()
        confirm_children(session, booking, now=now)
    fact = told_confirmed(session, booking, how=how)
    announce(session, booking, fact, action="confirmed", by=by, from_status=words.PENDING)
    wake_waiting(session, booking)


def start_booking(session: Session, reference: str, *, by: Identity, now: datetime) -> Booking:
    """Begin an appointment, at most 15 minutes early. One that has begun stays as it is.

    Raises BookingNotFound, Forbidden, TooEarly, InvalidTransition. Emits BookingStarted.
    """
    found = lock_booking(session, reference, by=by)
    booking = found.booking
    _only_practitioner(booking, by)
    if booking.status == words.IN_PROGRESS and not booking.is_parent:
        return booking
    if booking.status != words.CONFIRMED or booking.is_parent or booking.start_time is None:
        raise InvalidTransition.of(booking.status)
    if now < booking.start_time - START_BEFORE:
        raise TooEarly("An appointment can begin 15 minutes early at most.")
    begin(session, found, how=booking.role_of(by) or words.STAFF, by=by, now=now)
    return booking


def begin(session: Session, found: Found, *, how: str, by: Identity, now: datetime) -> None:
    """Let a locked, confirmed booking begin. Emits BookingStarted."""
    booking = found.booking
    booking.become(words.IN_PROGRESS, now=now)
    booking.started_at = booking.actual_start_time = now
    session.flush()
    announce(
        session,
        booking,
        BookingStarted.of(booking, by=how),
        action="started",
        by=by,
        from_status=words.CONFIRMED,
    )
    let_parent_follow(session, found.parent, now=now)


def complete_booking(
    session: Session,
    reference: str,
    *,
    by: Identity,
    now: datetime,
    actual_end_time: datetime | None = None,
    practitioner_notes: str | None = None,
) -> Booking:
    """Complete an appointment; up to 24 hours after its end also one that was marked as not shown up.

    Raises BookingNotFound, Forbidden, Invalid, InvalidTransition. Emits BookingCompleted.
    """
    found = lock_booking(session, reference, by=by)
    booking = found.booking
    _only_practitioner(booking, by)
    if actual_end_time is not None and actual_end_time > now:
        raise Invalid.field("actual_end_time", "Must not lie in the future.")
    if booking.status == words.COMPLETED:
        return booking
    _check_completable(booking, now=now)
    if practitioner_notes is not None:
        booking.practitioner_notes = practitioner_notes
    finish(session, found, by=by, now=now, ended_at=actual_end_time)
    return booking


def _check_completable(booking: Booking, *, now: datetime) -> None:
    if booking.is_parent:
        raise InvalidTransition.of(booking.status, "This completes by its sessions.")
    if booking.status == words.NO_SHOW:
        if booking.end_time is None or now > booking.end_time + CORRECTION:
            raise InvalidTransition.of(booking.status, "This can be corrected for 24 hours.")
        return
    if booking.status not in (words.CONFIRMED, words.IN_PROGRESS):
        raise InvalidTransition.of(booking.status)


def finish(
    session: Session,
    found: Found,
    *,
    by: Identity,
    now: datetime,
    ended_at: datetime | None = None,
    detail: str | None = None,
) -> None:
    """Complete a locked booking, however it came here. Emits BookingCompleted with what was earned."""
    booking = found.booking
    was = booking.status
    early = booking.start_time is not None and now < booking.start_time
    release(session, booking)
    drop_reminders(session, booking)
    booking.become(words.COMPLETED, detail=words.COMPLETED_EARLY if early else detail, now=now)
    booking.completed_by_clock = detail == words.COMPLETED_BY_CLOCK
    booking.completed_at, booking.no_show_at = now, None
    booking.actual_end_time = ended_at or now
    session.flush()
    fact = BookingCompleted.of(
        booking,
        earned_cents=earned(booking),
        earned_from=max(now, booking.end_time or now),
        early=early,
    )
    announce(session, booking, fact, action="completed", by=by, from_status=was)
    let_parent_follow(session, found.parent, now=now)


def earned(booking: Booking) -> int:
    """Return what the practitioner earns by holding this appointment, in cents."""
    if booking.is_parent or booking.collect == words.IN_PERSON or not booking.paid_cents:
        return 0
    return booking.allocated_cents


def mark_no_show(
    session: Session,
    reference: str,
    *,
    by: Identity,
    now: datetime,
    missing: str = words.CLIENT,
    reason: str | None = None,
    refund_percent: int = 0,
) -> Booking:
    """Say that somebody did not come, from 10 minutes after the start to 24 hours after the end.

    Raises BookingNotFound, Forbidden, InvalidTransition, TooEarly, TooLate. Emits BookingNoShow with whole sums.
    """
    found = lock_booking(session, reference, by=by)
    booking = found.booking
    _only_practitioner(booking, by)
    if missing == words.PRACTITIONER and not by.is_staff:
        raise Forbidden("Only staff can say that the practitioner did not come.")
    if booking.status == words.NO_SHOW:
        return booking
    correctable = booking.status == words.COMPLETED and booking.completed_by_clock
    if booking.is_parent or booking.start_time is None or booking.end_time is None:
        raise InvalidTransition.of(booking.status)
    if booking.status not in (words.CONFIRMED, words.IN_PROGRESS) and not correctable:
        raise InvalidTransition.of(booking.status)
    if now < booking.start_time + settings().no_show_after:
        raise TooEarly(f"Wait {settings().bookings_no_show_after_minutes} minutes after the start.")
    if now > booking.end_time + CORRECTION:
        raise TooLate
    _record_no_show(session, found, by=by, now=now, missing=missing, reason=reason, refund_percent=refund_percent)
    return booking


def _record_no_show(
    session: Session,
    found: Found,
    *,
    by: Identity,
    now: datetime,
    missing: str,
    reason: str | None,
    refund_percent: int,
) -> None:
    booking = found.booking
    was = booking.status
    release(session, booking)
    drop_reminders(session, booking)
    base = booking.paid_cents - booking.refunded_cents
    percent = 100 if missing == words.PRACTITIONER else refund_percent
    refund = refund_cents(base, percent)
    booking.become(words.NO_SHOW, now=now)
    booking.no_show_at, booking.completed_at, booking.completed_by_clock = now, None, False
    booking.refund_pending_cents = refund
    session.flush()
    fact = BookingNoShow.of(
        booking,
        no_show_by=missing,
        refund_cents=refund,
        earned_cents=0 if booking.collect == words.IN_PERSON else base - refund,
        earned_from=max(now, booking.end_time or now),
    )
    announce(session, booking, fact, action="no_show", by=by, from_status=was, reason=reason)
    let_parent_follow(session, found.parent, now=now)
