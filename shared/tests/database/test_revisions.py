"""A process knows its newest migrations without Alembic, and knows the same as Alembic."""

import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory

from shared.cli.run import SERVICES
from shared.database import Database
from shared.database.migrate import _config
from shared.database.revisions import heads, is_at_head


@pytest.mark.parametrize("service", SERVICES)
def test_the_newest_revisions_are_those_that_alembic_finds(service: str) -> None:
    assert heads(service) == set(ScriptDirectory.from_config(_config(service)).get_heads())


def test_a_database_that_lacks_migrations_is_not_ready(database: Database) -> None:
    with database.reading() as connection:
        assert not is_at_head("catalog", connection)


def test_a_web_process_does_not_load_alembic() -> None:
    program = "import sys, shared.http.app; sys.exit('alembic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0
