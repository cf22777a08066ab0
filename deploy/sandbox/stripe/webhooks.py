"""Webhooks: which are due, how they are signed, and the loop that sends them.

A delivery is a row written with the change it tells of, so nothing is sent for work that was undone and nothing is
forgotten by a restart. Several are under way at once, so their order is not guaranteed, as Stripe's is not.
"""

import asyncio
import hashlib
import hmac
import json
import random
import sqlite3
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog

from .errors import Body

if TYPE_CHECKING:
    from .sandbox import Sandbox

log = structlog.get_logger()

RETRY_DELAYS_SECONDS = (1, 5, 30, 300, 1800, 3600)
ATTEMPTS_MAX = 72
AT_ONCE = 4
TIMEOUT_SECONDS = 20


@dataclass
class WebhookPolicy:
    """The trouble asked for with webhooks, for the events that are recorded from now on."""

    drop_rate: float = 0.0
    """The share of deliveries that is lost: 0 none, 1 all."""
    repeat: int = 1
    """How many times each is sent."""
    delay_seconds: float = 0.0
    shuffle_seconds: float = 0.0
    """Each waits a random time of up to this long, so that they arrive out of order."""
    types: list[str] = field(default_factory=list)
    """Only event types that begin with one of these are meant; empty: all."""
    seed: int | None = None

    def __post_init__(self) -> None:
        self.drop_rate, self.repeat = float(self.drop_rate), int(self.repeat)
        self.delay_seconds, self.shuffle_seconds = float(self.delay_seconds), float(self.shuffle_seconds)
        self._random = random.Random(self.seed)  # noqa: S311 — trouble, not secrets.

    def concerns(self, event_type: str) -> bool:
        """Tell whether this event type is meant."""
        return not self.types or any(event_type.startswith(prefix) for prefix in self.types)

    def schedule(self) -> list[tuple[float, str]]:
        """Return (seconds to wait, state) for each copy of one delivery."""
        copies = []
        for _ in range(self.repeat):
            state = "dropped" if self._random.random() < self.drop_rate else "waiting"
            copies.append((self.delay_seconds + self._random.uniform(0, self.shuffle_seconds), state))
        return copies


def signature(payload: str, *, secret: str, timestamp: int) -> str:
    """Return the `Stripe-Signature` header of a body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def deliveries_of(
    event: Body, endpoints: list[tuple[str, str, list[str]]], *, policy: WebhookPolicy
) -> list[dict[str, Any]]:
    """Return the rows of an event's deliveries: one per endpoint that asked for its type, as the policy has it."""
    rows = []
    for url, secret, types in endpoints:
        if "*" not in types and event["type"] not in types:
            continue
        copies = policy.schedule() if policy.concerns(event["type"]) else [(0.0, "waiting")]
        for wait_seconds, state in copies:
            rows.append(
                {
                    "event_id": event["id"],
                    "event_type": event["type"],
                    "url": url,
                    "secret": secret,
                    "due_at": time.time() + wait_seconds,
                    "state": state,
                }
            )
    return rows


class Deliverer:
    """Sends what is due until it is stopped. `wake()` spares the wait for the next look."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self._awake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look for due deliveries now."""
        self._awake.set()

    async def run(self) -> None:
        """Send due deliveries, up to `AT_ONCE` at a time, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as client:
            while True:
                self._start_due(client)
                try:
                    await asyncio.wait_for(self._awake.wait(), timeout=self._seconds_to_next())
                except TimeoutError:
                    continue
                self._awake.clear()

    async def settle(self) -> None:
        """Return once nothing is under way any more: what was sent has been answered or given up."""
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    def _start_due(self, client: aiohttp.ClientSession) -> None:
        for row in self._waiting(due_by=time.time()):
            if len(self._under_way) >= AT_ONCE:
                return
            if row["number"] not in self._under_way:
                self._under_way[row["number"]] = asyncio.create_task(self._deliver(client, row))

    def _waiting(self, *, due_by: float) -> list[sqlite3.Row]:
        return self.sandbox.store.connection.execute(
            "SELECT * FROM deliveries WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at LIMIT ?",
            (due_by, 2 * AT_ONCE),
        ).fetchall()

    def _seconds_to_next(self) -> float:
        row = self.sandbox.store.connection.execute(
            "SELECT min(due_at) AS due_at FROM deliveries WHERE state = 'waiting'"
        ).fetchone()
        if row["due_at"] is None or self._under_way:
            return 1.0
        return float(min(max(row["due_at"] - time.time(), 0.0), 1.0))

    async def _deliver(self, client: aiohttp.ClientSession, row: sqlite3.Row) -> None:
        status, error = None, None
        try:
            status = await self._post(client, row)
        except (aiohttp.ClientError, TimeoutError, ValueError) as refusal:
            error = f"{type(refusal).__name__}: {refusal}"[:300]
        finally:
            del self._under_way[row["number"]]
        self._record(row, status, error)
        self.wake()

    async def _post(self, client: aiohttp.ClientSession, row: sqlite3.Row) -> int | None:
        held = self.sandbox.store.connection.execute(
            "SELECT body FROM objects WHERE id = ?", (row["event_id"],)
        ).fetchone()
        if held is None:
            return None
        payload = json.dumps(json.loads(held["body"]), indent=2)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(payload, secret=row["secret"], timestamp=int(time.time())),
        }
        async with client.post(row["url"], data=payload.encode(), headers=headers, allow_redirects=False) as response:
            return response.status

    def _record(self, row: sqlite3.Row, status: int | None, error: str | None) -> None:
        attempts = row["attempts"] + 1
        if status is not None and 200 <= status < 300:
            state = "delivered"
        elif attempts >= ATTEMPTS_MAX:
            state = "failed"
        else:
            state = "waiting"
            log.info("webhook.refused", type=row["event_type"], url=row["url"], status=status, error=error)
        delay = RETRY_DELAYS_SECONDS[min(attempts, len(RETRY_DELAYS_SECONDS)) - 1]
        self.sandbox.store.connection.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, last_status = ?, last_error = ?, due_at = ?"
            " WHERE number = ?",
            (state, attempts, status, error, time.time() + delay, row["number"]),
        )
