"""Connected accounts: made empty, onboarded by a person on the hosted page, then able to receive transfers."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import BOOLEAN, METADATA, TEXT, Choice, Fields, Kind, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes, list_of
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

routes = Routes()

REQUESTED = Fields({"requested": BOOLEAN})
CAPABILITIES = Fields({"transfers": REQUESTED, "card_payments": REQUESTED})
BUSINESS_TYPE = Choice("individual", "company", "non_profit", "government_entity")
BUSINESS_PROFILE = Fields({"mcc": TEXT, "name": TEXT, "product_description": TEXT, "url": TEXT})
SCHEDULE = Fields({"interval": Choice("daily", "manual", "monthly", "weekly"), "delay_days": TEXT})
CHANGEABLE: dict[str, Kind] = {
    "business_profile": BUSINESS_PROFILE,
    "business_type": BUSINESS_TYPE,
    "capabilities": CAPABILITIES,
    "default_currency": TEXT,
    "email": TEXT,
    "metadata": METADATA,
    "settings": Fields({"payouts": Fields({"schedule": SCHEDULE, "debit_negative_balances": BOOLEAN})}),
}
CONTROLLER = Fields(
    {
        "fees": Fields({"payer": Choice("account", "application")}),
        "losses": Fields({"payments": Choice("application", "stripe")}),
        "requirement_collection": Choice("application", "stripe"),
        "stripe_dashboard": Fields({"type": Choice("express", "full", "none")}),
    }
)
TO_ONBOARD = (
    "external_account",
    "individual.dob.day",
    "individual.first_name",
    "individual.last_name",
    "individual.ssn_last_4",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)

routes.listing("/v1/accounts", "account")


@routes.call("POST", "/v1/accounts", {**CHANGEABLE, "controller": CONTROLLER, "country": TEXT})
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make an account that has given nothing yet."""
    account_id = new_id("acct", 16)
    controller = params.get("controller") or {}
    account = {
        "id": account_id,
        "object": "account",
        "business_profile": {
            "mcc": None,
            "name": None,
            "product_description": None,
            "support_email": None,
            "url": None,
        },
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
            "type": "application",
            **controller,
        },
        "country": params.pop("country", "US"),
        "created": sandbox.now(),
        "default_currency": "usd",
        "details_submitted": False,
        "email": None,
        "external_accounts": list_of(f"/v1/accounts/{account_id}/external_accounts", []),
        "future_requirements": _requirements([]),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": _requirements(list(TO_ONBOARD)),
        "settings": {
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 2, "interval": "daily"},
                "statement_descriptor": None,
            }
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "none",
        "_deauthorized": False,
    }
    params.pop("controller", None)
    _apply(account, params)
    return sandbox.insert(account)


@routes.call("GET", "/v1/accounts/{}")
def retrieve(sandbox: Sandbox, _: Params, account_id: str) -> Body:
    """Return an account."""
    return live(sandbox, account_id)


@routes.call("POST", "/v1/accounts/{}", CHANGEABLE)
def update(sandbox: Sandbox, params: Params, account_id: str) -> Body:
    """Change what is given."""
    account = live(sandbox, account_id)
    _apply(account, params)
    _judge(account)
    return sandbox.save(account, "account.updated")


@routes.call("DELETE", "/v1/accounts/{}")
def delete(sandbox: Sandbox, _: Params, account_id: str) -> Body:
    """Delete an account."""
    live(sandbox, account_id)
    sandbox.store.delete(account_id)
    return {"id": account_id, "object": "account", "deleted": True}


@routes.call("POST", "/v1/accounts/{}/login_links")
def login_link(sandbox: Sandbox, _: Params, account_id: str) -> Body:
    """Make a link to the account's own dashboard."""
    account = live(sandbox, account_id)
    if not account["details_submitted"]:
        raise InvalidRequest(
            "Cannot create a login link for an account that has not completed onboarding.", param="account"
        )
    return {
        "object": "login_link",
        "created": sandbox.now(),
        "url": f"{sandbox.settings.public_url}/express/{account_id}",
    }


def live(sandbox: Sandbox, account_id: str) -> Body:
    """Return an account that the platform may still act for. Raises InvalidRequest 403."""
    account = sandbox.store.find("account", account_id)
    if account is None or account["_deauthorized"]:
        raise InvalidRequest(
            f"The provided key does not have access to account '{account_id}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )
    return account


def finish_onboarding(sandbox: Sandbox, account: Body) -> None:
    """Give all that was asked: a person, a bank account, consent."""
    account["details_submitted"] = True
    account["tos_acceptance"]["date"] = sandbox.now()
    account["business_type"] = account["business_type"] or "individual"
    account["_complete"] = True
    bank = None
    if not account["external_accounts"]["data"]:
        bank = _bank_account(account)
        account["external_accounts"] = list_of(account["external_accounts"]["url"], [bank])
    _judge(account)
    sandbox.save(account, "account.updated")
    if bank:
        sandbox.emit("account.external_account.created", {**bank, "_account": account["id"]})


def restrict(sandbox: Sandbox, account: Body, *, due: list[str]) -> None:
    """Ask for more: payouts and transfers stop until it is given; nothing due lifts the restriction."""
    account["_complete"] = not due and account["details_submitted"]
    account["requirements"] = _requirements(due, disabled_reason="requirements.past_due" if due else None)
    _judge(account)
    sandbox.save(account, "account.updated")


def deauthorize(sandbox: Sandbox, account: Body) -> None:
    """Have the account's owner disconnect from the platform."""
    account["_deauthorized"] = True
    sandbox.save(account)
    application = {"id": "ca_estuary_sandbox", "object": "application", "name": "Estuary", "_account": account["id"]}
    sandbox.emit("account.application.deauthorized", application)


def _judge(account: Body) -> None:
    complete = account.get("_complete", False)
    status = "active" if complete else "inactive"
    account["capabilities"] = dict.fromkeys(account["capabilities"], status)
    account["charges_enabled"] = complete and "card_payments" in account["capabilities"]
    account["payouts_enabled"] = complete
    if complete:
        account["requirements"] = _requirements([])


def _apply(account: Body, params: Params) -> None:
    for name, wish in (params.pop("capabilities", None) or {}).items():
        if wish and wish.get("requested"):
            account["capabilities"].setdefault(name, "inactive")
        else:
            account["capabilities"].pop(name, None)
    if "metadata" in params:
        account["metadata"] = merge_metadata(account["metadata"], params.pop("metadata"))
    account["business_profile"].update(params.pop("business_profile", None) or {})
    payouts = (params.pop("settings", None) or {}).get("payouts") or {}
    account["settings"]["payouts"]["schedule"].update(payouts.pop("schedule", None) or {})
    account["settings"]["payouts"].update(payouts)
    account.update(params)


def _requirements(due: list[str], *, disabled_reason: str | None = None) -> Body:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": disabled_reason or ("requirements.past_due" if due else None),
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def _bank_account(account: Body) -> Body:
    return {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": "individual",
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": new_id("x", 16)[2:],
        "last4": "6789",
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }
