"""Commands about RabbitMQ's topology and the epoch of a service's events."""

import json
import os
from pathlib import Path
from typing import Any

import click

from shared.messaging import administration
from shared.messaging.topology import definitions, main, participants


@click.group()
def topology() -> None:
    """What must exist in RabbitMQ: exchanges, queues, policies, users and their rights."""


@topology.command()
@click.option("--check", is_flag=True, help="Only say whether the file is up to date.")
def write(*, check: bool) -> None:
    """Write deploy/rabbitmq/definitions.json from the services' code."""
    if main(["--check"] if check else []):
        raise SystemExit(1)


@topology.command("apply")
@click.option("--admin-url", envvar="RABBITMQ_ADMIN_URL", required=True, help="AMQP address of an administrator.")
@click.option("--management-url", envvar="RABBITMQ_MANAGEMENT_URL", help="http(s)://user:password@host:15672")
@click.option("--rabbitmqctl", default="rabbitmqctl", help="Used when no management address is given.")
@click.option("--virtual-host", default="/", show_default=True)
@click.option(
    "--definitions",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the topology from this file instead of the services' code, which a container may lack.",
)
def apply_topology(
    *, admin_url: str, management_url: str | None, rabbitmqctl: str, virtual_host: str, file: Path | None
) -> None:
    """Bring a running broker to the topology that this code asks for.

    Users get the passwords in RABBITMQ_PASSWORD_<USER>, or in a file named by RABBITMQ_PASSWORD_<USER>_FILE; those
    without one are expected to exist. Bindings that nobody handles any more are taken away.
    """
    wanted = _read(file, virtual_host) if file else definitions(participants(), virtual_host=virtual_host)
    users = sorted({permission["user"] for permission in wanted["permissions"]})
    passwords = {user: found for user in users if (found := _password(user)) is not None}
    definition = administration.with_users(wanted, passwords)
    tool: administration.Administration = (
        administration.ManagementApi(management_url) if management_url else administration.ControlTool(rabbitmqctl)
    )
    stale = administration.apply(definition, tool, admin_url=admin_url)
    click.echo(f"{len(definition['queues'])} queues, {len(definition['bindings'])} bindings, {len(passwords)} users")
    for exchange, queue, key in stale:
        click.echo(f"taken away: {exchange} {key} → {queue}")


@click.group()
def epoch() -> None:
    """How often a service's database was set back to an earlier state."""


@epoch.command("raise")
@click.argument("service")
def raise_(*, service: str) -> None:
    """Count a restore of SERVICE's database, so that its states are believed although their versions went back.

    Run it after a restore and before its worker starts; then `estuary republish SERVICE`.
    """
    from shared.cli.environment import load
    from shared.database import Database
    from shared.messaging.snapshots import raise_epoch

    load(service)
    database = Database(os.environ["DATABASE_URL"], pool_size=1)
    with database.transaction() as session:
        raised = raise_epoch(session)
    database.close()
    click.echo(f"{service}: epoch {raised}; now run: estuary republish {service}")


def _read(file: Path, virtual_host: str) -> dict[str, Any]:
    """Return the definitions of a file, for another virtual host than the one it was written for."""
    found: dict[str, Any] = json.loads(file.read_text())
    for kind in found.values():
        if isinstance(kind, list):
            for item in kind:
                if "vhost" in item:
                    item["vhost"] = virtual_host
    return found


def _password(user: str) -> str | None:
    name = f"RABBITMQ_PASSWORD_{user.upper()}"
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text().strip() if file else os.environ.get(name)
