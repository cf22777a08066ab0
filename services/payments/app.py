"""The web process of payments."""

from flask import Flask, request

from services.payments.api.cards import cards
from services.payments.api.checkout import checkout
from services.payments.api.commissions import commissions
from services.payments.api.connect import connect
from services.payments.api.credits import credits_
from services.payments.api.earnings import earnings
from services.payments.api.memberships import memberships_
from services.payments.api.payments import payments
from services.payments.api.payouts import payouts
from services.payments.api.staff import staff
from services.payments.api.subscriptions import subscriptions_
from services.payments.api.webhooks import webhooks
from services.payments.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    resources = [
        *(payments, checkout, credits_, cards, earnings, payouts, commissions, connect),
        *(subscriptions_, memberships_, webhooks, staff),
    ]
    app = create_service_app("payments", "Payments", settings(), resources)
    app.before_request(take_key_from_body)
    return app


def take_key_from_body() -> None:
    """Let `idempotency_key` in a body stand for the header, as older clients send it; the header wins."""
    if request.method != "POST" or "Idempotency-Key" in request.headers or not request.is_json:
        return
    body = request.get_json(silent=True, cache=True)
    key = body.get("idempotency_key") if isinstance(body, dict) else None
    if isinstance(key, str) and key.strip():
        request.environ["HTTP_IDEMPOTENCY_KEY"] = key.strip()
