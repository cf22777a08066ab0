"""Fixtures of reviews' tests: the world at NOON."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from services.reviews.settings import settings
from services.reviews.tests.world import CLIENT, NOON, World, uuid_of
from shared.clock import frozen_at
from shared.database import Database
from shared.database.engine import database as process_database
from shared.testing.http import Answer, Caller


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Let every test happen at NOON."""
    with frozen_at(NOON):
        yield


@pytest.fixture
def world(database: Database) -> World:
    """A marketplace with nothing reviewed yet."""
    made = World(database)
    made.basics()
    return made


@pytest.fixture
def client(http: Caller) -> Caller:
    """Anna, who books."""
    return http.as_user(CLIENT)


@pytest.fixture
def write(world: World, http: Caller) -> Callable[..., Answer]:
    """Let somebody review a new completed booking; what is given goes into the body, or into the booking."""
    numbers = count(1_000)

    def review(user_id: int = CLIENT, *, rating: Any = 5, booking: dict[str, Any] | None = None, **body: Any) -> Answer:
        number = next(numbers)
        world.booking(number, user_id, **(booking or {}))
        caller = http.as_user(user_id)
        return caller.post("/reviews/", {"rating": rating, "booking_uuid": uuid_of("booking", number), **body})

    return review


@pytest.fixture
def told(database: Database) -> Iterator[Callable[[str, str], None]]:
    """Tell the processes something by their environment, for the length of the test."""
    with pytest.MonkeyPatch.context() as environment:

        def tell(name: str, value: str) -> None:
            environment.setenv(name, value)
            settings.cache_clear()

        yield tell
    settings.cache_clear()


@pytest.fixture
def statements(http: Caller) -> Iterator[list[str]]:
    """The statements that are sent while the test runs."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = process_database().engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)
