"""One running system for all tests that cross services."""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.e2e.people import Person, Practitioner, make_staff, open_practice, register

# Requests that name another address are believed: so tests come from as many networks as they need.
PROXIES = "127.0.0.1"


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Every process of Estuary, without rate limits; until the last test of this folder."""
    with Stack(settings={"RATE_LIMIT_ENABLED": "0", "TRUSTED_PROXIES": PROXIES}) as running:
        yield running


@pytest.fixture(scope="package")
def staff(stack: Stack) -> Person:
    """Somebody who works for the marketplace."""
    return make_staff(stack)


@pytest.fixture(scope="package")
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
