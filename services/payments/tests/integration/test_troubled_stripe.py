"""R13: one intent, one charge, however Stripe or this process fails. R12, R14: one final state in any order."""

import itertools
import threading
from typing import Any

import pytest
import requests

from services.payments.operations import paying, stripe_desk, upkeep
from services.payments.operations.charging import start_card, usable_card
from services.payments.operations.orders import locked_order
from services.payments.tests.factories import ANA, PRACTITIONER, World
from shared.clock import shifted_by, utc_now
from shared.database import transaction
from shared.messaging import NotYet
from shared.testing.http import Caller


def charges(world: World) -> list[dict[str, Any]]:
    """Return every charge that succeeded."""
    return [one for one in world.sandbox.listed("charges") if one["status"] == "succeeded" and one["paid"]]


def settle(world: World) -> None:
    """Let the clock run until nothing waits any more."""
    from datetime import timedelta

    for minutes in (0, 1, 5, 20, 70, 140):
        with shifted_by(timedelta(minutes=minutes)):
            world.work()
            upkeep.sync_stale_orders(world.stripe, now=utc_now())
            world.work()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"when": "after", "drop": True}, id="reply lost after it took effect"),
        pytest.param({"when": "before", "drop": True, "times": 3}, id="connection refused"),
        pytest.param({"when": "after", "status": 500, "times": 1}, id="500 after it took effect"),
        pytest.param({"when": "before", "status": 500, "times": 3}, id="500 before it took effect"),
        pytest.param({"when": "before", "status": 429, "times": 4}, id="too many requests"),
        pytest.param({"when": "before", "status": 409, "times": 4}, id="409"),
        pytest.param({"when": "after", "delay_seconds": 1.5, "drop": True}, id="hangs, then drops"),
    ],
)
def test_trouble_never_charges_twice(world: World, fault: dict[str, Any]) -> None:
    card = world.card()
    world.sandbox.fail(method="POST", path="/v1/payment_intents", **fault)

    world.book(100, payment={"payment_method_id": card})
    settle(world)

    order = world.order(100)
    if order.status == "completed":
        assert len(charges(world)) == 1
        assert len(world.told("payment.succeeded")) == 1
    else:
        assert order.status == "failed"
        assert charges(world) == []
    world.check_books()


def test_a_process_that_dies_after_the_call_charges_once(world: World) -> None:
    """The call is made, the answer never applied; the clock repeats the call with the same key."""
    card = world.card()
    world.work()
    world.book(100, payment={"payment_method_id": card})
    [number] = stripe_desk.due_operations()
    job = stripe_desk._claim(number, owned=False)
    assert job is not None
    world.stripe.call(job.call, job.target, job.params, key=job.key)

    world.work()
    assert world.order(100).status == "processing"
    settle(world)

    assert world.order(100).status == "completed"
    assert len(charges(world)) == 1


def test_a_call_older_than_its_key_is_looked_up(world: World) -> None:
    from datetime import timedelta

    card = world.card()
    world.work()
    world.book(100, payment={"payment_method_id": card})
    [number] = stripe_desk.due_operations()
    job = stripe_desk._claim(number, owned=False)
    assert job is not None
    world.stripe.call(job.call, job.target, job.params, key=job.key)

    with shifted_by(timedelta(hours=25)):
        world.work()

    assert world.order(100).status == "completed"
    assert len(charges(world)) == 1


def test_a_call_that_was_never_made_in_a_day_fails_the_order(world: World) -> None:
    from datetime import timedelta

    card = world.card()
    world.work()
    world.book(100, payment={"payment_method_id": card})
    [number] = stripe_desk.due_operations()
    assert stripe_desk._claim(number, owned=False) is not None

    with shifted_by(timedelta(hours=25)):
        world.work()

    assert world.order(100).status == "failed"
    assert charges(world) == []


def test_stripe_down_for_a_payer_who_waits(world: World, http: Caller) -> None:
    card = world.card()
    world.book(100)
    world.work()
    world.sandbox.fail(method="POST", path="/v1/payment_intents", when="after", drop=True, times=3)

    answer = http.as_user(ANA).post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": card})
    settle(world)

    assert (answer.status, answer.json["status"]) in {(202, "processing"), (200, "success")}
    assert world.order(100).status == "completed"
    assert len(charges(world)) == 1


def test_credits_work_while_stripe_is_down(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.book(100)
    world.sandbox.fail(path="/v1/", when="before", drop=True, times=50)

    answer = http.as_user(ANA).post("/checkout/direct_payment/", {"booking_id": 100})

    assert answer.json["status"] == "success"
    requests.delete(f"{world.sandbox.base}/_sandbox/faults", timeout=5)


def test_late_money_revives_nothing_and_goes_back(world: World) -> None:
    world.book(100)
    world.work()
    page = world.order(100).stripe_checkout_session_id
    world.sandbox.control(f"checkout/{page}/pay", card="4242424242424242")

    world.apply(world.event("booking.expired", 100, status="canceled"))
    settle(world)

    order = world.order(100)
    assert (order.status, order.failure_code) == ("failed", "expired")
    [told] = world.told("payment.refunded")
    assert (told["amount_cents"], told["reason"], told["refunded_total_cents"]) == (10_000, "booking_expired", 0)
    assert world.told("payment.succeeded") == []
    assert [one["amount_refunded"] for one in world.sandbox.listed("charges")] == [10_000]
    assert world.balance("platform:stripe") == world.balance("platform:refunds_due") == 0
    world.check_books()


def test_money_in_two_tabs_counts_once(world: World, http: Caller) -> None:
    """The page is paid while the card is charged as well: one of them goes back in full."""
    world.book(100)
    world.work()
    page = world.order(100).stripe_checkout_session_id
    world.sandbox.control(f"checkout/{page}/pay", card="4242424242424242")

    http.as_user(ANA).post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": world.card()})
    settle(world)

    assert world.order(100).status == "completed"
    assert len(world.told("payment.succeeded")) == 1
    assert sum(one["amount"] - one["amount_refunded"] for one in world.sandbox.listed("charges")) == 10_000
    assert [told["reason"] for told in world.told("payment.refunded")] == ["duplicate"]
    assert world.balance("platform:stripe") == 10_000
    world.check_books()


def test_an_intent_that_succeeds_after_all_is_taken_while_the_booking_waits(world: World) -> None:
    """Failed by a decline, then paid on the same intent: credits are reserved again."""
    world.grant(ANA, 4_000)
    card = world.card("pm_card_chargeCustomerFail")
    world.book(100, payment={"payment_method_id": card, "apply_credits": True})
    world.work()
    assert world.order(100).status == "failed"
    intent = world.sandbox.listed("payment_intents")[0]["id"]
    world.sandbox.control(f"intents/{intent}/confirm", card="4242424242424242")

    upkeep.ask_again(world.stripe, world.order(100).id)

    order = world.order(100)
    assert (order.status, order.credits_applied_cents) == ("completed", 4_000)
    world.check_books()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_every_order_of_facts_ends_alike(world: World, order: tuple[int, ...]) -> None:
    """What bookings tells of a paid booking, shuffled and each told twice, ends in one state."""
    world.grant(ANA)
    created = world.event("booking.created", 100, payment={"mode": "auto", "apply_credits": True})
    earned = {"earned_from": utc_now().isoformat(), "payment_status": "paid"}
    facts = [
        created,
        world.event("booking.confirmed", 100, status="confirmed", payment_status="paid"),
        world.event("booking.no_show", 100, status="no_show", refund_cents=4_000, earned_cents=6_000, **earned),
        world.event("booking.completed", 100, status="completed", refund_cents=0, earned_cents=6_000, **earned),
    ]
    waiting = [fact for number in order for fact in (facts[number], facts[number])]
    while waiting:
        again = []
        for fact in waiting:
            try:
                world.apply(fact)
            except NotYet:
                again.append(fact)
        assert len(again) < len(waiting)
        waiting = again

    final = world.order(100)
    assert (final.status, final.refunded_amount_cents) == ("partially_refunded", 4_000)
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 5_100
    assert world.balance(f"practitioner:{PRACTITIONER}:escrow") == 0
    assert len(world.told("payment.succeeded")) == len(world.told("payment.refunded")) == 1
    world.check_books()


def test_facts_before_their_booking_wait(world: World) -> None:
    world.event("booking.created", 100)
    with pytest.raises(NotYet):
        world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=0))


def test_attempts_in_parallel_from_the_desk_apply_once(world: World) -> None:
    card = world.card()
    world.book(100, payment={"payment_method_id": card})
    numbers = stripe_desk.due_operations()
    threads = [
        threading.Thread(target=lambda: [stripe_desk.perform(world.stripe, number) for number in numbers])
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.order(100).status == "completed"
    assert len(charges(world)) == 1
    assert len(world.told("payment.succeeded")) == 1


def test_a_new_try_calls_the_old_one_off(world: World) -> None:
    world.grant(ANA, 2_000)
    card = world.card("pm_card_authenticationRequired")
    world.book(100, payment={"payment_method_id": card, "apply_credits": True})
    world.work()
    other = world.card("pm_card_mastercard")

    with transaction() as session:
        order = locked_order(session, world.order(100).id)
        chosen = usable_card(session, user_id=ANA, reference=other, now=utc_now())
        start_card(session, order, chosen, use_credits=True)
        assert paying.is_payable(session, order)
    world.work()

    assert world.order(100).status == "completed"
    assert sorted(one["status"] for one in world.sandbox.listed("payment_intents")) == ["canceled", "succeeded"]
    world.check_books()
