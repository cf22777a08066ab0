"""Where PostgreSQL and RabbitMQ lie on this machine, if they do.

The standard library only: the bootstrap asks before anything is installed.
"""

from __future__ import annotations  # As in bootstrap: an older Python must be able to read this.

import re
import shutil
import subprocess
from pathlib import Path

POSTGRESQL_OLDEST = 14
POSTGRESQL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
RABBITMQ_OLDEST = (3, 10)
RABBITMQ_PLACES = (
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)
EPMD_PLACES = (
    "/usr/lib/erlang/erts-*/bin/epmd",
    "/usr/lib64/erlang/erts-*/bin/epmd",
    "/opt/homebrew/lib/erlang/erts-*/bin/epmd",
)


def find_postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL server programs that are new enough, contrib included, or None."""
    found: list[tuple[int, Path]] = []
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for folder in folders + _matching(POSTGRESQL_PLACES):
        if not all((folder / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
            continue
        version = re.search(r"(\d+)", _answer(folder / "postgres", "--version"))
        if version and int(version[1]) >= POSTGRESQL_OLDEST and _has_contrib(folder):
            found.append((int(version[1]), folder))
    return max(found)[1] if found else None


def find_rabbitmq() -> Path | None:
    """Return the folder of the broker's own scripts, or None.

    A distribution's `rabbitmq-server` on the path may be a wrapper that insists on a system user, so the scripts
    themselves are looked for first.
    """
    on_path = shutil.which("rabbitmq-server")
    last = [Path(on_path).resolve().parent] if on_path else []
    for folder in _matching(RABBITMQ_PLACES) + last:
        script = (folder / "rabbitmq-server").resolve()
        if script.exists() and (script.parent / "rabbitmq-env").exists() and _is_new_enough(script):
            return script.parent if find_epmd() else None
    return None


def find_epmd() -> Path | None:
    """Return Erlang's port mapper, or None."""
    on_path = shutil.which("epmd")
    found = [Path(on_path)] if on_path else _matching(EPMD_PLACES)
    return found[0] if found else None


def _matching(places: tuple[str, ...]) -> list[Path]:
    return [path for place in places for path in sorted(Path("/").glob(place.lstrip("/")), reverse=True)]


def _answer(program: Path, *arguments: str) -> str:
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False).stdout


def _has_contrib(folder: Path) -> bool:
    """Whether the extensions lie beside the server: some distributions pack them apart."""
    share = _answer(folder / "pg_config", "--sharedir").strip() if (folder / "pg_config").exists() else ""
    guesses = [Path(share)] if share else _matching(("/usr/share/postgresql/*", "/usr/share/pgsql"))
    return any((guess / "extension" / "btree_gist.control").exists() for guess in guesses)


def _is_new_enough(script: Path) -> bool:
    version = re.search(r"(\d+)\.(\d+)\.\d+", script.as_posix())
    return version is None or (int(version[1]), int(version[2])) >= RABBITMQ_OLDEST
