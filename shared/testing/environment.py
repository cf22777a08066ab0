"""The environment of a service under test, as the local runner wrote it for the test profile."""

import os
from pathlib import Path

from shared.database import Database, connect
from shared.database.migrate import migrate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".run-test" / "env"

_migrated: dict[str, Database] = {}
_entered: str | None = None


def enter(service: str) -> Database:
    """Give this process the environment and the migrated database of `service`, and return the database."""
    global _entered
    environment = read(service)
    os.environ.update(environment)
    url = environment["DATABASE_URL"]
    if service not in _migrated:
        migrate(service, url)
    if _entered != service:
        _migrated[service] = connect(url, pool_size=16, application_name=f"test-{service}")
        _entered = service
    return _migrated[service]


def read(service: str) -> dict[str, str]:
    """Return the variables that the local runner gives `service`. Raises RuntimeError when it is not up."""
    file = FOLDER / f"{service}.env"
    if not file.exists():
        raise RuntimeError(
            "The test servers are not running: `make test` starts them (`estuary infra up --profile test`)."
        )
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line and line[0] != "#")
    return {name: value for name, _, value in pairs}
