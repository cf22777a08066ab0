"""The part of the command line that runs Estuary on this machine."""

import time

import click

from deploy.local.profiles import PROFILES

profile_option = click.option(
    "--profile",
    "profile_name",
    type=click.Choice(sorted(PROFILES)),
    default="default",
    show_default=True,
    help="Which installation: the one to look at, or the ones of the tests.",
)


@click.group()
def infra() -> None:
    """The private PostgreSQL and RabbitMQ alone, without the services."""


@infra.command("up")
@profile_option
def infra_up(profile_name: str) -> None:
    """Start them, and make roles, databases, users and environment files."""
    from deploy.local.infrastructure import Infrastructure

    began = time.monotonic()
    Infrastructure(PROFILES[profile_name]).up(
        tell=lambda line: click.echo(f"{time.monotonic() - began:5.1f} s  {line}")
    )


@infra.command("down")
@profile_option
def infra_down(profile_name: str) -> None:
    """Stop them."""
    from deploy.local.infrastructure import Infrastructure

    Infrastructure(PROFILES[profile_name]).down()
