"""Customers, cards, payment intents, charges, refunds, disputes and the balance."""

import time

import pytest
import stripe


def test_a_customer_is_made_changed_and_deleted(client, customer, control):
    changed = client.customers.update(customer.id, {"name": "Anna", "metadata": {"user_id": "", "tier": "basic"}})

    assert (changed.name, changed.email, changed.metadata.to_dict()) == ("Anna", "ana@example.com", {"tier": "basic"})
    assert client.customers.list({"email": "ana@example.com"}).data[0].id == customer.id
    assert client.customers.delete(customer.id).deleted
    assert client.customers.retrieve(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.payment_methods.attach("pm_card_visa", {"customer": customer.id})


def test_a_card_is_saved_made_default_and_removed(client, customer):
    card = client.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    twin = client.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})

    held = client.payment_methods.retrieve(card.id)
    assert (held.card.brand, held.card.last4, held.customer) == ("mastercard", "4444", customer.id)
    assert twin.card.fingerprint == card.card.fingerprint
    assert client.customers.retrieve(customer.id).invoice_settings.default_payment_method == card.id
    assert [each.id for each in client.payment_methods.list({"customer": customer.id, "type": "card"})] == [card.id]

    assert client.payment_methods.detach(card.id).customer is None
    assert client.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.payment_methods.attach(card.id, {"customer": customer.id})


def test_a_card_may_be_typed_as_a_test_number(client):
    card = client.payment_methods.create(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 3, "exp_year": 2044, "cvc": "123"}}
    )

    assert (card.card.last4, card.card.exp_month, card.card.exp_year) == ("4242", 3, 2044)
    with pytest.raises(stripe.CardError) as refused:
        client.payment_methods.create(
            {"type": "card", "card": {"number": "4111111111111111", "exp_month": 3, "exp_year": 2044, "cvc": "123"}}
        )
    assert refused.value.error.decline_code == "test_mode_live_card"


def test_a_saved_card_pays(pay, client, hooks):
    intent = pay()

    assert intent.status == "succeeded"
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"
    assert client.charges.retrieve(intent.latest_charge.id).metadata["order_uuid"] == "o-1"
    assert client.charges.list({"payment_intent": intent.id}).data[0].id == intent.latest_charge.id
    event = hooks.wait_for("payment_intent.succeeded")[0]
    assert event["data"]["object"]["id"] == intent.id
    assert {"payment_intent.created", "charge.succeeded"} <= {each["type"] for each in hooks.events()}


def test_stripes_fee_is_known_a_moment_later(pay, client, hooks):
    intent = pay(amount=10_000)
    assert intent.latest_charge.balance_transaction is None

    hooks.wait_for("charge.updated")
    charge = client.charges.retrieve(intent.latest_charge.id, {"expand": ["balance_transaction"]})
    movement = charge.balance_transaction
    assert (movement.amount, movement.fee, movement.net) == (10_000, 320, 9_680)
    assert client.balance.retrieve().available[0].amount == 9_680
    assert [each.id for each in client.balance_transactions.list({"type": "charge"})] == [movement.id]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
    ],
)
def test_a_declined_card_says_why(pay, client, hooks, card, code, decline_code):
    with pytest.raises(stripe.CardError) as refused:
        pay(card)

    error = refused.value.error
    assert (error.type, error.code, getattr(error, "decline_code", None)) == ("card_error", code, decline_code)
    intent = client.payment_intents.retrieve(error.payment_intent.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == code
    assert intent.payment_method is None
    hooks.wait_for("payment_intent.payment_failed")
    assert (
        client.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_visa", "return_url": "http://shop.test/"}
        ).status
        == "succeeded"
    )


def test_a_card_that_declines_cannot_be_saved_but_0341_can(client, customer, pay):
    with pytest.raises(stripe.CardError):
        client.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})

    saved = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError) as refused:
        pay(saved.id)
    assert refused.value.code == "card_declined"


def test_somebody_elses_card_is_refused(client, customer, pay):
    other = client.customers.create({"email": "other@example.com"})
    card = client.payment_methods.attach("pm_card_visa", {"customer": other.id})

    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        pay(card.id)


@pytest.mark.parametrize("accept", [True, False])
def test_authentication_is_accepted_or_refused(pay, client, control, hooks, accept):
    intent = pay("pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    assert intent.next_action.type == "use_stripe_sdk"
    hooks.wait_for("payment_intent.requires_action")

    control(f"intents/{intent.id}/authenticate", accept=accept)

    after = client.payment_intents.retrieve(intent.id)
    assert after.status == ("succeeded" if accept else "requires_payment_method")
    if not accept:
        assert after.last_payment_error.code == "payment_intent_authentication_failure"


def test_authentication_redirects_when_there_is_somewhere_to_return_to(pay):
    intent = pay(
        "pm_card_authenticationRequired",
        return_url="http://shop.test/back",
        automatic_payment_methods={"enabled": True, "allow_redirects": "always"},
    )

    assert intent.next_action.redirect_to_url.return_url == "http://shop.test/back"


def test_off_session_a_card_that_wants_its_payer_is_declined(pay):
    with pytest.raises(stripe.CardError) as refused:
        pay("pm_card_authenticationRequired", off_session=True)

    assert refused.value.code == "authentication_required"


def test_3155_is_charged_off_session_once_it_is_set_up(client, customer, control, pay):
    setup = client.setup_intents.create(
        {
            "customer": customer.id,
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
        }
    )
    assert setup.status == "requires_action"
    control(f"intents/{setup.id}/authenticate")

    done = client.setup_intents.retrieve(setup.id)
    assert done.status == "succeeded"
    assert client.payment_methods.retrieve(done.payment_method).customer == customer.id
    assert pay(done.payment_method, off_session=True).status == "succeeded"


def test_a_setup_intent_is_completed_by_a_browser(client, customer, control, hooks):
    setup = client.setup_intents.create({"customer": customer.id, "usage": "off_session"})
    assert setup.status == "requires_payment_method"

    control(f"intents/{setup.id}/confirm", card="5555555555554444")

    hooks.wait_for("setup_intent.succeeded")
    saved = client.payment_methods.list({"customer": customer.id}).data
    assert [each.card.brand for each in saved] == ["mastercard"]


def test_an_unpaid_intent_can_be_canceled_a_paid_one_cannot(client, pay):
    open_intent = client.payment_intents.create({"amount": 500, "currency": "usd"})
    paid = pay()

    assert client.payment_intents.cancel(open_intent.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.payment_intents.cancel(paid.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded"):
        client.payment_intents.confirm(paid.id)


@pytest.mark.parametrize(
    ("amount", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large"), (0, "parameter_invalid_integer")]
)
def test_amounts_have_bounds(client, amount, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.payment_intents.create({"amount": amount, "currency": "usd"})

    assert (refused.value.code, refused.value.param) == (code, "amount")


def test_redirecting_methods_need_a_return_url(client, customer):
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.payment_intents.create(
            {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
        )


def test_lists_are_paged_newest_first(client, control):
    made = [client.customers.create({"name": str(number)}).id for number in range(5)]

    page = client.customers.list({"limit": 2})
    assert ([each.id for each in page.data], page.has_more) == ([made[4], made[3]], True)
    older = client.customers.list({"limit": 2, "starting_after": made[3]})
    assert [each.id for each in older.data] == [made[2], made[1]]
    newer = client.customers.list({"limit": 2, "ending_before": made[2]})
    assert [each.id for each in newer.data] == [made[4], made[3]]
    assert [each.id for each in client.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert client.customers.list({"created": {"gt": int(time.time()) + 60}}).data == []


def test_events_are_kept(client, pay):
    intent = pay()

    events = client.events.list({"type": "payment_intent.succeeded"}).data
    assert [each.data.object.id for each in events] == [intent.id]
    assert client.events.retrieve(events[0].id).type == "payment_intent.succeeded"
    assert {each.type for each in client.events.list({"types": ["charge.*", "payment_intent.created"]})} == {
        "charge.succeeded",
        "payment_intent.created",
    }


def test_a_renewed_card_is_told(client, customer, control, hooks):
    card = client.payment_methods.attach("pm_card_visa", {"customer": customer.id})

    control(f"payment_methods/{card.id}/renew", exp_year=2050)

    hooks.wait_for("payment_method.automatically_updated")
    assert client.payment_methods.retrieve(card.id).card.exp_year == 2050
