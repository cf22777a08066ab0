"""Stored cards: kept once, one default, forgotten at Stripe when dropped."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.payments import jobs
from services.payments.models import PaymentMethod
from services.payments.operations import upkeep
from services.payments.operations.cards import sync_setup_of_event
from services.payments.tests.factories import ANA, BEN, World
from shared.clock import frozen_at, utc_now
from shared.database import transaction
from shared.messaging.testing import message
from shared.testing.http import Caller


def test_a_card_is_stored_once(world: World, http: Caller) -> None:
    ana = http.as_user(ANA)

    first = ana.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"})
    again = ana.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"})
    other = ana.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_mastercard", "is_default": True})

    assert (first.status, again.status, other.status) == (201, 200, 201), first
    assert first.json["id"] == again.json["id"]
    assert (first.json["last4"], first.json["is_default"], first.json["is_expired"]) == ("4242", True, "false")
    shown = ana.get("/payment-methods/").json
    assert [(card["brand"], card["is_default"]) for card in shown["results"]] == [("mastercard", True), ("visa", False)]
    assert http.as_user(BEN).get("/payment-methods/").json["count"] == 0
    assert http.as_user(BEN).get(f"/payment-methods/{first.json['id']}/").status == 404
    assert ana.get("/payment-methods/?search=vis").json["count"] == 1


def test_dropping_the_default_makes_the_newest_other_one(world: World, http: Caller) -> None:
    ana, first, second = http.as_user(ANA), world.card(), world.card("pm_card_mastercard")

    assert ana.delete(f"/payment-methods/{first}/").status == 204
    world.work()

    [left] = ana.get("/payment-methods/").json["results"]
    assert (left["id"], left["is_default"]) == (second, True)
    assert ana.get(f"/payment-methods/{first}/").status == 404
    customers = world.sandbox.listed("customers")
    assert customers[0]["invoice_settings"]["default_payment_method"] == left["stripe_payment_method_id"]


def test_the_default_is_chosen(world: World, http: Caller) -> None:
    ana, first, second = http.as_user(ANA), world.card(), world.card("pm_card_mastercard")

    assert ana.post(f"/payment-methods/{second}/set_default/").json["is_default"] is True
    assert ana.get(f"/payment-methods/{first}/").json["is_default"] is False
    stale = ana.having(If_Match='"1"').patch(f"/payment-methods/{second}/", {"is_default": True})
    assert stale.status == 412
    assert ana.patch(f"/payment-methods/{first}/", {"is_default": False}).json["is_default"] is False
    assert ana.put(f"/payment-methods/{first}/", {"is_active": False}).json["is_active"] is False


def test_an_expired_card_is_no_default(world: World, http: Caller) -> None:
    ana, card = http.as_user(ANA), world.card()
    year = ana.get(f"/payment-methods/{card}/").json["exp_year"]

    with frozen_at(datetime(year + 2, 1, 1, tzinfo=UTC)):
        from services.payments.domain.errors import CardExpired
        from services.payments.operations.cards import own_card, set_default
        from shared.clock import utc_now

        with pytest.raises(CardExpired), world.database.transaction() as session:
            set_default(session, own_card(session, user_id=ANA, card_id=card), now=utc_now())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stripe_payment_method_id": ""},
        {"stripe_payment_method_id": "4242424242424242"},
        {"stripe_payment_method_id": "pm_1", "number": "4242424242424242"},
        {"stripe_payment_method_id": "pm_1", "source": {"number": "4242"}},
    ],
)
def test_card_data_never_comes_in(world: World, http: Caller, body: dict[str, Any]) -> None:
    answer = http.as_user(ANA).post("/payment-methods/", body)

    assert (answer.status, answer.code) == (400, "validation_error")
    assert "4242" not in str(answer.json)


def test_a_card_that_can_not_be_saved(world: World, http: Caller) -> None:
    answer = http.as_user(ANA).post("/payment-methods/", {"stripe_payment_method_id": "pm_card_chargeDeclined"})

    assert (answer.status, answer.code) == (402, "card_declined")


def test_a_setup_intent_for_the_page(world: World, http: Caller) -> None:
    made = http.as_user(ANA).post("/payment-methods/setup_intent/", {})

    assert made.status == 201
    assert made.json["client_secret"].startswith(made.json["setup_intent_id"])
    assert http.get("/payments/config/").json["currency"] == "USD"


def test_a_bank_may_renew_a_card(world: World, http: Caller) -> None:
    from services.payments.operations.cards import sync_card

    card = world.card()
    method = http.as_user(ANA).get(f"/payment-methods/{card}/").json["stripe_payment_method_id"]
    world.sandbox.control(f"payment_methods/{method}/renew", exp_month=7, exp_year=2040, last4="1881")

    with world.database.transaction() as session:
        assert sync_card(session, world.stripe.call("payment_methods.retrieve", method, {}))

    shown = http.as_user(ANA).get(f"/payment-methods/{card}/").json
    assert (shown["exp_month"], shown["exp_year"], shown["last4"]) == (7, 2040, "1881")


def test_a_card_that_its_bank_confirmed_is_stored_though_the_page_never_came_back(world: World, http: Caller) -> None:
    """`setup_intent.succeeded`: the payer confirmed and closed the browser; told twice, stored once."""
    ana = http.as_user(ANA)
    started = ana.post("/payment-methods/setup_intent/", {})
    world.sandbox.control(f"intents/{started.json['setup_intent_id']}/confirm", card="4242424242424242")

    for _ in range(2):
        told = world.stripe.call(
            "setup_intents.retrieve", started.json["setup_intent_id"], {"expand": ["payment_method"]}
        )
        with transaction() as session:
            assert sync_setup_of_event(session, told)

    [card] = ana.get("/payment-methods/").json["results"]
    assert (card["last4"], card["is_default"]) == ("4242", True)
    stored = ana.post("/payment-methods/", {"stripe_payment_method_id": card["stripe_payment_method_id"]})
    assert (stored.status, stored.json["id"]) == (200, card["id"])


def test_its_webhook_reaches_it(world: World, http: Caller) -> None:
    started = http.as_user(ANA).post("/payment-methods/setup_intent/", {})
    world.sandbox.control(f"intents/{started.json['setup_intent_id']}/confirm", card="4242424242424242")

    upkeep.catch_up(world.stripe, now=utc_now())
    world.work()

    assert http.as_user(ANA).get("/payment-methods/").json["count"] == 1


def test_a_card_in_its_last_month_is_told_once_and_then_replaced(world: World, http: Caller) -> None:
    ana, ending = http.as_user(ANA), world.card()
    lasting = world.card("pm_card_mastercard")
    with world.database.transaction() as session:
        card = session.get_one(PaymentMethod, ending)
        card.exp_year, card.exp_month = 2027, 5
        session.get_one(PaymentMethod, lasting).exp_year = 2030

    for day in (1, 20, 31):
        with frozen_at(datetime(2027, 5, day, 4, 10, tzinfo=UTC)):
            jobs.cards_expiring()
    [told] = world.told("payment_method.expiring")
    assert (told["user_id"], told["last4"], told["exp_month"], told["renews"]) == (ANA, "4242", 5, False)
    assert ana.get(f"/payment-methods/{ending}/").json["is_default"] is True

    with frozen_at(datetime(2027, 6, 1, 11, 59, tzinfo=UTC)):
        jobs.cards_expiring()
        # Somewhere on earth it is still May.
        assert ana.get(f"/payment-methods/{ending}/").json["is_default"] is True
    with frozen_at(datetime(2027, 6, 1, 12, 1, tzinfo=UTC)):
        jobs.cards_expiring()
    assert ana.get(f"/payment-methods/{lasting}/").json["is_default"] is True


def test_stripe_hears_of_a_new_name_and_address(world: World) -> None:
    world.card()
    told = {"id": ANA, "uuid": str(UUID(int=ANA)), "email": "ana@new.example", "display_name": "Ana Neu"}
    for sequence in (7, 7, 6):
        world.apply(message("user.changed", told, subject=("user", ANA), sequence=sequence))
    world.work()

    [customer] = world.sandbox.listed("customers")
    assert (customer["email"], customer["name"]) == ("ana@new.example", "Ana Neu")
