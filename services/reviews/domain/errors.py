"""Every refusal of reviews."""

from shared.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited


class ReviewNotFound(NotFound):
    """There is no such review, or the caller may not see it."""

    message = "There is no such review."


class QuestionNotFound(NotFound):
    """There is no such question, or it is not asked any more."""

    message = "There is no such question."


class NoCompletedBooking(Forbidden):
    """The caller has no completed booking that fits; which part does not fit is never told."""

    code = "no_completed_booking"
    message = "Only a completed booking can be reviewed. If yours was completed just now, try again in a moment."

    def __init__(self) -> None:
        super().__init__(retry_after=2)


class AlreadyReviewed(Conflict):
    """The booking has a review."""

    code = "already_reviewed"
    message = "You have already reviewed this booking."


class WindowClosed(Forbidden):
    """The booking was completed too long ago."""

    code = "window_closed"
    message = "This booking was completed too long ago to be reviewed."


class OwnService(Forbidden):
    """The caller is the practitioner."""

    code = "own_service"
    message = "This is about your own work."


class BookingMismatch(Invalid):
    """The booking is of another practitioner or service than was named."""

    code = "booking_mismatch"
    message = "The booking belongs to another practitioner or service."


class MediaNotReady(Conflict):
    """A photo is not the caller's own, or can not be shown yet."""

    code = "media_not_ready"
    message = "A photo is not yours or not ready yet."


class NotYours(Forbidden):
    """Everybody may see the review, but somebody else wrote it."""

    message = "Somebody else wrote this review."


class NotTheReviewed(Forbidden):
    """Only the practitioner who was reviewed may do this."""

    message = "Only the practitioner who was reviewed can do this."


class NotAPractitioner(Forbidden):
    """The caller has no practitioner profile."""

    message = "Only practitioners can do this."


class EditWindowClosed(Forbidden):
    """The time for changes is over."""

    code = "edit_window_closed"
    message = "The time for changes is over."


class ReviewLocked(Conflict):
    """The review has been answered or taken down, so it stays as it is."""

    code = "review_locked"
    message = "This review can not be changed any more."


class OwnReview(Forbidden):
    """The caller wrote the review."""

    code = "own_review"
    message = "This is your own review."


class AlreadyReported(Conflict):
    """The caller has reported the review before."""

    code = "already_reported"
    message = "You have already reported this review."


class AlreadyResponded(Conflict):
    """The review has a response."""

    code = "already_responded"
    message = "This review has a response already."


class NotPublished(Conflict):
    """The review is not public."""

    code = "not_published"
    message = "This review is not public."


class InvalidTransition(Conflict):
    """The present status does not lead there."""

    code = "invalid_transition"
    message = "The present status does not allow this."


class ClaimedByOther(Conflict):
    """A colleague works on the review."""

    code = "claimed_by_other"
    message = "A colleague is working on this review."


class QuestionTypeImmutable(Conflict):
    """A question that was answered keeps its type."""

    code = "question_type_immutable"
    message = "The type of a question that was answered can not be changed."


class QuestionInUse(Conflict):
    """A question that was answered can not be deleted."""

    code = "question_in_use"
    message = "This question has answers. Deactivate it instead."


class TooManyReports(RateLimited):
    """The caller has reported enough for a day."""

    message = "You have reported many reviews today. Try again tomorrow."
