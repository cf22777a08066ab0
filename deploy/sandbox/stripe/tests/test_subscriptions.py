"""Plans and memberships: products, prices, subscriptions, invoices, renewals."""

import pytest
import requests
import stripe

DAY = 86_400


@pytest.fixture
def price(client):
    products: set[str] = set()

    def make(code="professional", cents=2_900, interval="month"):
        if code not in products:
            products.add(code)
            client.products.create({"id": f"tier_{code}", "name": code.capitalize()})
        return client.prices.create(
            {
                "product": f"tier_{code}",
                "currency": "usd",
                "unit_amount": cents,
                "recurring": {"interval": interval},
                "lookup_key": f"{code}:{interval}:{cents}",
            }
        )

    return make


@pytest.fixture
def subscribe(client, customer, price):
    def make(card="pm_card_visa", **more):
        """Subscribe as the service does: incomplete first, then paid with a saved card."""
        subscription = client.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price().id}],
                "payment_behavior": "default_incomplete",
                "payment_settings": {"save_default_payment_method": "on_subscription"},
                "metadata": {"kind": "tier", "uuid": "s-1"},
                "expand": ["latest_invoice.confirmation_secret", "latest_invoice.payments"],
                **more,
            }
        )
        if card is None:
            return subscription
        saved = client.payment_methods.attach(card, {"customer": customer.id})
        client.invoices.pay(subscription.latest_invoice.id, {"payment_method": saved.id})
        return client.subscriptions.retrieve(subscription.id)

    return make


def test_prices_are_found_by_their_lookup_key(client, price):
    made = price()

    found = client.prices.list({"lookup_keys": ["professional:month:2900"], "expand": ["data.product"]}).data
    assert [each.id for each in found] == [made.id]
    assert found[0].product.name == "Professional"
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        price()
    assert not client.prices.update(made.id, {"active": False}).active


def test_a_subscription_waits_for_its_first_payment(subscribe, client, hooks):
    subscription = subscribe(card=None)

    assert subscription.status == "incomplete"
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.amount_due, invoice.billing_reason) == ("open", 2_900, "subscription_create")
    intent_id = invoice.payments.data[0].payment.payment_intent
    intent = client.payment_intents.retrieve(intent_id)
    assert invoice.confirmation_secret.client_secret == intent.client_secret
    assert invoice.parent.subscription_details.subscription == subscription.id

    client.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa"})

    after = client.subscriptions.retrieve(subscription.id)
    assert after.status == "active"
    assert after.default_payment_method is not None
    event = hooks.wait_for("invoice.paid")[0]["data"]["object"]
    assert event["parent"]["subscription_details"]["metadata"] == {"kind": "tier", "uuid": "s-1"}
    hooks.wait_for("customer.subscription.created")


def test_a_saved_card_pays_the_first_invoice(subscribe, client):
    subscription = subscribe()

    item = subscription.items.data[0]  # `items` is also a method of the library's objects.
    assert subscription.status == "active"
    assert 28 * DAY <= item.current_period_end - item.current_period_start <= 31 * DAY
    assert client.invoices.retrieve(subscription.latest_invoice).amount_paid == 2_900
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        client.invoices.pay(subscription.latest_invoice)


def test_a_declined_first_payment_can_be_tried_with_another_card(subscribe, client, hooks):
    subscription = subscribe(card=None)
    invoice = subscription.latest_invoice.id

    with pytest.raises(stripe.CardError):
        client.invoices.pay(invoice, {"payment_method": "pm_card_chargeDeclined"})
    hooks.wait_for("invoice.payment_failed")
    assert client.subscriptions.retrieve(subscription.id).status == "incomplete"

    assert client.invoices.pay(invoice, {"payment_method": "pm_card_visa"}).status == "paid"
    assert client.subscriptions.retrieve(subscription.id).status == "active"


def test_a_first_payment_may_need_authentication(subscribe, client, control, hooks):
    subscription = subscribe(card=None)

    with pytest.raises(stripe.CardError) as asked:
        client.invoices.pay(subscription.latest_invoice.id, {"payment_method": "pm_card_authenticationRequired"})
    assert asked.value.code == "invoice_payment_intent_requires_action"
    hooks.wait_for("invoice.payment_action_required")
    control(f"intents/{asked.value.error.payment_intent.id}/authenticate")

    assert client.subscriptions.retrieve(subscription.id).status == "active"


def test_after_23_hours_unpaid_it_is_over(subscribe, client, control, hooks):
    subscription = subscribe(card=None)

    control("clock", advance_seconds=23 * 3600 + 1)

    assert client.subscriptions.retrieve(subscription.id).status == "incomplete_expired"
    assert client.invoices.retrieve(subscription.latest_invoice.id).status == "void"
    hooks.wait_for("invoice.voided")


def test_it_renews_by_the_clock(subscribe, client, control, hooks):
    subscription = subscribe()

    control("clock", advance_seconds=93 * DAY)

    after = client.subscriptions.retrieve(subscription.id)
    assert after.status == "active"
    invoices = client.invoices.list({"subscription": subscription.id}).data
    assert [each.billing_reason for each in invoices] == ["subscription_cycle"] * 3 + ["subscription_create"]
    assert {each.amount_paid for each in invoices} == {2_900}
    assert after.items.data[0].current_period_start == invoices[0].period_start
    hooks.wait_for("invoice.paid", count=4)


def test_an_unpaid_renewal_falls_behind_and_ends(subscribe, client, control, customer, hooks):
    subscription = subscribe()
    failing = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.subscriptions.update(subscription.id, {"default_payment_method": failing.id})

    control("clock", advance_seconds=32 * DAY)
    assert client.subscriptions.retrieve(subscription.id).status == "past_due"
    hooks.wait_for("invoice.payment_failed")
    control("clock", advance_seconds=16 * DAY)

    after = client.subscriptions.retrieve(subscription.id)
    assert (after.status, after.cancellation_details.reason) == ("canceled", "payment_failed")
    hooks.wait_for("customer.subscription.deleted")


def test_a_late_renewal_is_paid_with_another_card(subscribe, client, control, customer):
    subscription = subscribe()
    failing = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.subscriptions.update(subscription.id, {"default_payment_method": failing.id})
    control("clock", advance_seconds=32 * DAY)

    client.invoices.pay(
        client.subscriptions.retrieve(subscription.id).latest_invoice, {"payment_method": "pm_card_visa"}
    )

    assert client.subscriptions.retrieve(subscription.id).status == "active"


def test_it_ends_with_its_period_unless_resumed(subscribe, client, control, hooks):
    subscription = subscribe()
    ending = client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at_period_end, ending.cancel_at is not None) == ("active", True, True)
    resumed = client.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (resumed.cancel_at, resumed.canceled_at) == (None, None)
    client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    control("clock", advance_seconds=32 * DAY)

    assert client.subscriptions.retrieve(subscription.id).status == "canceled"
    assert len(client.invoices.list({"subscription": subscription.id}).data) == 1
    hooks.wait_for("customer.subscription.deleted")


def test_it_can_be_ended_at_once(subscribe, client):
    subscription = subscribe()

    assert client.subscriptions.cancel(subscription.id).status == "canceled"
    assert client.subscriptions.list({"customer": subscription.customer}).data == []
    assert len(client.subscriptions.list({"customer": subscription.customer, "status": "all"}).data) == 1


def change(client, subscription, new_price, **more):
    item = subscription.items.data[0]
    return client.subscriptions.update(subscription.id, {"items": [{"id": item.id, "price": new_price.id}], **more})


UPGRADE = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}


def test_an_upgrade_is_prorated_and_charged_at_once(subscribe, client, control, price):
    subscription = subscribe()
    item = subscription.items.data[0]
    control("clock", advance_seconds=(item.current_period_end - item.current_period_start) // 2)

    after = change(client, subscription, price("premium", 9_900), **UPGRADE)

    assert after.pending_update is None
    assert after.items.data[0].price.unit_amount == 9_900
    invoice = client.invoices.retrieve(after.latest_invoice)
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert invoice.amount_paid == pytest.approx((9_900 - 2_900) / 2, abs=2)
    assert [line.amount < 0 for line in invoice.lines.data] == [True, False]


def test_an_unpaid_upgrade_waits_and_is_applied_when_paid(subscribe, client, customer, price, hooks):
    subscription = subscribe()
    failing = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.subscriptions.update(subscription.id, {"default_payment_method": failing.id})

    waiting = change(client, subscription, price("premium", 9_900), **UPGRADE)
    assert waiting.items.data[0].price.unit_amount == 2_900
    assert waiting.pending_update.subscription_items[0].price.unit_amount == 9_900
    assert waiting.status == "active"
    client.invoices.pay(waiting.latest_invoice, {"payment_method": "pm_card_visa"})

    after = client.subscriptions.retrieve(subscription.id)
    assert (after.pending_update, after.items.data[0].price.unit_amount) == (None, 9_900)
    hooks.wait_for("customer.subscription.pending_update_applied")


def test_an_unpaid_upgrade_is_dropped_after_23_hours(subscribe, client, customer, price, control, hooks):
    subscription = subscribe()
    failing = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.subscriptions.update(subscription.id, {"default_payment_method": failing.id})
    change(client, subscription, price("premium", 9_900), **UPGRADE)

    control("clock", advance_seconds=24 * 3600)

    after = client.subscriptions.retrieve(subscription.id)
    assert (after.pending_update, after.items.data[0].price.unit_amount) == (None, 2_900)
    hooks.wait_for("customer.subscription.pending_update_expired")


def test_a_downgrade_without_proration_charges_nothing_now(subscribe, client, control, price):
    subscription = subscribe()

    after = change(client, subscription, price("lighter", 900), proration_behavior="none")
    assert len(client.invoices.list({"subscription": subscription.id}).data) == 1
    control("clock", advance_seconds=32 * DAY)

    assert after.items.data[0].price.unit_amount == 900
    assert client.invoices.list({"subscription": subscription.id}).data[0].amount_paid == 900


def test_from_monthly_to_yearly_a_new_period_starts(subscribe, client, price):
    subscription = subscribe()

    after = change(client, subscription, price("professional", 29_000, "year"), **UPGRADE)

    item = after.items.data[0]
    assert item.current_period_end - item.current_period_start >= 365 * DAY
    assert client.invoices.retrieve(after.latest_invoice).amount_paid == pytest.approx(29_000 - 2_900, abs=3)


def test_a_credit_left_over_is_used_next_time(subscribe, client, control, price, customer):
    subscription = subscribe()

    change(client, subscription, price("lighter", 900), proration_behavior="always_invoice")
    credit = -client.customers.retrieve(customer.id).balance
    assert credit == pytest.approx(2_000, abs=2)
    control("clock", advance_seconds=62 * DAY)

    renewals = client.invoices.list({"subscription": subscription.id, "limit": 2}).data
    assert [each.amount_due for each in renewals] == [0, 0]


def test_a_plan_is_bought_on_the_hosted_page(client, customer, price, hooks):
    session = client.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price().id, "quantity": 1}],
            "success_url": "http://shop.test/plan",
            "metadata": {"kind": "tier"},
            "subscription_data": {"metadata": {"kind": "tier", "uuid": "s-9"}},
        }
    )
    page = requests.get(session.url, timeout=5).text
    assert "Billed every month" in page

    card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    requests.post(session.url, data=card, allow_redirects=False, timeout=5)

    after = client.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert (after.status, after.subscription.status, after.invoice.status) == ("complete", "active", "paid")
    assert after.subscription.metadata.to_dict() == {"kind": "tier", "uuid": "s-9"}
    hooks.wait_for("checkout.session.completed")


def test_deleting_a_customer_ends_its_subscriptions(subscribe, client, customer):
    subscription = subscribe()

    client.customers.delete(customer.id)

    assert client.subscriptions.retrieve(subscription.id).status == "canceled"
