"""What is easily forgotten: refunds that wait for a dispute, money of memberships and plans, transfers made twice."""

from typing import Any

import pytest

from services.payments.operations import auditing, payout_runs
from services.payments.operations.disputes import sync_dispute
from services.payments.operations.earnings import release_due
from services.payments.operations.refunds_told import sync_refund
from services.payments.operations.transfers import sync_transfer
from services.payments.tests.factories import ANA, PAT, PRACTITIONER, STAFF, World
from services.payments.tests.integration.test_payouts import earned, onboarded
from services.payments.tests.integration.test_plans_and_memberships import stream
from services.payments.tests.integration.test_refunds import paid_by_card
from shared.clock import utc_now
from shared.database import transaction
from shared.testing.http import Caller

COMPLETED = {"status": "completed", "earned_cents": 10_000}


def account(kind: str, practitioner: int = PRACTITIONER) -> str:
    return f"practitioner:{practitioner}:{kind}"


def dispute(world: World) -> str:
    """Let the newest charge be disputed, take it in, and return the dispute."""
    world.sandbox.control("disputes", charge=world.sandbox.listed("charges")[0]["id"])
    opened = str(world.sandbox.listed("disputes")[0]["id"])
    take_in(world, opened)
    return opened


def take_in(world: World, opened: str) -> None:
    for _ in range(2):
        told = world.stripe.call("disputes.retrieve", opened, {})
        with transaction() as session:
            assert sync_dispute(session, told)


def decide(world: World, opened: str, verdict: str) -> None:
    world.sandbox.control(f"disputes/{opened}/close", status=verdict)
    take_in(world, opened)
    world.work()


def sound(world: World) -> None:
    with transaction() as session:
        assert auditing.audit_ledger(session) == []
    world.check_books()


def canceled(world: World, refund: int, **more: Any) -> Any:
    told = {"status": "canceled", "refund_cents": refund, "retained_cents": 0, "canceled_by": "practitioner"}
    return world.event("booking.cancelled", 100, **told, **more)


class TestARefundThatMeetsADispute:
    def test_is_made_once_the_dispute_is_won(self, world: World) -> None:
        paid_by_card(world)
        opened = dispute(world)

        world.apply(canceled(world, 10_000))
        assert world.order(100).refunded_amount_cents == 0
        decide(world, opened, "won")

        assert world.order(100).status == "refunded"
        assert [told["amount_cents"] for told in world.told("payment.refunded")] == [10_000]
        assert world.balance(account("escrow")) == 0
        sound(world)

    def test_is_not_made_when_the_bank_has_taken_the_money(self, world: World) -> None:
        paid_by_card(world)
        opened = dispute(world)

        world.apply(canceled(world, 10_000))
        decide(world, opened, "lost")

        assert world.order(100).status == "refunded"
        assert world.told("payment.refunded") == []
        assert world.balance(f"user:{ANA}:credits") == 0
        sound(world)

    def test_gives_back_in_credits_what_was_paid_in_credits(self, world: World) -> None:
        world.grant(ANA, 4_000)
        world.book(100, payment={"payment_method_id": world.card(), "apply_credits": True})
        world.work()
        opened = dispute(world)

        world.apply(canceled(world, 10_000))
        decide(world, opened, "lost")

        assert world.order(100).status == "refunded"
        assert world.balance(f"user:{ANA}:credits") == 4_000
        sound(world)


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_what_is_earned_during_a_dispute_waits_for_it(world: World, verdict: str) -> None:
    paid_by_card(world)
    opened = dispute(world)

    world.apply(world.event("booking.completed", 100, **COMPLETED, earned_from="2026-01-01T00:00:00Z"))
    with transaction() as session:
        assert release_due(session, now=utc_now()) == 0
    assert world.balance(account("disputed")) == 8_500
    sound(world)
    decide(world, opened, verdict)

    assert world.balance(account("disputed")) == 0
    assert world.balance(account("pending")) == (8_500 if verdict == "won" else 0)
    sound(world)


def test_a_membership_that_is_given_back_is_not_earned(world: World, http: Caller) -> None:
    stream(world)
    body = {"stream_id": 70, "tier": "entry", "payment_method_id": world.card()}
    assert http.as_user(ANA).post("/memberships/", body).status == 201
    order = world.told("payment.succeeded")[-1]["order_id"]
    staff = http.as_staff(STAFF)

    assert staff.post(f"/payments/{order}/refund/", {"amount": "3.00"}).status == 201
    assert world.balance(account("pending")) == 765 - 255
    assert world.balance("platform:commission") == 135 - 45
    assert staff.post(f"/payments/{order}/refund/").status == 201

    assert world.balance(account("pending")) == world.balance("platform:commission") == 0
    assert world.balance("platform:plans") == 0
    sound(world)


def test_a_membership_can_be_disputed_after_a_part_was_given_back(world: World, http: Caller) -> None:
    stream(world)
    body = {"stream_id": 70, "tier": "entry", "payment_method_id": world.card()}
    assert http.as_user(ANA).post("/memberships/", body).status == 201
    order = world.told("payment.succeeded")[-1]["order_id"]
    assert http.as_staff(STAFF).post(f"/payments/{order}/refund/", {"amount": "3.00"}).status == 201
    world.work()

    decide(world, dispute(world), "lost")

    assert world.balance(account("pending")) == world.balance(account("disputed")) == 0
    assert world.balance("platform:commission") == 0
    sound(world)


def test_nobody_refunds_the_own_plan(world: World, http: Caller) -> None:
    """A plan's payment names the practitioner who pays it: that makes it no sale of theirs."""
    body = {"tier_id": "professional", "payment_method_id": world.card(user_id=PAT)}
    assert http.as_user(PAT).post("/subscriptions/", body).status == 201
    order = world.told("payment.succeeded")[-1]["order_id"]

    refused = http.as_user(PAT).post(f"/payments/{order}/refund/")

    assert (refused.status, refused.code) == (403, "permission_denied")
    assert http.as_staff(STAFF).post(f"/payments/{order}/refund/").status == 201
    sound(world)


class TestSpentCredits:
    @pytest.fixture
    def spent(self, world: World, http: Caller) -> World:
        """Ana has bought credits for $100, and spent $70 of them."""
        body = {"amount": "100.00", "payment_method_id": world.card()}
        assert http.as_user(ANA).post("/credits/purchase/", body).status in (200, 201)
        world.book(100, amount=7_000, payment={"apply_credits": True})
        assert world.balance(f"user:{ANA}:credits") == 3_000
        return world

    def test_that_a_bank_takes_back_are_the_platforms_loss(self, spent: World) -> None:
        before = spent.balance("platform:losses")

        decide(spent, dispute(spent), "lost")

        assert spent.balance(f"user:{ANA}:credits") == 0
        assert spent.balance("platform:losses") - before >= 7_000
        sound(spent)

    def test_that_were_given_back_at_stripe_are_too(self, spent: World) -> None:
        charge = spent.sandbox.listed("charges")[0]
        made = spent.stripe.call(
            "refunds.create", None, {"payment_intent": charge["payment_intent"], "amount": 10_000}, key="dashboard"
        )
        with transaction() as session:
            assert sync_refund(session, made)

        assert spent.balance(f"user:{ANA}:credits") == 0
        assert spent.balance("platform:losses") == 7_000
        sound(spent)


def test_a_package_that_two_give_is_earned_by_both_whoever_comes(world: World) -> None:
    """The price was divided when it was paid; each session that is held is divided the same way."""
    halves = [
        {"practitioner_id": PRACTITIONER, "is_primary": True, "share_bp": 5_000},
        {"practitioner_id": 4, "is_primary": False, "share_bp": 5_000},
    ]
    world.service(60, kind="package", practitioners=halves)
    world.grant(ANA, 10_000)
    world.book(100, service_id=60, service_type="package", payment={"apply_credits": True})

    for child in (101, 102):
        world.apply(
            world.event(
                "booking.completed",
                child,
                parent_booking_id=100,
                service_id=50,
                status="completed",
                earned_cents=5_000,
                earned_from=utc_now().isoformat(),
            )
        )

    assert world.balance(account("escrow")) == world.balance(account("escrow", 4)) == 0
    assert world.balance(account("pending")) == world.balance(account("pending", 4)) == 4_250
    sound(world)


def test_a_payout_whose_transfer_came_back_is_paid_again(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    payout = http.as_user(PAT).post("/payouts/", {}).json["id"]
    payout_runs.transfer_due(world.stripe, now=utc_now())
    first = world.sandbox.listed("transfers")[0]["id"]
    world.stripe.call("transfers.reversals.create", first, {"amount": 8_500})
    with transaction() as session:
        sync_transfer(session, world.stripe.call("transfers.retrieve", first, {}))

    again = http.as_staff(STAFF).post(f"/payouts/{payout}/process/")

    assert (again.status, again.json["status"]) == (200, "completed")
    assert len(world.sandbox.listed("transfers")) == 2
    # What Stripe still tells of the first transfer is over.
    with transaction() as session:
        assert sync_transfer(session, world.stripe.call("transfers.retrieve", first, {}))
    assert http.as_user(PAT).get(f"/payouts/{payout}/").json["status"] == "completed"
    assert world.balance(account("in_payout")) == world.balance(account("available")) == 0
    sound(world)


def test_a_debt_after_a_payout_is_shown_and_stops_the_next(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    assert http.as_user(PAT).post("/payouts/", {}).status == 201
    payout_runs.transfer_due(world.stripe, now=utc_now())

    world.apply(world.event("booking.no_show", 100, no_show_by="practitioner", refund_cents=10_000, earned_cents=0))

    assert world.balance(account("available")) == -8_500
    assert http.as_user(PAT).get("/payouts/earnings_balance/").json["available_balance"] == "-85.00"
    assert http.as_user(PAT).post("/payouts/", {}).code == "no_funds_available"
    earned(world, 200, cents=20_000)
    assert world.balance(account("available")) == 8_500
    sound(world)


_BAD_AMOUNTS: list[dict[str, Any]] = [
    *({"amount": bad} for bad in ("0", "-5", "1.005", 1e9, "NaN", "Infinity", "1e2", "１０", True, "", [], "0x10")),
    *({"amount_cents": bad} for bad in (0, -500, 1.5, "1e3", 2**63, True, [])),
    {"amount": "50.00", "amount_cents": 1},
    {"amount": "50.00", "currency": "EUR"},
]


def test_amounts_that_are_none_move_nothing(world: World, http: Caller) -> None:
    """Wherever an amount is taken: what is no amount is refused on its field, before anything moves."""
    onboarded(world, http)
    earned(world)
    order, ana, pat, staff = world.order(100).id, http.as_user(ANA), http.as_user(PAT), http.as_staff(STAFF)
    ways = {
        "refund": lambda body: staff.post(f"/payments/{order}/refund/", body),
        "payout": lambda body: pat.post("/payouts/", body),
        "request_payout": lambda body: pat.post("/payouts/request_payout/", body),
        "transfer": lambda body: ana.post("/credits/transfer/", {"recipient_email": "ben@x.com", **body}),
        "purchase": lambda body: ana.post("/credits/purchase/", body),
    }

    answers = {(name, str(bad)): ask(bad) for name, ask in ways.items() for bad in _BAD_AMOUNTS}

    assert {key: answer.json for key, answer in answers.items() if answer.status != 400} == {}
    assert world.balance(account("available")) == 8_500
    assert world.order(100).refunded_amount_cents == 0
    sound(world)


def test_an_old_version_of_a_payout_is_not_changed(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)
    pat = http.as_user(PAT)
    path = f"/payouts/{pat.post('/payouts/', {}).json['id']}/"
    newest = pat.get(path).headers["ETag"]

    assert pat.having(If_Match='"999"').patch(path, {"notes": "x"}).code == "precondition_failed"
    assert pat.having(If_Match=newest).patch(path, {"notes": "x"}).json["notes"] == "x"
    assert pat.patch(path, {"status": "completed"}).status == 403
