"""Fixtures for the whole repository, and which tests may run beside each other."""

import gc

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["shared.testing.plugin"]


# Tests with servers of their own; and those of toys, which live in the database of reviews.
APART = ("tests/chaos", "shared/tests/messaging", "shared/tests/scheduling")
IN_REVIEWS = ("shared/tests/http", "shared/tests/database")


class Lanes(LoadScopeScheduling):
    """Keeps tests that use the same databases or processes in one lane: each service's own, the whole system's."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in APART:
            if nodeid.startswith(f"{folder}/"):
                return folder
        if nodeid.startswith(IN_REVIEWS):
            return "services/reviews"
        room, inside, *_ = nodeid.split("/")
        if room == "deploy":
            # They share nothing; small pieces at the end keep all lanes busy until it.
            return nodeid.partition("::")[0]
        return f"{room}/{inside}" if room == "services" else room


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Divide tests among lanes as `Lanes` says."""
    return Lanes(config, log)


def pytest_collection() -> None:
    """Spare Python looking again and again through the modules of ten services for what could be thrown away."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Have it look through what the tests themselves make, only."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
