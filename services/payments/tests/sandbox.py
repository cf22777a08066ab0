"""The Stripe sandbox as a really started process, and a hand on its controls."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from services.payments.clients.stripe import Stripe, StripeApi

KEY = "sk_test_payments_tests"
SECRET = "whsec_payments_tests"


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    base: str

    def control(self, control: str, /, **body: Any) -> Any:
        """Call one of its controls."""
        answer = requests.post(f"{self.base}/_sandbox/{control}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fail(self, **fault: Any) -> None:
        """Have the next fitting call go wrong."""
        self.control("faults", **fault)

    def reset(self) -> None:
        """Forget everything."""
        self.control("reset")

    def api(self, *, timeout: float = 15) -> Stripe:
        """Return the real library, talking to it."""
        return StripeApi(key=KEY, base=self.base, webhook_secrets=(SECRET,), timeout=timeout)

    def listed(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return what a list of Stripe's holds."""
        found: list[dict[str, Any]] = []
        after: dict[str, Any] = {}
        while True:
            answer = requests.get(
                f"{self.base}/v1/{path}",
                params={"limit": 100, **query, **after},
                headers={"Authorization": f"Bearer {KEY}"},
                timeout=10,
            )
            answer.raise_for_status()
            page = answer.json()
            found += page["data"]
            if not page["has_more"]:
                return found
            after = {"starting_after": found[-1]["id"]}


def start(folder: Path) -> tuple[subprocess.Popen[bytes], Sandbox]:
    """Start a sandbox on a free port; the caller ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "STRIPE_SANDBOX_STATE": ":memory:",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "STRIPE_SANDBOX_WEBHOOK_URL": "",
    }
    with (folder / "stripe.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.sandbox.stripe"], env=environment, stdout=log, stderr=log
        )
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    for _ in range(200):
        try:
            requests.get(f"{sandbox.base}/_sandbox/", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return process, sandbox
    process.kill()
    raise RuntimeError((folder / "stripe.log").read_text())
