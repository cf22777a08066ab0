"""R15: money is conserved. Postings in parallel, rights that are given up, and the auditor that stops payouts."""

import random
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from services.payments import jobs
from services.payments.domain.errors import InsufficientCredits, PayoutsStopped
from services.payments.models import Payout
from services.payments.operations import auditing, ledger, payout_runs, reconciliation
from services.payments.operations.auditing import is_sound, prove_ledger, watch_ledger
from services.payments.operations.credits import note_credits
from services.payments.operations.payouts import start_transfer
from services.payments.tests.factories import ANA, PAT, PRACTITIONER, World
from shared.clock import utc_now
from shared.database import Database, transaction
from shared.testing.http import Caller
from shared.testing.proof import proof, sized

THREADS, EACH = 30, sized(12, full=200)
USERS = range(901, 911)
LOCK_NOT_AVAILABLE = "55P03"


@pytest.mark.parametrize("seed", [7])
class TestTransfersInParallel:
    pytestmark = proof

    def test_nothing_is_lost_made_or_owed(self, world: World, database: Database, seed: int) -> None:
        """30 threads move credits between 10 people, half of the keys used twice, many sums more than there is."""
        for user in USERS:
            world.grant(user, 1_000)
        own = Database(database.url.render_as_string(hide_password=False), pool_size=THREADS)
        outcomes: Counter[str] = Counter()
        errors: list[str] = []

        def move(number: int) -> None:
            chance = random.Random(seed * 1000 + number)
            for turn in range(EACH):
                source, target = chance.sample(USERS, 2)
                key = f"{seed}:{number % (THREADS // 2)}:{turn}"  # Two threads use each key.
                cents = chance.choice((1, 50, 300, 900))
                lines = {ledger.user_credits(source): cents, ledger.user_credits(target): -cents}
                try:
                    with own.transaction() as session:
                        posting = ledger.post(session, "transfer", f"transfer:{key}", lines)
                        for user, change in ((source, -cents), (target, cents)):
                            if posting.is_new:
                                kind = {"transaction_type": "transfer", "description": ""}
                                note_credits(session, posting, user_id=user, cents=change, **kind)
                    outcomes["posted" if posting.is_new else "known"] += 1
                except InsufficientCredits:
                    outcomes["refused"] += 1
                except DBAPIError as error:
                    # On a busy machine somebody waits too long for a lock and is sent away: nothing has happened then.
                    if getattr(error.orig, "pgcode", None) == LOCK_NOT_AVAILABLE:
                        outcomes["sent away"] += 1
                    else:
                        errors.append(str(error.orig))

        threads = [threading.Thread(target=move, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        own.close()

        assert errors == []
        assert sum(outcomes.values()) == THREADS * EACH
        assert outcomes["posted"] > 0
        assert outcomes["known"] > 0
        assert outcomes["refused"] > 0
        with transaction() as session:
            assert session.scalar(text("SELECT sum(amount_cents) FROM ledger_entries")) == 0
            kept = "SELECT sum(balance_cents), min(balance_cents) FROM ledger_accounts WHERE owner_id IS NOT NULL"
            total, least = session.execute(text(kept)).one()
            assert auditing.audit_ledger(session) == []
        assert (total, least >= 0) == (len(USERS) * 1_000, True)
        print(f"{THREADS * EACH} tries: {dict(outcomes)}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount_cents = 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "TRUNCATE ledger_accounts CASCADE",
        "UPDATE ledger_transactions SET reference = 'other'",
        "DELETE FROM ledger_transactions",
        "TRUNCATE ledger_transactions CASCADE",
    ],
)
def test_the_services_own_role_may_not_change_the_past(world: World, statement: str) -> None:
    world.grant(ANA, 1_000)

    with pytest.raises(ProgrammingError, match=r"append-only|permission denied"), transaction() as session:
        session.execute(text(statement))

    world.check_books()


class TestTheAuditor:
    def payout(self, world: World, http: Caller) -> int:
        """Let a practitioner ask for what they earned."""
        world.sandbox.control("balance", amount=1_000_000, currency="usd")
        pat = http.as_user(PAT)
        pat.post("/connect/onboarding/", {})
        account = world.sandbox.listed("accounts")[0]["id"]
        world.sandbox.control(f"accounts/{account}/onboard")
        with transaction() as session:
            from services.payments.operations.connect import sync_account

            sync_account(session, world.stripe.call("accounts.retrieve", account, {}))
        world.grant(ANA, 10_000)
        world.book(100, payment={"apply_credits": True})
        long_ago = (utc_now() - timedelta(days=3)).isoformat()
        world.apply(
            world.event("booking.completed", 100, status="completed", earned_cents=10_000, earned_from=long_ago)
        )
        jobs.release_earnings()
        answer = pat.post("/payouts/", {"amount": "50.00"})
        assert answer.status == 201, answer.json
        return int(answer.json["id"])

    def test_a_whole_ledger_stays_quiet(self, world: World) -> None:
        world.grant(ANA, 1_000)
        for minutes in (0, 6, 12):
            with transaction() as session:
                assert watch_ledger(session, now=utc_now() + timedelta(minutes=minutes)) == []
                world.grant(ANA, 10)
        with transaction() as session:
            seen = session.execute(text("SELECT entries, total_cents FROM ledger_audits ORDER BY id")).all()
        assert [row.entries for row in seen] == [2, 4, 2]
        assert seen[-1].total_cents == -1_020

    def test_a_breach_stops_payouts_until_it_is_explained(self, world: World, http: Caller) -> None:
        payout = self.payout(world, http)
        with transaction() as session:
            assert watch_ledger(session, now=utc_now()) == []
            session.execute(text("UPDATE ledger_accounts SET balance_cents = balance_cents + 1 WHERE kind = 'credits'"))

        jobs.watch_ledger()

        assert payout_runs.transfer_due(world.stripe, now=utc_now()) == 0
        assert payout_runs.run_batch(world.stripe, now=utc_now()) == 0
        with pytest.raises(PayoutsStopped), transaction() as session:
            start_transfer(session, session.get_one(Payout, payout))
        assert world.sandbox.listed("transfers") == []
        with transaction() as session:
            session.execute(text("UPDATE ledger_accounts SET balance_cents = balance_cents - 1 WHERE kind = 'credits'"))
            assert not is_sound(session)
            assert prove_ledger(session) == []
            assert is_sound(session)
        assert payout_runs.transfer_due(world.stripe, now=utc_now()) == 1
        assert [one["amount"] for one in world.sandbox.listed("transfers")] == [5_000]

    def test_it_names_the_account(self, world: World) -> None:
        world.grant(ANA, 1_000)
        with transaction() as session:
            watch_ledger(session, now=utc_now() + timedelta(minutes=10))
        with transaction() as session:
            session.execute(text("UPDATE ledger_accounts SET balance_cents = 1 WHERE kind = 'credits'"))
            found = watch_ledger(session, now=utc_now() + timedelta(minutes=11))
        assert {(one.kind, one.ours_cents, one.theirs_cents) for one in found} == {
            ("account_balance", 1, 1_000),
            ("credits", 1, 1_000),
        }

    def test_snapshots_shorten_its_sums(self, world: World) -> None:
        world.grant(ANA, 1_000)
        with transaction() as session:
            session.execute(text("SELECT 1"))
        from shared.clock import shifted_by

        with shifted_by(timedelta(minutes=10)), transaction() as session:
            assert reconciliation.snapshot_balances(session, day=utc_now().date()) == 2
        world.grant(ANA, 500)
        with transaction() as session:
            assert watch_ledger(session, now=utc_now()) == []
            sums = session.scalars(text("SELECT balance_cents FROM balance_snapshots ORDER BY balance_cents")).all()
        assert sums == [-1_000, 1_000]


def test_practitioners_accounts_keep_apart(world: World) -> None:
    """Escrow never falls below nothing, whatever is asked of it."""
    world.grant(ANA, 10_000)
    world.book(100, payment={"apply_credits": True})
    for cents in (9_000, 20_000, 10_000):
        world.apply(
            world.event(
                "booking.completed", 100, status="completed", earned_cents=cents, earned_from=utc_now().isoformat()
            )
        )
    assert world.balance(f"practitioner:{PRACTITIONER}:escrow") == 0
    assert world.balance(f"practitioner:{PRACTITIONER}:pending") == 8_500
    world.check_books()
