"""Credits: bought, given to others, given by staff; never below zero, whatever runs at once."""

import threading
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.payments.tests.factories import ANA, BEN, STAFF, World
from shared.messaging.testing import message
from shared.testing.http import Caller


def test_nobody_has_credits_at_first(world: World, http: Caller) -> None:
    balance = http.as_user(ANA).get("/credits/balance/").json

    assert (balance["balance"], balance["held_cents"], balance["last_transaction"]) == ("0.00", 0, None)
    assert http.get("/credits/balance/").status == 401


def test_credits_are_bought_with_a_card(world: World, http: Caller) -> None:
    card = world.card()

    bought = http.as_user(ANA).post("/credits/purchase/", {"amount": "25.00", "payment_method_id": card})

    assert bought.status == 200, bought
    assert (bought.json["status"], bought.json["balance"]) == ("success", "25.00")
    [line] = http.as_user(ANA).get("/credits/transactions/").json["results"]
    assert (line["transaction_type"], line["amount"], line["balance_after_cents"]) == ("purchase", "25.00", 2_500)
    world.check_books()


def test_without_a_card_the_page_gets_what_it_needs(world: World, http: Caller) -> None:
    ana = http.as_user(ANA)
    asked = ana.post("/credits/purchase/", {"amount_cents": 2_500}).json
    assert (asked["status"], asked["credits_added_cents"]) == ("requires_payment_method", 0)
    assert asked["client_secret"]

    intent = world.sandbox.listed("payment_intents")[0]["id"]
    world.sandbox.control(f"intents/{intent}/confirm", card="4242424242424242")
    confirmed = ana.post(f"/payments/{asked['order_id']}/confirm/")

    assert confirmed.json["status"] == "completed"
    assert ana.get("/credits/balance/").json["balance_cents"] == 2_500


def test_a_purchase_is_repeated_by_its_key(world: World, http: Caller) -> None:
    card = world.card()
    ana = http.as_user(ANA).having(Idempotency_Key="buy-1")

    answers = [ana.post("/credits/purchase/", {"amount": "25.00", "payment_method_id": card}) for _ in range(3)]

    assert [answer.json["order"] for answer in answers] == [answers[0].json["order"]] * 3
    assert world.balance(f"user:{ANA}:credits") == 2_500


@pytest.mark.parametrize(
    "amount", ["0", "-5", "1.005", 1e9, "NaN", "１０", True, "", "0.99", "5000.01", None, [], "1e2"]
)
def test_bad_amounts_are_refused_on_the_field(world: World, http: Caller, amount: Any) -> None:
    answer = http.as_user(ANA).post("/credits/purchase/", {"amount": amount})

    assert (answer.status, answer.code) == (400, "validation_error")
    assert "amount" in answer.errors


def test_an_expired_card_is_told_apart(world: World, http: Caller) -> None:
    card = world.card("pm_card_chargeCustomerFail")

    answer = http.as_user(ANA).post("/credits/purchase/", {"amount": "5", "payment_method_id": card})

    assert (answer.status, answer.code) == (402, "card_declined")
    assert world.balance(f"user:{ANA}:credits") == 0


def test_credits_are_given_to_somebody(world: World, http: Caller) -> None:
    world.grant(ANA, 10_000)

    given = http.as_user(ANA).post("/credits/transfer/", {"recipient_email": "BEN@X.COM", "amount": "30.00"})

    assert given.status == 200, given
    assert given.json["balance_cents"] == 7_000
    [received] = http.as_user(BEN).get("/credits/transactions/?type=transfer").json["results"]
    assert received["amount_cents"] == 3_000
    assert received["metadata"] == {"sender_id": ANA}
    assert "ana@x.com" not in str(received)
    world.check_books()


@pytest.mark.parametrize("email", ["ana@x.com", "ANA@X.COM", "nobody@x.com", "gone@x.com"])
def test_who_can_not_receive(world: World, http: Caller, email: str) -> None:
    world.grant(ANA, 10_000)
    gone = {"id": 66, "uuid": "00000000-0000-0000-0000-000000000066", "email": "gone@x.com", "is_active": True}
    world.apply(
        message("user.changed", gone, subject=("user", 66)),
        message("user.deleted", {"user_id": 66, "uuid": gone["uuid"]}, subject=("user", 66), sequence=2),
    )

    answer = http.as_user(ANA).post("/credits/transfer/", {"recipient_email": email, "amount": "1.00"})

    assert (answer.status, list(answer.errors)) == (400, ["recipient_email"])


def test_more_than_there_is_and_more_than_a_day_allows(world: World, http: Caller) -> None:
    world.grant(ANA, 100_000)
    ana = http.as_user(ANA)

    assert ana.post("/credits/transfer/", {"recipient_email": "ben@x.com", "amount": "2000"}).status == 402
    assert ana.post("/credits/transfer/", {"recipient_email": "ben@x.com", "amount": "500"}).status == 200
    over = ana.post("/credits/transfer/", {"recipient_email": "ben@x.com", "amount": "0.01"})
    assert (over.status, over.code) == (400, "transfer_limit_exceeded")


def test_ten_transfers_an_hour(world: World, http: Caller) -> None:
    world.grant(ANA, 10_000)
    ana = http.as_user(ANA)

    answers = [ana.post("/credits/transfer/", {"recipient_email": "ben@x.com", "amount": "1"}) for _ in range(11)]

    assert [answer.status for answer in answers] == [200] * 10 + [429]


def test_staff_give_and_take_with_a_reason(world: World, http: Caller) -> None:
    staff = http.as_staff(STAFF)
    body = {"user_id": ANA, "amount": "20.00", "reason": "Sorry for the mix-up"}

    given = staff.having(Idempotency_Key="a").post("/credits/adjust/", body)
    again = staff.having(Idempotency_Key="a").post("/credits/adjust/", body)
    taken = staff.post("/credits/adjust/", {**body, "amount": "-5"})

    assert given.status == 201, given
    assert given.json["id"] == again.json["id"]
    assert taken.json["amount"] == "-5.00"
    assert world.balance(f"user:{ANA}:credits") == 1_500
    assert staff.post("/credits/adjust/", {**body, "amount": "-100"}).code == "insufficient_credits"
    assert staff.post("/credits/adjust/", {**body, "amount": "0"}).status == 400
    assert staff.post("/credits/adjust/", {**body, "user_id": 999}).status == 404
    assert http.as_user(ANA).post("/credits/adjust/", body).status == 403
    world.check_books()


def test_the_same_credits_are_spent_once(world: World) -> None:
    """Two bookings at once want the same credits: one is paid by them, the other gets a page."""
    world.grant(ANA, 10_000)
    events = [
        world.event("booking.created", booking, payment={"mode": "auto", "apply_credits": True})
        for booking in (100, 101, 102)
    ]
    threads = [threading.Thread(target=world.apply, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    orders = [world.order(booking) for booking in (100, 101, 102)]
    assert sorted(order.status for order in orders) == ["completed", "processing", "processing"]
    assert world.balance(f"user:{ANA}:credits") == world.balance(f"user:{ANA}:held") == 0
    world.check_books()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount_cents = amount_cents * 2",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_transactions SET kind = 'x'",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_accounts SET balance_cents = -1 WHERE kind = 'credits'",
        "INSERT INTO ledger_transactions (kind, reference) VALUES ('x', 'empty')",
        """INSERT INTO ledger_entries (transaction_id, account_id, amount_cents)
        SELECT max(transaction_id), max(account_id), 5 FROM ledger_entries""",
    ],
)
def test_the_database_itself_guards_the_ledger(world: World, statement: str) -> None:
    world.grant(ANA, 1_000)

    with pytest.raises(DBAPIError), world.database.transaction() as session:
        session.execute(text(statement))

    world.check_books()
