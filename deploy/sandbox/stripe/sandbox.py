"""The sandbox itself: its memory, its clock, its settings, and the news it gives of every change."""

import secrets
import string
import time
from collections.abc import Mapping
from typing import Any

from .errors import Body
from .settings import Settings
from .store import Store
from .webhooks import WebhookPolicy, deliveries_of

API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """Return an id in Stripe's form, such as `pi_3Pq…`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def public(body: Any) -> Any:
    """Return what the world may see of an object: everything but the members that begin with an underscore."""
    if isinstance(body, list):
        return [public(item) for item in body]
    if isinstance(body, dict):
        return {
            name: value if name == "metadata" else public(value)
            for name, value in body.items()
            if not name.startswith("_")
        }
    return body


class Sandbox:
    """What every call, page and timer works on. Each of them is one transaction of its store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.state)
        self.policy = WebhookPolicy()
        self.cause: Body = {"id": None, "idempotency_key": None}
        """The API request that is being served, as events show it."""
        self.account: str | None = None
        """The connected account it acts for."""

    def now(self) -> int:
        """Return the sandbox's time, in Unix seconds: the real one plus what the clock was advanced by."""
        return int(time.time()) + self.store.fact("clock_offset", 0)

    def after(self, seconds: int, name: str, object_id: str) -> None:
        """Have the timer called `name` run for an object, `seconds` from now by the sandbox's clock."""
        self.at(self.now() + seconds, name, object_id)

    def at(self, moment: int, name: str, object_id: str) -> None:
        """Have the timer called `name` run for an object at a moment."""
        self.store.connection.execute(
            "INSERT INTO timers (due_at, name, object_id) VALUES (?, ?, ?)", (moment, name, object_id)
        )

    def insert(self, body: Body, *events: str) -> Body:
        """Keep a new object and tell of it."""
        self.store.insert(body)
        for event in events:
            self.emit(event, body)
        return body

    def save(self, body: Body, *events: str) -> Body:
        """Keep an object's new state and tell of it; `*.updated` events say what was different before."""
        before = self.store.save(body)
        changed = {
            name: before.get(name) for name in body if not name.startswith("_") and before.get(name) != body[name]
        }
        for event in events:
            self.emit(event, body, previous=changed if event.endswith("updated") else None)
        return body

    def emit(self, event_type: str, body: Body, *, previous: Mapping[str, Any] | None = None) -> Body:
        """Write an event about an object, and its deliveries; they are sent once the transaction is committed."""
        account = body["id"] if body["object"] == "account" else body.get("_account")
        event: Body = {
            "id": new_id("evt"),
            "object": "event",
            "account": account,
            "api_version": API_VERSION,
            "context": account,
            "created": self.now(),
            "data": {"object": public(body)},
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self.cause),
            "type": event_type,
        }
        if previous is not None:
            event["data"] = {**event["data"], "previous_attributes": public(dict(previous))}
        if account is None:
            del event["account"], event["context"]
        deliveries = deliveries_of(event, self.endpoints(), policy=self.policy)
        event["pending_webhooks"] = len(deliveries)
        self.store.insert(event)
        for delivery in deliveries:
            self.store.connection.execute(
                "INSERT INTO deliveries (event_id, event_type, url, secret, due_at, state)"
                " VALUES (:event_id, :event_type, :url, :secret, :due_at, :state)",
                delivery,
            )
        return event

    def endpoints(self) -> list[tuple[str, str, list[str]]]:
        """Return where webhooks go, as (address, secret, event types): the environment's own, then the registered."""
        default = (
            [(self.settings.webhook_url, self.settings.webhook_secret, ["*"])] if self.settings.webhook_url else []
        )
        registered = self.store.select("webhook_endpoint", {"status": "enabled"})
        return [*default, *((each["url"], each["_secret"], each["enabled_events"]) for each in registered)]
