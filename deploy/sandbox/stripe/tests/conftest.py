"""A started sandbox, the real library as its client, a receiver of webhooks, and the control calls."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from shared.testing.ports import free_port

SECRET = "whsec_for_the_tests"
VERSION = "2026-10-28.endive"
ROOT = Path(__file__).parents[4]


@dataclass
class Received:
    """What came to the webhook address: (body, signature), and what to answer."""

    hooks: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """Answers still to give, before 200s."""
    seconds_to_read: float = 0.0
    """How long a webhook is under way before it counts as come."""

    def events(self, kind: str = "") -> list[Any]:
        read = [json.loads(body) for body, _ in self.hooks]
        return [event for event in read if event["type"].startswith(kind)]

    def wait_for(self, kind: str, *, count: int = 1, seconds: float = 8) -> list[Any]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.events(kind)
            if len(found) >= count:
                return found
            time.sleep(0.02)
        pytest.fail(f"No {count} × {kind} within {seconds} s; came: {[each['type'] for each in self.events()]}")


@pytest.fixture(scope="session")
def receiver() -> Iterator[tuple[str, Received]]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(received.seconds_to_read)
            received.hooks.append((body, self.headers["Stripe-Signature"]))
            self.send_response(received.statuses.pop(0) if received.statuses else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe/", received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[subprocess.Popen[bytes], str]]:
    def start_sandbox(**environment: str) -> tuple[subprocess.Popen[bytes], str]:
        port = free_port()
        environ = {
            "PATH": os.environ["PATH"],
            "BIND": f"127.0.0.1:{port}",
            "STRIPE_SANDBOX_STATE": ":memory:",
            "STRIPE_WEBHOOK_SECRETS": f"{SECRET},whsec_another",
            "FRONTEND_URL": "http://shop.test",
            **environment,
        }
        process = subprocess.Popen([sys.executable, "-m", "deploy.sandbox.stripe"], env=environ, cwd=ROOT)
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/health/ready", timeout=1).close()
                return process, url
            except OSError:
                time.sleep(0.05)
        pytest.fail("The sandbox did not start")

    return start_sandbox


@pytest.fixture(scope="session")
def base_url(receiver: tuple[str, Received], start: Any) -> Iterator[str]:
    process, url = start(STRIPE_SANDBOX_WEBHOOK_URL=receiver[0])
    yield url
    process.terminate()
    process.wait(10)


class Control:
    """The calls below /_sandbox/."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, path: str, method: str = "POST", /, **wish: Any) -> Any:
        body = None if method == "GET" else json.dumps(wish).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


@pytest.fixture
def control(base_url: str, receiver: tuple[str, Received]) -> Control:
    control = Control(base_url)
    control("reset")
    receiver[1].hooks.clear()
    receiver[1].statuses.clear()
    receiver[1].seconds_to_read = 0.0
    return control


@pytest.fixture
def hooks(control: Control, receiver: tuple[str, Received]) -> Received:
    return receiver[1]


def client_of(url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_estuary",
        stripe_version=VERSION,
        base_addresses={"api": url},
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=15),
    )


@pytest.fixture(scope="session")
def library(base_url: str) -> stripe.StripeClient:
    return client_of(base_url)


@pytest.fixture
def client(library: stripe.StripeClient, control: Control) -> Any:
    return library.v1


@pytest.fixture
def customer(client: Any) -> Any:
    return client.customers.create({"email": "ana@example.com", "name": "Ana", "metadata": {"user_id": "7"}})


@pytest.fixture
def pay(client: Any, customer: Any) -> Callable[..., Any]:
    """Pay by saved card, as the service does."""

    def pay_by_card(card: str = "pm_card_visa", amount: int = 4_200, key: str | None = None, **more: Any) -> Any:
        params = {
            "amount": amount,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": card,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "transfer_group": "order_1",
            "metadata": {"order_uuid": "o-1", "booking_id": "5", "user_id": "7", "kind": "booking"},
            "expand": ["latest_charge"],
            **more,
        }
        return client.payment_intents.create(params, options={"idempotency_key": key} if key else {})

    return pay_by_card
