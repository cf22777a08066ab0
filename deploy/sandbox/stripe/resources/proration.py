"""Changing a subscription's price in the middle of a period: what is given back and what is charged."""

from contextlib import suppress

from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.parameters import Params
from deploy.sandbox.stripe.periods import period_end
from deploy.sandbox.stripe.sandbox import Sandbox
from deploy.sandbox.stripe.timers import timer

from . import invoices, prices
from .blanks import new_line

PENDING_SECONDS_MAX = 23 * 3600


def describe(sandbox: Sandbox, item: Body) -> str:
    """Return the words of an invoice line."""
    product = sandbox.store.get("product", item["price"]["product"])
    amount = item["price"]["unit_amount"] / 100
    return f"{item['quantity']} × {product['name']} (at ${amount:.2f} / {item['price']['recurring']['interval']})"


def change_items(sandbox: Sandbox, subscription: Body, params: Params) -> None:
    """Change the price of a subscription's item.

    Within the same interval the period stays; another interval starts a new one now. `always_invoice` charges the
    difference at once, `create_prorations` with the next invoice, `none` not at all. With `pending_if_incomplete` the
    change waits until its invoice is paid, at most 23 hours. Raises CardDeclined with `error_if_incomplete`.
    """
    target = _target(sandbox, subscription, params["items"])
    behaviour = params.get("proration_behavior", "create_prorations")
    if behaviour == "none" and not target["restarts"]:
        apply(sandbox, subscription, target)
        return
    lines = _lines(sandbox, subscription, target, prorated=behaviour != "none")
    if behaviour == "create_prorations" and not target["restarts"]:
        subscription["_pending_lines"].extend(lines)
        apply(sandbox, subscription, target)
        return
    if params.get("payment_behavior") == "pending_if_incomplete":
        _charge_then_apply(sandbox, subscription, target, lines)
        return
    apply(sandbox, subscription, target)
    invoice = _invoice(sandbox, subscription, lines)
    try:
        _collect(sandbox, invoice)
    except CardDeclined as declined:
        if params.get("payment_behavior") == "error_if_incomplete":
            declined.keeps_effects = False
            raise


def apply(sandbox: Sandbox, subscription: Body, target: Body) -> None:
    """Put the new price in place."""
    item = subscription["items"]["data"][0]
    price = sandbox.store.get("price", target["price"])
    item.update(
        price=price,
        quantity=target["quantity"],
        current_period_start=target["start"],
        current_period_end=target["end"],
    )
    if target["restarts"]:
        subscription["billing_cycle_anchor"] = target["start"]
        sandbox.at(target["end"], "subscription.renew", subscription["id"])
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = target["end"]


def finish_pending(sandbox: Sandbox, subscription: Body) -> None:
    """Apply the change that waited for its invoice, which is paid now."""
    target = subscription["_pending_target"]
    waited = subscription["pending_update"] is not None
    subscription["_pending_target"] = None
    subscription["pending_update"] = None
    apply(sandbox, subscription, target)
    applied = ("customer.subscription.pending_update_applied", "customer.subscription.updated")
    sandbox.save(subscription, *(applied if waited else ()))


@timer("subscription.drop_pending")
def drop_pending(sandbox: Sandbox, subscription_id: str) -> None:
    """Give up a change whose invoice was not paid in time."""
    subscription = sandbox.store.get("subscription", subscription_id)
    pending = subscription["pending_update"]
    if pending is None or pending["expires_at"] > sandbox.now():
        return
    subscription["pending_update"] = None
    subscription["_pending_target"] = None
    sandbox.save(subscription, "customer.subscription.pending_update_expired", "customer.subscription.updated")
    invoice = sandbox.store.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoices.make_void(sandbox, invoice)


def _target(sandbox: Sandbox, subscription: Body, given: list[Params]) -> Body:
    item = subscription["items"]["data"][0]
    wished = given[0]
    if len(given) != 1 or wished.get("id") not in {None, item["id"]}:
        raise InvalidRequest("The sandbox changes subscriptions of one item, named by its id.", param="items[0][id]")
    if wished.get("id") is None:
        raise InvalidRequest(
            "Missing required param: items[0][id]. Without it a second item would be added.",
            code="parameter_missing",
            param="items[0][id]",
        )
    names_price = wished.get("price") or wished.get("price_data")
    price = prices.of_item(sandbox, wished, "items[0]") if names_price else item["price"]
    restarts = _rhythm(price) != _rhythm(item["price"])
    now = sandbox.now()
    return {
        "price": price["id"],
        "quantity": wished.get("quantity", item["quantity"]),
        "restarts": restarts,
        "start": now if restarts else item["current_period_start"],
        "end": period_end(now, price["recurring"], after=now) if restarts else item["current_period_end"],
    }


def _rhythm(price: Body) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _lines(sandbox: Sandbox, subscription: Body, target: Body, *, prorated: bool) -> list[Body]:
    item = subscription["items"]["data"][0]
    price = sandbox.store.get("price", target["price"])
    now, old_end = sandbox.now(), item["current_period_end"]
    length = old_end - item["current_period_start"]
    left = max(0, old_end - now)
    changed = {**item, "price": price, "quantity": target["quantity"]}
    new_amount = price["unit_amount"] * target["quantity"]
    lines = []
    if prorated:
        unused = _share(item["price"]["unit_amount"] * item["quantity"], left, length)
        text = f"Unused time on {describe(sandbox, item)}"
        lines.append(new_line(sandbox, subscription, item, amount=-unused, start=now, end=old_end, text=text))
    if target["restarts"]:
        text = describe(sandbox, changed)
    else:
        new_amount = _share(new_amount, left, length)
        text = f"Remaining time on {describe(sandbox, changed)}"
    lines.append(new_line(sandbox, subscription, changed, amount=new_amount, start=now, end=target["end"], text=text))
    return lines


def _share(amount: int, part: int, whole: int) -> int:
    return (amount * part * 2 + whole) // (whole * 2)


def _invoice(sandbox: Sandbox, subscription: Body, lines: list[Body]) -> Body:
    now = sandbox.now()
    invoice = invoices.make(
        sandbox,
        subscription,
        lines=[*subscription["_pending_lines"], *lines],
        reason="subscription_update",
        period=(now, now),
    )
    subscription["_pending_lines"] = []
    subscription["latest_invoice"] = invoice["id"]
    sandbox.save(subscription)
    return invoice


def _collect(sandbox: Sandbox, invoice: Body) -> None:
    if invoice["amount_due"] == 0:
        invoices.settle_if_free(sandbox, invoice)
    else:
        invoices.charge(sandbox, invoice, invoices.default_method(sandbox, invoice))


def _charge_then_apply(sandbox: Sandbox, subscription: Body, target: Body, lines: list[Body]) -> None:
    subscription["_pending_target"] = target
    invoice = _invoice(sandbox, subscription, lines)
    with suppress(CardDeclined):
        _collect(sandbox, invoice)
    if invoice["status"] == "paid":
        return
    item = subscription["items"]["data"][0]
    price = sandbox.store.get("price", target["price"])
    subscription["pending_update"] = {
        "billing_cycle_anchor": target["start"] if target["restarts"] else None,
        "expires_at": sandbox.now() + PENDING_SECONDS_MAX,
        "subscription_items": [{**item, "price": price, "quantity": target["quantity"]}],
        "trial_end": None,
        "trial_from_plan": None,
    }
    sandbox.after(PENDING_SECONDS_MAX, "subscription.drop_pending", subscription["id"])
