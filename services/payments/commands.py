"""Commands about money: `estuary ledger audit`, `estuary ledger reconcile`."""

from datetime import timedelta

import click

from services.payments.clients.stripe import configured
from services.payments.operations.auditing import prove_ledger
from services.payments.operations.reconciliation import reconcile as reconcile_day
from services.payments.settings import settings
from shared.cli.environment import load
from shared.clock import utc_now
from shared.database import connect, transaction


@click.group()
def ledger() -> None:
    """Look after the ledger."""
    load("payments")
    connect(settings().database_url, application_name="payments-command")


@ledger.command()
def audit() -> None:
    """Prove that every cent is accounted for; fail and name what is not.

    What it finds stays open and keeps payouts stopped; finding nothing lets them go on.
    """
    with transaction() as session:
        found = prove_ledger(session)
    for one in found:
        click.echo(f"{one.kind} {one.subject}: {one.ours_cents} here, {one.theirs_cents} there")
    if found:
        raise SystemExit(1)
    click.echo("The ledger balances: every transaction sums to zero, every balance equals its entries.")


@ledger.command()
@click.option("--day", type=click.DateTime(formats=["%Y-%m-%d"]), default=None, help="UTC; default yesterday.")
def reconcile(*, day: object) -> None:
    """Compare a day with Stripe, as the nightly job does."""
    chosen = day.date() if hasattr(day, "date") else (utc_now() - timedelta(days=1)).date()
    found = reconcile_day(configured(settings()), day=chosen)
    click.echo(f"{chosen}: {found} differences")
