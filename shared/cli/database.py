"""Commands about the form of a service's database."""

import os

import click

from shared.cli.environment import read
from shared.cli.run import SERVICES

service = click.argument("service", type=click.Choice(SERVICES))


@click.command()
@click.argument("services", nargs=-1, type=click.Choice(SERVICES))
@click.option("--check", is_flag=True, help="Change nothing: fail when the models say what no migration does.")
def migrate(*, services: tuple[str, ...], check: bool) -> None:
    """Bring the databases of SERVICES, or of all, to the newest form."""
    from shared.database.migrate import differences, migrate

    different = False
    for name in services or SERVICES:
        url = database_url(name, alone=len(services) == 1)
        if check:
            found = differences(name, url)
            different = different or bool(found)
            for difference in found:
                # Alembic tells a table with all its columns: the beginning says enough.
                click.echo(f"{name}: {str(difference)[:120]}")
        else:
            migrate(name, url)
    if different:
        raise SystemExit(1)


@click.command()
@service
@click.argument("about")
def revision(service: str, about: str) -> None:
    """Write a migration of SERVICE from its models; ABOUT says its aim in a few words."""
    from shared.database.migrate import make_revision

    make_revision(service, database_url(service), about)


def database_url(service: str, *, alone: bool = True) -> str:
    """Return where a service's database is: as this process was told, or as the local installation says.

    What this process was told is one service's own; with `alone` false it is not asked.
    """
    told = os.environ.get("DATABASE_URL") if alone else None
    return told or read(service)["DATABASE_URL"]
