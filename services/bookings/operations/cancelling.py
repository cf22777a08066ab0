"""Canceling: what is free again, what is given back, and who hears of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.cancellation import Outcome, Part, outcome
from services.bookings.domain.errors import NotCancellable
from services.bookings.events import BookingCancelled
from services.bookings.models import Booking
from services.bookings.operations.announcing import announce, drop_reminders, wake_waiting
from services.bookings.operations.finding import Found, lock_booking
from services.bookings.operations.following import let_parent_follow
from services.bookings.operations.occupying import children_of, release
from shared.identity import Identity
from shared.identity.caller import SYSTEM

POLICY = "policy"
ORIGINAL = "original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Why and how something is canceled.

    `role` None is what the caller is to the booking, `refund_percent` None what the policy says. Without `notify`
    nobody is told of it by the marketplace: whoever cancels has done so.
    """

    reason: str | None = None
    reason_code: str | None = None
    detail: str | None = None
    role: str | None = None
    refund_percent: int | None = None
    refund_to: str = ORIGINAL
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """What became of it; `restored` is the session credit that was given back."""

    booking: Booking
    outcome: Outcome
    restored: Booking | None = None


def cancel_booking(
    session: Session, reference: str | int, how: Cancellation, *, by: Identity, now: datetime
) -> Canceled:
    """Cancel a booking and announce what is to be refunded. A canceled one stays as it is.

    The row is locked, after its parent, so two cancellations can not both announce a refund. Raises BookingNotFound,
    NotCancellable. Emits BookingCancelled.
    """
    found = lock_booking(session, reference, by=by)
    if found.booking.status == words.CANCELED:
        return _told_before(session, found.booking)
    return cancel_found(session, found, how, by=by, now=now)


def _told_before(session: Session, booking: Booking) -> Canceled:
    """Return what was told when the booking was canceled."""
    refund = booking.refund_pending_cents + booking.refunded_cents
    was_unpaid = booking.confirmed_at is None and booking.status_detail != words.EXPIRED
    if was_unpaid and not booking.paid_cents and booking.parent_id is None:
        # Whatever arrives for it goes back.
        refund = booking.final_amount_cents
    restored = None
    if booking.parent_id is not None:
        back = (Booking.parent_id == booking.parent_id, Booking.replaces_id == booking.id)
        restored = session.scalar(select(Booking).where(*back))
    return Canceled(booking=booking, outcome=Outcome(refund_cents=refund), restored=restored)


def cancel_found(
    session: Session, found: Found, how: Cancellation, *, by: Identity = SYSTEM, now: datetime
) -> Canceled:
    """Cancel a locked booking. Raises NotCancellable. Emits BookingCancelled."""
    booking, parent = found.booking, found.parent
    role = how.role or booking.role_of(by) or words.SYSTEM
    children = children_of(session, booking.id, lock=True) if booking.is_parent else []
    what = outcome(
        booking.claim(parent_kind=parent.kind if parent else None),
        [child.claim(parent_kind=booking.kind) for child in children],
        role=role,
        now=now,
        fixed_percent=how.refund_percent,
    )
    if what.refusal is not None:
        raise NotCancellable(what.refusal)
    was = booking.status
    if booking.is_parent:
        _cancel_children(session, booking, children, what, how, role=role, by=by, now=now)
    restored = _restore_credit(session, found, now=now) if what.restores_credit else None
    _close(session, booking, how, role=role, now=now)
    booking.refund_pending_cents = what.refund_cents if was != words.PENDING else 0
    session.flush()
    announce(
        session,
        booking,
        _told(booking, what, how, role=role, was=was, now=now, restored=restored),
        action="canceled",
        by=by,
        from_status=was,
        reason=booking.cancellation_reason,
    )
    if restored is not None:
        announce(session, restored, action="credit_restored", by=by)
    wake_waiting(session, booking)
    let_parent_follow(session, parent, now=now)
    return Canceled(booking=booking, outcome=what, restored=restored)


def _close(session: Session, booking: Booking, how: Cancellation, *, role: str, now: datetime) -> None:
    release(session, booking)
    if booking.start_time is not None:
        drop_reminders(session, booking)
    booking.become(words.CANCELED, detail=how.detail, now=now)
    booking.canceled_at, booking.canceled_by = now, words.CANCELED_BY[role]
    booking.cancellation_reason = how.reason or f"Canceled by {role}"


def _told(
    booking: Booking,
    what: Outcome,
    how: Cancellation,
    *,
    role: str,
    was: str,
    now: datetime,
    restored: Booking | None = None,
    covered_by: int | None = None,
) -> BookingCancelled:
    codes = {words.CLIENT: POLICY, words.PRACTITIONER: "practitioner", words.STAFF: "staff"}
    return BookingCancelled.of(
        booking,
        canceled_by=words.CANCELED_BY[role],
        reason=booking.cancellation_reason,
        reason_code=how.reason_code or codes.get(role, POLICY),
        from_status=was,
        refund_cents=what.refund_cents,
        retained_cents=0 if booking.collect == words.IN_PERSON else what.retained_cents,
        earned_from=now,
        refund_to=how.refund_to,
        covered_by=covered_by,
        restored_booking_id=restored.id if restored else None,
        notify=how.notify,
    )


def _cancel_children(
    session: Session,
    parent: Booking,
    children: list[Booking],
    what: Outcome,
    how: Cancellation,
    *,
    role: str,
    by: Identity,
    now: datetime,
) -> None:
    """Cancel what is still to come. The refund goes out once, on the parent; each child tells what is kept of it."""
    parts = {part.id: part for part in what.children}
    nothing = Part(id=0, refund_cents=0, retained_cents=0, reason="")
    # In the order of seats, as they are taken, so that joining and leaving a course never wait crosswise.
    for child in sorted(children, key=lambda one: one.service_session_id or 0):
        ends_with_parent = child.id in parts or (parent.status == words.PENDING and child.status not in words.TERMINAL)
        if not ends_with_parent:
            continue
        was, part = child.status, parts.get(child.id, nothing)
        _close(session, child, how, role=role, now=now)
        child.refund_pending_cents = part.refund_cents
        session.flush()
        kept = Outcome(retained_cents=part.retained_cents)
        announce(
            session,
            child,
            _told(child, kept, how, role=role, was=was, now=now, covered_by=parent.id),
            action="canceled",
            by=by,
            from_status=was,
        )


def _restore_credit(session: Session, found: Found, *, now: datetime) -> Booking:
    """Give the session back as a credit with the same share and number."""
    spent = found.booking
    fresh = Booking(
        **{name: getattr(spent, name) for name in _CREDIT_KEEPS},
        replaces_id=spent.id,
        payment={},
        created_at=now,
        updated_at=now,
    )
    fresh.become(words.DRAFT, detail=words.UNSCHEDULED, now=now)
    spent.paid_cents, spent.refunded_cents = 0, 0
    session.add(fresh)
    session.flush()
    return fresh


_CREDIT_KEEPS = (
    *("kind", "parent_id", "session_number", "client_id", "practitioner_id", "practitioner_user_id", "service_id"),
    *("service_type", "location_id", "location_type", "payment_status", "timezone", "currency", "collect"),
    *("price_charged_cents", "discount_amount_cents", "final_amount_cents", "allocated_cents", "paid_cents"),
    *("refunded_cents", "policy", "free_cancellation_hours", "service_name_snapshot", "service_description_snapshot"),
    *("service_duration_snapshot", "practitioner_name_snapshot", "package_name_snapshot", "bundle_name_snapshot"),
    *("validity_days", "valid_until", "search_text"),
)
