"""`estuary test` and `estuary check`: the tests' servers and databases made ready, then the tools."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from deploy.local.given import ROOT
from deploy.local.infrastructure import Infrastructure
from deploy.local.problems import Problem
from deploy.local.processes import migrations
from deploy.local.profiles import PROFILES
from deploy.local.stamps import Stamps
from shared.cli.environment import FOLDER_VARIABLE

BIN = Path(sys.executable).parent
PROFILE, WHOLE_SYSTEM = PROFILES["test"], PROFILES["e2e"]
LINES_MAX = 60
# Tests of one database never meet (conftest.py); the longest part, the whole system's, goes first. More lanes than
# cores: many tests wait, for a server to come back or for a clock.
LANES = ("-n", "3", "--no-loadscope-reorder")
# Modules that write something from the code; with --check they only say whether it is fresh.
GENERATORS = (
    *("shared.messaging.topology", "shared.messaging.docs", "shared.messaging.samples"),
    *("deploy.reference.settings", "deploy.reference.errors", "deploy.reference.operations"),
    *("deploy.observability.dashboards", "deploy.docker.compose", "deploy.kubernetes.base"),
)


@dataclass(frozen=True)
class Inspection:
    """One tool that must be content, and what to do when it is not."""

    name: str
    command: tuple[str | Path, ...]
    remedy: str


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Run pytest with ARGUMENTS on migrated test databases; all tests, in three lanes, without any."""
    with _servers():
        _migrate()
        command: list[str | Path] = [BIN / "python", "-m", "pytest", *(arguments or LANES)]
        ended = subprocess.run(command, cwd=ROOT, env=_compiling(), check=False)
    raise SystemExit(ended.returncode)


@click.command()
def check() -> None:
    """Run every tool that a commit must pass; name those that are not content."""
    with _servers():
        _migrate()
        unhappy = [inspection for inspection in _inspections() if not _is_content(inspection)]
    if unhappy:
        remedies = "\n".join(f"  {inspection.name}: {inspection.remedy}" for inspection in unhappy)
        raise Problem(f"{len(unhappy)} of the checks failed.\n{remedies}")


@click.command()
def docs() -> None:
    """Write anew what is made from the code: descriptions of the API, events, broker definitions, references."""
    commands: list[tuple[str | Path, ...]] = [(BIN / "estuary", "openapi", "--write")]
    commands += [(BIN / "python", "-m", module) for module in GENERATORS]
    for command in commands:
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            raise Problem(f"'{' '.join(map(str, command))}' failed.")


@contextmanager
def _servers() -> Iterator[None]:
    """Have the tests' servers run for a while; those that ran before run on."""
    infrastructure = Infrastructure(PROFILE)
    ran = infrastructure.rabbitmq.is_alive() and infrastructure.postgresql.is_alive()
    infrastructure.up()
    try:
        yield
    finally:
        if not ran:
            both = (infrastructure, Infrastructure(WHOLE_SYSTEM))
            for servers in both:
                servers.rabbitmq.ask_to_stop()
            for servers in both:
                servers.down()


def _migrate() -> None:
    """Bring the tests' databases to the newest form, unless they are."""
    stamps = Stamps(PROFILE, Infrastructure(PROFILE).postgresql.folder)
    due = [task for task in migrations() if not stamps.is_done(task)]
    if not due:
        return
    services = [task.command[1] for task in due]
    done = subprocess.run([BIN / "estuary", "migrate", *services], cwd=ROOT, env=_told(), check=False)
    if done.returncode != 0:
        raise Problem("The tests' databases cannot be migrated.")
    for task in due:
        stamps.done(task)


def _inspections() -> Iterator[Inspection]:
    yield Inspection("format", (BIN / "ruff", "format", "--check", "--quiet", "."), "make fix")
    yield Inspection("lint", (BIN / "ruff", "check", "--quiet", "."), "make fix mends some of it")
    yield Inspection("types", (BIN / "mypy", "--no-error-summary"), "mend what is named above")
    yield Inspection("imports", (BIN / "lint-imports", "--no-logo"), "see .importlinter for what may import what")
    yield Inspection("migrations", (BIN / "estuary", "migrate", "--check"), "make revision SERVICE=… MESSAGE='…'")
    yield Inspection("descriptions of the API", (BIN / "estuary", "openapi", "--check"), "make openapi")
    validity = (BIN / "python", "-m", "deploy.reference.validity")
    yield Inspection("validity of the API's document", validity, "mend what is named above")
    for module in GENERATORS:
        yield Inspection(module, (BIN / "python", "-m", module, "--check"), "make docs")
    yield Inspection("cluster", (BIN / "python", "-m", "deploy.kubernetes.validate"), "mend what is named above")


def _is_content(inspection: Inspection) -> bool:
    """Run one tool; its words are shown only when it is not content."""
    began = time.monotonic()
    done = subprocess.run(
        inspection.command,
        cwd=ROOT,
        env=_told(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    word = click.style("ok", fg="green") if done.returncode == 0 else click.style("no", fg="red")
    click.echo(f"{word}  {inspection.name} ({time.monotonic() - began:.1f} s)")
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        click.echo("\n".join(lines[:LINES_MAX]))
        if len(lines) > LINES_MAX:
            click.echo(f"… and {len(lines) - LINES_MAX} more lines")
    return done.returncode == 0


def _compiling() -> dict[str, str]:
    """Return this environment, in which Python keeps what it has compiled: tests start many processes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _told() -> dict[str, str]:
    """Return this environment, with the tests' databases in place of the demo's."""
    return {**os.environ, FOLDER_VARIABLE: str(PROFILE.folder / "env")}
