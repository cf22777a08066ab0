"""The refusals that every service speaks.

    DomainError
    ├── Invalid              400  validation_error
    ├── Unauthenticated      401  authentication_failed
    ├── PaymentRequired      402  payment_required
    ├── Forbidden            403  permission_denied
    ├── NotFound             404  not_found
    ├── Conflict             409  conflict
    ├── Gone                 410  gone
    ├── PreconditionFailed   412  precondition_failed
    ├── PayloadTooLarge      413  payload_too_large
    ├── UnsupportedMediaType 415  unsupported_media_type
    ├── RateLimited          429  rate_limited
    ├── BadGateway           502  bad_gateway
    └── Unavailable          503  service_unavailable

A service subclasses the kind with a stable `code` and a `message` for people. The kind decides at both
edges: over HTTP it is the status; at the broker `Unavailable` is retried and the rest are dead-lettered.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

FieldErrors = Mapping[str, Sequence[str]]


class DomainError(Exception):
    """A refusal with a status, a stable machine `code` and a sentence for people.

    `errors` maps a field to its sentences. `retry_after` is whole seconds, sent as `Retry-After`.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    message: str = "Something went wrong on our side."

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: FieldErrors | None = None,
        retry_after: int | None = None,
        code: str | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.errors: dict[str, list[str]] = {field: list(told) for field, told in (errors or {}).items()}
        self.retry_after = retry_after
        super().__init__(self.message)

    def body(self) -> dict[str, object]:
        """Return the JSON object a service answers with; the gateway makes the envelope of it."""
        return {"message": self.message, "code": self.code, "errors": self.errors}


class Invalid(DomainError):
    """The request says something that cannot be."""

    status = 400
    code = "validation_error"
    message = "The data sent is not valid."

    @classmethod
    def field(cls, name: str, sentence: str) -> "Invalid":
        """Return the refusal of one field."""
        return cls(errors={name: [sentence]})


class Unauthenticated(DomainError):
    """Nobody is signed in, or not in a way we accept."""

    status = 401
    code = "authentication_failed"
    message = "Sign in to do this."


class PaymentRequired(DomainError):
    """Something has to be paid first."""

    status = 402
    code = "payment_required"
    message = "This has to be paid first."


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    status = 403
    code = "permission_denied"
    message = "You may not do this."


class NotFound(DomainError):
    """There is no such thing, or it is somebody else's (which is never told apart)."""

    status = 404
    code = "not_found"
    message = "Not found."


class Conflict(DomainError):
    """The present state does not allow it."""

    status = 409
    code = "conflict"
    message = "The present state does not allow this."


class Gone(DomainError):
    """It was here once and will not come back."""

    status = 410
    code = "gone"
    message = "This is no longer served."


class PreconditionFailed(DomainError):
    """`If-Match` names another version than the present one."""

    status = 412
    code = "precondition_failed"
    message = "This has been changed since you read it. Read it again."


class PayloadTooLarge(DomainError):
    """The body is larger than this operation takes."""

    status = 413
    code = "payload_too_large"
    message = "The body is too large."


class UnsupportedMediaType(DomainError):
    """The body is not of a type that this operation reads."""

    status = 415
    code = "unsupported_media_type"
    message = "Send JSON with Content-Type: application/json."


class RateLimited(DomainError):
    """Too often; `retry_after` says when to come back."""

    status = 429
    code = "rate_limited"
    message = "Too many requests. Try again later."


class BadGateway(DomainError):
    """A third party answered something that makes no sense."""

    status = 502
    code = "bad_gateway"
    message = "A service that we depend on answered badly."


class Unavailable(DomainError):
    """Not now; the same request may succeed later. At the broker the message is retried."""

    status = 503
    code = "service_unavailable"
    message = "This is not available for the moment. Try again shortly."
