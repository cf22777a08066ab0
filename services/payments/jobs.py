"""What payments does by itself. Each run takes what is due and may find nothing; any number of workers may run."""

from contextlib import suppress
from datetime import timedelta

from services.payments.clients.stripe import Stripe, Unanswered, configured
from services.payments.operations import (
    auditing,
    earnings,
    expiring,
    leftovers,
    memberships,
    payout_runs,
    plans,
    reconciliation,
    upkeep,
)
from services.payments.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every


def stripe() -> Stripe:
    """Return this process's way to Stripe."""
    return configured(settings())


@every(seconds=5)
def clear_desk() -> None:
    """Make calls to Stripe that wait, and work on its webhooks; a notification wakes the desk long before this."""
    while upkeep.clear_desk(stripe()):
        pass


@every(minutes=1)
def sync_orders() -> None:
    """Ask Stripe about payments that nobody told us the end of."""
    upkeep.sync_stale_orders(stripe(), now=utc_now())


@every(minutes=1)
def expire_orders() -> None:
    """Fail orders whose time to pay is over."""
    while upkeep.expire_unpaid(now=utc_now()):
        pass


@every(minutes=1)
def release_earnings() -> None:
    """Make earnings available whose hold is over."""
    released = 1
    while released:
        with transaction() as session:
            released = earnings.release_due(session, now=utc_now())


@every(minutes=1)
def watch_ledger() -> None:
    """Prove that what was posted lately is whole; a breach stops payouts."""
    with transaction() as session:
        auditing.watch_ledger(session, now=utc_now())


@every(minutes=1)
def process_payouts() -> None:
    """Transfer payouts that wait."""
    payout_runs.transfer_due(stripe(), now=utc_now())


@every(minutes=5, once=True)
def weekly_batch() -> None:
    """From Monday 06:00 UTC on, pay everybody who has enough, once that week, however late the first run is."""
    payout_runs.run_batch(stripe(), now=utc_now())


@every(minutes=10)
def let_lapse() -> None:
    """End plans and memberships whose paid time or grace is over."""
    ended = 1
    while ended:
        with transaction() as session:
            ended = plans.let_lapse(session, now=utc_now()) + memberships.let_lapse(session, now=utc_now())


@daily(at="03:10")
def reconcile_day() -> None:
    """Compare yesterday with Stripe, and the ledger with itself."""
    day = (utc_now() - timedelta(days=1)).date()
    reconciliation.reconcile(stripe(), day=day)
    with transaction() as session:
        reconciliation.snapshot_balances(session, day=day)


@every(hours=1, once=True)
def replay_events() -> None:
    """Take in what Stripe told while nobody listened; while Stripe does not answer there is nothing to take in."""
    with suppress(Unanswered):
        upkeep.catch_up(stripe(), now=utc_now())


@daily(at="03:40")
def purge() -> None:
    """Forget Stripe's events after 400 days."""
    deleted = 1
    while deleted:
        with transaction() as session:
            deleted = upkeep.purge_events(session, now=utc_now())


@daily(at="04:10")
def cards_expiring() -> None:
    """Tell payers whose card ends this month, and charge by another card where the default one has ended."""
    for work in (expiring.tell_expiring, expiring.replace_expired_defaults):
        done = 1
        while done:
            with transaction() as session:
                done = work(session, now=utc_now())


@daily(at="04:20")
def find_leftovers() -> None:
    """Show staff the money of packages that ended a week ago and that nobody earned or got back."""
    with transaction() as session:
        leftovers.find_leftovers(session, now=utc_now())
