"""Where a command finds its environment when nobody has given it one."""

import os
import shlex
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
# Where the local runner writes what each process is told; the tests' servers have a folder of their own.
FOLDER_VARIABLE = "ESTUARY_ENVIRONMENTS"
# One of these is among what any process is told.
TOLD_BY = ("EDGE_KEY", "DATABASE_URL", "BIND")


def load(name: str) -> None:
    """Take the local installation's variables for a process, unless it was told its own."""
    if any(name in os.environ for name in TOLD_BY):
        return
    for variable, value in read(name).items():
        os.environ.setdefault(variable, value)


def read(name: str) -> dict[str, str]:
    """Return the local installation's variables for a process.

    Raises click.ClickException when there is no installation.
    """
    file = Path(os.environ.get(FOLDER_VARIABLE, ROOT / ".run" / "env")) / f"{name}.env"
    if not file.exists():
        raise click.ClickException(f"The environment of {name} is not set, and 'make up' has made none here.")
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {variable: "".join(shlex.split(value)) for variable, _, value in pairs}
