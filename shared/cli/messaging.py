"""Commands about events: tell them again, and look after those that could not be applied."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click
import orjson

from shared.cli.environment import load
from shared.cli.run import SERVICES

service_argument = click.argument("service", type=click.Choice(SERVICES))
Command = Callable[..., None]


@click.command()
@service_argument
@click.option("--type", "types", multiple=True, help="Only this type of event, for instance service.changed.")
@click.option("--reader", type=click.Choice(SERVICES), help="Only this service shall hear it.")
@click.option("--pages-per-second", default=10.0, show_default=True, help="How fast; a page is 500 states.")
def republish(*, service: str, types: tuple[str, ...], reader: str | None, pages_per_second: float) -> None:
    """Tell the whole state of SERVICE again, so that replicas elsewhere are made anew. Nobody is mailed twice."""
    load(service)
    from shared.messaging.republish import republish

    told = republish(
        service,
        database_url=os.environ["DATABASE_URL"],
        broker_url=os.environ["RABBITMQ_URL"],
        types=types or None,
        reader=reader,
        pages_per_second=pages_per_second,
    )
    for name, what in told.items():
        click.echo(f"{name}: {what.count} told")


@click.command()
@service_argument
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]), help="UTC.")
def retell(*, service: str, since: datetime) -> None:
    """Announce again what SERVICE has announced since an instant, for a reader whose database was set back.

    Who knew an event passes over it. The outbox keeps seven days.
    """
    load(service)
    from shared.database import Database
    from shared.messaging.outbox import retell

    database = Database(os.environ["DATABASE_URL"], pool_size=1)
    with database.transaction() as session:
        told = retell(session, since=since.replace(tzinfo=UTC))
    database.close()
    click.echo(f"{service}: {told} events go out again")


@click.group()
def dead() -> None:
    """Messages that a service could not apply: look, send again, throw away."""


def _choosing(command: Command) -> Command:
    """Add the options by which messages are chosen."""
    command = click.option("--limit", default=100, show_default=True, help="At most so many.")(command)
    command = click.option("--since-hours", type=float, help="Only what happened in the last so many hours.")(command)
    return click.option("--type", "type_", help="Only this type of event.")(command)


@dead.command("list")
@service_argument
@_choosing
def list_(*, service: str, type_: str | None, since_hours: float | None, limit: int) -> None:
    """List the dead messages of SERVICE, oldest first, and why they died."""
    load(service)
    from shared.messaging.dead import list_dead

    for found in list_dead(_broker(), service, type_=type_, since=_since(since_hours), limit=limit):
        click.echo(f"{found.message_id}  {found.died_at:<32}  {found.type}  {found.problem}")


@dead.command()
@service_argument
@click.argument("message_id")
def show(*, service: str, message_id: str) -> None:
    """Show one dead message of SERVICE whole."""
    load(service)
    from shared.messaging.dead import show_dead

    found = show_dead(_broker(), service, message_id)
    if found is None:
        raise click.ClickException(f"{service} has no dead message {message_id}.")
    click.echo(orjson.dumps(found.to_dict(), option=orjson.OPT_INDENT_2).decode())


@dead.command()
@service_argument
@click.option("--id", "message_id", help="Only this message.")
@_choosing
def replay(
    *,
    service: str,
    message_id: str | None,
    type_: str | None,
    since_hours: float | None,
    limit: int,
) -> None:
    """Send dead messages of SERVICE again; what was applied before is not applied twice."""
    load(service)
    from shared.messaging.dead import replay_dead

    done = replay_dead(
        _broker(),
        service,
        message_id=message_id,
        type_=type_,
        since=_since(since_hours),
        limit=limit,
    )
    click.echo(f"Sent again: {len(done.sent)}")
    if done.refused:
        click.echo(f"Older than the inbox remembers, left where they are: {', '.join(done.refused)}")


@dead.command()
@service_argument
@click.option("--id", "message_id", help="Only this message.")
@_choosing
@click.confirmation_option(prompt="They are lost for good. Go on?")
def drop(
    *,
    service: str,
    message_id: str | None,
    type_: str | None,
    since_hours: float | None,
    limit: int,
) -> None:
    """Throw dead messages of SERVICE away."""
    load(service)
    from shared.messaging.dead import drop_dead

    gone = drop_dead(
        _broker(),
        service,
        message_id=message_id,
        type_=type_,
        since=_since(since_hours),
        limit=limit,
    )
    click.echo(f"Thrown away: {len(gone)}")


def _broker() -> str:
    return os.environ["RABBITMQ_URL"]


def _since(hours: float | None) -> datetime | None:
    return None if hours is None else datetime.now(UTC) - timedelta(hours=hours)
