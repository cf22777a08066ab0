"""Earnings are held, released, and paid out once, whatever the account or Stripe does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.payments.operations import payout_runs
from services.payments.operations.earnings import release_due
from services.payments.operations.transfers import sync_transfer
from services.payments.tests.factories import ANA, BEN, PAT, PRACTITIONER, STAFF, World
from shared.clock import shifted_by, utc_now
from shared.database import transaction
from shared.messaging.testing import message
from shared.testing.http import Caller

MONDAY = datetime(2027, 1, 4, 6, 0, tzinfo=UTC)


def earned(world: World, booking: int = 100, *, cents: int = 10_000) -> None:
    """Let a booking be paid, delivered and its hold be over."""
    world.grant(ANA, cents)
    world.book(booking, amount=cents, payment={"apply_credits": True})
    world.apply(
        world.event(
            "booking.completed", booking, status="completed", earned_cents=cents, earned_from="2026-01-01T00:00:00Z"
        )
    )
    with transaction() as session:
        release_due(session, now=utc_now())


def onboarded(world: World, http: Caller) -> str:
    """Set the practitioner's account up."""
    pat = http.as_user(PAT)
    link = pat.post("/connect/onboarding/", {})
    assert link.status == 200, link
    account = pat.get("/connect/status/").json["stripe_account_id"]
    world.sandbox.control(f"accounts/{account}/onboard")
    assert pat.get("/connect/status/?refresh=true").json["can_receive_payouts"] is True
    world.sandbox.control("balance", amount=1_000_000, currency="usd")
    return str(account)


def test_earnings_wait_for_48_hours(world: World) -> None:
    world.grant(ANA, 10_000)
    world.book(100, payment={"apply_credits": True})
    start = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    world.apply(
        world.event("booking.completed", 100, status="completed", earned_cents=10_000, earned_from=start.isoformat())
    )

    with transaction() as session:
        assert release_due(session, now=start + timedelta(hours=48, microseconds=-1)) == 0
    with transaction() as session:
        assert release_due(session, now=start + timedelta(hours=48)) == 1
    with transaction() as session:
        assert release_due(session, now=start + timedelta(hours=49)) == 0
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500
    assert len(world.told("earnings.available")) == 1
    world.check_books()


def test_a_payout_from_request_to_transfer(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    pat = http.as_user(PAT)
    before = pat.get("/payouts/earnings_balance/").json
    assert before["can_request_payout"] is True

    asked = pat.post("/payouts/request_payout/", {"amount": "60.00", "notes": "for the rent"})
    assert asked.status == 201, asked
    assert asked.json["reference_number"] == f"PO-{asked.json['id']:06d}"
    assert pat.post("/payouts/", {}).code == "payout_in_progress"
    assert pat.post("/payouts/request/", {"method": "instant"}).code == "instant_not_available"
    payout_runs.transfer_due(world.stripe, now=utc_now())
    payout_runs.transfer_due(world.stripe, now=utc_now())

    detail = pat.get(f"/payouts/{asked.json['id']}/").json
    assert (detail["status"], detail["transaction_count"]) == ("completed", 1)
    assert detail["transactions"][0]["amount"] == "60.00"
    assert [one["amount"] for one in world.sandbox.listed("transfers")] == [6_000]
    balance = pat.get("/earnings/balance/").json
    assert (balance["available_balance_cents"], balance["lifetime_payouts_cents"]) == (2_500, 6_000)
    assert [len(world.told(f"payout.{what}")) for what in ("requested", "paid", "failed")] == [1, 1, 0]
    world.check_books()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": "49.99"}, 400, "payout_below_minimum"),
        ({"amount": "85.01"}, 400, "insufficient_earnings"),
        ({"amount": "50", "currency": "EUR"}, 400, "validation_error"),
        ({"amount": "-1"}, 400, "validation_error"),
        ({"amount": "50", "practitioner": 99}, 403, "permission_denied"),
    ],
)
def test_bad_payout_requests(world: World, http: Caller, body: dict[str, Any], status: int, code: str) -> None:
    onboarded(world, http)
    earned(world)

    answer = http.as_user(PAT).post("/payouts/", body)

    assert (answer.status, answer.code) == (status, code), answer


def test_who_can_not_be_paid_out(world: World, http: Caller) -> None:
    earned(world)
    pat = http.as_user(PAT)

    assert http.as_user(BEN).post("/payouts/", {}).status == 403
    assert http.as_user(BEN).get("/earnings/").status == 403
    assert pat.post("/payouts/", {}).code == "payout_account_required"
    account = onboarded(world, http)
    world.sandbox.control(f"accounts/{account}/restrict", due=["individual.verification.document"])
    pat.get("/connect/status/?refresh=true")
    assert pat.post("/payouts/", {}).code == "payout_account_required"
    suspended = {
        "id": PRACTITIONER,
        "public_uuid": "00000000-0000-0000-0000-000000000384",
        "user_id": PAT,
        "status": "suspended",
    }
    world.apply(message("practitioner.changed", suspended, subject=("practitioner", PRACTITIONER), sequence=2))
    frozen = pat.post("/payouts/", {})
    assert (frozen.status, frozen.code) == (403, "payouts_frozen")


def test_nothing_available(world: World, http: Caller) -> None:
    onboarded(world, http)

    assert http.as_user(PAT).post("/payouts/", {}).code == "no_funds_available"


def test_an_account_restricted_meanwhile_fails_the_payout(world: World, http: Caller) -> None:
    account = onboarded(world, http)
    earned(world)
    asked = http.as_user(PAT).post("/payouts/", {}).json
    world.sandbox.control(f"accounts/{account}/restrict", due=["individual.verification.document"])

    payout_runs.transfer_due(world.stripe, now=utc_now())

    shown = http.as_user(PAT).get(f"/payouts/{asked['id']}/").json
    assert (shown["status"], shown["failure_code"]) == ("failed", "payout_account_required")
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500
    assert world.sandbox.listed("transfers") == []
    world.check_books()


def test_a_low_platform_balance_waits_and_then_gives_up(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    world.sandbox.control("balance", amount=0, currency="usd")
    asked = http.as_user(PAT).post("/payouts/", {}).json

    payout_runs.transfer_due(world.stripe, now=utc_now())
    assert http.as_user(PAT).get(f"/payouts/{asked['id']}/").json["status"] == "pending"
    world.sandbox.control("balance", amount=1_000_000, currency="usd")
    with shifted_by(timedelta(minutes=61)):
        payout_runs.transfer_due(world.stripe, now=utc_now())

    assert http.as_user(PAT).get(f"/payouts/{asked['id']}/").json["status"] == "completed"
    assert len(world.sandbox.listed("transfers")) == 1
    world.check_books()


@pytest.mark.parametrize("fault", [{"when": "after", "drop": True, "times": 3}, {"when": "after", "status": 500}])
def test_an_unknown_transfer_is_never_made_twice(world: World, http: Caller, fault: dict[str, Any]) -> None:
    onboarded(world, http)
    earned(world)
    http.as_user(PAT).post("/payouts/", {})
    world.sandbox.fail(method="POST", path="/v1/transfers", **fault)

    payout_runs.transfer_due(world.stripe, now=utc_now())
    for minutes in (2, 10, 70):
        with shifted_by(timedelta(minutes=minutes)):
            world.work()
            payout_runs.transfer_due(world.stripe, now=utc_now())

    assert len(world.sandbox.listed("transfers")) == 1
    assert len(world.told("payout.paid")) == 1
    world.check_books()


def test_a_reversed_transfer_comes_back(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    asked = http.as_user(PAT).post("/payouts/", {}).json
    payout_runs.transfer_due(world.stripe, now=utc_now())
    transfer = world.sandbox.listed("transfers")[0]["id"]
    world.stripe.call("transfers.reversals.create", transfer, {"amount": 8_500})

    for _ in range(2):
        with transaction() as session:
            assert sync_transfer(session, world.stripe.call("transfers.retrieve", transfer, {}))

    assert http.as_user(PAT).get(f"/payouts/{asked['id']}/").json["failure_code"] == "transfer_reversed"
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500
    world.check_books()


def test_mondays_batch_pays_everybody_once(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)

    assert payout_runs.run_batch(world.stripe, now=MONDAY) == 1
    assert payout_runs.run_batch(world.stripe, now=MONDAY + timedelta(minutes=3)) == 0
    payout_runs.transfer_due(world.stripe, now=utc_now())
    assert payout_runs.run_batch(world.stripe, now=MONDAY + timedelta(hours=1)) == 0

    [row] = http.as_user(PAT).get("/payouts/").json["results"]
    assert row["batch_id"] == str(payout_runs.batch_of(MONDAY))
    assert row["net_amount"] == "85.00"


def test_a_missed_monday_is_made_up_for_and_a_broken_one_goes_on(world: World, http: Caller) -> None:
    """No worker ran on Monday; on Tuesday Stripe is out of reach at first. Whoever earns later waits a week."""
    onboarded(world, http)
    earned(world)
    assert payout_runs.monday_of(MONDAY.replace(hour=5)) == MONDAY.date() - timedelta(days=7)
    tuesday = MONDAY.replace(hour=6) + timedelta(days=1)
    world.sandbox.fail(method="GET", path="/v1/balance", when="before", status=500, times=3)

    assert payout_runs.run_batch(world.stripe, now=tuesday) == 0
    assert payout_runs.run_batch(world.stripe, now=tuesday + timedelta(minutes=5)) == 1
    payout_runs.transfer_due(world.stripe, now=utc_now())
    world.work()
    earned(world, booking=101)
    assert payout_runs.run_batch(world.stripe, now=tuesday + timedelta(days=2)) == 0
    assert payout_runs.run_batch(world.stripe, now=tuesday + timedelta(days=7)) == 1


def test_a_debt_is_paid_by_the_next_earnings(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    http.as_user(PAT).post("/payouts/", {})
    payout_runs.transfer_due(world.stripe, now=utc_now())

    world.apply(world.event("booking.no_show", 100, no_show_by="practitioner", refund_cents=10_000, earned_cents=0))
    assert http.as_user(PAT).get("/earnings/balance/").json["available_balance"] == "-85.00"
    assert http.as_user(PAT).post("/payouts/", {}).code == "no_funds_available"
    earned(world, 101, cents=20_000)

    assert http.as_user(PAT).get("/earnings/balance/").json["available_balance"] == "85.00"
    assert http.as_user(PAT).post("/payouts/", {}).json["credits_payout_cents"] == 8_500
    world.check_books()


def test_a_pending_payout_can_be_called_off(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    pat = http.as_user(PAT)
    asked = pat.post("/payouts/", {}).json

    assert pat.patch(f"/payouts/{asked['id']}/", {"status": "completed"}).status == 403
    assert pat.patch(f"/payouts/{asked['id']}/", {"notes": "new"}).json["notes"] == "new"
    assert http.as_user(BEN).delete(f"/payouts/{asked['id']}/").status == 403
    assert pat.delete(f"/payouts/{asked['id']}/").status == 204
    assert pat.delete(f"/payouts/{asked['id']}/").code == "invalid_transition"
    assert world.balance(f"practitioner:{PRACTITIONER}:available") == 8_500
    assert pat.get("/payouts/?status=canceled").json["count"] == 1
    world.check_books()


def test_staff_mark_failed_and_process_again(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    asked, staff = http.as_user(PAT).post("/payouts/", {}).json, http.as_staff(STAFF)

    failed = staff.post(f"/payouts/{asked['id']}/mark_failed/", {"error_message": "wrong bank"})
    assert (failed.json["status"], failed.json["error_message"]) == ("failed", "wrong bank")
    assert http.as_user(PAT).post(f"/payouts/{asked['id']}/process/").status == 403
    done = staff.post(f"/payouts/{asked['id']}/process/")

    assert done.json["status"] == "completed", done
    assert staff.post(f"/payouts/{asked['id']}/process/").code == "invalid_transition"
    assert staff.get("/payouts/summary/").json["paid_cents"] == 8_500
    world.check_books()


def test_a_payout_request_is_repeated_by_its_key(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    pat = http.as_user(PAT)

    answers = [pat.post("/payouts/request/", {"amount": "50", "idempotency_key": "p1"}) for _ in range(3)]

    assert len({answer.json["id"] for answer in answers}) == 1
