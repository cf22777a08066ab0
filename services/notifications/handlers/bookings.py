"""What bookings tells: who is told of a booking's life.

The person who did something is not told of it, except where the line is a confirmation they will look for.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from services.notifications.handlers.about_bookings import Booking, tell_about, with_
from services.notifications.operations.mailing import supersede
from services.notifications.operations.remembering import is_overtaken, note_end
from services.notifications.operations.telling import News, name_of, tell
from shared.clock import utc_now
from shared.messaging import Message, handles

A_DAY_MINUTES = 720
OVERTAKEN = ("booking.requested", "booking.confirmed", "booking.received", "booking.reminder_day")
"""Mails that say something wrong once the booking is cancelled or moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWish:
    """How it will be paid."""

    mode: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Booking):
    """Something was booked."""

    status: str
    payment: PaymentWish = PaymentWish()


@handles("booking.created", Created)
def tell_of_a_request(session: Session, event: Created, message: Message) -> None:
    """Ask the practitioner to confirm what is to be paid in person."""
    if is_overtaken(session, event.id, message=message):
        return
    if event.payment.mode == "in_person" and event.status == "pending_payment":
        tell_about(session, event.practitioner_user_id, "booking.requested", event, message)


@handles("booking.confirmed", Booking)
def tell_both_of_the_booking(session: Session, event: Booking, message: Message) -> None:
    """Confirm it to the client, and tell the practitioner, unless its end was heard of first."""
    if is_overtaken(session, event.id, message=message):
        return
    kind = "booking.purchase_confirmed" if event.is_purchase else "booking.confirmed"
    mine = event.appointment(message, other=event.practitioner_name)
    theirs = event.appointment(message, other=name_of(session, event.user_id))
    tell_about(session, event.user_id, kind, event, message, form=with_(appointment=mine))
    tell_about(session, event.practitioner_user_id, "booking.received", event, message, form=with_(appointment=theirs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Booking):
    """It will not take place."""

    canceled_by: str
    reason: str = ""
    refund_cents: int = 0
    refund_to: str = "original"
    covered_by: int | None = None
    restored_booking_id: int | None = None
    notify: bool = True


@handles("booking.cancelled", Cancelled)
def tell_the_other_of_the_cancellation(session: Session, event: Cancelled, message: Message) -> None:
    """Tell whoever did not cancel, and mail a receipt to whoever did.

    Sessions that go with their purchase fold into one line for the practitioner. Staff may tell people themselves.
    """
    _overtake(session, event, message)
    if not event.notify:
        return
    if event.covered_by is not None:
        tell_about(
            session,
            event.practitioner_user_id,
            "booking.sessions_cancelled",
            event,
            message,
            form=with_(fold_into=f"covered:{event.covered_by}"),
        )
        return
    for role, user_id, other in (
        ("client", event.user_id, event.practitioner_name),
        ("practitioner", event.practitioner_user_id, name_of(session, event.user_id)),
    ):
        is_client = role == "client"
        tell_about(
            session,
            user_id,
            "booking.cancelled_receipt" if event.canceled_by == role else "booking.cancelled",
            event,
            message,
            form=with_(
                link=None if is_client else f"/dashboard/practitioner/bookings/{event.id}",
                appointment=event.appointment(message, other=other, is_cancelled=True),
            ),
            by={"client": "the client", "practitioner": "the practitioner"}.get(event.canceled_by, "us"),
            other=other,
            reason=event.reason,
            refund_cents=event.refund_cents if is_client else 0,
            to_credits=event.refund_to == "credits",
            restored=is_client and event.restored_booking_id is not None,
        )


def _overtake(session: Session, event: Booking, message: Message) -> None:
    """Take back mails that are wrong from now on, and remember it for events that come late."""
    now = utc_now()
    note_end(session, event.id, message=message, now=now)
    supersede(session, ("booking", event.id), kinds=OVERTAKEN, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled(Booking):
    """It takes place at another time."""

    previous_start_time: datetime
    by: str
    reason: str | None = None
    free_cancel_until: datetime | None = None
    notify: bool = True


@handles("booking.rescheduled", Rescheduled)
def tell_the_other_of_the_new_time(session: Session, event: Rescheduled, message: Message) -> None:
    """Tell whoever did not move it in the app, and both by mail, unless staff tell people themselves."""
    _overtake(session, event, message)
    if not event.notify:
        return
    for role, user_id, other in (
        ("client", event.user_id, event.practitioner_name),
        ("practitioner", event.practitioner_user_id, name_of(session, event.user_id)),
    ):
        is_client = role == "client"
        tell_about(
            session,
            user_id,
            "booking.rescheduled",
            event,
            message,
            form=with_(
                in_app=event.by != role,
                link=None if is_client else f"/dashboard/practitioner/bookings/{event.id}",
                appointment=event.appointment(message, other=other),
            ),
            previous=event.previous_start_time,
            reason=event.reason,
            free_until=event.free_cancel_until if is_client else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleRequested(Booking):
    """The practitioner needs another time."""

    reason: str | None = None
    suggested_times: list[datetime] = field(default_factory=list)


@handles("booking.reschedule_requested", RescheduleRequested)
def ask_for_another_time(session: Session, event: RescheduleRequested, message: Message) -> None:
    """Ask the client to choose again."""
    tell_about(
        session,
        event.user_id,
        "booking.reschedule_requested",
        event,
        message,
        reason=event.reason,
        suggested=event.suggested_times,
    )


@handles("booking.expired", Booking)
def tell_of_the_lost_hold(session: Session, event: Booking, message: Message) -> None:
    """Tell the client that the time is no longer held."""
    _overtake(session, event, message)
    service = f"/services/{event.service_id}" if event.service_id else None
    tell_about(session, event.user_id, "booking.expired", event, message, form=with_(link=service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Booking):
    """It has begun."""

    by: str


@handles("booking.started", Started)
def call_the_client(session: Session, event: Started, message: Message) -> None:
    """Call the client in when somebody, not the clock, has started."""
    if event.by != "clock":
        tell_about(session, event.user_id, "booking.started", event, message)


@handles("booking.completed", Booking)
def ask_how_it_was(session: Session, event: Booking, message: Message) -> None:
    """Ask the client how it was."""
    if not event.is_purchase:
        tell_about(session, event.user_id, "booking.completed", event, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShow(Booking):
    """Somebody did not come."""

    no_show_by: str
    refund_cents: int = 0


@handles("booking.no_show", NoShow)
def tell_who_was_missed(session: Session, event: NoShow, message: Message) -> None:
    """Tell whoever is said not to have come, so that they can object."""
    missed_client = event.no_show_by == "client"
    tell_about(
        session,
        event.user_id if missed_client else event.practitioner_user_id,
        "booking.no_show",
        event,
        message,
        refund_cents=event.refund_cents if missed_client else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDue(Booking):
    """It is time to remind."""

    offset_minutes: int
    audience: str
    attendee_count: int = 1
    sessions_remaining: int | None = None
    valid_until: datetime | None = None


@handles("booking.reminder_due", ReminderDue)
def remind(session: Session, event: ReminderDue, message: Message) -> None:
    """Remind those it is for, unless it has begun; once per booking, time and offset."""
    if event.sessions_remaining is not None:
        lapse = {"sessions": event.sessions_remaining, "until": event.valid_until}
        occasion = f"lapse:{event.id}:{event.offset_minutes}"
        tell_about(
            session, event.user_id, "booking.credits_lapse", event, message, form=with_(occasion=occasion), **lapse
        )
        return
    if event.start_time is None or event.start_time <= utc_now() or is_overtaken(session, event.id, message=message):
        return
    kind = "booking.reminder_day" if event.offset_minutes >= A_DAY_MINUTES else "booking.reminder_soon"
    occasion = f"reminder:{event.id}:{event.start_time.isoformat()}:{event.offset_minutes}"
    values = {"minutes": event.offset_minutes, "attendees": event.attendee_count}
    for audience, user_id, other in (
        ("client", event.user_id, event.practitioner_name),
        ("practitioner", event.practitioner_user_id, name_of(session, event.user_id)),
    ):
        if event.audience not in (audience, "both"):
            continue
        home = "user" if audience == "client" else "practitioner"
        is_door = kind == "booking.reminder_soon" and event.is_online
        link = f"/room/booking/{event.id}/lobby" if is_door else f"/dashboard/{home}/bookings/{event.id}"
        form = with_(occasion=occasion, before=event.start_time, link=link)
        tell_about(session, user_id, kind, event, message, form=form, other=other, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What was asked for at the checkout can not be booked."""

    order_uuid: str
    user_id: int
    message: str
    service_name: str | None = None


@handles("booking.rejected", Rejected)
def tell_the_buyer(session: Session, event: Rejected, message: Message) -> None:
    """Tell the buyer why."""
    values = {"service": event.service_name or "Your choice", "message": event.message}
    news = News(kind="booking.rejected", values=values, related=("order", event.order_uuid))
    tell(session, event.user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotOpened:
    """A place is free for somebody who waits."""

    entry_id: str
    user_id: int
    service_id: int
    service_name: str
    offer_expires_at: datetime
    exclusive: bool
    start_time: datetime | None = None


@handles("waitlist.spot_opened", SpotOpened)
def offer_the_place(session: Session, event: SpotOpened, message: Message) -> None:
    """Offer the place to the person."""
    values = {
        "service": event.service_name,
        "start": event.start_time,
        "exclusive": event.exclusive,
        "until": event.offer_expires_at,
    }
    news = News(
        kind="waitlist.spot", values=values, related=("service", event.service_id), before=event.offer_expires_at
    )
    tell(session, event.user_id, news, message=message, now=utc_now())
