"""Transfers to connected accounts, and their reversals."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import METADATA, TEXT, Choice, Integer, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes, list_of
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import balance, payouts

routes = Routes()

POSITIVE = Integer(least=1)

routes.retrieve("/v1/transfers/{}", "transfer")
routes.listing("/v1/transfers", "transfer", {"destination": TEXT, "transfer_group": TEXT})


@routes.call(
    "POST",
    "/v1/transfers",
    {
        "amount": POSITIVE,
        "currency": TEXT,
        "description": TEXT,
        "destination": TEXT,
        "metadata": METADATA,
        "source_transaction": TEXT,
        "source_type": Choice("card"),
        "transfer_group": TEXT,
    },
    required=("amount", "currency", "destination"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Move money from the platform's balance to a connected account's."""
    account = _receiver(sandbox, params["destination"])
    _check_balance(sandbox, params)
    transfer_id = new_id("tr")
    common = {"amount": params["amount"], "currency": params["currency"]}
    transfer = {
        "id": transfer_id,
        "object": "transfer",
        **common,
        "amount_reversed": 0,
        "created": sandbox.now(),
        "description": params.get("description"),
        "destination": account["id"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "reversals": list_of(f"/v1/transfers/{transfer_id}/reversals", []),
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }
    movement = balance.move(
        sandbox,
        kind="transfer",
        category="transfer",
        amount=-params["amount"],
        currency=params["currency"],
        source=transfer_id,
        description=params.get("description"),
    )
    transfer["balance_transaction"] = movement["id"]
    balance.move(
        sandbox,
        kind="payment",
        category="charge",
        amount=params["amount"],
        currency=params["currency"],
        source=transfer["destination_payment"],
        account=account["id"],
    )
    payouts.plan(sandbox, account)
    return sandbox.insert(transfer, "transfer.created")


@routes.call("POST", "/v1/transfers/{}", {"description": TEXT, "metadata": METADATA})
def update(sandbox: Sandbox, params: Params, transfer_id: str) -> Body:
    """Change a transfer's description or metadata."""
    transfer = sandbox.store.get("transfer", transfer_id)
    if "metadata" in params:
        params["metadata"] = merge_metadata(transfer["metadata"], params["metadata"])
    transfer.update(params)
    return sandbox.save(transfer, "transfer.updated")


@routes.call("POST", "/v1/transfers/{}/reversals", {"amount": POSITIVE, "description": TEXT, "metadata": METADATA})
def reverse(sandbox: Sandbox, params: Params, transfer_id: str) -> Body:
    """Take a transfer back, whole or in part; the connected account may go below zero."""
    transfer = sandbox.store.get("transfer", transfer_id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.get("amount", left)
    if left == 0:
        raise InvalidRequest(f"Transfer {transfer_id} is already fully reversed.", code="transfer_already_reversed")
    if amount > left:
        raise InvalidRequest(
            f"Transfer reversal amount (${amount / 100:,.2f}) is greater than unreversed amount (${left / 100:,.2f}).",
            param="amount",
        )
    reversal_id = new_id("trr")
    movement = balance.move(
        sandbox,
        kind="transfer_refund",
        category="transfer_reversal",
        amount=amount,
        currency=transfer["currency"],
        source=reversal_id,
        description=params.get("description"),
    )
    balance.move(
        sandbox,
        kind="payment_refund",
        category="refund",
        amount=-amount,
        currency=transfer["currency"],
        source=transfer["destination_payment"],
        account=transfer["destination"],
    )
    reversal = sandbox.insert(
        {
            "id": reversal_id,
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": movement["id"],
            "created": sandbox.now(),
            "currency": transfer["currency"],
            "destination_payment_refund": new_id("pyr"),
            "metadata": merge_metadata({}, params.get("metadata")),
            "source_refund": None,
            "transfer": transfer_id,
        }
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"] = list_of(transfer["reversals"]["url"], [reversal, *transfer["reversals"]["data"]])
    sandbox.save(transfer, "transfer.reversed")
    return reversal


@routes.call("GET", "/v1/transfers/{}/reversals")
def list_reversals(sandbox: Sandbox, _: Params, transfer_id: str) -> Body:
    """Return what was taken back."""
    reversals: Body = sandbox.store.get("transfer", transfer_id)["reversals"]
    return reversals


@routes.call("GET", "/v1/transfers/{}/reversals/{}")
def retrieve_reversal(sandbox: Sandbox, _: Params, transfer_id: str, reversal_id: str) -> Body:
    """Return one reversal of a transfer."""
    sandbox.store.get("transfer", transfer_id)
    return sandbox.store.get("transfer_reversal", reversal_id)


def _receiver(sandbox: Sandbox, account_id: str) -> Body:
    account = sandbox.store.get("account", account_id, param="destination")
    if account["_deauthorized"]:
        raise InvalidRequest(f"No such destination: '{account_id}'", code="resource_missing", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise InvalidRequest(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _check_balance(sandbox: Sandbox, params: Params) -> None:
    if params.get("source_transaction"):
        sandbox.store.get("charge", params["source_transaction"], param="source_transaction")
        return
    if balance.totals(sandbox, None).get(params["currency"], 0) < params["amount"]:
        raise InvalidRequest(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
            "balance by creating Charges using the 4000000000000077 test card. See: "
            "https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )
