"""The command that writes each service's description of its API into `gateway/openapi/`."""

import difflib
import importlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from shared.cli.environment import ROOT
from shared.cli.run import SERVICES

FOLDER = ROOT / "gateway" / "openapi"
# A description follows from the code alone, whatever is running: these values only let the application be made.
MADE_UP = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "RABBITMQ_URL": "amqp://nobody@127.0.0.1:1/",
    "EDGE_KEY": "x" * 32,
    "ESTUARY_ENV": "test",
}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing: fail when a description is not what the code says.")
@click.option("--print", "printed", type=click.Choice(SERVICES), help="Write this service's description to the screen.")
def openapi(*, check: bool, printed: str | None) -> None:
    """Write each service's description of its API."""
    if printed:
        click.echo(_describe(printed), nl=False)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        described = dict(zip(SERVICES, pool.map(_describe_apart, SERVICES), strict=True))
    stale = [service for service, text in described.items() if not _is_fresh(service, text)]
    if check and stale:
        for service in stale:
            _show_difference(service, described[service])
        raise click.ClickException(f"Not what the code says: {', '.join(stale)}. 'make openapi' writes them anew.")
    FOLDER.mkdir(exist_ok=True)
    for service in stale:
        _file(service).write_text(described[service])
        click.echo(f"Wrote {_file(service).relative_to(ROOT)}")


def _describe(service: str) -> str:
    """Return the description as its file holds it: keys sorted, so that differences are small."""
    application = importlib.import_module(f"services.{service}.app").create_app()
    api = application.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return json.dumps(api.spec.to_dict(), indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def _describe_apart(service: str) -> str:
    """Describe a service in a process of its own: settings and metrics are a process's, and there are ten services."""
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli.main", "openapi", "--print", service],
        cwd=ROOT,
        env={**os.environ, **MADE_UP},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise click.ClickException(f"{service} cannot be described:\n{done.stderr}")
    return done.stdout


def _file(service: str) -> Path:
    return FOLDER / f"{service}.json"


def _is_fresh(service: str, text: str) -> bool:
    return _file(service).exists() and _file(service).read_text() == text


def _show_difference(service: str, text: str) -> None:
    before = _file(service).read_text().splitlines() if _file(service).exists() else []
    lines = difflib.unified_diff(before, text.splitlines(), "written", "the code", lineterm="", n=1)
    for _, line in zip(range(20), lines, strict=False):
        click.echo(line)
