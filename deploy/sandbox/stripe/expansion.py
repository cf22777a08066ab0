"""`expand[]`: ids replaced by what they name, and members that are shown only when asked for."""

from collections.abc import Callable

from .errors import Body, InvalidRequest
from .resources import invoices
from .routing import list_of
from .sandbox import Sandbox, public

DEPTH_MAX = 4

REFERENCES: dict[str, dict[str, str]] = {
    "balance_transaction": {"source": "*"},
    "charge": {
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "payment_intent": "payment_intent",
    },
    "checkout.session": {
        "customer": "customer",
        "invoice": "invoice",
        "payment_intent": "payment_intent",
        "setup_intent": "setup_intent",
        "subscription": "subscription",
    },
    "customer": {"invoice_settings.default_payment_method": "payment_method"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "invoice": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "parent.subscription_details.subscription": "subscription",
    },
    "invoice_payment": {"invoice": "invoice", "payment.payment_intent": "payment_intent"},
    "payment_intent": {"customer": "customer", "latest_charge": "charge", "payment_method": "payment_method"},
    "payment_method": {"customer": "customer"},
    "payout": {"balance_transaction": "balance_transaction", "failure_balance_transaction": "balance_transaction"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "setup_intent": {"customer": "customer", "payment_method": "payment_method"},
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "latest_invoice": "invoice",
    },
    "transfer": {
        "balance_transaction": "balance_transaction",
        "destination": "account",
        "source_transaction": "charge",
    },
    "transfer_reversal": {"balance_transaction": "balance_transaction", "transfer": "transfer"},
}


def _line_items(_: Sandbox, session: Body) -> Body:
    return list_of(f"/v1/checkout/sessions/{session['id']}/line_items", session["_line_items"])


def _refunds(sandbox: Sandbox, charge: Body) -> Body:
    refunds = sandbox.store.select("refund", {"charge": charge["id"]})
    return list_of(f"/v1/charges/{charge['id']}/refunds", refunds)


def _subscriptions(sandbox: Sandbox, customer: Body) -> Body:
    held = sandbox.store.select("subscription", {"customer": customer["id"], "status": ["active", "past_due"]})
    return list_of(f"/v1/customers/{customer['id']}/subscriptions", held)


ON_REQUEST: dict[str, dict[str, Callable[[Sandbox, Body], Body | None]]] = {
    "charge": {"refunds": _refunds},
    "checkout.session": {"line_items": _line_items},
    "customer": {"subscriptions": _subscriptions},
    "invoice": {
        "confirmation_secret": invoices.confirmation_secret_of,
        "payments": invoices.payments_of,
    },
}


def shown(sandbox: Sandbox, body: Body, paths: list[str]) -> Body:
    """Return an answer as the caller sees it, with every path of `expand[]` expanded."""
    tree: dict[str, Body] = {}
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEPTH_MAX + 2:
            raise InvalidRequest(f"You cannot expand more than {DEPTH_MAX} levels of a property.", param="expand")
        node = tree
        for part in parts:
            node = node.setdefault(part, {})
    answer: Body = _expanded(sandbox, body, tree, "", kind=body.get("object", ""))
    return answer


def _expanded(sandbox: Sandbox, body: Body, tree: Body, within: str, *, kind: str) -> Body:
    seen: Body = public(body)
    for name, deeper in tree.items():
        path = f"{within}{name}"
        if kind == "list" or (name == "data" and body.get("object") == "list"):
            if name != "data":
                raise _not_expandable(path)
            seen["data"] = [_expanded(sandbox, item, deeper, "", kind=item.get("object", "")) for item in body["data"]]
        elif name in ON_REQUEST.get(kind, {}) and not within:
            value = ON_REQUEST[kind][name](sandbox, body)
            seen[name] = value and _expanded(sandbox, value, deeper, "", kind=value.get("object", ""))
        elif path in REFERENCES.get(kind, {}):
            seen[name] = _referred(sandbox, body.get(name), REFERENCES[kind][path], deeper)
        elif isinstance(body.get(name), dict) and deeper:
            inner = body[name]
            own_kind = inner.get("object")
            seen[name] = _expanded(sandbox, inner, deeper, "" if own_kind else f"{path}.", kind=own_kind or kind)
        else:
            raise _not_expandable(path)
    return seen


def _referred(sandbox: Sandbox, object_id: str | None, kind: str, deeper: Body) -> Body | str | None:
    if object_id is None:
        return None
    if kind == "*":
        row = sandbox.store.connection.execute("SELECT kind FROM objects WHERE id = ?", (object_id,)).fetchone()
        if row is None:
            return object_id
        kind = row["kind"]
    found = sandbox.store.find(kind, object_id)
    return _expanded(sandbox, found, deeper, "", kind=kind) if found else object_id


def _not_expandable(path: str) -> InvalidRequest:
    return InvalidRequest(f"This property cannot be expanded ({path}).", param="expand", code="parameter_invalid")
