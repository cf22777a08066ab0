"""What locations refuses, and when."""

from shared.errors import Forbidden, Invalid, NotFound, PaymentRequired


class LocationNotFound(NotFound):
    """There is no such location, or it is not for the caller to see."""

    message = "There is no such location."


class PlaceNotFound(NotFound):
    """No country, state, city or postal code is called so."""

    message = "There is no such place."


class NothingThere(NotFound):
    """No known place is near enough."""

    message = "No known place is near enough."


class NotAPractitioner(Forbidden):
    """The caller has no practitioner profile (yet)."""

    message = "Only practitioners have locations."


class NotYours(Forbidden):
    """Another practitioner's public location."""

    message = "This is another practitioner's location."


class PractitionerSuspended(Forbidden):
    """The caller's profile is suspended."""

    code = "practitioner_suspended"
    message = "This profile is suspended."


class LocationLimitReached(PaymentRequired):
    """The plan does not allow one more."""

    code = "subscription_required"
    message = "Your plan does not allow more locations."


class PinTooFar(Invalid):
    """A pin must lie near its address."""

    code = "pin_too_far"
    message = "The point lies more than 50 km from the address."
