"""Checkout Sessions, and the page that a person pays on."""

import re
import time

import pytest
import requests
import stripe

VISA = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


@pytest.fixture
def session(client, customer):
    def make(**more):
        return client.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": "usd",
                            "unit_amount": 12_500,
                            "product_data": {"name": "Deep tissue massage", "description": "60 minutes"},
                        },
                    }
                ],
                "customer": customer.id,
                "client_reference_id": "o-1",
                "success_url": "http://shop.test/paid?session_id={CHECKOUT_SESSION_ID}",
                "cancel_url": "http://shop.test/cart",
                "expires_at": int(time.time()) + 31 * 60,
                "payment_intent_data": {"metadata": {"order_uuid": "o-1"}, "transfer_group": "order_o-1"},
                "allowed_payment_method_types": ["card"],
                **more,
            }
        )

    return make


def test_a_person_pays_on_the_page(session, client, hooks):
    made = session()
    assert (made.status, made.payment_status, made.payment_intent) == ("open", "unpaid", None)
    page = requests.get(made.url, timeout=5)
    assert "Deep tissue massage" in page.text
    assert "$125.00" in page.text
    assert 'href="http://shop.test/cart"' in page.text
    assert re.search(r'<link rel="stylesheet" href="/assets/style.css">', page.text)

    paid = requests.post(made.url, data=VISA, allow_redirects=False, timeout=5)

    assert (paid.status_code, paid.headers["Location"]) == (303, f"http://shop.test/paid?session_id={made.id}")
    after = client.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent.latest_charge", "line_items"]})
    assert (after.status, after.payment_status, after.amount_total) == ("complete", "paid", 12_500)
    assert after.payment_intent.metadata["order_uuid"] == "o-1"
    assert after.payment_intent.latest_charge.transfer_group == "order_o-1"
    assert after.line_items.data[0].description == "Deep tissue massage"
    event = hooks.wait_for("checkout.session.completed")[0]
    assert event["data"]["object"]["client_reference_id"] == "o-1"
    assert requests.get(made.url or after.success_url, allow_redirects=False, timeout=5).status_code == 303


def test_a_declined_card_leaves_the_page_open_for_another(session, client):
    made = session()
    refused = requests.post(made.url, data={**VISA, "number": "4000000000009995"}, timeout=5)
    assert refused.status_code == 402
    assert "insufficient funds" in refused.text

    paid = requests.post(made.url, data=VISA, allow_redirects=False, timeout=5)

    assert paid.status_code == 303
    intents = client.payment_intents.list({"customer": made.customer}).data
    assert [each.status for each in intents] == ["succeeded"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"number": "4242424242424241"}, "card number is incorrect"),
        ({"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, "card number is incorrect"),
        ({"expiry": "13 / 34"}, "expiration month is invalid"),
        ({"expiry": "12 / 20"}, "expiration year is invalid"),
        ({"expiry": ""}, "expiration date is incomplete"),
        ({"cvc": "1"}, "security code is incomplete"),
        ({"number": "5105105105105100"}, "non test card"),
    ],
)
def test_a_wrongly_typed_card_is_told(session, typed, message):
    refused = requests.post(session().url, data={**VISA, **typed}, timeout=5)

    assert refused.status_code == 402
    assert message in refused.text


@pytest.mark.parametrize("accept", [True, False])
def test_the_bank_may_ask_first(session, client, accept):
    made = session()
    asked = requests.post(made.url, data={**VISA, "number": "4000002760003184"}, allow_redirects=False, timeout=5)
    bank = asked.headers["Location"]
    assert "Is this you?" in requests.get(bank, timeout=5).text

    decided = requests.post(bank, data={"decision": "accept" if accept else "refuse"}, allow_redirects=False, timeout=5)
    back = requests.get(decided.headers["Location"], allow_redirects=False, timeout=5)

    status = client.checkout.sessions.retrieve(made.id).status
    if accept:
        assert (back.headers["Location"], status) == (f"http://shop.test/paid?session_id={made.id}", "complete")
    else:
        assert "failed authentication" in back.text
        assert status == "open"


def test_an_expired_session_cannot_be_paid(session, client, control, hooks):
    made = session()
    requests.post(made.url, data={**VISA, "number": "4000000000000002"}, timeout=5)

    assert client.checkout.sessions.expire(made.id).status == "expired"

    hooks.wait_for("checkout.session.expired")
    page = requests.get(made.url, timeout=5)
    assert (page.status_code, "expired" in page.text) == (410, True)
    requests.post(made.url, data=VISA, allow_redirects=False, timeout=5)
    intents = client.payment_intents.list({"customer": made.customer}).data
    assert [each.status for each in intents] == ["canceled"]
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `expired`"):
        client.checkout.sessions.expire(made.id)


def test_a_session_expires_by_itself(session, client, control):
    made = session()

    control("clock", advance_seconds=32 * 60)

    assert client.checkout.sessions.retrieve(made.id).status == "expired"
    assert client.checkout.sessions.list({"status": "open"}).data == []


def test_a_paid_session_cannot_be_expired(session, client, control):
    made = session()
    told = control(f"checkout/{made.id}/pay", card="4242424242424242")
    assert told["session"]["status"] == "complete"

    with pytest.raises(stripe.InvalidRequestError, match="has a status of `complete`"):
        client.checkout.sessions.expire(made.id)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at"),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "subscription_data"),
        ({"line_items": []}, "line_items"),
        ({"success_url": None}, "success_url"),
    ],
)
def test_what_cannot_be_is_refused(session, change, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        session(**change)

    assert refused.value.param == param


def test_a_card_is_saved_on_the_page(client, customer):
    made = client.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": "http://shop.test/saved",
        }
    )

    requests.post(made.url, data=VISA, allow_redirects=False, timeout=5)

    assert client.checkout.sessions.retrieve(made.id).status == "complete"
    assert [each.card.last4 for each in client.payment_methods.list({"customer": customer.id})] == ["4242"]


def test_a_browser_pays_an_intent_by_its_secret(client, customer, base_url):
    intent = client.payment_intents.create({"amount": 700, "currency": "usd", "customer": customer.id})
    page = f"{base_url}/pay/{intent.client_secret}"
    assert "$7.00" in requests.get(page, timeout=5).text

    paid = requests.post(page, data={**VISA, "return_url": "http://shop.test/r?a=1"}, allow_redirects=False, timeout=5)

    assert paid.headers["Location"].startswith(f"http://shop.test/r?a=1&payment_intent={intent.id}&")
    assert client.payment_intents.retrieve(intent.id).status == "succeeded"
    assert requests.get(f"{base_url}/pay/{intent.id}_secret_guess", timeout=5).status_code == 404


def test_the_overview_shows_what_happened(session, base_url):
    session()

    page = requests.get(f"{base_url}/", timeout=5)

    assert "Deep tissue massage" in page.text
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
