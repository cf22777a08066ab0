"""The command that describes the API, and keeps each service's part in `gateway/openapi/`."""

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


@click.command()
@click.option("--write", is_flag=True, help="Write each service's part into gateway/openapi/, for the gateway to keep.")
@click.option("--check", is_flag=True, help="Write nothing: fail when a kept part is not what the code says.")
@click.option("--service", type=click.Choice(SERVICES), help="Print this service's part alone.")
@click.option("--version", "openapi_version", type=click.Choice(["3.0.3", "3.1.0"]), default="3.0.3")
def openapi(*, write: bool, check: bool, service: str | None, openapi_version: str) -> None:
    """Print the description of the whole API, from the code alone: nothing needs to run."""
    if service:
        click.echo(_describe(service), nl=False)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        described = dict(zip(SERVICES, pool.map(_describe_apart, SERVICES), strict=True))
    if not write and not check:
        documents = {name: json.loads(text) for name, text in described.items()}
        merged = importlib.import_module("gateway.openapi").merge(documents, openapi=openapi_version)
        click.echo(json.dumps(merged, indent=1, ensure_ascii=False))
        return
    stale = [name for name, text in described.items() if not _is_fresh(name, text)]
    if check and stale:
        for name in stale:
            _show_difference(name, described[name])
        raise click.ClickException(f"Not what the code says: {', '.join(stale)}. 'make openapi' writes them anew.")
    for name in stale:
        _file(name).write_text(described[name])
        click.echo(f"Wrote {_file(name).relative_to(ROOT)}")


def _describe(service: str) -> str:
    """Return the description as its file holds it: keys sorted, so that differences are small."""
    from shared.http.document import service_document

    text = json.dumps(service_document(service), indent=1, sort_keys=True, ensure_ascii=False, default=str)
    return text + "\n"


def _describe_apart(service: str) -> str:
    """Describe a service in a process of its own: settings and metrics are a process's, and there are ten services."""
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli.main", "openapi", "--service", service],
        cwd=ROOT,
        env={**os.environ, "ESTUARY_ENV": "development"},
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
