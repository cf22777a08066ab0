"""Fixtures for the whole repository, and which tests may run beside each other."""

import pytest

from shared.testing.environment import ROOT

pytest_plugins = ["shared.testing.plugin"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that use the same databases or processes in one lane: each service's own, and all of `tests/`."""
    for item in items:
        room, *inside = item.path.relative_to(ROOT).parts
        item.add_marker(pytest.mark.xdist_group(f"{room}/{inside[0]}" if room == "services" else room))
