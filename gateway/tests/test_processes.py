"""The gateway as it is started: gunicorn's master and two workers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gateway.tests.running import BASE, EDGE_KEY, Reply, RunningGateway, Seen, until
from shared.testing.ports import free_port


@pytest.fixture
def started(running: RunningGateway) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    port, probes = free_port(), free_port()
    address = running.settings.auth_url[0]
    names = ("AUTH", "BOOKINGS", "CATALOG", "PAYMENTS", "MEDIA")
    environment = {
        **os.environ,
        **{f"{name}_URL": address for name in names},
        "ESTUARY_ENV": "production",
        "EDGE_KEY": EDGE_KEY,
        "BIND": f"127.0.0.1:{port}",
        "PROBE_BIND": f"127.0.0.1:{probes}",
        "GATEWAY_WORKERS": "2",
        "DRAIN_SECONDS": "0.3",
        "RATE_LIMIT_ANONYMOUS": "30/hour",
        "RABBITMQ_URL": "",
        "PUBLIC_URL": "https://api.example.com",
        "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    }
    process = subprocess.Popen([sys.executable, "-m", "gateway.serve"], env=environment, stdout=subprocess.PIPE)
    assert until(lambda: is_ready(probes), seconds=60)
    yield process, port, probes
    if process.poll() is None:
        process.kill()
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()


def is_ready(probes: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{probes}/health/ready", timeout=20).status_code == 200
    except requests.RequestException:
        return False


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except OSError:
        return True
    return False


def counted(probes: int, path: str) -> float:
    """Return how many requests of a path all workers have counted; each tells within a quarter of a second."""
    figures = requests.get(f"http://127.0.0.1:{probes}/metrics", timeout=20).text
    lines = [line for line in figures.splitlines() if line.startswith("gateway_requests_total") and path in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_two_workers_serve_as_one(started: tuple[subprocess.Popen[bytes], int, int], running: RunningGateway) -> None:
    process, port, probes = started
    url, info = (f"http://127.0.0.1:{port}{BASE}/{name}/" for name in ("services", "info"))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: requests.get(url, timeout=20), range(40)))
    live = requests.get(f"http://127.0.0.1:{probes}/health/live", timeout=20)

    statuses = [answer.status_code for answer in answers]
    # Two processes that count in the same moment may lose a count; without a limit for both it would be all 40.
    assert 30 <= statuses.count(200) <= 33, "one limit for all workers"
    assert statuses.count(200) + statuses.count(429) == 40
    assert not {"Server", "Server-Timing", "X-Estuary-Instance"} & set(answers[0].headers)
    assert until(lambda: counted(probes, "/services/") == 40)
    assert live.status_code == 200
    assert requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).status_code == 404

    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    with ThreadPoolExecutor(8) as threads:
        after = list(threads.map(lambda _: requests.get(info, timeout=15), range(10)))
    assert {answer.status_code for answer in after} == {200}, "the other worker serves on"


def test_what_is_under_way_is_finished_when_told_to_stop(
    started: tuple[subprocess.Popen[bytes], int, int], running: RunningGateway
) -> None:
    process, port, _ = started
    asked, release = threading.Event(), running.call(asyncio.Event)

    async def slowly(_: Seen) -> Reply:
        asked.set()
        await release.wait()
        return Reply()

    running.service.answering = slowly
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(
            requests.post, f"http://127.0.0.1:{port}{BASE}/webhooks/stripe/", data=b"x", timeout=60
        )
        assert asked.wait(20)
        process.send_signal(signal.SIGTERM)
        assert until(lambda: refuses(port)), "no worker takes any more"
        running.call(release.set)
        answer = under_way.result()
        assert answer.status_code == 200, "what is under way is finished"
        assert answer.headers["Connection"] == "close"
    assert process.wait(60) == 0
