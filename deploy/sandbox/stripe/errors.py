"""Stripe's refusals, in Stripe's words.

StripeError
├── InvalidRequest        400 (404 for an unknown object named by the path)
├── Unauthorized          401
├── CardDeclined          402, the only one whose effects are kept: the failed attempt is on record
├── IdempotencyMismatch   400
└── IdempotencyInUse      409
"""

from typing import Any

Body = dict[str, Any]


class StripeError(Exception):
    """An answer with Stripe's `error` object."""

    status = 500
    kind = "api_error"
    keeps_effects = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status or self.status
        self.more = more

    def body(self) -> Body:
        """Stripe's `error` object: absent members are left out."""
        told = {"type": self.kind, "code": self.code, "message": self.message, "param": self.param, **self.more}
        error = {name: value for name, value in told.items() if value is not None}
        if self.code:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        return error


class InvalidRequest(StripeError):
    """The call cannot be carried out as it stands."""

    status = 400
    kind = "invalid_request_error"


class Unauthorized(InvalidRequest):
    """No key, or not one of the sandbox's."""

    status = 401


class CardDeclined(StripeError):
    """The card was refused."""

    status = 402
    kind = "card_error"
    keeps_effects = True


class IdempotencyMismatch(StripeError):
    """The key was used before, with other parameters or on another endpoint."""

    status = 400
    kind = "idempotency_error"


class IdempotencyInUse(InvalidRequest):
    """A call with this key is running right now."""

    status = 409


def no_such(kind: str, object_id: str, *, param: str | None = None) -> InvalidRequest:
    """The refusal of an unknown id: 404 when the path named it, 400 when parameter `param` did."""
    return InvalidRequest(
        f"No such {kind.replace('.', ' ')}: '{object_id}'",
        code="resource_missing",
        param=param or "id",
        status=400 if param else 404,
    )
