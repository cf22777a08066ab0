"""Charges: the attempts of payment intents."""

from deploy.sandbox.stripe.cards import Card, Decline
from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import METADATA, TEXT, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import balance

routes = Routes()

SETTLES_AFTER_SECONDS = 1
SELLER_MESSAGES = {
    "generic_decline": "The bank did not return any further details with this decline.",
    "insufficient_funds": "The bank returned the decline code `insufficient_funds`.",
}

routes.retrieve("/v1/charges/{}", "charge")
routes.listing("/v1/charges", "charge", {"customer": TEXT, "payment_intent": TEXT, "transfer_group": TEXT})


@routes.call("POST", "/v1/charges/{}", {"description": TEXT, "metadata": METADATA, "transfer_group": TEXT})
def update(sandbox: Sandbox, params: Params, charge_id: str) -> Body:
    """Change a charge's description, metadata or transfer group."""
    charge = sandbox.store.get("charge", charge_id)
    if "metadata" in params:
        params["metadata"] = merge_metadata(charge["metadata"], params["metadata"])
    charge.update(params)
    return sandbox.save(charge, "charge.updated")


def record(sandbox: Sandbox, intent: Body, method: Body, card: Card, *, decline: Decline | None) -> Body:
    """Keep the charge of an attempt and tell of it. Its balance transaction follows a moment later, as at Stripe."""
    charge = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "ESTUARY",
        "captured": decline is None,
        "created": sandbox.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card_details(method, intent), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        "_number": card.number,
    }
    if decline is None:
        sandbox.after(SETTLES_AFTER_SECONDS, "charge.settle", charge["id"])
    return sandbox.insert(charge, "charge.failed" if decline else "charge.succeeded")


@timer("charge.settle")
def settle(sandbox: Sandbox, charge_id: str) -> None:
    """Put a charge's money, less Stripe's fee, into the balance."""
    charge = sandbox.store.get("charge", charge_id)
    if charge["balance_transaction"] is not None:
        return
    movement = balance.move(
        sandbox,
        kind="charge",
        category="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge_id,
        fee=balance.processing_fee(charge["amount"]),
        description=charge["description"],
    )
    charge["balance_transaction"] = movement["id"]
    sandbox.save(charge, "charge.updated")


def _outcome(decline: Decline | None) -> Body:
    if decline is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    reason = decline.decline_code or decline.code
    return {
        "advice_code": "try_again_later",
        "network_advice_code": None,
        "network_decline_code": "01",
        "network_status": "declined_by_network",
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": SELLER_MESSAGES.get(reason, f"The bank returned the decline code `{reason}`."),
        "type": "issuer_declined",
    }


def _card_details(method: Body, intent: Body) -> Body:
    card = method["card"]
    shown = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {
        **{name: card[name] for name in shown},
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if intent["_authenticated"] else None,
    }
