"""Commands about a service's database: its form, and the demo's rows."""

import importlib
import os
import time

import click

from shared.cli.environment import load
from shared.cli.run import SERVICES

service = click.argument("service", type=click.Choice(SERVICES))
# A later service's seed speaks of rows that reach it as events of an earlier one.
SEED_PATIENCE_SECONDS = 90


@click.command()
@service
def migrate(service: str) -> None:
    """Bring SERVICE's database to the newest form."""
    load(service)
    from shared.database.migrate import migrate

    migrate(service, os.environ["DATABASE_URL"])


@click.command()
@service
@click.argument("about")
def revision(service: str, about: str) -> None:
    """Write a migration of SERVICE from its models; ABOUT says its aim in a few words."""
    load(service)
    from shared.database.migrate import make_revision

    make_revision(service, os.environ["DATABASE_URL"], about)


@click.command()
@service
def seed(service: str) -> None:
    """Fill SERVICE with its part of the demo; what is there already is left alone."""
    load(service)
    from shared.messaging import NotYet

    module = importlib.import_module(f"services.{service}.seed")
    deadline = time.monotonic() + SEED_PATIENCE_SECONDS
    while True:
        try:
            module.seed()
        except NotYet:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
