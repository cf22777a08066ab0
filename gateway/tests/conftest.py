"""One gateway for all tests of a module; each test starts with a service that answers plainly."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from gateway.tests.running import BASE, Reply, RunningGateway


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    gateway = RunningGateway(jwt_legacy_secret="legacy-secret-of-thirty-two-bytes!!").start()
    yield gateway
    gateway.stop()


@pytest.fixture(autouse=True)
def _plain(request: pytest.FixtureRequest) -> None:
    if "running" in request.fixturenames:
        service = request.getfixturevalue("running").service
        service.seen.clear()
        service.answering = lambda _: Reply()


@pytest.fixture
def call(running: RunningGateway) -> Iterator[Callable[..., requests.Response]]:
    session = requests.Session()

    def send(method: str, path: str, *, base: str = BASE, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        return session.request(method, f"http://127.0.0.1:{running.port}{base}{path}", timeout=15, **options)

    yield send
    session.close()
