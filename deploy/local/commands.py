"""The part of the command line that runs Estuary on this machine."""

import time
from collections.abc import Callable

import click

from deploy.local.infrastructure import SERVERS, Infrastructure
from deploy.local.logs import follow, tail
from deploy.local.profiles import PROFILES
from deploy.local.runner import Runner


def _profiles(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--profile",
        "profile_name",
        type=click.Choice(names),
        default="default",
        show_default=True,
        help="Which installation: the one to look at, or one that tests use.",
    )


@click.command()
@_profiles("default", "e2e")
@click.option("--seed/--no-seed", default=True, show_default=True, help="Fill the demo the first time.")
def up(*, profile_name: str, seed: bool) -> None:
    """Start everything; return when it is healthy."""
    profile = PROFILES[profile_name]
    Runner(profile, click.echo).up(seed=seed)
    click.echo(_welcome(profile_name))


@click.command()
@_profiles("default", "e2e")
def down(*, profile_name: str) -> None:
    """Stop everything that was started."""
    Runner(PROFILES[profile_name]).down()
    click.echo("Stopped.")


@click.command()
@_profiles("default", "e2e")
def status(*, profile_name: str) -> None:
    """Show every process, its port and its health; fail unless all are healthy."""
    health = Runner(PROFILES[profile_name]).health()
    click.echo(f"{'process':<22}{'port':>6}{'pid':>9}{'up':>9}{'restarts':>10}  health")
    for one in health:
        age = _age(time.time() - one.status.since) if one.status.pid else "-"
        colour = "green" if one.is_well else "red"
        row = f"{one.name:<22}{one.status.port:>6}{one.status.pid or '-':>9}{age:>9}{one.status.restarts:>10}  "
        click.echo(row + click.style(one.answer, fg=colour))
    if not all(one.is_well for one in health):
        raise SystemExit(1)


@click.command()
@_profiles("default", "e2e")
@click.argument("names", nargs=-1)
def restart(*, profile_name: str, names: tuple[str, ...]) -> None:
    """Let processes take up new code without refusing a request; all, or NAMES of services or processes."""
    Runner(PROFILES[profile_name], click.echo).restart(names)


def fill_demo() -> None:
    """Fill the running demo, all services' parts of it."""
    Runner(PROFILES["default"], click.echo).seed()


@click.command()
@_profiles("default", "e2e")
@click.option("--follow/--no-follow", "keep_on", default=False, help="Go on showing what is written.")
@click.option("--lines", default=20, show_default=True, help="How many of the last lines to begin with.")
@click.argument("names", nargs=-1)
def logs(*, profile_name: str, keep_on: bool, lines: int, names: tuple[str, ...]) -> None:
    """Show the processes' logs; all, or NAMES of services or processes."""
    folder = PROFILES[profile_name].folder / "logs"
    files = [file for file in sorted(folder.glob("*.log")) if not names or _is_named(file.stem, names)]
    for file in files:
        for line in tail(file, lines):
            click.echo(f"{click.style(f'{file.stem:>20}', dim=True)}  {line}")
    if keep_on:
        for name, line in follow(files):
            click.echo(f"{click.style(f'{name:>20}', dim=True)}  {line}")


@click.group()
def infra() -> None:
    """The private PostgreSQL and RabbitMQ alone, without the services."""


@infra.command("up")
@_profiles("default", "test", "e2e")
@click.option("--only", type=click.Choice(SERVERS), help="One of the two.")
def infra_up(*, profile_name: str, only: str | None) -> None:
    """Start them, and make roles, databases, users and environment files."""
    began = time.monotonic()

    def tell(line: str) -> None:
        click.echo(f"{time.monotonic() - began:5.1f} s  {line}")

    Infrastructure(PROFILES[profile_name]).up(only=only, tell=tell)


@infra.command("down")
@_profiles("default", "test", "e2e")
def infra_down(*, profile_name: str) -> None:
    """Stop them."""
    Infrastructure(PROFILES[profile_name]).down()


def _is_named(file: str, names: tuple[str, ...]) -> bool:
    return file in names or file.removesuffix("-worker") in names


def _age(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} m" if hours else f"{rest // 60} m {rest % 60} s" if rest >= 60 else f"{rest} s"


def _welcome(profile_name: str) -> str:
    """Return where to look and how to sign in."""
    from services.auth.domain.demo_people import CLIENT, PASSWORD, PRACTITIONER, STAFF

    profile = PROFILES[profile_name]
    base = f"{profile.public_url}/api/v1/drf"
    people = {"a client": CLIENT, "a practitioner": PRACTITIONER, "staff": STAFF}
    return "\n".join(
        [
            "",
            f"  API             {base}/",
            f"  Documentation   {base}/docs/",
            f"  Health          {base}/health/",
            f"  Mail            {profile.folder}/mail",
            "",
            *(f"  Sign in as {kind:<15} {person.email:<32} {PASSWORD}" for kind, person in people.items()),
            "",
            "  make status   make logs   make down",
        ],
    )
