"""Fixtures of bookings' tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.bookings.tests.world import CLIENT, MONDAY, OWNER, PRACTITIONER, SESSION, World, at
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands still, on a Monday at nine."""
    with frozen_at(MONDAY):
        yield


@pytest.fixture
def world(database: Database, noon: None) -> World:
    """One practitioner with open days, two clients, one session service of $100."""
    made = World(database)
    made.basics()
    return made


@pytest.fixture
def client(http: Caller) -> Caller:
    return http.as_user(CLIENT)


@pytest.fixture
def owner(http: Caller) -> Caller:
    return http.as_practitioner(OWNER, PRACTITIONER)


@pytest.fixture
def staff(http: Caller) -> Caller:
    return http.as_staff(900)


@pytest.fixture
def book(client: Caller) -> Callable[..., Answer]:
    """Book the session service tomorrow at ten, or as told."""

    def ask(caller: Caller | None = None, **more: Any) -> Answer:
        body = {"service_id": SESSION, "start_time": at(10), **more}
        return (caller or client).post("/bookings/", body)

    return ask


@pytest.fixture
def events(database: Database) -> Callable[..., list[dict[str, Any]]]:
    """What was announced, as (type, data) or only the data of one type."""

    def told(type_: str | None = None) -> list[Any]:
        with database.transaction() as session:
            found = announced(session, type_)
        return [one.data for one in found] if type_ else [(one.type, one.data) for one in found]

    return told


@pytest.fixture
def confirmed(world: World, book: Callable[..., Answer]) -> Callable[..., dict[str, Any]]:
    """Book and pay; returns the booking as it was made."""

    def make(**more: Any) -> dict[str, Any]:
        answer = book(**more)
        assert answer.status == 201, answer
        world.paid(answer.json)
        return answer.json

    return make
