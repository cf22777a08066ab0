"""Webhooks: formed and signed as LiveKit's, sent by a loop that repeats what was refused.

Source: https://docs.livekit.io/home/server/webhooks/: the body's SHA-256 stands in a JWT in `Authorization`, without
"Bearer"; content type `application/webhook+json`.
"""

import asyncio
import base64
import hashlib
import time
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from google.protobuf.json_format import MessageToJson
from livekit.api import AccessToken
from livekit.protocol.webhook import WebhookEvent

from .settings import Settings
from .trouble import Trouble

log = structlog.get_logger()

RETRY_SECONDS = (1.0, 5.0, 30.0, 300.0)
TIMEOUT_SECONDS = 10
AT_ONCE = 16


def signature(settings: Settings, body: bytes) -> str:
    """Return the `Authorization` header of a body."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = AccessToken(settings.key, settings.secret).with_ttl(timedelta(minutes=5)).with_sha256(digest)
    return str(token.to_jwt())


class Deliverer:
    """Sends every event that is told, each as often as it takes."""

    def __init__(self, settings: Settings, trouble: Trouble) -> None:
        self.settings = settings
        self.trouble = trouble
        self.sent: list[dict[str, Any]] = []
        """What was told, newest last, for whoever looks."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._client: aiohttp.ClientSession | None = None

    def tell(self, event: WebhookEvent) -> None:
        """Send an event, as the present trouble has it."""
        if event.HasField("room") and self.trouble.lie_participants is not None:
            event.room.num_participants = self.trouble.lie_participants
        body = MessageToJson(event, indent=None).encode()
        waits = self.trouble.webhooks.waits(event.event)
        entry = {"id": event.id, "event": event.event, "at": time.time(), "copies": len(waits), "delivered": 0}
        self.sent = [*self.sent[-999:], entry]
        if self.settings.webhook_url is None:
            return
        for wait in waits:
            task = asyncio.get_running_loop().create_task(self._deliver(body, wait, entry))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: bytes, wait: float, entry: dict[str, Any]) -> None:
        for pause in (wait, *RETRY_SECONDS):
            if pause:
                await asyncio.sleep(pause)
            async with self._places:
                if await self._post(body):
                    entry["delivered"] += 1
                    return
        log.warning("webhook.given_up", id=entry["id"], type=entry["event"])

    async def _post(self, body: bytes) -> bool:
        assert self.settings.webhook_url is not None
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        headers = {"Authorization": signature(self.settings, body), "Content-Type": "application/webhook+json"}
        try:
            async with self._client.post(self.settings.webhook_url, data=body, headers=headers) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Send no more."""
        for task in list(self._tasks):
            task.cancel()
        if self._client is not None:
            await self._client.close()
