"""Keys, idempotency, unknown things, expansions and trouble with calls."""

import threading
import time

import pytest
import requests
import stripe


def test_a_repeated_key_gets_the_same_answer_and_charges_once(pay, client):
    first, again = pay(key="order:1:pi:1"), pay(key="order:1:pi:1")

    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.request_id
    assert first.last_response.request_id != again.last_response.request_id
    assert len(client.charges.list().data) == 1


def test_a_repeated_key_hears_the_same_decline(pay, client):
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            pay("pm_card_chargeDeclined", key="order:2:pi:1")
    assert refused.value.headers["Idempotent-Replayed"] == "true"
    assert len(client.payment_intents.list().data) == 1


def test_a_key_with_other_parameters_is_refused(pay, client):
    pay(key="order:3:pi:1")

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        pay(key="order:3:pi:1", amount=5)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.customers.create({}, options={"idempotency_key": "order:3:pi:1"})


def test_a_key_is_forgotten_after_a_day(client, control):
    first = client.customers.create({}, options={"idempotency_key": "k"})
    control("clock", advance_seconds=23 * 3600)
    assert client.customers.create({}, options={"idempotency_key": "k"}).id == first.id

    control("clock", advance_seconds=3700)

    assert client.customers.create({}, options={"idempotency_key": "k"}).id != first.id


def test_a_refusal_before_the_call_began_is_not_kept(client):
    with pytest.raises(stripe.InvalidRequestError):
        client.payment_intents.create({"amount": "many", "currency": "usd"}, options={"idempotency_key": "k2"})

    assert (
        client.payment_intents.create({"amount": 500, "currency": "usd"}, options={"idempotency_key": "k2"}).amount
        == 500
    )


def test_a_key_that_is_in_use_is_a_conflict(control, base_url):
    control("faults", path="/v1/customers", when="after", delay_seconds=0.6)
    headers = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "same"}
    answers = []

    def call():
        answers.append(requests.post(f"{base_url}/v1/customers", headers=headers, timeout=5))

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (
        requests.post(f"{base_url}/v1/customers", headers=headers, timeout=5).headers["Idempotent-Replayed"] == "true"
    )


@pytest.mark.parametrize("drop", [True, False])
def test_an_answer_lost_after_the_charge_is_not_charged_again(pay, client, control, drop):
    control("faults", path="/v1/payment_intents", when="after", **({"drop": True} if drop else {"delay_seconds": 0.3}))

    intent = pay(key="order:4:pi:1")  # The library repeats it by itself.

    assert intent.status == "succeeded"
    assert len(client.charges.list().data) == 1


def test_a_failure_before_the_call_is_healed_by_repeating(pay, client, control):
    control("faults", path="/v1/payment_intents", status=503, times=2)

    assert pay(key="order:5:pi:1").status == "succeeded"
    assert len(client.payment_intents.list().data) == 1


def test_a_failure_after_the_charge_is_repeated_for_its_key(pay, client, control):
    control("faults", path="/v1/payment_intents", when="after", status=500)

    with pytest.raises(stripe.APIError):
        pay(key="order:6:pi:1")
    assert [each.status for each in client.payment_intents.list()] == ["succeeded"]
    with pytest.raises(stripe.APIError):
        pay(key="order:6:pi:1")


def test_too_many_requests(client, control):
    control("faults", status=429)

    with pytest.raises(stripe.RateLimitError):
        client.balance.retrieve()
    assert client.balance.retrieve().object == "balance"


def test_a_fault_that_says_nothing_is_refused(base_url, control):
    for wish in ({}, {"status": 500, "when": "never"}, {"color": "red"}):
        assert requests.post(f"{base_url}/_sandbox/faults", json=wish, timeout=5).status_code == 400
    assert control("faults", "DELETE") == {"faults": []}


def test_a_key_of_the_wrong_kind_is_refused(base_url):
    for key in ("", "Bearer pk_test_1", "Bearer sk_live_1", "Basic abc"):
        answer = requests.get(f"{base_url}/v1/balance", headers={"Authorization": key}, timeout=5)
        assert answer.status_code == 401
    other = stripe.StripeClient("sk_test_1", stripe_version="2019-01-01", base_addresses={"api": base_url})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        other.v1.balance.retrieve()


def test_an_unknown_call_is_named(client, control):
    with pytest.raises(stripe.InvalidRequestError, match=r"POST: /v1/coupons") as refused:
        client.coupons.create({"percent_off": 20})

    assert refused.value.http_status == 400


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"amount": 500, "currency": "usd", "color": "red"}, "color"),
        (
            {"amount": 500, "currency": "usd", "automatic_payment_methods": {"colour": "red"}},
            "automatic_payment_methods[colour]",
        ),
        ({"amount": 500}, "currency"),
        ({"amount": "5.00", "currency": "usd"}, "amount"),
        ({"amount": 500, "currency": "usd", "metadata": {"a": "x" * 501}}, "metadata[a]"),
        ({"amount": 500, "currency": "usd", "confirm": "perhaps"}, "confirm"),
        ({"amount": 500, "currency": "xxx"}, "currency"),
        ({"amount": 500, "currency": "usd", "customer": "cus_nobody"}, "customer"),
        ({"amount": 500, "currency": "usd", "payment_method_types": ["card"]}, "payment_method_types"),
    ],
)
def test_a_wrong_parameter_is_named(client, control, params, named):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.payment_intents.create(params)

    assert (refused.value.param, refused.value.http_status) == (named, 400)


def test_an_unknown_object_is_not_found(client, control):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.payment_intents.retrieve("pi_nothing")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_members_are_expanded_on_request(client, pay):
    intent = pay(expand=["latest_charge.customer", "payment_method"])

    assert intent.latest_charge.customer.name == "Ana"
    assert intent.payment_method.card.last4 == "4242"
    listed = client.payment_intents.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.email == "ana@example.com"
    charge = client.charges.retrieve(intent.latest_charge.id, {"expand": ["refunds"]})
    assert charge.refunds.data == []
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.payment_intents.retrieve(intent.id, {"expand": ["amount"]})
