"""What the person at the keyboard has set: in the shell, or in a file `.env` at the root."""

import os
import shlex
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def given() -> dict[str, str]:
    """Return all variables; the shell's win."""
    return {**_from_file(), **os.environ}


def read_file(content: str) -> dict[str, str]:
    """Return the variables of an environment file: NAME=value lines, quotes and comments as in a shell."""
    found = {}
    for line in content.splitlines():
        name, equals, value = line.removeprefix("export ").partition("=")
        if equals and not line.lstrip().startswith("#"):
            found[name.strip()] = "".join(shlex.split(value, comments=True)[:1])
    return found


@cache
def _from_file() -> dict[str, str]:
    file = ROOT / ".env"
    return read_file(file.read_text()) if file.exists() else {}
