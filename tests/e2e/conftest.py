"""One running system for all end-to-end tests."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.e2e.people import PASSWORD, STAFF_EMAIL, Person, Practitioner, open_practice, register, sign_in

HOLD_SECONDS = 6


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Every process of Estuary, without rate limits and with holds short enough to see them run out."""
    with Stack(settings={"RATE_LIMIT_ENABLED": "0"}) as running:
        yield running


def make_staff(stack: Stack) -> Person:
    """Return somebody who works for the marketplace; made by the command line, as the first one always is."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "shared.cli.main",
            "staff",
            "create",
            STAFF_EMAIL,
            "--password",
            PASSWORD,
            "--superuser",
        ],
        env={**os.environ, **stack.environment("auth")},
        check=True,
        capture_output=True,
    )
    return sign_in(stack, STAFF_EMAIL)


@pytest.fixture(scope="session")
def staff(stack: Stack) -> Person:
    """Somebody who works for the marketplace."""
    return make_staff(stack)


@pytest.fixture(scope="session")
def practitioner(stack: Stack, staff: Person) -> Practitioner:
    """A verified practitioner with weekly hours and a published service."""
    return open_practice(stack, staff)


@pytest.fixture
def client(stack: Stack) -> Person:
    """A newly registered client."""
    return register(stack, "client")


@pytest.fixture
def other_client(stack: Stack) -> Person:
    """Another one."""
    return register(stack, "other")
