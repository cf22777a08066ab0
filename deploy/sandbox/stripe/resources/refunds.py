"""Refunds."""

from deploy.sandbox.stripe.cards import BY_NUMBER
from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import METADATA, TEXT, Choice, Integer, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import balance, charges

routes = Routes()

LATER_SECONDS = 2
REASON = Choice("duplicate", "fraudulent", "requested_by_customer")

routes.retrieve("/v1/refunds/{}", "refund")
routes.listing("/v1/refunds", "refund", {"charge": TEXT, "payment_intent": TEXT})


@routes.call(
    "POST",
    "/v1/refunds",
    {"payment_intent": TEXT, "charge": TEXT, "amount": Integer(least=1), "reason": REASON, "metadata": METADATA},
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Give back a charge, whole or in part."""
    charge = _charge_to_refund(sandbox, params)
    amount = _amount_to_refund(sandbox, charge, params.get("amount"))
    charges.settle(sandbox, charge["id"])
    refund = sandbox.insert(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": sandbox.now(),
            "currency": charge["currency"],
            "customer": charge["customer"],
            "description": None,
            "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
            "failure_balance_transaction": None,
            "failure_reason": None,
            "metadata": merge_metadata({}, params.get("metadata")),
            "next_action": None,
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "pending_reason": None,
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )
    refund["balance_transaction"] = _move(sandbox, refund, amount=-amount)
    behaviour = BY_NUMBER[charge["_number"]].refund
    if behaviour == "succeeds_later":
        refund["status"], refund["pending_reason"] = "pending", "processing"
        sandbox.after(LATER_SECONDS, "refund.succeed", refund["id"])
    elif behaviour == "fails_later":
        sandbox.after(LATER_SECONDS, "refund.fail", refund["id"])
    sandbox.save(refund, "refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    sandbox.save(charge, "charge.refunded")
    return refund


@routes.call("POST", "/v1/refunds/{}", {"metadata": METADATA})
def update(sandbox: Sandbox, params: Params, refund_id: str) -> Body:
    """Change a refund's metadata."""
    refund = sandbox.store.get("refund", refund_id)
    refund["metadata"] = merge_metadata(refund["metadata"], params.get("metadata", {}))
    return sandbox.save(refund, "refund.updated")


@timer("refund.succeed")
def succeed(sandbox: Sandbox, refund_id: str) -> None:
    """A pending refund has arrived."""
    refund = sandbox.store.get("refund", refund_id)
    if refund["status"] == "pending":
        refund["status"], refund["pending_reason"] = "succeeded", None
        sandbox.save(refund, "refund.updated", "charge.refund.updated")


@timer("refund.fail")
def fail(sandbox: Sandbox, refund_id: str) -> None:
    """The payer's bank sends a refund back: the money is the platform's again."""
    refund = sandbox.store.get("refund", refund_id)
    if refund["status"] not in {"pending", "succeeded"}:
        return
    refund["status"] = "failed"
    refund["pending_reason"] = None
    refund["failure_reason"] = "expired_or_canceled_card"
    refund["failure_balance_transaction"] = _move(sandbox, refund, amount=refund["amount"], failed=True)
    sandbox.save(refund, "refund.updated", "refund.failed", "charge.refund.updated")
    charge = sandbox.store.get("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    sandbox.save(charge, "charge.updated")


def _charge_to_refund(sandbox: Sandbox, params: Params) -> Body:
    if params.get("charge"):
        charge = sandbox.store.get("charge", params["charge"], param="charge")
        if charge["status"] == "succeeded":
            return charge
    elif params.get("payment_intent"):
        intent = sandbox.store.get("payment_intent", params["payment_intent"], param="payment_intent")
        if intent["status"] == "succeeded":
            return sandbox.store.get("charge", intent["latest_charge"])
    else:
        raise InvalidRequest(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
            param="payment_intent",
        )
    named = params.get("charge") or params["payment_intent"]
    raise InvalidRequest(
        f"{named} does not have a successful charge to refund.", code="charge_not_refundable", param="payment_intent"
    )


def _amount_to_refund(sandbox: Sandbox, charge: Body, wished: int | None) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"]:
        dispute = sandbox.store.select("dispute", {"charge": charge["id"]}, limit=1)[0]
        if dispute["status"] != "won":
            raise InvalidRequest(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
            )
    if left == 0:
        raise InvalidRequest(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if wished is not None and wished > left:
        raise InvalidRequest(
            f"Refund amount (${wished / 100:,.2f}) is greater than unrefunded amount on charge (${left / 100:,.2f})",
            param="amount",
        )
    return wished or left


def _move(sandbox: Sandbox, refund: Body, *, amount: int, failed: bool = False) -> str:
    movement = balance.move(
        sandbox,
        kind="refund_failure" if failed else "refund",
        category="refund_failure" if failed else "refund",
        amount=amount,
        currency=refund["currency"],
        source=refund["id"],
        description="REFUND FAILURE" if failed else "REFUND FOR CHARGE",
    )
    transaction_id: str = movement["id"]
    return transaction_id
