"""Paying over HTTP, with the rows of the contract's table of bad input."""

import threading
from typing import Any
from uuid import UUID

import pytest

from services.payments.tests.factories import ANA, BEN, STAFF, World
from shared.messaging.testing import message
from shared.testing.http import Caller

PAGE = {"success_url": "https://app.example/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://app.example/no"}


def test_direct_payment_of_a_booking_by_card(world: World, http: Caller) -> None:
    card = world.card()
    world.book(100)

    answer = http.as_user(ANA).post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": card})

    assert answer.status == 200, answer
    assert answer.json["status"] == "success"
    assert answer.json["amount_charged"] == "100.00"
    assert answer.json["booking_id"] == str(UUID(int=10_100))
    world.work()
    assert [one["status"] for one in world.sandbox.listed("payment_intents")] == ["succeeded"]


def test_the_page_that_was_open_is_closed_by_a_direct_payment(world: World, http: Caller) -> None:
    card = world.card()
    world.book(100)
    world.work()

    answer = http.as_user(ANA).post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": card})
    world.work()

    assert answer.json["status"] == "success"
    assert world.sandbox.listed("checkout/sessions")[0]["status"] == "expired"


def test_a_declined_card_is_402_and_another_card_pays(world: World, http: Caller) -> None:
    bad, good = world.card("pm_card_chargeCustomerFail"), world.card("pm_card_mastercard")
    world.book(100)
    ana = http.as_user(ANA)

    first = ana.post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": bad})
    second = ana.post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": good})

    assert (first.status, first.code) == (402, "card_declined")
    assert "payment_method_id" in first.errors
    assert second.json["status"] == "success"
    assert len(ana.get(f"/payments/{second.json['order_id']}/").json["attempts"]) >= 2


def test_authentication_is_asked_of_the_payer(world: World, http: Caller) -> None:
    card = world.card("pm_card_authenticationRequired")
    world.book(100)
    ana = http.as_user(ANA)

    answer = ana.post(
        "/checkout/direct_payment/",
        {"booking_id": 100, "payment_method_id": card, "return_url": "https://app.example/back"},
    )
    assert answer.json["status"] == "requires_action"
    assert answer.json["client_secret"]
    assert answer.json["next_action_url"]
    assert http.as_user(BEN).get(f"/payments/{answer.json['order']}/").status == 404

    intent = world.sandbox.listed("payment_intents")[0]["id"]
    world.sandbox.control(f"intents/{intent}/authenticate", accept=True)
    confirmed = ana.post(f"/payments/{answer.json['order']}/confirm/")

    assert confirmed.json["status"] == "completed"
    assert confirmed.json["client_secret"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_error"),
        ({"booking_id": 100, "service_id": 50}, 400, "validation_error"),
        ({"booking_id": 100, "payment_method_id": 999_999}, 400, "validation_error"),
        ({"booking_id": 200}, 404, "not_found"),
        ({"booking_id": 100, "special_requests": "x" * 3000}, 400, "validation_error"),
        ({"booking_id": 100, "card_number": "4242424242424242"}, 400, "validation_error"),
        ({"booking_id": 100, "cvc": "123"}, 400, "validation_error"),
        ({"booking_id": 100, "return_url": "javascript:alert(1)"}, 400, "validation_error"),
        ({"booking_id": 100}, 402, "insufficient_credits"),
    ],
)
def test_bad_input_of_direct_payment(world: World, http: Caller, body: dict[str, Any], status: int, code: str) -> None:
    world.book(100)
    world.book(200, user_id=BEN)

    answer = http.as_user(ANA).post("/checkout/direct_payment/", body)

    assert (answer.status, answer.code) == (status, code), answer
    assert "4242" not in str(answer.json)


def test_somebody_elses_card_is_refused_on_its_field(world: World, http: Caller) -> None:
    world.book(100)

    answer = http.as_user(ANA).post(
        "/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": world.card(user_id=BEN)}
    )

    assert answer.status == 400
    assert list(answer.errors) == ["payment_method_id"]


def test_what_is_paid_or_over_is_not_paid_again(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.book(100, payment={"apply_credits": True})
    world.book(101)
    world.apply(world.event("booking.expired", 101, status="canceled"))
    ana, card = http.as_user(ANA), world.card()

    assert ana.post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": card}).code == "already_paid"
    again = ana.post("/checkout/direct_payment/", {"booking_id": 101, "payment_method_id": card})
    assert (again.status, again.code) == (409, "booking_not_payable")


def test_one_key_in_parallel_charges_once(world: World, http: Caller) -> None:
    card = world.card()
    world.book(100)
    body = {"booking_id": 100, "payment_method_id": card, "idempotency_key": "once"}

    answers = _together(lambda: http.as_user(ANA).post("/checkout/direct_payment/", body), 6)
    world.work()

    assert {answer.status for answer in answers} <= {200, 409}
    assert any(answer.status == 200 for answer in answers)
    assert len([one for one in world.sandbox.listed("payment_intents") if one["status"] == "succeeded"]) == 1
    replay = http.as_user(ANA).post("/checkout/direct_payment/", body)
    assert replay.headers["Idempotent-Replayed"] == "true"
    other = http.as_user(ANA).post("/checkout/direct_payment/", {**body, "apply_credits": False})
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_two_keys_in_parallel_charge_once(world: World, http: Caller) -> None:
    card = world.card()
    world.book(100)
    keys = iter(range(6))

    answers = _together(
        lambda: (
            http.as_user(ANA)
            .having(Idempotency_Key=f"k{next(keys)}")
            .post("/checkout/direct_payment/", {"booking_id": 100, "payment_method_id": card})
        ),
        6,
    )
    world.work()

    assert {answer.status for answer in answers} <= {200, 202, 409}, answers
    assert {answer.code for answer in answers if answer.status == 409} <= {"conflict", "already_paid"}
    assert len([one for one in world.sandbox.listed("payment_intents") if one["status"] == "succeeded"]) == 1


def test_a_service_is_bought_through_bookings(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.service(50)
    body = {
        "service_id": "service-50",
        "start_time": "2027-01-31T09:00:00Z",
        "end_time": "2027-01-31T10:00:00Z",
        "special_requests": "soft music 🎵",
    }

    first = http.as_user(ANA).having(Prefer="wait=0").post("/checkout/direct_payment/", body)
    assert (first.status, first.json["status"]) == (202, "processing")
    [asked] = world.told("checkout.requested")
    assert asked["notes"] == "soft music 🎵"
    world.apply(world.event("booking.created", 100, amount_cents=10_000, order_uuid=asked["order_uuid"]))

    detail = http.as_user(ANA).get(f"/payments/{first.json['order_id']}/").json
    assert (detail["status"], detail["booking"]) == ("completed", 100)


def test_bookings_may_refuse_the_wished_time(world: World, http: Caller) -> None:
    world.service(50, kind="package")
    ana = http.as_user(ANA).having(Prefer="wait=0", Idempotency_Key="w")

    first = ana.post("/checkout/direct_payment/", {"service_id": 50})
    assert first.status == 202, first
    uuid = world.told("checkout.requested")[0]["order_uuid"]
    world.apply(
        message("booking.rejected", {"order_uuid": uuid, "user_id": ANA, "code": "slot_taken", "message": "Gone."})
    )

    detail = http.as_user(ANA).get(f"/payments/{uuid}/").json
    assert (detail["status"], detail["failure_code"]) == ("failed", "slot_taken")


def test_a_session_needs_a_time(world: World, http: Caller) -> None:
    world.service(50)

    answer = http.as_user(ANA).post("/checkout/direct_payment/", {"service_id": 50})

    assert list(answer.errors) == ["start_time"]


def test_a_page_is_opened_once_for_the_same_wish(world: World, http: Caller) -> None:
    world.book(100)
    ana = http.as_user(ANA)
    body = {"order_type": "direct", "booking_id": 100, **PAGE}

    first, second = ana.post("/checkout/create_session/", body), ana.post("/checkout/create_session/", body)
    other = ana.post("/checkout/create_session/", {**body, "cancel_url": "https://app.example/other"})
    world.work()

    assert first.status == 200, first
    assert first.json["session_id"] == second.json["session_id"] != other.json["session_id"]
    open_ = [one for one in world.sandbox.listed("checkout/sessions") if one["status"] == "open"]
    assert [one["id"] for one in open_] == [other.json["session_id"]]
    assert open_[0]["success_url"] == PAGE["success_url"]


def test_the_success_page_never_races_the_webhook(world: World, http: Caller) -> None:
    ana = http.as_user(ANA)
    page = ana.post("/checkout/create_session/", {"order_type": "credit", "credit_amount": "25.00", **PAGE}).json
    world.sandbox.control(f"checkout/{page['session_id']}/pay", card="4242424242424242")

    detail = ana.get(f"/checkout/sessions/{page['session_id']}/").json

    assert detail["status"] == "completed"
    assert ana.get("/credits/balance/").json["balance"] == "25.00"
    assert http.as_user(BEN).get(f"/checkout/sessions/{page['session_id']}/").status == 404


def test_only_staff_note_payments_by_hand(world: World, http: Caller) -> None:
    world.book(100)

    answer = http.as_user(ANA).post(
        "/checkout/create_session/", {"order_type": "direct", "booking_id": 100, "payment_method": "manual", **PAGE}
    )

    assert (answer.status, answer.code) == (403, "permission_denied")
    noted = http.as_staff(STAFF).post(
        "/checkout/create_session/", {"order_type": "direct", "booking_id": 100, "payment_method": "manual", **PAGE}
    )
    assert noted.json["status"] == "completed", noted
    assert world.balance("platform:manual") == 10_000
    world.check_books()


def test_a_quote_shows_what_will_be_charged(world: World, http: Caller) -> None:
    world.grant(ANA, 9_980)
    world.book(100)

    quote = http.as_user(ANA).post("/checkout/quote/", {"booking_id": 100}).json

    assert quote["credits_applied_cents"] == 9_950
    assert quote["total_amount"] == "0.50"


def test_nobody_pays_on_somebodys_behalf(world: World, http: Caller) -> None:
    world.book(100)

    answer = http.as_user(ANA, actor_id=STAFF).post("/checkout/direct_payment/", {"booking_id": 100})

    assert (answer.status, answer.code) == (403, "impersonation_forbidden")


def _together(work: Any, count: int) -> list[Any]:
    """Run `work` in threads that start at once, and return what they got."""
    results: list[Any] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
