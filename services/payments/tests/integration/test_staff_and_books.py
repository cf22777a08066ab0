"""Disputes, comparisons with Stripe, and what staff see of the ledger."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from services.payments import jobs
from services.payments.operations import auditing, reconciliation, upkeep
from services.payments.operations.disputes import sync_dispute
from services.payments.operations.earnings import release_due
from services.payments.operations.leftovers import find_leftovers
from services.payments.tests.factories import ANA, BEN, PAT, PRACTITIONER, STAFF, World
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging.schedules import jobs_of
from shared.testing.http import Caller


def disputed(world: World) -> str:
    """Let a delivered booking be disputed, and return the dispute."""
    world.book(100, payment={"payment_method_id": world.card()})
    world.work()
    world.apply(
        world.event(
            "booking.completed", 100, status="completed", earned_cents=10_000, earned_from=utc_now().isoformat()
        )
    )
    world.sandbox.control("disputes", charge=world.sandbox.listed("charges")[0]["id"])
    dispute = world.sandbox.listed("disputes")[0]["id"]
    take_in(world, dispute)
    return str(dispute)


def take_in(world: World, dispute: str) -> None:
    for _ in range(2):
        told = world.stripe.call("disputes.retrieve", dispute, {})
        with transaction() as session:
            assert sync_dispute(session, told)


def test_a_dispute_freezes_what_was_not_paid_out(world: World, http: Caller) -> None:
    disputed(world)

    assert world.balance(f"practitioner:{PRACTITIONER}:disputed") == 8_500
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 0
    with transaction() as session:
        assert release_due(session, now=utc_now() + timedelta(days=9)) == 0
    refund = http.as_staff(STAFF).post(f"/payments/{world.order(100).id}/refund/")
    assert (refund.status, refund.code) == (409, "order_not_refundable")
    [row] = http.as_user(PAT).get("/payments/disputes/").json["results"]
    assert row["amount"] == "100.00"
    assert http.as_user(ANA).get("/payments/disputes/").status == 403
    world.check_books()


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_dispute_is_decided(world: World, verdict: str) -> None:
    dispute = disputed(world)
    world.sandbox.control(f"disputes/{dispute}/close", status=verdict)

    take_in(world, dispute)

    assert world.balance(f"practitioner:{PRACTITIONER}:disputed") == world.balance("platform:disputed") == 0
    if verdict == "won":
        assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 8_500
        assert world.order(100).status == "completed"
    else:
        assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 0
        assert world.balance("platform:commission") == 0
        assert world.order(100).status == "refunded"
    with transaction() as session:
        assert auditing.audit_ledger(session) == []
    world.check_books()


def test_the_ledger_agrees_with_stripe(world: World) -> None:
    world.book(100, payment={"payment_method_id": world.card()})
    world.work()
    world.sandbox.control("clock", advance_seconds=1)
    for event in world.sandbox.listed("events"):
        assert event["type"]
    assert upkeep.catch_up(world.stripe, now=utc_now()) > 0
    world.work()
    today = utc_now().date()
    world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=2_500))
    world.work()

    found = reconciliation.reconcile(world.stripe, day=today)

    with transaction() as session:
        items = session.execute(text("SELECT kind, ours_cents, theirs_cents FROM reconciliation_items")).all()
    assert found == 0, items


def test_a_difference_is_found_shown_and_closed(world: World, http: Caller) -> None:
    world.grant(ANA, 1_000)
    with transaction() as session:
        session.execute(text("UPDATE ledger_accounts SET balance_cents = 1500 WHERE kind = 'credits'"))

    assert reconciliation.reconcile(world.stripe, day=utc_now().date()) == 2
    staff = http.as_staff(STAFF)
    kinds = {row["kind"] for row in staff.get("/payments/reconciliation/?state=open").json["results"]}
    assert kinds == {"account_balance", "credits"}
    with transaction() as session:
        session.execute(text("UPDATE ledger_accounts SET balance_cents = 1000 WHERE kind = 'credits'"))
    assert reconciliation.reconcile(world.stripe, day=utc_now().date()) == 0
    assert staff.get("/payments/reconciliation/?state=open").json["count"] == 0
    assert http.as_user(PAT).get("/payments/reconciliation/").status == 403


def test_staff_read_the_ledger(world: World, http: Caller) -> None:
    world.grant(ANA, 1_000)
    staff = http.as_staff(STAFF)

    accounts = {row["code"]: row for row in staff.get("/payments/ledger/accounts/").json["results"]}
    assert accounts["platform:promotions"]["balance"] == "10.00"
    with transaction() as session:
        reconciliation.snapshot_balances(session, day=utc_now().date())
    world.grant(ANA, 500)
    accounts = {row["code"]: row for row in staff.get("/payments/ledger/accounts/").json["results"]}
    assert accounts["platform:promotions"]["balance_cents"] == 1_500
    assert staff.get(f"/payments/ledger/accounts/?owner=user:{ANA}").json["count"] == 1
    entries = staff.get(f"/payments/ledger/entries/?account={accounts['platform:promotions']['id']}").json["results"]
    assert [row["amount_cents"] for row in entries] == [500, 1_000]
    assert http.as_user(BEN).get("/payments/ledger/entries/").status == 403


def test_stripes_events_are_caught_up_and_replayed(world: World, http: Caller) -> None:
    world.book(100)
    world.work()
    page = world.order(100).stripe_checkout_session_id
    world.sandbox.control(f"checkout/{page}/pay", card="4242424242424242")

    upkeep.catch_up(world.stripe, now=utc_now())
    upkeep.catch_up(world.stripe, now=utc_now())
    world.work()

    assert world.order(100).status == "completed"
    event = next(e["id"] for e in world.sandbox.listed("events") if e["type"] == "checkout.session.completed")
    path = f"/payments/webhooks/stripe/events/{event}/replay/"
    assert http.as_staff(STAFF).post(path).status == 202
    assert http.as_staff(STAFF).post(path.replace(event, "evt_none")).status == 404
    assert http.as_user(ANA).post(path).status == 403


def test_purchases_show_what_each_session_earned(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.book(100, service_type="package", payment={"apply_credits": True})
    for child in (201, 202):
        world.apply(
            world.event(
                "booking.completed",
                child,
                parent_booking_id=100,
                status="completed",
                allocated_cents=5_000,
                earned_cents=5_000,
                earned_from=utc_now().isoformat(),
            )
        )

    [bought] = http.as_user(PAT).get("/payouts/earnings/purchases/").json["results"]

    assert bought["summary"]["total_net_display"] == "$85.00"
    assert (bought["summary"]["total_sessions"], bought["summary"]["completed_sessions"]) == (2, 2)
    assert [one["earnings"]["net_cents"] for one in bought["bookings"]] == [4_250, 4_250]


def test_money_left_of_a_package_that_is_over_is_shown(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.book(100, service_type="package", payment={"apply_credits": True})
    world.apply(
        world.event("booking.changed", 100, status="completed", payment_status="paid", amount_cents=10_000),
    )

    with transaction() as session:
        assert find_leftovers(session, now=utc_now() + timedelta(days=6)) == 0
        assert find_leftovers(session, now=utc_now() + timedelta(days=8)) == 1
    [item] = http.as_staff(STAFF).get("/payments/reconciliation/?state=open").json["results"]
    assert (item["kind"], item["ours_cents"], item["theirs_cents"]) == ("escrow_leftover", 10_000, 0)
    reconciliation.reconcile(world.stripe, day=utc_now().date())
    assert http.as_staff(STAFF).get("/payments/reconciliation/?state=open").json["count"] == 1

    world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=10_000))
    with transaction() as session:
        assert find_leftovers(session, now=utc_now() + timedelta(days=16)) == 0
    assert http.as_staff(STAFF).get("/payments/reconciliation/?state=open").json["count"] == 0


def test_every_job_runs(world: World) -> None:
    """Each job of the clock runs on an empty shop without a failure."""
    for job in jobs_of([jobs]):
        job.function()


def test_the_audit_command(world: World) -> None:
    from services.payments.commands import ledger

    world.grant(ANA, 1_000)
    good = CliRunner().invoke(ledger, ["audit"])
    with world.database.transaction() as session:
        session.execute(text("UPDATE ledger_accounts SET balance_cents = 1500 WHERE kind = 'credits'"))
    bad = CliRunner().invoke(ledger, ["audit"])

    assert (good.exit_code, bad.exit_code) == (0, 1), good.output
    assert f"user:{ANA}:credits" in bad.output


def test_every_state_can_be_told_again(world: World, http: Caller) -> None:
    """Readers that start later ask for the present states; each is built from what the tables hold."""
    from services.payments.events import SNAPSHOTS
    from shared.messaging.schemas import dump

    world.grant(ANA, 1_000)
    http.as_user(PAT).post("/subscriptions/", {"tier_id": "basic"})
    http.as_user(PAT).post("/connect/onboarding/", {})

    told = {}
    with transaction() as session:
        for snapshot in SNAPSHOTS:
            for row in session.scalars(snapshot.select):
                told[snapshot.declared.key] = (dump(snapshot.payload(session, row)), snapshot.subject(row))

    assert told["subscription.changed"][0]["tier_code"] == "basic"
    assert told["subscription.changed"][1].id == str(PRACTITIONER)
    assert told["credits.changed"][0]["balance_cents"] == 1_000
    assert "connect_account.changed" in told
