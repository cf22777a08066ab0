"""Two people who are known, a mail server, and processes that hold sockets."""

from collections.abc import Iterator

import pytest

from services.notifications.operations.wording import forget_edited
from services.notifications.tests.integration.test_mail import ANA, MARA, person, tell
from services.notifications.tests.mail_server import MailServer, mail_server
from services.notifications.tests.sockets import Running, running_processes
from shared.database import Database


@pytest.fixture
def people(database: Database) -> Database:
    """Ana and Mara, whose addresses are proven and who live in Berlin."""
    tell(database, person(ANA, "Ana"), person(MARA, "Mara"))
    return database


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server that takes mail."""
    with mail_server() as started:
        yield started


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A realtime process and the worker that carries its hints, for the tests of one module."""
    with running_processes() as started:
        yield started


@pytest.fixture(autouse=True)
def nothing_edited() -> Iterator[None]:
    """Let no test see words that another has edited."""
    forget_edited()
    yield
    forget_edited()
