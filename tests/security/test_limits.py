"""S20: how often is too often, through a real gateway (how it counts: gateway/tests/test_limits.py)."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import requests

from deploy.local.stack import Stack
from shared.testing.ports import free_port
from tests.e2e.api import eventually
from tests.e2e.people import Person, Practitioner, free_slots, register
from tests.security.attacker import strange_address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def limited(stack: Stack) -> Iterator[str]:
    """A gateway that counts, two workers, beside the one that does not; yields its address."""
    port = free_port()
    told = {
        "BIND": f"127.0.0.1:{port}",
        "PROBE_BIND": f"127.0.0.1:{free_port()}",
        "GATEWAY_WORKERS": "2",
        "DRAIN_SECONDS": "0",
        "RATE_LIMIT_ENABLED": "1",
        "RATE_LIMIT_ANONYMOUS": "30/hour",
        "RATE_LIMIT_USER": "40/hour",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.serve"], env={**os.environ, **stack.environment("gateway"), **told}
    )
    address = f"http://127.0.0.1:{port}/api/v1/drf"
    try:
        eventually(lambda: requests.get(f"{address}/health/", timeout=2).ok, seconds=20, what="the gateway serves")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _burst(url: str, times: int, *addresses: str, token: str | None = None) -> list[requests.Response]:
    """Ask so many times at once, from these addresses in turn."""

    def ask(number: int) -> requests.Response:
        headers = {"X-Forwarded-For": addresses[number % len(addresses)]}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.get(url, headers=headers, timeout=15)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, range(times)))


def test_a_burst_of_one_network(limited: str) -> None:
    """Neighbours of one /64 share a limit, and workers share the count."""
    network = strange_address()
    neighbour = network.rpartition("::")[0] + "::8"

    answers = _burst(f"{limited}/services/types/", 60, network, neighbour)

    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] in {30, 31}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["code"], refused.json()["status"]) == ("rate_limited", "error")
    assert (int(refused.headers["Retry-After"]) >= 1, refused.headers["RateLimit-Remaining"]) == (True, "0")
    assert refused.headers["RateLimit-Policy"] == '"anonymous";q=30;w=3600'


def test_a_person_is_counted_from_wherever_they_come(stack: Stack, limited: str) -> None:
    person = register(stack, "busy")

    answers = _burst(f"{limited}/auth/me/", 60, *(strange_address() for _ in range(12)), token=person.api.token)

    assert Counter(answer.status_code for answer in answers)[200] in {40, 41}


def test_guessing_tokens_is_counted(limited: str) -> None:
    answers = _burst(f"{limited}/auth/me/", 40, strange_address(), token="a.b.c")

    assert Counter(answer.status_code for answer in answers) in ({401: 30, 429: 10}, {401: 31, 429: 9})


def test_slots_cannot_be_hoarded(stack: Stack, client: Person, practitioner: Practitioner) -> None:
    """Three times at once are held for a person, whatever they ask for."""
    slots = free_slots(client, practitioner, days_ahead=25)
    starts = [datetime.fromisoformat(slot["start_time"]) for slot in slots]
    apart = [start for start in starts if (start - starts[0]) % timedelta(hours=1) == timedelta(0)][:8]

    def hold(start: datetime) -> int:
        body = {"service_id": practitioner.service_id, "start_time": start.isoformat()}
        return client.api.raw("POST", "/bookings/holds/", body).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = Counter(pool.map(hold, apart))

    assert statuses == {201: 3, 409: len(apart) - 3}
