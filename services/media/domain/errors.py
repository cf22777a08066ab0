"""What media refuses, and how it says so."""

from shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    UnsupportedMediaType,
)


class MediaNotFound(NotFound):
    """There is no such file that the caller may see."""

    message = "There is no such file."


class TypeRefused(UnsupportedMediaType):
    """The file is of a type that is not taken, or not what it says it is."""

    message = "Files of this type are not accepted."


class FileTooLarge(PayloadTooLarge):
    """The file is larger than its type may be."""

    message = "The file is too large."


class ImageTooLarge(Invalid):
    """The picture has too many pixels."""

    code = "image_too_large"
    message = "The picture has too many pixels."


class TooManyFrames(Invalid):
    """The animation is too long."""

    code = "too_many_frames"
    message = "The animation has too many frames."


class QuotaExceeded(Forbidden):
    """There is no room left for this file."""

    code = "quota_exceeded"
    message = "There is not enough room left."


class NotYourEntity(Forbidden):
    """What the file is attached to belongs to somebody else."""

    message = "You may not attach files to this."


class Suspended(Forbidden):
    """A suspended practitioner shows nothing new."""

    message = "While suspended you can not publish files."


class BytesBlocked(Forbidden):
    """Staff took these very bytes down."""

    message = "This file has been taken down and is not accepted again."


class TooManyPending(RateLimited):
    """Too many uploads were begun and never finished."""

    message = "Too many unfinished uploads. Finish some, or wait until they run out."


class TooManyUploads(RateLimited):
    """Too many files within an hour."""

    message = "Too many uploads within an hour."


class TooManyRuns(RateLimited):
    """Too many processing jobs of one file within an hour."""

    message = "This file was processed too often within an hour."


class UploadMissing(NotFound):
    """Nothing was uploaded yet."""

    code = "upload_missing"
    message = "Nothing has been uploaded yet."


class UploadMismatch(Invalid):
    """What was uploaded is not what was declared."""

    code = "upload_mismatch"
    message = "What was uploaded is not what was declared."


class MediaNotPending(Conflict):
    """The upload is over."""

    code = "media_not_pending"
    message = "This upload is over."


class MediaNotReady(Conflict):
    """The file can not be used, or not yet."""

    code = "media_not_ready"
    message = "The file is not ready."


class InvalidTransition(Conflict):
    """The file's state does not allow this."""

    code = "invalid_transition"
    message = "The state of the file does not allow this."


class OperationUnavailable(Invalid):
    """This installation can not do that."""

    code = "operation_unavailable"
    message = "This operation is not available here."


class SignatureExpired(Forbidden):
    """The signed address has run out."""

    code = "signature_expired"
    message = "This link has run out. Ask for a new one."


class SignatureInvalid(Forbidden):
    """The signature does not fit the address."""

    code = "signature_invalid"
    message = "This link is not valid."


class LengthRequired(DomainError):
    """An upload must say how long it is."""

    status = 411
    code = "length_required"
    message = "Send Content-Length."


class Broken(Exception):
    """A file that can not be processed, ever: `code` and a sentence for whoever uploaded it."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)
