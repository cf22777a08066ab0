"""What happens to subscriptions as time passes and invoices are paid or not.

Unlike Stripe, which keeps a renewal's invoice as a draft for an hour, the sandbox charges at the period's end.
"""

from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.periods import period_end
from deploy.sandbox.stripe.sandbox import Sandbox
from deploy.sandbox.stripe.timers import timer

from . import invoices, proration, subscriptions
from .blanks import new_line
from .owners import owns

DAY_SECONDS = 86_400
RETRY_AFTER_DAYS = (3, 5, 7)


@timer("subscription.renew")
def renew(sandbox: Sandbox, subscription_id: str) -> None:
    """End a subscription that was to end with its period, or begin and charge the next period."""
    subscription = sandbox.store.get("subscription", subscription_id)
    item = subscription["items"]["data"][0]
    if subscription["status"] not in {"active", "past_due"} or item["current_period_end"] > sandbox.now():
        return
    if subscription["cancel_at_period_end"]:
        subscriptions.end(sandbox, subscription, reason="cancellation_requested")
        return
    start = item["current_period_end"]
    ends = period_end(subscription["billing_cycle_anchor"], item["price"]["recurring"], after=start)
    lines = subscription["_pending_lines"]
    for each in subscription["items"]["data"]:
        each["current_period_start"], each["current_period_end"] = start, ends
        amount = each["price"]["unit_amount"] * each["quantity"]
        text = proration.describe(sandbox, each)
        lines.append(new_line(sandbox, subscription, each, amount=amount, start=start, end=ends, text=text))
    subscription["_pending_lines"] = []
    sandbox.save(subscription, "customer.subscription.updated")
    sandbox.at(ends, "subscription.renew", subscription_id)
    invoice = invoices.make(sandbox, subscription, lines=lines, reason="subscription_cycle", period=(start, ends))
    subscription["latest_invoice"] = invoice["id"]
    sandbox.save(subscription)
    _try(sandbox, invoice)


@timer("invoice.retry")
def retry(sandbox: Sandbox, invoice_id: str) -> None:
    """Try an unpaid renewal again."""
    invoice = sandbox.store.get("invoice", invoice_id)
    subscription = sandbox.store.get("subscription", invoice["_owner"][1])
    if invoice["status"] == "open" and subscription["status"] == "past_due":
        _try(sandbox, invoice)


@owns("subscription")
def invoice_moved(sandbox: Sandbox, subscription_id: str, invoice: Body) -> None:
    """Carry a subscription on, or into arrears, as its invoice is paid or fails."""
    subscription = sandbox.store.get("subscription", subscription_id)
    if subscription["status"] in subscriptions.ENDED:
        return
    if invoice["status"] == "paid":
        if subscription["status"] == "incomplete":
            subscriptions.activate(sandbox, subscription, invoice)
        elif subscription["_pending_target"] and invoice["id"] == subscription["latest_invoice"]:
            proration.finish_pending(sandbox, subscription)
        elif subscription["status"] == "past_due" and invoice["id"] == subscription["latest_invoice"]:
            subscription["status"] = "active"
            sandbox.save(subscription, "customer.subscription.updated")
    elif invoice["status"] == "open" and subscription["status"] != "incomplete" and not subscription["_pending_target"]:
        _fall_behind(sandbox, subscription, invoice)


def _try(sandbox: Sandbox, invoice: Body) -> None:
    if invoice["amount_due"] == 0:
        invoices.settle_if_free(sandbox, invoice)
        return
    try:
        invoices.charge(sandbox, invoice, invoices.default_method(sandbox, invoice))
    except CardDeclined:
        return  # On record, and the subscription is past due: `invoice_moved` saw to it.
    except InvalidRequest:
        invoice["attempted"] = True
        invoice["attempt_count"] += 1
        sandbox.save(invoice, "invoice.payment_failed")
        invoice_moved(sandbox, invoice["_owner"][1], invoice)


def _fall_behind(sandbox: Sandbox, subscription: Body, invoice: Body) -> None:
    failures = max(1, invoice["attempt_count"])
    if failures > len(RETRY_AFTER_DAYS):
        invoice["next_payment_attempt"] = None
        sandbox.save(invoice, "invoice.updated")
        subscriptions.end(sandbox, subscription, reason="payment_failed")
        return
    wait_seconds = RETRY_AFTER_DAYS[failures - 1] * DAY_SECONDS
    invoice["next_payment_attempt"] = sandbox.now() + wait_seconds
    sandbox.save(invoice)
    sandbox.after(wait_seconds, "invoice.retry", invoice["id"])
    if subscription["status"] != "past_due":
        subscription["status"] = "past_due"
        sandbox.save(subscription, "customer.subscription.updated")
