"""Stripe, as payments uses it: named calls with parameters, answered by plain dicts.

Refusals are of three kinds, which decide what happens next:

StripeRefusal
├── Declined      the card's bank said no: final for this idempotency key
├── Refused       Stripe will never take this call as it stands: final for this key
└── Unanswered    nobody knows whether it took effect: repeat with the same key and parameters

Source: https://docs.stripe.com/api/errors and /api/idempotent_requests.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

import stripe

API_VERSION = "2026-10-28.endive"
SIGNATURE_TOLERANCE_SECONDS = 300


class StripeRefusal(Exception):
    """What Stripe said no with. `code` is Stripe's word, `body` the whole error."""

    def __init__(self, message: str, *, code: str = "", body: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.body = dict(body or {})


class Declined(StripeRefusal):
    """The card was refused; the attempt is over."""


class Refused(StripeRefusal):
    """The call can not be carried out as it stands."""


class Unanswered(StripeRefusal):
    """No answer, or none that decides. `is_stored`: the very same 5xx will be answered to this key again."""

    def __init__(self, message: str, *, code: str = "", is_stored: bool = False) -> None:
        super().__init__(message, code=code)
        self.is_stored = is_stored


class BadSignature(Exception):
    """A webhook that Stripe did not sign, or long ago."""


class Stripe(Protocol):
    """What payments asks of Stripe."""

    def call(
        self,
        name: str,
        target: str | None,
        params: Mapping[str, Any],
        *,
        key: str | None = None,
        account: str | None = None,
    ) -> dict[str, Any]:
        """Make one call, such as `payment_intents.create`; `target` is the object's id where the call has one.

        `account` makes it in the name of a connected account. Raises Declined, Refused, Unanswered.
        """

    def event(self, payload: bytes, signature: str) -> dict[str, Any]:
        """Return a webhook's event. Raises BadSignature."""


class StripeApi:
    """The real library against the real API, or against a sandbox that speaks the same wire."""

    def __init__(self, *, key: str, base: str, webhook_secrets: tuple[str, ...], timeout: float = 15) -> None:
        # Otherwise the library writes a file into the home folder and tells Stripe how long calls took.
        stripe.enable_telemetry = False
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": base} if base else {},
            max_network_retries=2,
            http_client=stripe.RequestsClient(timeout=timeout),
        )
        self._secrets = webhook_secrets

    def call(
        self,
        name: str,
        target: str | None,
        params: Mapping[str, Any],
        *,
        key: str | None = None,
        account: str | None = None,
    ) -> dict[str, Any]:
        """See `Stripe.call`. Raises Declined, Refused, Unanswered."""
        function: Any = self._client.v1
        for part in name.split("."):
            function = getattr(function, part)
        options = {"idempotency_key": key} if key else {}
        if account:
            options["stripe_account"] = account
        given = [target] if target else []
        answer: dict[str, Any] = _translating(lambda: function(*given, params=dict(params), options=options)).to_dict()
        return answer

    def event(self, payload: bytes, signature: str) -> dict[str, Any]:
        """See `Stripe.event`."""
        for secret in self._secrets:
            try:
                found = self._client.construct_event(payload, signature, secret, tolerance=SIGNATURE_TOLERANCE_SECONDS)
                return found.to_dict()
            except (stripe.SignatureVerificationError, ValueError, KeyError):
                continue
        raise BadSignature


class Configuration(Protocol):
    """What the settings say of Stripe."""

    @property
    def stripe_secret_key(self) -> str: ...
    @property
    def stripe_base(self) -> str: ...
    @property
    def stripe_webhook_secrets(self) -> tuple[str, ...]: ...
    @property
    def stripe_timeout_seconds(self) -> float: ...


@cache
def configured(told: Configuration) -> Stripe:
    """Return this process's way to Stripe."""
    return StripeApi(
        key=told.stripe_secret_key,
        base=told.stripe_base,
        webhook_secrets=told.stripe_webhook_secrets,
        timeout=told.stripe_timeout_seconds,
    )


def _translating(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except stripe.CardError as declined:
        raise Declined(_text(declined), code=declined.code or "card_declined", body=_body(declined)) from declined
    except (stripe.RateLimitError, stripe.APIConnectionError, stripe.AuthenticationError) as unknown:
        raise Unanswered(_text(unknown), code=type(unknown).__name__) from unknown
    except stripe.InvalidRequestError as refused:
        if refused.code in {"idempotency_key_in_use", "lock_timeout"}:
            raise Unanswered(_text(refused), code=refused.code) from refused
        raise Refused(_text(refused), code=refused.code or "invalid_request", body=_body(refused)) from refused
    except (stripe.IdempotencyError, stripe.PermissionError) as refused:
        if getattr(refused, "http_status", 0) == 409:
            raise Unanswered(_text(refused), code="idempotency_key_in_use") from refused
        raise Refused(_text(refused), code=refused.code or type(refused).__name__, body=_body(refused)) from refused
    except stripe.StripeError as unknown:
        headers = getattr(unknown, "headers", None) or {}
        stored = str(headers.get("Idempotent-Replayed", headers.get("idempotent-replayed", ""))).lower() == "true"
        raise Unanswered(_text(unknown), code=unknown.code or "api_error", is_stored=stored) from unknown


def _text(error: stripe.StripeError) -> str:
    return str(error.user_message or error)[:500]


def _body(error: stripe.StripeError) -> dict[str, Any]:
    told = error.json_body or {}
    return dict(told.get("error", {})) if isinstance(told, dict) else {}
