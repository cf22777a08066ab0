"""Plans and memberships: paid, changed, canceled, lapsed; access follows what was paid."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from services.payments.models import Membership
from services.payments.operations import plans, subscriptions
from services.payments.tests.factories import ANA, BEN, PAT, PRACTITIONER, STAFF, World
from shared.clock import shifted_by, utc_now
from shared.database import transaction
from shared.messaging.testing import message
from shared.testing.http import Caller


def stream(world: World, *, entry: int | None = 900, premium: int | None = 1_900) -> int:
    """Make a stream known."""
    data = {
        "id": 70,
        "public_uuid": str(UUID(int=7_000)),
        "practitioner_id": PRACTITIONER,
        "title": "Morning yoga",
        "entry_price_cents": entry,
        "premium_price_cents": premium,
        "is_active": True,
    }
    world.sequences[-70] = world.sequences.get(-70, 0) + 1
    world.apply(message("stream.changed", data, subject=("stream", 70), sequence=world.sequences[-70]))
    return 70


def test_tiers_and_rates_are_seeded(world: World, http: Caller) -> None:
    tiers = {tier["code"]: tier for tier in http.as_user(ANA).get("/subscriptions/tiers/").json}
    assert [tiers[code]["monthly_price"] for code in ("basic", "professional", "premium")] == ["0.00", "29.00", "99.00"]
    assert (tiers["professional"]["annual_savings"], tiers["professional"]["monthly_savings"]) == ("58.00", "4.83")
    assert tiers["professional"]["is_most_popular"] is True
    assert tiers["premium"]["stripe_product_id"] is None

    rates = {rate["service_type_code"]: rate for rate in http.as_user(PAT).get("/commissions/rates/").json}
    assert rates["workshop"]["effective_rate"] == "20.00"
    assert http.as_user(ANA).get("/commissions/rates/").status == 403


def test_commission_is_calculated(world: World, http: Caller) -> None:
    pat = http.as_user(PAT)

    answer = pat.post("/commissions/calculate/", {"gross_amount": "0.01", "service_type": "session"}).json
    assert (answer["commission_amount_cents"], answer["net_amount"]) == (0, "0.01")
    assert pat.post("/commissions/calculate/", {"gross_amount": "99.99", "service_type_id": 1}).json["tier"] == "basic"
    assert pat.post("/commissions/calculate/", {"gross_amount": "1", "service_type_id": "nope"}).status == 400
    assert pat.post("/commissions/calculate/", {"gross_amount": "0", "service_type": "session"}).status == 400


def test_a_plan_is_paid_in_the_call_and_lowers_the_commission(world: World, http: Caller) -> None:
    card, pat = world.card(user_id=PAT), http.as_user(PAT)

    made = pat.post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card})

    assert made.status == 201, made
    plan = made.json["subscription"]
    assert (plan["status"], plan["is_active"], plan["tier"]["code"]) == ("active", True, "professional")
    assert made.json["requires_action"] is False
    assert world.told("subscription.changed")[-1]["tier_code"] == "professional"
    assert world.balance("platform:plans") == 2_900
    [told] = world.told("payment.succeeded")
    assert (told["order_type"], told["subscription_id"]) == ("subscription", plan["id"])
    [invoice] = pat.get("/subscriptions/invoices/").json["results"]
    assert (invoice["amount"], invoice["status"]) == ("29.00", "paid")
    assert pat.get("/commissions/rates/").json[0]["effective_rate"] == "13.00"
    assert (
        pat.post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card}).code == "already_subscribed"
    )
    world.check_books()


def test_without_a_card_the_page_pays(world: World, http: Caller) -> None:
    pat = http.as_user(PAT)
    made = pat.post("/subscriptions/", {"tier_id": "premium", "is_annual": True}).json
    assert made["client_secret"]
    assert made["subscription"]["status"] == "incomplete"
    assert pat.post(f"/subscriptions/{made['subscription']['id']}/confirm_payment/").status == 202

    intent = world.sandbox.listed("payment_intents")[0]["id"]
    world.sandbox.control(f"intents/{intent}/confirm", card="4242424242424242")
    confirmed = pat.post(f"/subscriptions/{made['subscription']['id']}/confirm_payment/")

    assert (confirmed.status, confirmed.json["subscription"]["is_active"]) == (200, True)
    assert world.balance("platform:plans") == 99_000


def test_a_declined_plan_leaves_nothing(world: World, http: Caller) -> None:
    card = world.card("pm_card_chargeCustomerFail", user_id=PAT)

    answer = http.as_user(PAT).post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card})
    world.work()

    assert (answer.status, answer.code) == (402, "card_declined")
    assert http.as_user(PAT).get("/subscriptions/current/").status == 404
    assert world.sandbox.listed("subscriptions", status="all")[0]["status"] in ("canceled", "incomplete_expired")


def test_upward_at_once_downward_at_the_end(world: World, http: Caller) -> None:
    card, pat = world.card(user_id=PAT), http.as_user(PAT)
    plan = pat.post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card}).json["subscription"]

    up = pat.post(f"/subscriptions/{plan['id']}/upgrade/", {"tier_id": "premium"})
    assert up.status == 200, up
    assert up.json["subscription"]["tier"]["code"] == "premium"
    down = pat.patch(f"/subscriptions/{plan['id']}/", {"tier_id": "professional"})
    assert down.json["tier"]["code"] == "premium"
    assert down.json["pending_tier"] is not None

    world.sandbox.control("clock", advance_seconds=32 * 86_400)
    with shifted_by(timedelta(days=32)):
        subscriptions.refresh(world.stripe, plan["stripe_subscription_id"])
    assert pat.get(f"/subscriptions/{plan['id']}/").json["tier"]["code"] == "professional"
    world.check_books()


def test_canceled_time_is_kept_and_can_be_resumed(world: World, http: Caller) -> None:
    card, pat = world.card(user_id=PAT), http.as_user(PAT)
    plan = pat.post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card}).json["subscription"]

    canceled = pat.post(f"/subscriptions/{plan['id']}/cancel/").json
    assert (canceled["status"], canceled["auto_renew"], canceled["is_active"]) == ("canceled", False, True)
    assert canceled["end_date"] == canceled["current_period_end"]
    assert pat.post(f"/subscriptions/{plan['id']}/cancel/").code == "subscription_not_active"
    resumed = pat.post(f"/subscriptions/{plan['id']}/reactivate/").json
    assert (resumed["status"], resumed["auto_renew"]) == ("active", True)
    assert pat.delete(f"/subscriptions/{plan['id']}/").status == 204

    with shifted_by(timedelta(days=33)), transaction() as session:
        assert plans.let_lapse(session, now=utc_now()) == 1
    assert world.told("subscription.changed")[-1]["is_active"] is False
    assert pat.get("/commissions/rates/").json[0]["tier"] == "basic"


def test_a_past_due_plan_has_a_week_of_grace(world: World, http: Caller) -> None:
    card, pat = world.card(user_id=PAT), http.as_user(PAT)
    plan = pat.post("/subscriptions/", {"tier_id": "professional", "payment_method_id": card}).json["subscription"]
    told = world.stripe.call("subscriptions.retrieve", plan["stripe_subscription_id"], {})

    with transaction() as session:
        plans.sync_plan(session, {**told, "status": "past_due"})
    assert pat.get("/subscriptions/current/").json["is_active"] is True
    with shifted_by(timedelta(days=8)), transaction() as session:
        assert plans.let_lapse(session, now=utc_now()) == 1
    assert pat.get("/subscriptions/current/").status == 404


def test_only_staff_set_status(world: World, http: Caller) -> None:
    pat = http.as_user(PAT)
    plan = pat.post("/subscriptions/", {"tier_id": "basic"}).json["subscription"]
    assert (plan["status"], plan["stripe_subscription_id"]) == ("active", None)

    assert pat.patch(f"/subscriptions/{plan['id']}/", {"status": "trialing"}).status == 403
    assert (
        http.as_staff(STAFF).patch(f"/subscriptions/{plan['id']}/", {"status": "trialing"}).json["status"] == "trialing"
    )
    assert http.as_user(ANA).get(f"/subscriptions/{plan['id']}/").status == 404
    assert http.as_user(ANA).get("/subscriptions/").json["count"] == 0
    assert http.as_staff(STAFF).get("/subscriptions/?search=pat&tier=basic").json["count"] == 1
    assert http.as_user(ANA).post("/subscriptions/", {"tier_id": "basic"}).status == 403
    assert pat.post("/subscriptions/", {"tier_id": "gold"}).status == 400


def test_a_fan_joins_and_the_practitioner_earns(world: World, http: Caller) -> None:
    stream(world)
    card, ana = world.card(), http.as_user(ANA)

    made = ana.post("/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": card})

    assert made.status == 201, made
    membership = made.json["membership"]
    assert (membership["status"], membership["is_active"], membership["price"]) == ("active", True, "9.00")
    told = world.told("membership.changed")[-1]
    assert (told["tier"], told["is_active"], told["tier_name"]) == ("entry", True, "Entry")
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 765
    assert world.balance("platform:commission") == 135
    assert world.told("payment.succeeded")[-1]["stream_id"] == 70
    [earning] = http.as_user(PAT).get("/earnings/").json["results"]
    assert (earning["transaction_type"], earning["membership"]) == ("membership", membership["id"])
    assert (
        ana.post("/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": card}).code
        == "already_subscribed"
    )
    assert http.as_user(PAT).get("/memberships/?role=practitioner&search=an").json["count"] == 1
    assert http.as_user(BEN).get(f"/memberships/{membership['id']}/").status == 404
    world.check_books()


def test_a_renewal_is_earned_again_once(world: World, http: Caller) -> None:
    stream(world)
    made = http.as_user(ANA).post(
        "/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": world.card()}
    )
    with transaction() as session:
        subscription = session.scalars(select(Membership)).one().stripe_subscription_id

    stream(world, entry=1_200)
    world.sandbox.control("clock", advance_seconds=32 * 86_400)
    for _ in range(2):
        subscriptions.refresh(world.stripe, subscription)

    assert made.json["membership"]["price_cents"] == 900
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 2 * 765
    assert len(world.told("payment.succeeded")) == 2
    world.check_books()


def test_free_changes_and_leaving(world: World, http: Caller) -> None:
    stream(world)
    ana, card = http.as_user(ANA), world.card()
    free = ana.post("/memberships/", {"stream_id": str(UUID(int=7_000)), "tier": "free"}).json["membership"]
    assert (free["is_active"], free["price_cents"]) == (True, 0)
    assert ana.post(f"/memberships/{free['id']}/cancel/").json["is_active"] is False

    joined = ana.post("/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": card}).json["membership"]
    up = ana.post(f"/memberships/{joined['id']}/change_tier/", {"tier": "premium"})
    assert up.status == 200, up
    assert (up.json["membership"]["tier"], up.json["membership"]["previous_tier"]) == ("premium", "entry")
    other = world.card("pm_card_mastercard")
    assert ana.post(f"/memberships/{joined['id']}/payment_method/", {"payment_method_id": other}).status == 200
    left = ana.post(f"/memberships/{joined['id']}/cancel/").json
    assert (left["is_active"], left["auto_renew"]) == (True, False)
    assert left["ends_at"] == left["current_period_end"]
    assert ana.post(f"/memberships/{joined['id']}/reactivate/").json["auto_renew"] is True


@pytest.mark.parametrize(
    ("user", "body", "status", "code"),
    [
        (PAT, {"stream_id": 70, "tier": "free"}, 403, "cannot_subscribe_to_self"),
        (ANA, {"stream_id": 71, "tier": "free"}, 404, "not_found"),
        (ANA, {"stream_id": 70, "tier": "gold"}, 400, "validation_error"),
        (ANA, {"stream_id": 70, "tier": "premium"}, 400, "tier_not_available"),
    ],
)
def test_who_can_not_join(world: World, http: Caller, user: int, body: dict, status: int, code: str) -> None:
    stream(world, premium=None)

    answer = http.as_user(user).post("/memberships/", body)

    assert (answer.status, answer.code) == (status, code), answer


def test_the_only_card_of_a_renewal_stays(world: World, http: Caller) -> None:
    stream(world)
    ana, card = http.as_user(ANA), world.card()
    ana.post("/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": card})

    assert ana.delete(f"/payment-methods/{card}/").code == "payment_method_in_use"


def test_somebody_who_leaves_stops_paying(world: World, http: Caller) -> None:
    stream(world)
    world.grant(ANA)
    http.as_user(ANA).post("/memberships/", {"stream_id": 70, "tier": "entry", "payment_method_id": world.card()})

    world.apply(
        message("user.deleted", {"user_id": ANA, "uuid": str(UUID(int=ANA))}, subject=("user", ANA), sequence=9)
    )
    world.work()

    assert world.sandbox.listed("subscriptions", status="all")[0]["status"] == "canceled"
    assert [told["source"] for told in world.told("user.erased")] == ["payments"]
    assert world.balance(f"user:{ANA}:credits") == 10_000
    world.check_books()


def test_a_plan_is_started_on_stripes_page(world: World, http: Caller) -> None:
    pat = http.as_user(PAT)
    body = {
        "order_type": "subscription",
        "subscription_tier_id": "professional",
        "success_url": "https://app.example/done",
        "cancel_url": "https://app.example/no",
    }

    page = pat.post("/checkout/create_session/", body)
    assert page.status == 200, page
    world.sandbox.control(f"checkout/{page.json['session_id']}/pay", card="4242424242424242")
    detail = pat.get(f"/checkout/sessions/{page.json['session_id']}/").json

    assert (detail["id"], detail["status"]) == (page.json["order"], "completed")
    assert pat.get("/subscriptions/current/").json["is_active"] is True
    assert world.balance("platform:plans") == 2_900
    assert len(world.told("payment.succeeded")) == 1
    assert pat.post("/checkout/create_session/", {**body, "subscription_tier_id": "basic"}).status == 400
    assert http.as_user(ANA).post("/checkout/create_session/", body).status == 403
    world.check_books()
