"""Fixtures of reviews' tests: the world at NOON."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from services.reviews.settings import settings
from services.reviews.tests.world import CLIENT, NOON, OTHER, OWNER, World, Write, uuid_of
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
def write(world: World, http: Caller) -> Write:
    """Let somebody review a new completed booking; what is given goes into the body, or into the booking."""
    numbers = count(1_000)

    def review(user_id: int = CLIENT, *, rating: Any = 5, booking: dict[str, Any] | None = None, **body: Any) -> Answer:
        number = next(numbers)
        world.booking(number, user_id, **(booking or {}))
        caller = http.as_user(user_id)
        return caller.post("/reviews/", {"rating": rating, "booking_uuid": uuid_of("booking", number), **body})

    return review


@pytest.fixture
def path(write: Callable[..., Answer]) -> str:
    """Anna's published review."""
    return f"/reviews/{write(rating=2, comment='It was cold.').json['public_uuid']}/"


@pytest.fixture
def staff(http: Caller) -> Caller:
    return http.as_staff(9)


@pytest.fixture
def shelf(world: World, write: Callable[..., Answer], http: Caller) -> dict[str, str]:
    """Five reviews by name, each an hour after the one before."""
    made: dict[str, str] = {}
    for number, (name, user, rating, comment, more) in enumerate(
        [
            ("warm", CLIENT, 4, "The massages were warm and calming", {}),
            ("half", CLIENT, 4.5, "Running late, but lovely", {}),
            ("five", OTHER, 5, "", {}),
            ("hidden", CLIENT, 3, "Nobody knows that I wrote this", {"is_anonymous": True}),
            ("cold", OTHER, 1, "It was cold", {}),
        ]
    ):
        with frozen_at(NOON + timedelta(hours=number)):
            made[name] = write(user, rating=rating, comment=comment, **more).json["public_uuid"]
    http.as_user(OWNER).post(f"/reviews/{made['cold']}/respond/", {"response_text": "Sorry"})
    for voter, name, helpful in ((20, "half", True), (20, "warm", True), (21, "warm", True), (22, "warm", False)):
        http.as_user(voter).post(f"/reviews/{made[name]}/vote/", {"is_helpful": helpful})
    return made


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
