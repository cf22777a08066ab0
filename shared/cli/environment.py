"""Where a command finds its environment when nobody has given it one."""

import os
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> None:
    """Take the local installation's variables for a process, unless the environment already has its own."""
    if "DATABASE_URL" in os.environ or "EDGE_KEY" in os.environ:
        return
    file = ROOT / ".run" / "env" / f"{name}.env"
    if not file.exists():
        return
    for line in file.read_text().splitlines():
        variable, _, value = line.partition("=")
        os.environ.setdefault(variable, "".join(shlex.split(value)))
