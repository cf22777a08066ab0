"""R14: what Stripe tells of one payment, in every order and told again and again, ends in one state.

Each step is what Stripe said at some moment: a reply, a webhook, the payer's page, the clock. They are applied as they
come, also an older state after a newer one. Six steps make 720 orders.
"""

import itertools
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.payments.operations import disputes, stripe_desk, sync
from services.payments.operations.earnings import release_due
from services.payments.operations.refunds_told import sync_refund
from services.payments.tests.factories import ANA, World
from shared.clock import utc_now
from shared.database import transaction
from shared.testing.proof import FULL, proof

ORDERS = list(itertools.permutations(range(6)))
TRIED = ORDERS if FULL else random.Random(14).sample(ORDERS, 12)
TOLD = 5 if FULL else 1

Step = tuple[Callable[[Session, Mapping[str, Any]], bool], Mapping[str, Any]]

STATE = {
    "orders": "SELECT status, is_final, failure_code, credits_applied_cents, total_amount_cents,"
    " refunded_amount_cents, stripe_payment_intent_id, disputed FROM orders ORDER BY id",
    "attempts": "SELECT number, status, stripe_id FROM payment_attempts ORDER BY id",
    "refunds": "SELECT status, to_card_cents, to_credits_cents FROM refunds ORDER BY id",
    "disputes": "SELECT status, funds_state, is_frozen FROM disputes ORDER BY id",
    "balances": "SELECT a.code, sum(e.amount_cents) FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id"
    " GROUP BY a.code HAVING sum(e.amount_cents) <> 0 ORDER BY 1",
    "facts": "SELECT type, count(*) FROM outbox WHERE type IN ('payment.succeeded', 'payment.refunded') GROUP BY 1",
}


def outcome(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the payment left behind; what the database checks at the commit is checked here."""
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    return {name: sorted(map(tuple, session.execute(text(query)))) for name, query in STATE.items()}


def in_every_order(steps: list[Step]) -> dict[str, list[tuple[Any, ...]]]:
    """Apply six steps in every order, each told several times; return the one state they all end in."""
    assert len(steps) == 6
    first: dict[str, list[tuple[Any, ...]]] | None = None
    with transaction() as session:
        for order in TRIED:
            tried = session.begin_nested()
            for _ in range(TOLD):
                for number in order:
                    apply, told = steps[number]
                    assert apply(session, told)
            ended = outcome(session)
            tried.rollback()
            session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            session.expire_all()
            first = first or ended
            assert ended == first, order
    assert first is not None
    return first


class TestEveryOrder:
    pytestmark = proof

    def test_of_a_card_that_its_bank_wants_confirmed(self, world: World) -> None:
        world.grant(ANA, 4_000)
        world.book(
            100, payment={"payment_method_id": world.card("pm_card_authenticationRequired"), "apply_credits": True}
        )
        [number] = [one for one in stripe_desk.due_operations() if self.call_of(world, one) == "payment_intents.create"]
        job = stripe_desk._claim(number, owned=False)
        assert job is not None
        reply = world.stripe.call(job.call, job.target, job.params, key=job.key)
        assert reply["status"] == "requires_action"
        world.sandbox.control(f"intents/{reply['id']}/authenticate", outcome="succeed")
        paid = world.stripe.call("payment_intents.retrieve", reply["id"], {"expand": ["latest_charge"]})
        assert paid["status"] == "succeeded", paid["status"]
        working = {**reply, "status": "processing", "next_action": None}

        ended = in_every_order([(sync.sync_intent, told) for told in (reply, reply, working, paid, paid, paid)])

        assert ended["facts"] == [("payment.succeeded", 1)]
        [order] = ended["orders"]
        assert (order[0], order[3], order[4]) == ("completed", 4_000, 6_000)

    def test_of_the_hosted_page(self, world: World) -> None:
        world.book(100)
        world.work()
        page_id = str(world.order(100).stripe_checkout_session_id)
        page = {"expand": ["payment_intent"]}
        still_open = world.stripe.call("checkout.sessions.retrieve", page_id, page)
        world.sandbox.control(f"checkout/{page_id}/pay", card="4242424242424242")
        complete = world.stripe.call("checkout.sessions.retrieve", page_id, page)
        paid = world.stripe.call("payment_intents.retrieve", complete["payment_intent"]["id"], {})

        ended = in_every_order(
            [
                (sync.sync_checkout, still_open),
                (sync.sync_checkout, complete),
                (sync.sync_checkout, complete),
                (sync.sync_intent, {**paid, "status": "processing"}),
                (sync.sync_intent, paid),
                (sync.sync_intent, paid),
            ]
        )

        assert ended["facts"] == [("payment.succeeded", 1)]
        assert ended["orders"][0][0] == "completed"

    def test_of_a_refund_that_arrives(self, world: World) -> None:
        pending, sent = self.refunded(world)

        ended = in_every_order([(sync_refund, told) for told in (pending, pending, pending, sent, sent, sent)])

        assert ended["refunds"] == [("succeeded", 10_000, 0)]
        assert ended["facts"] == [("payment.refunded", 1), ("payment.succeeded", 1)]

    def test_of_a_refund_that_comes_back(self, world: World) -> None:
        """The card was closed: the money came back to Stripe days later, and becomes credits."""
        pending, sent = self.refunded(world)
        failed = {**sent, "status": "failed", "failure_reason": "lost_or_stolen_card"}

        ended = in_every_order([(sync_refund, told) for told in (pending, pending, sent, sent, failed, failed)])

        assert ended["refunds"] == [("failed", 0, 10_000)]
        assert (f"user:{ANA}:credits", -10_000) in ended["balances"]

    @pytest.mark.parametrize("verdict", ["won", "lost"])
    def test_of_a_dispute(self, world: World, verdict: str) -> None:
        world.book(100, payment={"payment_method_id": world.card()})
        world.work()
        delivered = {"earned_cents": 10_000, "earned_from": (utc_now() - timedelta(days=3)).isoformat()}
        world.apply(world.event("booking.completed", 100, status="completed", **delivered))
        with transaction() as session:
            release_due(session, now=utc_now())
        world.sandbox.control("disputes", charge=world.sandbox.listed("charges")[0]["id"])
        dispute = world.sandbox.listed("disputes")[0]["id"]
        opened = world.stripe.call("disputes.retrieve", dispute, {})
        world.sandbox.control(f"disputes/{dispute}/close", status=verdict)
        closed = world.stripe.call("disputes.retrieve", dispute, {})

        tellings = (opened, opened, opened, closed, closed, closed)
        ended = in_every_order([(disputes.sync_dispute, told) for told in tellings])

        assert ended["disputes"] == [(verdict, "reinstated" if verdict == "won" else "lost", False)]
        assert ended["orders"][0][0] == ("completed" if verdict == "won" else "refunded")

    def refunded(self, world: World) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what Stripe says of a refund that was asked for: on its way, and arrived."""
        world.book(100, payment={"payment_method_id": world.card()})
        world.work()
        world.apply(world.event("booking.cancelled", 100, status="canceled", refund_cents=10_000))
        [number] = stripe_desk.due_operations()
        job = stripe_desk._claim(number, owned=False)
        assert job is not None
        sent = world.stripe.call(job.call, job.target, job.params, key=job.key)
        return {**sent, "status": "pending"}, {**sent, "status": "succeeded"}

    def call_of(self, world: World, number: int) -> str:
        with transaction() as session:
            return str(session.scalar(text("SELECT call FROM stripe_operations WHERE id = :id"), {"id": number}))
