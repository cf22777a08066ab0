"""Filling the demo."""

import importlib
import importlib.util
import time

import click

from shared.cli.environment import load
from shared.cli.run import SERVICES

PATIENCE_SECONDS, PAUSE_SECONDS = 90.0, 0.3
# The local runner fills all services' parts; it is not there in a container, which holds one service.
WHOLE_DEMO = "deploy.local.commands"


@click.command()
@click.argument("service", required=False, type=click.Choice(SERVICES))
def seed(service: str | None) -> None:
    """Fill the running demo, or SERVICE's part of it alone; what is there already is left alone."""
    if service is None:
        importlib.import_module(WHOLE_DEMO).fill_demo()
        return
    load(service)
    from shared.messaging import NotYet

    if importlib.util.find_spec(f"services.{service}.seed") is None:
        click.echo(f"{service} has nothing of its own in the demo.")
        return
    module = importlib.import_module(f"services.{service}.seed")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            module.seed()
        except NotYet:
            # What it speaks of is on its way here, as an event of a service that was seeded before.
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
