"""These tests use the database of a service that has no rows of its own to lose."""

import pytest


@pytest.fixture
def service() -> str:
    return "reviews"
