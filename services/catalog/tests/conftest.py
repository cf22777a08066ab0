"""Fixtures of catalog's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from services.catalog.api import answers
from shared.database import Database


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are sent while the test runs."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def no_fragments() -> None:
    """Let no test see what another one rendered."""
    answers._cards.cache_clear()
    answers._details.cache_clear()
