"""Which migrations this code knows and a database has: asked of every process, without loading Alembic for it."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

ROOT = Path(__file__).resolve().parents[2]
SHARED_MIGRATIONS = ROOT / "shared" / "database" / "migrations"

_NEW = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_BEFORE = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def versions(service: str) -> Path:
    """Return where a service's migrations lie."""
    return ROOT / "services" / service / "migrations" / "versions"


@cache
def heads(service: str) -> frozenset[str]:
    """Return the newest revision of both branches, from the files."""
    folders = (SHARED_MIGRATIONS / "versions", versions(service))
    files = [path.read_text() for folder in folders for path in folder.glob("[0-9]*.py")]
    made, followed = ({name for file in files for name in said.findall(file)} for said in (_NEW, _BEFORE))
    return frozenset(made - followed)


def is_at_head(service: str, connection: Connection) -> bool:
    """Whether every migration that this code knows has been applied to the database behind `connection`."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return False
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version"))) == heads(service)
