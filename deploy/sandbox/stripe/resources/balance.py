"""The balance and what moved it. An account's balance is the sum of its transactions; money is available at once."""

from collections.abc import Mapping

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import TEXT, Kind, Params
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

routes = Routes()

FEE_BPS = 290
FEE_FIXED_CENTS = 30
DISPUTE_FEE_CENTS = 1500
FILTERS: Mapping[str, Kind] = {"currency": TEXT, "payout": TEXT, "source": TEXT, "type": TEXT}


@routes.call("GET", "/v1/balance")
def retrieve(sandbox: Sandbox, _: Params) -> Body:
    """Return what the platform, or the connected account that is acted for, may pay out."""
    amounts = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(totals(sandbox, sandbox.account).items())
    ]
    nothing = [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
    pending = [{"amount": 0, "currency": each["currency"], "source_types": {"card": 0}} for each in amounts]
    return {
        "object": "balance",
        "available": amounts or nothing,
        "connect_reserved": [{"amount": 0, "currency": "usd"}],
        "livemode": False,
        "pending": pending or nothing,
    }


@routes.call("GET", "/v1/balance_transactions/{}")
def retrieve_transaction(sandbox: Sandbox, _: Params, transaction_id: str) -> Body:
    """Return one movement."""
    return sandbox.store.get("balance_transaction", transaction_id)


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = {name: params[name] for name in FILTERS if name in params}
    where["_account"] = sandbox.account
    return page(sandbox, "balance_transaction", "/v1/balance_transactions", params, where)


routes.listing("/v1/balance_transactions", "balance_transaction", FILTERS, answer=_list)


def totals(sandbox: Sandbox, account: str | None) -> dict[str, int]:
    """Return the balance in each currency of an account; None is the platform."""
    rows = sandbox.store.connection.execute(
        "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS amount FROM objects"
        " WHERE kind = 'balance_transaction' AND json_extract(body, '$._account') IS ? GROUP BY 1",
        (account,),
    )
    return {row["currency"]: row["amount"] for row in rows}


def move(
    sandbox: Sandbox,
    *,
    kind: str,
    category: str,
    amount: int,
    currency: str,
    source: str | None,
    fee: int = 0,
    account: str | None = None,
    description: str | None = None,
) -> Body:
    """Record a movement: `amount` in (or out, below zero), less Stripe's `fee`."""
    fees = [
        {"amount": fee, "application": None, "currency": currency, "description": "Stripe fees", "type": "stripe_fee"}
    ]
    return sandbox.insert(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": sandbox.now(),
            "balance_type": "payments",
            "created": sandbox.now(),
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fees if fee else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source,
            "status": "available",
            "type": kind,
            "_account": account,
        }
    )


def processing_fee(amount: int) -> int:
    """Return Stripe's fee for a card charge: 2.9 % rounded half up, and 30 cents."""
    return (amount * FEE_BPS + 5000) // 10000 + FEE_FIXED_CENTS


def set_available(sandbox: Sandbox, *, amount: int, currency: str, account: str | None) -> None:
    """Make the balance what is wanted, by an adjustment."""
    difference = amount - totals(sandbox, account).get(currency, 0)
    if difference:
        move(
            sandbox,
            kind="adjustment",
            category="other_adjustment",
            amount=difference,
            currency=currency,
            source=None,
            account=account,
            description="Sandbox control",
        )
