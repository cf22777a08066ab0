"""Bookings are paid by credits, a stored card or Stripe's page; bookings hears of it once."""

import pytest

from services.payments.tests.factories import ANA, PRACTITIONER, World


def test_credits_that_cover_all_pay_inside_the_event(world: World) -> None:
    world.grant(ANA, 15_000)

    order = world.book(100, amount=10_000, payment={"apply_credits": True})

    assert (order.status, order.payment_method, order.total_amount_cents) == ("completed", "credits", 0)
    assert world.balance(f"user:{ANA}:credits") == 5_000
    assert world.balance(f"user:{ANA}:held") == 0
    assert world.balance(f"practitioner:{PRACTITIONER}:escrow") == 10_000
    [told] = world.told("payment.succeeded")
    assert told["booking_id"] == 100
    assert told["subtotal_cents"] == told["credits_applied_cents"] == 10_000
    assert told["commission_cents"] == 1_500
    assert world.told("credits.changed")[-1]["change_cents"] == -10_000
    world.check_books()


def test_a_free_booking_is_paid_at_once_and_posts_nothing(world: World) -> None:
    order = world.book(100, amount=0)

    assert order.status == "completed"
    assert [told["total_cents"] for told in world.told("payment.succeeded")] == [0]


def test_a_named_card_is_charged_after_the_commit(world: World) -> None:
    card = world.card()

    order = world.book(100, payment={"payment_method_id": card})
    assert order.status == "processing"
    world.work()

    order = world.order(100)
    assert order.status == "completed"
    assert order.stripe_payment_intent_id is not None
    assert world.balance("platform:stripe") == 10_000
    assert len(world.told("payment.succeeded")) == 1
    world.check_books()


def test_credits_pay_a_part_and_the_card_the_rest(world: World) -> None:
    world.grant(ANA, 4_000)
    card = world.card()

    world.book(100, payment={"payment_method_id": card, "apply_credits": True})
    assert world.balance(f"user:{ANA}:held") == 4_000
    world.work()

    order = world.order(100)
    assert (order.status, order.credits_applied_cents, order.total_amount_cents) == ("completed", 4_000, 6_000)
    assert world.balance("platform:stripe") == 6_000
    assert world.balance(f"user:{ANA}:credits") == world.balance(f"user:{ANA}:held") == 0
    world.check_books()


def test_a_card_that_is_declined_frees_the_credits_and_leaves_the_booking(world: World) -> None:
    world.grant(ANA, 4_000)
    card = world.card("pm_card_chargeCustomerFail")

    world.book(100, payment={"payment_method_id": card, "apply_credits": True})
    world.work()

    order = world.order(100)
    assert (order.status, order.failure_code, order.is_final) == ("failed", "card_declined", False)
    assert world.balance(f"user:{ANA}:credits") == 4_000
    [told] = world.told("payment.failed")
    assert told["final"] is False
    assert told["retryable"] is True
    world.check_books()


def test_without_a_card_a_page_is_opened_and_its_address_told(world: World) -> None:
    world.book(100)
    world.work()

    [told] = world.told("payment.action_required")
    assert told["kind"] == "checkout"
    order = world.order(100)
    assert told["checkout_url"] == order.checkout_url is not None

    world.sandbox.control(f"checkout/{order.stripe_checkout_session_id}/pay", card="4242424242424242")
    from services.payments.operations import upkeep

    upkeep.ask_again(world.stripe, order.id)

    assert world.order(100).status == "completed"
    assert len(world.told("payment.succeeded")) == 1
    world.check_books()


def test_a_card_that_wants_authentication_waits_for_its_owner(world: World) -> None:
    card = world.card("pm_card_authenticationRequired")

    world.book(100, payment={"payment_method_id": card, "success_url": "http://localhost:3000/done"})
    world.work()

    order = world.order(100)
    assert order.status == "processing"
    assert order.client_secret
    [told] = world.told("payment.action_required")
    assert told["kind"] == "authentication"
    assert "client_secret" not in told
    intent = world.sandbox.listed("payment_intents")[0]["id"]

    world.sandbox.control(f"intents/{intent}/authenticate", accept=True)
    from services.payments.operations import upkeep

    upkeep.ask_again(world.stripe, order.id)

    assert world.order(100).status == "completed"


def test_in_person_is_left_to_the_two_of_them(world: World) -> None:
    order = world.book(100, payment={"mode": "in_person"})

    assert (order.status, order.payment_method) == ("pending", "manual")
    assert world.told("payment.succeeded") == []


@pytest.mark.parametrize("shares", [[5_000, 5_000], [3_333, 6_667]])
def test_two_practitioners_share_to_the_cent(world: World, shares: list[int]) -> None:
    world.grant(ANA, 9_999)
    world.service(
        50,
        practitioners=[
            {"practitioner_id": 3, "is_primary": True, "share_bp": shares[0]},
            {"practitioner_id": 4, "is_primary": False, "share_bp": shares[1]},
        ],
    )

    world.book(100, amount=9_999, payment={"apply_credits": True})

    assert world.balance("practitioner:3:escrow") + world.balance("practitioner:4:escrow") == 9_999
    assert world.balance("practitioner:4:escrow") == 9_999 * shares[1] // 10_000
    world.check_books()


def test_a_hold_that_runs_out_closes_the_page(world: World) -> None:
    world.grant(ANA, 3_000)
    world.book(100, payment={"apply_credits": True})
    world.work()

    world.apply(world.event("booking.expired", 100, status="canceled"))
    world.work()

    order = world.order(100)
    assert (order.status, order.failure_code, order.is_final) == ("failed", "expired", True)
    assert world.balance(f"user:{ANA}:credits") == 3_000
    assert world.sandbox.listed("checkout/sessions")[0]["status"] == "expired"
    assert world.told("payment.failed")[-1]["final"] is True
    world.check_books()
