"""Commands that are processes: they listen until they are told to stop."""

import importlib
from pathlib import Path

import click

from shared.cli.environment import load

SERVICES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "services").glob("*/__init__.py"))
service = click.argument("service", type=click.Choice(SERVICES))


@click.command()
@service
def web(service: str) -> None:
    """Answer HTTP for SERVICE."""
    load(service)
    from shared.cli.web import Web

    Web(service).run()


@click.command()
@service
def worker(service: str) -> None:
    """Publish, consume and keep time for SERVICE."""
    load(service)
    importlib.import_module(f"services.{service}.worker").create_worker().run()


@click.command()
def realtime() -> None:
    """Hold the notification sockets."""
    load("notifications")
    importlib.import_module("services.notifications.realtime").main()


@click.command()
def gateway() -> None:
    """Stand at the edge."""
    load("gateway")
    importlib.import_module("gateway.serve").main()


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", type=click.Choice(["stripe", "livekit", "oidc"]))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(name: str, arguments: tuple[str, ...]) -> None:
    """Stand for an outside service, by its own protocol; ARGUMENTS are the sandbox's own, such as `play`."""
    load(name)
    main = importlib.import_module(f"deploy.sandbox.{name}.__main__").main
    main(arguments) if arguments else main()
