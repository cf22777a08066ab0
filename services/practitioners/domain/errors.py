"""What practitioners refuses."""

from shared.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired, RateLimited, UnsupportedMediaType


class PractitionerNotFound(NotFound):
    """No such practitioner, or not to be seen."""

    message = "There is no such practitioner."


class NoProfile(NotFound):
    """The caller has no practitioner profile."""

    message = "You have no practitioner profile."


class ScheduleNotFound(NotFound):
    """No such schedule, or somebody else's."""

    message = "There is no such schedule."


class AlreadyPractitioner(Conflict):
    """The caller has a profile already."""

    code = "already_practitioner"
    message = "You have a practitioner profile already."


class StepIncomplete(Conflict):
    """Something is missing for this step."""

    code = "step_incomplete"
    message = "Something is still missing."


class StepRequired(Conflict):
    """This step can not be skipped."""

    code = "step_required"
    message = "This step can not be skipped."


class InvalidTransition(Conflict):
    """The present status does not allow it."""

    code = "invalid_transition"
    message = "The present status does not allow this."


class ClaimedByOther(Conflict):
    """Somebody else of the staff is reviewing it."""

    code = "claimed_by_other"
    message = "Somebody else is reviewing this application."


class DocumentsMissing(Conflict):
    """A required document is not approved, or has expired."""

    code = "documents_missing"
    message = "A required document is missing, not approved or expired."


class MediaNotReady(Conflict):
    """The file is not ready yet, or not known."""

    code = "media_not_ready"
    message = "This file is not ready yet."


class HasUpcomingBookings(Conflict):
    """There are bookings in the future."""

    code = "has_upcoming_bookings"
    message = "There are upcoming bookings. Complete or cancel them first."


class SlotOverlap(Conflict):
    """The hours overlap other hours of the same day."""

    code = "slot_overlap"
    message = "These hours overlap others of the same day."


class LimitReached(Conflict):
    """There are as many as there may be."""

    code = "limit_reached"
    message = "There are as many of these as there may be."


class NameTaken(Conflict):
    """The name exists already."""

    code = "name_taken"
    message = "This name exists already."


class InUse(Conflict):
    """It is used and can not be deleted."""

    code = "in_use"
    message = "This is used and can not be deleted."


class PractitionerSuspended(Forbidden):
    """A suspended practitioner changes nothing."""

    code = "practitioner_suspended"
    message = "Your profile is suspended."


class SubscriptionRequired(PaymentRequired):
    """The plan does not include it."""

    code = "subscription_required"
    message = "Your plan does not include this."


class UploadViaMedia(UnsupportedMediaType):
    """Files go to the media service first."""

    code = "upload_via_media"
    message = "Upload the file to /media/ first and send its media_id."


class PageTooDeep(Invalid):
    """Pages beyond the ten-thousandth result."""

    code = "page_too_deep"
    message = "Only the first 10,000 results can be paged through."


class PlaceNotFound(Invalid):
    """No place of that name has a practitioner."""

    code = "place_not_found"
    message = "There is no such place."


class TooOften(RateLimited):
    """Asked again too soon."""

    message = "You have asked for this a moment ago. Try again later."
