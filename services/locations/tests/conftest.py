"""Fixtures of the tests of locations. A part of the reference data is seeded once and stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from services.locations.operations.seeding import Selection, load_reference
from services.locations.queries.whole import forget_counts
from shared.database import Database

# Enough to meet every rule, and seconds to load: large cities of the world, all of a few states' small places.
SELECTION = Selection(
    countries=frozenset({"US", "CA", "DE", "BR", "JP", "FR"}),
    zip_states=frozenset({"NY", "TX", "PR", "AE"}),
    population_min=100_000,
)
_seeded: list[bool] = []


@pytest.fixture
def places(database: Database) -> Iterator[Database]:
    """The database with reference data; what a test changed of it is put back."""
    if not _seeded:
        with database.transaction() as session:
            load_reference(session, inhabitants=15_000, selection=SELECTION)
        _seeded.append(True)
    forget_counts()
    yield database
    with database.transaction() as session:
        for statement in RESTORE:
            session.execute(text(statement))


RESTORE = (
    (
        "UPDATE cities SET service_count = 0, practitioner_count = 0, is_active = true, meta_title = NULL"
        " WHERE service_count <> 0 OR practitioner_count <> 0 OR NOT is_active OR meta_title IS NOT NULL"
    ),
    "UPDATE states SET is_active = true, meta_title = NULL WHERE NOT is_active OR meta_title IS NOT NULL",
    "UPDATE countries SET is_active = true WHERE NOT is_active AND code NOT IN ('AN', 'CS')",
)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are sent while the test runs."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)
