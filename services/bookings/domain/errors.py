"""The refusals of bookings, beyond those every service speaks.

NotFound      BookingNotFound, NoteNotFound, HoldNotFound, ServiceNotFound, SessionNotFound, EntryNotFound
Forbidden     OwnService, FieldForbidden
Conflict      SlotTaken, SlotUnavailable, SessionFull, SessionUnavailable, AlreadyBooked, AlreadyScheduled,
              AlreadyWaiting, NotBookable, NotOnSale, LimitReached, NoSessionCredit, CreditExpired, HoldExpired,
              OfferExpired, InvalidTransition, TooEarly, TooLate, NotCancellable, NotReschedulable,
              RescheduleLimit, WaitlistNotNeeded, WaitlistClosed
"""

from shared.errors import Conflict, Forbidden, NotFound


class BookingNotFound(NotFound):
    """There is no such booking, or the caller takes no part in it."""

    message = "There is no such booking."


class ServiceNotFound(NotFound):
    """There is no such service."""

    message = "There is no such service."


class NoteNotFound(NotFound):
    """There is no such note, or it is hidden from the caller."""

    message = "There is no such note."


class HoldNotFound(NotFound):
    """There is no such hold, or it is somebody else's."""

    message = "There is no such hold."


class EntryNotFound(NotFound):
    """There is no such place in a line, or it is somebody else's."""

    message = "There is no such place on a waitlist."


class OwnService(Forbidden):
    """A practitioner is not a client of the own service."""

    code = "own_service"
    message = "You can not book your own service."


class FieldForbidden(Forbidden):
    """A field that this caller may not set."""

    message = "You may not set this."

    @classmethod
    def named(cls, *names: str) -> "FieldForbidden":
        """Return the refusal that names the fields."""
        return cls(errors={name: ["You may not set this."] for name in names})


class SlotTaken(Conflict):
    """Somebody else has this time."""

    code = "slot_taken"
    message = "This time has just been taken."


class SlotUnavailable(Conflict):
    """This time is not on offer; `errors.start_time` says why."""

    code = "slot_unavailable"
    message = "This time is not on offer."

    @classmethod
    def because(cls, reason: str) -> "SlotUnavailable":
        """Return the refusal with its reason."""
        return cls(errors={"start_time": [reason]})


class SessionFull(Conflict):
    """Every seat is taken."""

    code = "session_full"
    message = "Every seat of this session is taken."


class SessionUnavailable(Conflict):
    """The session is canceled, has started, or is not open."""

    code = "session_unavailable"
    message = "This session can not be booked."


class AlreadyBooked(Conflict):
    """The client has a seat, or this course, already."""

    code = "already_booked"
    message = "This is booked already."


class AlreadyScheduled(Conflict):
    """This session has a time already."""

    code = "already_scheduled"
    message = "This session has a time already."


class AlreadyWaiting(Conflict):
    """The caller is in this line already; `errors.position` says where."""

    code = "already_waiting"
    message = "You are on this waitlist already."


class NotBookable(Conflict):
    """The service or its practitioner takes no bookings."""

    code = "not_bookable"
    message = "This can not be booked at the moment."


class NotOnSale(Conflict):
    """Outside the time in which the service is sold."""

    code = "not_on_sale"
    message = "This is not on sale at the moment."


class LimitReached(Conflict):
    """As many as there may be."""

    code = "limit_reached"
    message = "The limit is reached."


class NoSessionCredit(Conflict):
    """No open session of a package or bundle is left for this service."""

    code = "no_session_credit"
    message = "There is no session left to use for this."


class CreditExpired(Conflict):
    """The session lapsed, or would take place after it lapses."""

    code = "credit_expired"
    message = "This session can not be used at that time any more."


class HoldExpired(Conflict):
    """The hold ran out, was used, or was never the caller's."""

    code = "hold_expired"
    message = "This time is no longer held for you."


class OfferExpired(Conflict):
    """The place that was offered is offered to somebody else by now."""

    code = "offer_expired"
    message = "This offer has run out."


class InvalidTransition(Conflict):
    """The booking's status does not allow it; `errors.status` names the present one."""

    code = "invalid_transition"
    message = "The booking's status does not allow this."

    @classmethod
    def of(cls, status: str, message: str | None = None) -> "InvalidTransition":
        """Return the refusal that names the present status."""
        return cls(message, errors={"status": [status]})


class TooEarly(Conflict):
    """This can be done later."""

    code = "too_early"
    message = "It is too early for this."


class TooLate(Conflict):
    """This could have been done earlier."""

    code = "too_late"
    message = "It is too late for this."


class NotCancellable(Conflict):
    """The booking can not be canceled, or not any more."""

    code = "not_cancellable"
    message = "This booking can not be canceled."


class NotReschedulable(Conflict):
    """The booking can not be moved, or not any more."""

    code = "not_reschedulable"
    message = "This booking can not be rescheduled."


class RescheduleLimit(Conflict):
    """Moved as often as it may be."""

    code = "reschedule_limit"
    message = "This booking can not be rescheduled once more."


class WaitlistNotNeeded(Conflict):
    """It can be booked right away."""

    code = "waitlist_not_needed"
    message = "There is a free place: book it right away."


class WaitlistClosed(Conflict):
    """Nobody can wait for this any more."""

    code = "waitlist_closed"
    message = "This waitlist is closed."
