"""Where Stripe tells its news."""

from typing import Any

from flask import request

from services.payments.api import stripe as desk
from services.payments.api.schemas.payments import Received
from services.payments.clients.stripe import BadSignature
from services.payments.domain.errors import WebhookSignatureInvalid
from services.payments.operations.stripe_events import keep_event
from services.payments.settings import settings
from shared.database import transaction
from shared.errors import PayloadTooLarge
from shared.http import ANYONE, Blueprint, MethodView

webhooks = Blueprint("webhooks", "Where Stripe tells its news.")
REFUSES = [WebhookSignatureInvalid, PayloadTooLarge]


def _take() -> dict[str, Any]:
    """Keep a signed event and say so; nothing is asked of Stripe meanwhile."""
    try:
        event = desk.stripe().event(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except BadSignature as bad:
        raise WebhookSignatureInvalid from bad
    is_live = settings().stripe_secret_key.startswith(("sk_live_", "rk_live_"))
    with transaction() as session:
        keep_event(session, event, is_live=is_live)
    return {"received": True}


@webhooks.route("/webhooks/stripe/")
class Webhook(MethodView):
    @webhooks.operation("webhooks_stripe_create", ANYONE, refuses=REFUSES)
    @webhooks.response(200, Received)
    def post(self) -> dict[str, Any]:
        """Take an event of Stripe's: raw body, signed."""
        return _take()


@webhooks.route("/payments/webhooks/stripe/")
class PaymentsWebhook(MethodView):
    @webhooks.operation("payments_webhooks_stripe_create", ANYONE, refuses=REFUSES)
    @webhooks.response(200, Received)
    def post(self) -> dict[str, Any]:
        """Take an event of Stripe's, at its other address."""
        return _take()
