"""Invoices of subscriptions: finalized as soon as they are made, each with one payment intent when something is due."""

from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.parameters import BOOLEAN, TEXT, Choice, Params, picked
from deploy.sandbox.stripe.routing import Routes, list_of, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id, public

from . import owners, payment_intents, payment_methods, payments
from .blanks import new_invoice

routes = Routes()

STATUS = Choice("draft", "open", "paid", "uncollectible", "void")
NEEDS_ACTION = (
    "Payment for this invoice requires additional user action before it can be completed successfully. Payment can be "
    "completed using the PaymentIntent associated with this invoice."
)


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = picked(params, "collection_method", "customer", "status")
    if "subscription" in params:
        where["parent.subscription_details.subscription"] = params["subscription"]
    return page(sandbox, "invoice", "/v1/invoices", params, where)


routes.retrieve("/v1/invoices/{}", "invoice")
routes.listing(
    "/v1/invoices",
    "invoice",
    {"collection_method": Choice("charge_automatically"), "customer": TEXT, "status": STATUS, "subscription": TEXT},
    answer=_list,
)


@routes.call("GET", "/v1/invoices/{}/lines")
def lines(sandbox: Sandbox, _: Params, invoice_id: str) -> Body:
    """Return what an invoice charges for."""
    invoice_lines: Body = sandbox.store.get("invoice", invoice_id)["lines"]
    return invoice_lines


@routes.call(
    "POST", "/v1/invoices/{}/pay", {"payment_method": TEXT, "off_session": BOOLEAN, "paid_out_of_band": BOOLEAN}
)
def pay(sandbox: Sandbox, params: Params, invoice_id: str) -> Body:
    """Try to be paid now, with a given card or the subscription's.

    Raises CardDeclined, also when the payer must authenticate first.
    """
    invoice = _open(sandbox, invoice_id, "pay")
    if params.get("paid_out_of_band"):
        _settle(sandbox, invoice, paid_outside=True)
        return invoice
    if params.get("payment_method"):
        method = payment_methods.use(sandbox, params["payment_method"])
    else:
        method = default_method(sandbox, invoice)
    intent = charge(sandbox, invoice, method)
    if intent["status"] == "requires_action":
        raise CardDeclined(NEEDS_ACTION, code="invoice_payment_intent_requires_action", payment_intent=public(intent))
    return invoice


@routes.call("POST", "/v1/invoices/{}/void")
def void(sandbox: Sandbox, _: Params, invoice_id: str) -> Body:
    """Declare an open invoice never to be paid."""
    return make_void(sandbox, _open(sandbox, invoice_id, "void"))


def make(sandbox: Sandbox, subscription: Body, *, lines: list[Body], reason: str, period: tuple[int, int]) -> Body:
    """Make and finalize an invoice; one with nothing due is paid at once. A customer's credit is used first."""
    customer = payment_methods.live_customer(sandbox, subscription["customer"])
    total = sum(line["amount"] for line in lines)
    starting_balance = customer["balance"]
    due = max(0, total + starting_balance)
    ending_balance = total + starting_balance - due
    invoice_id = new_id("in")
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    customer["balance"] = ending_balance
    sandbox.save(customer)
    for line in lines:
        line["invoice"] = invoice_id
    invoice = new_invoice(sandbox, subscription, customer, invoice_id=invoice_id, due=due, total=total)
    invoice.update(
        {
            "billing_reason": reason,
            "ending_balance": ending_balance,
            "lines": list_of(f"/v1/invoices/{invoice_id}/lines", lines),
            "number": number,
            "period_end": period[1],
            "period_start": period[0],
            "starting_balance": starting_balance,
        }
    )
    if due:
        intent = payment_intents.make(
            sandbox,
            amount=due,
            currency=subscription["currency"],
            customer=customer["id"],
            owner=("invoice", invoice_id),
            allowed_payment_method_types=["card"],
            setup_future_usage="off_session",
            description="Subscription creation" if reason == "subscription_create" else "Subscription update",
        )
        invoice["_payment_intent"] = intent["id"]
        invoice["hosted_invoice_url"] = f"{sandbox.settings.public_url}/pay/{intent['client_secret']}"
        sandbox.emit("payment_intent.created", intent)
    sandbox.insert(invoice, "invoice.created", "invoice.finalized")
    return invoice


def charge(sandbox: Sandbox, invoice: Body, method: Body) -> Body:
    """Try a card for an open invoice and return the intent. Raises CardDeclined."""
    intent = sandbox.store.get("payment_intent", invoice["_payment_intent"])
    payments.confirm_with(sandbox, intent, method, return_url=None)
    return intent


def default_method(sandbox: Sandbox, invoice: Body) -> Body:
    """Return the card that renewals are charged to. Raises InvalidRequest if there is none."""
    subscription = sandbox.store.get("subscription", invoice["_owner"][1])
    customer = sandbox.store.get("customer", invoice["customer"])
    method_id = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if method_id is None:
        raise InvalidRequest(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method.",
            code="resource_missing",
        )
    return sandbox.store.get("payment_method", method_id)


@owners.owns("invoice")
def intent_moved(sandbox: Sandbox, invoice_id: str, intent: Body) -> None:
    """Pay the invoice, or note the failed attempt."""
    invoice = sandbox.store.get("invoice", invoice_id)
    if invoice["status"] != "open":
        return
    if intent["status"] == "succeeded":
        _settle(sandbox, invoice)
        return
    invoice["attempted"] = True
    if intent["status"] == "requires_action":
        sandbox.save(invoice, "invoice.payment_action_required")
    else:
        invoice["attempt_count"] += 1
        sandbox.save(invoice, "invoice.payment_failed")
    owners.tell(sandbox, invoice)


def settle_if_free(sandbox: Sandbox, invoice: Body) -> None:
    """Pay an invoice on which nothing is due."""
    if invoice["amount_due"] == 0 and invoice["status"] == "open":
        _settle(sandbox, invoice)


def make_void(sandbox: Sandbox, invoice: Body) -> Body:
    """Void an open invoice and end its intent."""
    invoice["status"] = "void"
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["voided_at"] = sandbox.now()
    sandbox.save(invoice, "invoice.voided")
    if invoice["_payment_intent"]:
        intent = sandbox.store.get("payment_intent", invoice["_payment_intent"])
        if intent["status"] in payment_intents.CANCELLABLE:
            payment_intents.call_off(sandbox, intent, reason="void_invoice")
    owners.tell(sandbox, invoice)
    return invoice


def payments_of(sandbox: Sandbox, invoice: Body) -> Body:
    """Return the invoice's payments, as `expand[]=payments` shows them."""
    items = []
    if invoice["_payment_intent"]:
        intent = sandbox.store.get("payment_intent", invoice["_payment_intent"])
        paid = invoice["status"] == "paid"
        items.append(
            {
                "id": f"inpay_{invoice['id'][3:]}",
                "object": "invoice_payment",
                "amount_paid": invoice["amount_paid"] if paid else None,
                "amount_requested": invoice["amount_due"],
                "created": invoice["created"],
                "currency": invoice["currency"],
                "invoice": invoice["id"],
                "is_default": True,
                "livemode": False,
                "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
                "status": "paid" if paid else "canceled" if invoice["status"] == "void" else "open",
                "status_transitions": {"canceled_at": None, "paid_at": invoice["status_transitions"]["paid_at"]},
            }
        )
    return list_of(f"/v1/invoice_payments?invoice={invoice['id']}", items)


def confirmation_secret_of(sandbox: Sandbox, invoice: Body) -> Body | None:
    """Return what a browser needs to pay the invoice, as `expand[]=confirmation_secret` shows it."""
    if not invoice["_payment_intent"]:
        return None
    intent = sandbox.store.get("payment_intent", invoice["_payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


def _open(sandbox: Sandbox, invoice_id: str, verb: str) -> Body:
    invoice = sandbox.store.get("invoice", invoice_id)
    if invoice["status"] == "paid":
        raise InvalidRequest("Invoice is already paid", param="invoice")
    if invoice["status"] != "open":
        raise InvalidRequest(f"You can only {verb} an open invoice. This one is {invoice['status']}.", param="invoice")
    return invoice


def _settle(sandbox: Sandbox, invoice: Body, *, paid_outside: bool = False) -> None:
    invoice["status"] = "paid"
    invoice["attempted"] = True
    invoice["attempt_count"] += 0 if paid_outside or not invoice["amount_due"] else 1
    invoice["amount_paid"] = 0 if paid_outside else invoice["amount_due"]
    invoice["amount_paid_off_stripe"] = invoice["amount_due"] if paid_outside else 0
    invoice["amount_remaining"] = 0
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = sandbox.now()
    sandbox.save(invoice, "invoice.paid", "invoice.payment_succeeded")
    owners.tell(sandbox, invoice)
