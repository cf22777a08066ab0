"""Signed webhooks, their retries, and the trouble that can be made with them."""

import json
import time
from urllib.error import HTTPError

import pytest
import stripe

SECRET = "whsec_for_the_tests"


def test_stripes_own_check_accepts_the_signature(pay, library, hooks):
    pay()
    hooks.wait_for("payment_intent.succeeded")

    for body, signature in hooks.hooks:
        event = library.construct_event(body, signature, SECRET)
        assert (event.object, event.livemode, event.api_version) == ("event", False, "2026-10-28.endive")
    with pytest.raises(stripe.SignatureVerificationError):
        library.construct_event(hooks.hooks[0][0] + b" ", hooks.hooks[0][1], SECRET)


def test_events_say_which_request_caused_them(pay, hooks):
    pay(key="order:1:pi:1")

    event = hooks.wait_for("payment_intent.succeeded")[0]
    assert event["request"]["idempotency_key"] == "order:1:pi:1"
    assert event["request"]["id"].startswith("req_")


def test_a_refused_webhook_is_sent_again(client, control, hooks):
    hooks.statuses.append(500)

    client.customers.create({"email": "again@example.com"})

    first, second = hooks.wait_for("customer.created", count=2)
    assert first["id"] == second["id"]
    time.sleep(0.1)
    told = control("webhooks", "GET")["webhooks"][0]
    assert (told["state"], told["attempts"], told["last_status"]) == ("delivered", 2, 200)


def test_webhooks_can_be_lost_and_sent_after_all(client, control, hooks):
    control("webhooks/policy", "PUT", drop_rate=1.0, types=["customer."])
    client.customers.create({"email": "lost@example.com"})
    client.products.create({"name": "Massage"})
    hooks.wait_for("product.created")
    assert hooks.events("customer.") == []
    lost = control("webhooks?state=dropped", "GET")["webhooks"]

    control("webhooks/resend", event=lost[0]["event_id"])

    hooks.wait_for("customer.created")


def test_webhooks_can_come_several_times_late_and_out_of_order(client, control, hooks):
    control("webhooks/policy", "PUT", repeat=3, shuffle_seconds=0.6, seed=4)

    for number in range(5):
        client.customers.create({"name": str(number)})

    names = [each["data"]["object"]["name"] for each in hooks.wait_for("customer.created", count=15)]
    assert sorted(names) == sorted("01234" * 3)
    assert names != sorted(names)


def test_webhooks_can_be_delayed(client, control, hooks):
    control("webhooks/policy", "PUT", delay_seconds=0.5)
    started = time.monotonic()

    client.customers.create({"name": "late"})

    hooks.wait_for("customer.created")
    assert time.monotonic() - started >= 0.5
    control("webhooks/policy", "DELETE")


def test_a_registered_endpoint_hears_what_it_asked_for(client, control, receiver, hooks, library):
    url, _ = receiver
    endpoint = client.webhook_endpoints.create({"url": url, "enabled_events": ["product.created"]})
    assert not hasattr(client.webhook_endpoints.retrieve(endpoint.id), "secret")

    client.products.create({"name": "Massage"})
    client.customers.create({})

    hooks.wait_for("product.created", count=2)
    hooks.wait_for("customer.created")
    mine = 0
    for body, signature in hooks.hooks:
        try:
            library.construct_event(body, signature, endpoint.secret)
        except stripe.SignatureVerificationError:
            continue
        mine += 1
        assert json.loads(body)["type"] == "product.created"
    assert mine == 1
    client.webhook_endpoints.update(endpoint.id, {"disabled": True})
    assert client.webhook_endpoints.delete(endpoint.id).deleted


def test_an_unknown_trouble_is_refused(control):
    with pytest.raises(HTTPError) as refused:
        control("webhooks/policy", "PUT", lose=1)

    assert refused.value.code == 400
    refused.value.close()


def test_nothing_of_before_comes_after_a_reset(client, control, hooks):
    hooks.seconds_to_read = 0.3
    for number in range(6):
        client.customers.create({"email": f"before{number}@example.com"})

    control("reset")
    came = len(hooks.hooks)

    time.sleep(0.5)
    assert len(hooks.hooks) == came
