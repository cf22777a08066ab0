"""Payouts: from an account's balance to its bank. Connected accounts get theirs by themselves, two days later."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import METADATA, TEXT, Choice, Integer, Params, merge_metadata, picked
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import balance

routes = Routes()

DAY_SECONDS = 86_400
AUTOMATIC_AFTER_DAYS = 2
STATUS = Choice("canceled", "failed", "in_transit", "paid", "pending")


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = {"_account": sandbox.account, **picked(params, "status", "destination")}
    return page(sandbox, "payout", "/v1/payouts", params, where)


routes.listing("/v1/payouts", "payout", {"status": STATUS, "destination": TEXT}, answer=_list)


@routes.call("GET", "/v1/payouts/{}")
def retrieve(sandbox: Sandbox, _: Params, payout_id: str) -> Body:
    """Return a payout of the account that is acted for."""
    return _own(sandbox, payout_id)


@routes.call(
    "POST",
    "/v1/payouts",
    {
        "amount": Integer(least=1),
        "currency": TEXT,
        "description": TEXT,
        "destination": TEXT,
        "metadata": METADATA,
        "method": Choice("instant", "standard"),
        "source_type": Choice("card"),
        "statement_descriptor": TEXT,
    },
    required=("amount", "currency"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Pay out by hand; it arrives a day later."""
    if balance.totals(sandbox, sandbox.account).get(params["currency"], 0) < params["amount"]:
        raise InvalidRequest(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.",
            code="balance_insufficient",
        )
    return _send(sandbox, params, account=sandbox.account, automatic=False)


@routes.call("POST", "/v1/payouts/{}/cancel")
def cancel(sandbox: Sandbox, _: Params, payout_id: str) -> Body:
    """Stop a payout that is still pending."""
    payout = _own(sandbox, payout_id)
    if payout["status"] != "pending":
        raise InvalidRequest(f"Payouts can only be canceled while they are pending; this one is {payout['status']}.")
    return _return(sandbox, payout, "canceled", "payout.canceled")


def plan(sandbox: Sandbox, account: Body) -> None:
    """Have a connected account's balance paid out to its bank in due time, unless it wants to do so by hand."""
    if account["settings"]["payouts"]["schedule"]["interval"] != "manual":
        sandbox.after(AUTOMATIC_AFTER_DAYS * DAY_SECONDS, "account.pay_out", account["id"])


@timer("account.pay_out")
def pay_out(sandbox: Sandbox, account_id: str) -> None:
    """Pay a connected account's whole balance out, if it may be."""
    account = sandbox.store.find("account", account_id)
    if account is None or not account["payouts_enabled"]:
        return
    for currency, amount in balance.totals(sandbox, account_id).items():
        if amount > 0:
            _send(sandbox, {"amount": amount, "currency": currency}, account=account_id, automatic=True)


@timer("payout.arrive")
def arrive(sandbox: Sandbox, payout_id: str) -> None:
    """The bank has it."""
    payout = sandbox.store.get("payout", payout_id)
    if payout["status"] == "pending":
        payout["status"] = "paid"
        sandbox.save(payout, "payout.paid")


def fail(sandbox: Sandbox, payout: Body) -> Body:
    """The bank sends it back."""
    payout["failure_code"] = "account_closed"
    payout["failure_message"] = "The bank account has been closed."
    return _return(sandbox, payout, "failed", "payout.failed")


def _own(sandbox: Sandbox, payout_id: str) -> Body:
    payout = sandbox.store.get("payout", payout_id)
    if payout["_account"] != sandbox.account:
        raise InvalidRequest(f"No such payout: '{payout_id}'", code="resource_missing", param="payout", status=404)
    return payout


def _send(sandbox: Sandbox, params: Params, *, account: str | None, automatic: bool) -> Body:
    payout_id = new_id("po")
    movement = balance.move(
        sandbox,
        kind="payout",
        category="payout",
        amount=-params["amount"],
        currency=params["currency"],
        source=payout_id,
        account=account,
        description="STRIPE PAYOUT",
    )
    payout = {
        "id": payout_id,
        "object": "payout",
        "amount": params["amount"],
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": sandbox.now() + DAY_SECONDS,
        "automatic": automatic,
        "balance_transaction": movement["id"],
        "created": sandbox.now(),
        "currency": params["currency"],
        "description": params.get("description", "STRIPE PAYOUT"),
        "destination": params.get("destination"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "method": params.get("method", "standard"),
        "original_payout": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "type": "bank_account",
        "_account": account,
    }
    sandbox.after(DAY_SECONDS, "payout.arrive", payout_id)
    return sandbox.insert(payout, "payout.created")


def _return(sandbox: Sandbox, payout: Body, status: str, event: str) -> Body:
    movement = balance.move(
        sandbox,
        kind="payout_failure" if status == "failed" else "payout_cancel",
        category="payout_reversal",
        amount=payout["amount"],
        currency=payout["currency"],
        source=payout["id"],
        account=payout["_account"],
    )
    payout["status"] = status
    payout["failure_balance_transaction"] = movement["id"]
    return sandbox.save(payout, event)
