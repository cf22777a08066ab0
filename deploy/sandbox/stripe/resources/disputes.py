"""Disputes: a payer asks the bank for the money back."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import BOOLEAN, METADATA, TEXT, Fields, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id, public

from . import balance

routes = Routes()

EVIDENCE_DAYS = 9
DAY_SECONDS = 86_400
CLOSED = ("won", "lost", "warning_closed")
EVIDENCE = ("customer_communication", "customer_email_address", "customer_name", "product_description", "service_date",
            "service_documentation", "uncategorized_file", "uncategorized_text")  # fmt: skip

routes.retrieve("/v1/disputes/{}", "dispute")
routes.listing("/v1/disputes", "dispute", {"charge": TEXT, "payment_intent": TEXT})


@routes.call(
    "POST",
    "/v1/disputes/{}",
    {"evidence": Fields(dict.fromkeys(EVIDENCE, TEXT)), "metadata": METADATA, "submit": BOOLEAN},
)
def update(sandbox: Sandbox, params: Params, dispute_id: str) -> Body:
    """Add evidence and send it in: the text `winning_evidence` wins, `losing_evidence` loses, as at Stripe."""
    dispute = _open(sandbox, dispute_id)
    if "metadata" in params:
        dispute["metadata"] = merge_metadata(dispute["metadata"], params["metadata"])
    evidence = params.get("evidence")
    if evidence:
        dispute["evidence"].update(evidence)
        dispute["evidence_details"]["has_evidence"] = True
        if params.get("submit", True):
            dispute["evidence_details"]["submission_count"] += 1
            dispute["status"] = "under_review"
    sandbox.save(dispute, "charge.dispute.updated")
    verdicts = {"winning_evidence": "won", "losing_evidence": "lost"}
    verdict = verdicts.get(dispute["evidence"]["uncategorized_text"] or "")
    if verdict and dispute["status"] == "under_review":
        decide(sandbox, dispute, status=verdict)
    return dispute


@routes.call("POST", "/v1/disputes/{}/close")
def close(sandbox: Sandbox, _: Params, dispute_id: str) -> Body:
    """Give in: the dispute is lost."""
    return decide(sandbox, _open(sandbox, dispute_id), status="lost")


def open_for(sandbox: Sandbox, charge: Body) -> Body:
    """Have the payer dispute a charge: its amount and a fee leave the balance."""
    dispute = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": sandbox.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE),
        "evidence_details": {
            "due_by": sandbox.now() + EVIDENCE_DAYS * DAY_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "intended_submission_method": None,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "needs_response",
    }
    sandbox.insert(dispute)
    _move(sandbox, dispute, amount=-dispute["amount"], fee=balance.DISPUTE_FEE_CENTS, category="dispute")
    sandbox.save(dispute, "charge.dispute.created", "charge.dispute.funds_withdrawn")
    charge["disputed"] = True
    sandbox.save(charge)
    return dispute


def decide(sandbox: Sandbox, dispute: Body, *, status: str) -> Body:
    """Close a dispute: `won` brings the amount back (not the fee), `lost` leaves it with the payer."""
    dispute["status"] = status
    if status == "won":
        _move(sandbox, dispute, amount=dispute["amount"], fee=0, category="dispute_reversal")
        sandbox.save(dispute, "charge.dispute.funds_reinstated")
    return sandbox.save(dispute, "charge.dispute.closed")


def _open(sandbox: Sandbox, dispute_id: str) -> Body:
    dispute = sandbox.store.get("dispute", dispute_id)
    if dispute["status"] in CLOSED:
        raise InvalidRequest("This dispute is already closed", code="dispute_closed")
    return dispute


def _move(sandbox: Sandbox, dispute: Body, *, amount: int, fee: int, category: str) -> None:
    movement = balance.move(
        sandbox,
        kind="adjustment",
        category=category,
        amount=amount,
        currency=dispute["currency"],
        source=dispute["id"],
        fee=fee,
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
    )
    dispute["balance_transactions"].append(public(movement))
