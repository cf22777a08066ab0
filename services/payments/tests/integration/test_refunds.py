"""Money goes back out of the right pockets, once, and the ledger says so."""

import threading
from datetime import timedelta

import pytest

from services.payments.tests.factories import ANA, PAT, PRACTITIONER, STAFF, World
from shared.clock import utc_now
from shared.testing.http import Caller


def paid_by_card(world: World, booking: int = 100, *, card: str = "pm_card_visa", amount: int = 10_000) -> None:
    world.book(booking, amount=amount, payment={"payment_method_id": world.card(card)})
    world.work()
    assert world.order(booking).status == "completed"


def test_a_cancelled_booking_is_refunded_and_the_rest_earned(world: World) -> None:
    paid_by_card(world)

    world.apply(
        world.event(
            "booking.cancelled",
            100,
            status="canceled",
            refund_cents=5_000,
            retained_cents=5_000,
            earned_from=utc_now().isoformat(),
            canceled_by="client",
        )
    )
    world.work()

    order = world.order(100)
    assert (order.status, order.refunded_amount_cents) == ("partially_refunded", 5_000)
    [told] = world.told("payment.refunded")
    assert (told["amount_cents"], told["to_card_cents"], told["fully_refunded"]) == (5_000, 5_000, False)
    assert world.balance(f"practitioner:{PRACTITIONER}:escrow") == 0
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 4_250
    assert world.balance("platform:commission") == 750
    assert world.balance("platform:refunds_due") == 0
    assert world.balance("platform:stripe") == 5_000
    assert [one["amount"] for one in world.sandbox.listed("refunds")] == [5_000]
    world.check_books()


def test_both_parts_go_back_where_they_came_from(world: World) -> None:
    world.grant(ANA, 3_333)
    world.book(100, payment={"payment_method_id": world.card(), "apply_credits": True})
    world.work()

    world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=5_000, retained_cents=0))
    world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=5_000, retained_cents=0))
    world.work()

    [told] = world.told("payment.refunded")
    assert (told["to_card_cents"], told["to_credits_cents"]) == (3_334, 1_666)
    assert world.balance(f"user:{ANA}:credits") == 1_666
    world.check_books()


def test_an_expired_booking_that_was_paid_gets_all_back(world: World) -> None:
    paid_by_card(world)

    world.apply(world.event("booking.expired", 100, status="canceled"))
    world.work()

    assert world.order(100).status == "refunded"
    assert world.told("payment.refunded")[0]["reason"] == "booking_expired"
    world.check_books()


def test_a_no_show_that_is_corrected_moves_only_the_difference(world: World) -> None:
    world.grant(ANA)
    world.book(100, payment={"apply_credits": True})
    earned = {"earned_cents": 10_000, "earned_from": utc_now().isoformat()}

    world.apply(world.event("booking.completed", 100, status="completed", **earned))
    world.apply(world.event("booking.no_show", 100, status="no_show", no_show_by="client", refund_cents=0, **earned))
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 8_500

    world.apply(world.event("booking.no_show", 100, no_show_by="practitioner", refund_cents=10_000, earned_cents=0))

    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 0
    assert world.balance("platform:commission") == 0
    assert world.balance(f"user:{ANA}:credits") == 10_000
    assert world.order(100).status == "refunded"
    world.check_books()


def test_a_refund_after_the_hold_makes_a_debt(world: World) -> None:
    from services.payments.operations.earnings import release_due

    paid_by_card(world)
    world.apply(
        world.event(
            "booking.completed", 100, status="completed", earned_cents=10_000, earned_from="2026-01-01T00:00:00Z"
        )
    )
    with world.database.transaction() as session:
        assert release_due(session, now=utc_now()) == 1
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500
    assert world.told("earnings.available")[0]["available_balance_cents"] == 8_500

    world.apply(world.event("booking.no_show", 100, no_show_by="practitioner", refund_cents=3_333, earned_cents=6_667))
    world.work()

    assert world.balance("platform:commission") == 1_000
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500 - (3_333 - 500)
    world.check_books()


def test_staff_refund_over_http(world: World, http: Caller) -> None:
    paid_by_card(world)
    path, staff = f"/payments/{world.order(100).id}/refund/", http.as_staff(STAFF)

    part = staff.having(Idempotency_Key="r1").post(path, {"amount": "40.00", "reason": "goodwill"})
    again = staff.having(Idempotency_Key="r1").post(path, {"amount": "40.00", "reason": "goodwill"})
    too_much = staff.post(path, {"amount": "60.01"})
    rest = staff.post(path)
    nothing = staff.post(path)
    world.work()

    assert part.status == 201, part
    assert part.json["id"] == again.json["id"]
    assert (too_much.status, too_much.code) == (400, "refund_exceeds_payment")
    assert rest.json["amount"] == "60.00"
    assert (nothing.status, nothing.code) == (409, "order_not_refundable")
    assert sum(one["amount"] for one in world.sandbox.listed("refunds")) == 10_000
    assert len(http.as_user(ANA).get(path.replace("refund/", "refunds/")).json) == 2
    world.check_books()


def test_who_may_refund(world: World, http: Caller) -> None:
    paid_by_card(world)
    path = f"/payments/{world.order(100).id}/refund/"

    assert http.as_user(ANA).post(path).status == 403
    assert http.as_user(99).post(path).status == 404
    assert http.as_user(PAT).post(path, {"amount": "1"}).status == 201
    assert http.as_staff(STAFF).post(f"/payments/{world.book(101).id}/refund/").code == "order_not_refundable"


def test_two_refunds_at_once_never_give_more_than_was_paid(world: World, http: Caller) -> None:
    paid_by_card(world)
    path, answers = f"/payments/{world.order(100).id}/refund/", []
    threads = [
        threading.Thread(target=lambda: answers.append(http.as_staff(STAFF).post(path, {"amount": "60"})))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.work()

    assert sorted(answer.status for answer in answers) == [201, 400, 400, 400]
    assert world.order(100).refunded_amount_cents == 6_000
    world.check_books()


def test_a_refund_that_the_bank_sends_back_becomes_credits(world: World) -> None:
    from services.payments.operations.refunds_told import sync_refund

    paid_by_card(world, card="pm_card_refundFail")
    world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=10_000))
    world.work()
    refund = world.sandbox.listed("refunds")[0]["id"]
    world.sandbox.control(f"refunds/{refund}/fail")

    for _ in range(2):
        with world.database.transaction() as session:
            assert sync_refund(session, world.stripe.call("refunds.retrieve", refund, {}))

    assert world.balance(f"user:{ANA}:credits") == 10_000
    assert world.balance("platform:refunds_due") == 0
    assert world.balance("platform:stripe") == 10_000
    world.check_books()


def test_a_refund_made_at_stripe_is_taken_in(world: World) -> None:
    from services.payments.operations.refunds_told import sync_refund

    paid_by_card(world)
    intent = world.order(100).stripe_payment_intent_id
    made = world.stripe.call("refunds.create", None, {"payment_intent": intent, "amount": 2_500})

    for _ in range(2):
        with world.database.transaction() as session:
            assert sync_refund(session, made)

    assert world.order(100).refunded_amount_cents == 2_500
    assert len(world.told("payment.refunded")) == 1
    world.check_books()


@pytest.mark.parametrize("parts", [3, 7])
def test_parts_of_a_package_sum_to_its_price(world: World, parts: int) -> None:
    world.grant(ANA)
    item = {
        "service_id": 50,
        "practitioner_id": PRACTITIONER,
        "service_type": "package",
        "gross_cents": 10_000,
        "sessions_total": parts,
    }
    world.book(100, service_type="package", payment={"apply_credits": True}, items=[item])
    for child in range(parts):
        cents = 10_000 * (child + 1) // parts - 10_000 * child // parts
        world.apply(
            world.event(
                "booking.completed",
                200 + child,
                parent_booking_id=100,
                status="completed",
                earned_cents=cents,
                earned_from=(utc_now() - timedelta(hours=1)).isoformat(),
            )
        )

    assert world.order(100).order_type == "package"
    assert world.balance(f"practitioner:{PRACTITIONER}:escrow") == 0
    earned = world.balance(f"practitioner:{PRACTITIONER}:pending") + world.balance("platform:commission")
    assert earned == 10_000
    assert abs(world.balance("platform:commission") - 1_500) <= parts
    world.check_books()
