"""Every refusal of catalog."""

from shared.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired, UnsupportedMediaType


class ServiceNotFound(NotFound):
    """There is no such service, or the caller may not see it."""

    message = "There is no such service."


class SessionNotFound(NotFound):
    """There is no such dated session, or the caller may not see it."""

    message = "There is no such session."


class NotAPractitioner(Forbidden):
    """The caller has no practitioner profile."""

    message = "Only practitioners can do this."


class PractitionerSuspended(Forbidden):
    """The caller's profile is suspended."""

    code = "practitioner_suspended"
    message = "Your profile is suspended."


class NotYours(Forbidden):
    """Everybody may see it, but it is somebody else's."""

    message = "This belongs to somebody else."


class SubscriptionRequired(PaymentRequired):
    """The plan allows no more services."""

    code = "subscription_required"
    message = "Your plan does not allow more services."


class InvalidTransition(Conflict):
    """The present status does not lead there."""

    code = "invalid_transition"
    message = "The present status does not allow this."


class ServiceTypeImmutable(Invalid):
    """A service stays of the type it was made as."""

    code = "service_type_immutable"
    message = "The type of a service can not be changed."


class InvalidChild(Invalid):
    """What a package or bundle contains is not allowed."""

    code = "invalid_child"
    message = "A contained service is not allowed."


class InvalidSession(Invalid):
    """A dated session is not allowed."""

    code = "invalid_session"
    message = "A session is not allowed."


class SessionInPast(Invalid):
    """The time has passed."""

    code = "session_in_past"
    message = "The session must start in the future."


class WrongServiceType(Invalid):
    """Only some types of service have this."""

    code = "wrong_service_type"
    message = "This type of service does not have that."


class HasUpcomingBookings(Conflict):
    """Somebody holds a seat in the future."""

    code = "has_upcoming_bookings"
    message = "There are bookings in the future."


class InUseByPackage(Conflict):
    """A package or bundle contains it."""

    code = "in_use_by_package"
    message = "A package or bundle contains this service."


class SessionHasBookings(Conflict):
    """Somebody booked it."""

    code = "session_has_bookings"
    message = "This session has bookings."


class SessionExists(Conflict):
    """The service has a session at that time."""

    code = "session_exists"
    message = "The service already has a session that starts then."


class SessionOverlap(Conflict):
    """The practitioner has another session then."""

    code = "session_overlap"
    message = "Another session of the practitioner is at that time."


class UseReschedule(Conflict):
    """Times of a session that people booked change only by rescheduling."""

    code = "use_reschedule"
    message = "People have booked this session: reschedule it instead."


class CapacityBelowBooked(Conflict):
    """More seats are taken than that."""

    code = "capacity_below_booked"
    message = "More people than that have booked already."


class NameTaken(Conflict):
    """There is one of that name."""

    code = "name_taken"
    message = "There is already one of that name."


class CategoryInUse(Conflict):
    """Services are in it."""

    code = "category_in_use"
    message = "Services are in this category: deactivate it instead."


class ModalityInUse(Conflict):
    """Services name it."""

    code = "modality_in_use"
    message = "Services offer this modality: deactivate it instead."


class LimitReached(Conflict):
    """There are as many as allowed."""

    code = "limit_reached"
    message = "There are already as many as allowed."


class MediaNotReady(Conflict):
    """The file is not ready."""

    code = "media_not_ready"
    message = "This file is not ready yet."


class UploadViaMedia(UnsupportedMediaType):
    """Files go to the media service."""

    code = "upload_via_media"
    message = "Upload files to /media/ first."


class ResourceParentMismatch(Invalid):
    """A resource hangs at exactly one thing."""

    code = "resource_parent_mismatch"
    message = "Name exactly the service, session or booking that the attachment level says."


class NotDownloadable(Forbidden):
    """It may be looked at, but not downloaded."""

    code = "not_downloadable"
    message = "This can not be downloaded."


class PageTooDeep(Invalid):
    """Search shows no more than the best 10,000."""

    code = "page_too_deep"
    message = "Search shows only the first 10,000 results."
