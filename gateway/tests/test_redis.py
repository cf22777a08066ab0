"""Limits that several machines share."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Refusal
from gateway.limits import Limiter
from gateway.redis_store import shared_store
from gateway.routes import RouteTable
from gateway.settings import GatewaySettings
from gateway.tests.running import EDGE_KEY
from gateway.windows import SharedWindows

pytest.importorskip("redis")
pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
NOON = 1_800_000_000.0


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder: Path = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


async def allowed(limiters: list[Limiter], times: int) -> int:
    """Ask at each in turn and return how many were allowed."""
    route = RouteTable().find("/services/")
    assert route is not None
    passed = 0
    for number in range(times):
        try:
            told = limiters[number % len(limiters)].check(route, "GET", None, "10.0.0.1")
            assert isinstance(told, bytes) or await told
        except Refusal:
            continue
        passed += 1
    for limiter in limiters:
        await limiter.close()
    return passed


def test_two_gateways_count_together(redis_port: int) -> None:
    async def run() -> int:
        return await allowed([made(redis_port), made(redis_port)], 60)

    assert asyncio.run(run()) == 50


def test_without_redis_each_counts_alone() -> None:
    async def run() -> int:
        return await allowed([made(1), made(1)], 110)

    assert asyncio.run(run()) == 100


def made(port: int) -> Limiter:
    url = f"redis://127.0.0.1:{port}/0"
    settings = GatewaySettings(edge_key=EDGE_KEY, rate_limit_redis_url=url, rate_limit_anonymous="50/minute;90/hour")
    return Limiter(settings, SharedWindows(64), store=shared_store(settings), clock=lambda: NOON)
