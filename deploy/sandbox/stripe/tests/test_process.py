"""The process itself: it starts by its environment and remembers across restarts."""

import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).parents[4]
HEADERS = {"Authorization": "Bearer sk_test_1"}


def test_it_remembers_across_restarts(start, tmp_path):
    state = str(tmp_path / "deeper" / "stripe.sqlite3")
    process, url = start(STRIPE_SANDBOX_STATE=state)
    made = requests.post(f"{url}/v1/customers", data={"name": "Ana"}, headers=HEADERS, timeout=5).json()
    process.kill()
    process.wait(10)

    process, url = start(STRIPE_SANDBOX_STATE=state)
    found = requests.get(f"{url}/v1/customers/{made['id']}", headers=HEADERS, timeout=5).json()
    process.terminate()

    assert found == made
    assert process.wait(10) == 0


def test_a_webhook_address_without_a_secret_is_refused():
    environ = {"STRIPE_SANDBOX_WEBHOOK_URL": "http://127.0.0.1:1/", "STRIPE_SANDBOX_STATE": ":memory:"}

    refused = subprocess.run(
        [sys.executable, "-m", "deploy.sandbox.stripe"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert refused.returncode != 0
    assert "STRIPE_WEBHOOK_SECRETS" in refused.stderr
