"""Fixtures for the whole repository, and which tests may run beside each other."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["shared.testing.plugin"]


class Lanes(LoadScopeScheduling):
    """Keeps tests that use the same databases or processes in one lane: each service's own, and all of `tests/`."""

    def _split_scope(self, nodeid: str) -> str:
        room, inside, *_ = nodeid.split("/")
        return f"{room}/{inside}" if room == "services" else room


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Divide tests among lanes as `Lanes` says."""
    return Lanes(config, log)
