"""Keys and revocations: loaded from auth, kept fresh by events, healed by a poll.

A lost event is healed within a poll. With auth and the broker both away the gateway goes on with what it holds
and `age_seconds` grows, which is an alarm, not an outage.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import orjson

from gateway.errors import Refusal
from gateway.internal import Internal, whole_body
from gateway.revocations import Revocations
from gateway.upstream_answers import UpstreamError
from shared.identity.keyset import KeySet

REFETCH_SECONDS = 10.0
RETRY_SECONDS = 1.0
log = logging.getLogger("gateway.identity")


class Identity:
    """What the gateway knows about who may call."""

    def __init__(self, internal: Internal, keys: KeySet, revocations: Revocations, *, poll_seconds: float) -> None:
        self.keys = keys
        self.revocations = revocations
        self._internal = internal
        self._poll_seconds = poll_seconds
        self._watermark = ""
        self._loaded_at = 0.0
        self.clock_skew_seconds = 0.0
        self._keys_version = (0, 0)
        self._refetch: asyncio.Task[None] | None = None
        self._refetched_at = float("-inf")

    @property
    def is_ready(self) -> bool:
        """Whether keys are held."""
        return len(self.keys) > 0

    @property
    def age_seconds(self) -> float:
        """How long ago auth was last heard; infinite before the first time."""
        return time.monotonic() - self._loaded_at if self._loaded_at else float("inf")

    async def run(self) -> None:
        """Load now and then every poll, more often until the first load succeeds; runs until cancelled."""
        while True:
            loaded = await self.load()
            self.revocations.sweep(time.time())
            await asyncio.sleep(self._poll_seconds if loaded else RETRY_SECONDS)

    async def load(self) -> bool:
        """Read the key set and the revocations since the last time; False when auth does not answer."""
        query = f"since={quote(self._watermark)}" if self._watermark else ""
        try:
            answer = await self._internal.get("auth", "/internal/identity/", query=query)
            if answer.status != 200:
                log.warning("auth answered %s to the identity poll", answer.status)
                return False
            told = orjson.loads(await whole_body(answer))
            self.keys.replace(told["keys"])
            self.revocations.load(told["revocations"])
        except (Refusal, UpstreamError, ValueError, KeyError, TypeError) as error:
            log.warning("identity could not be loaded: %r", error)
            return False
        self.clock_skew_seconds = _skew(answer.said.get(b"date", b""))
        self._watermark = str(told.get("watermark") or "")
        self._loaded_at = time.monotonic()
        return True

    async def refetch_keys(self) -> None:
        """Load now, unless that was done in the last ten seconds; all who ask meanwhile share one load."""
        if self._refetch is None or self._refetch.done():
            now = time.monotonic()
            if now - self._refetched_at < REFETCH_SECONDS:
                return
            self._refetched_at = now
            self._refetch = asyncio.create_task(self._load_once())
        await asyncio.shield(self._refetch)

    async def _load_once(self) -> None:
        await self.load()

    def handle(self, event: Mapping[str, Any]) -> None:
        """Apply an event; one that cannot be read is logged, and the next poll tells the same."""
        try:
            if event["type"] == "session.revoked":
                self.revocations.apply(event["data"])
            elif event["type"] == "signing_keys.changed":
                version = (int(event.get("epoch") or 0), int(event.get("sequence") or 0))
                if version >= self._keys_version:
                    self.keys.replace(event["data"])
                    self._keys_version = version
        except (KeyError, TypeError, ValueError):
            log.exception("an identity event could not be read")


def _skew(date: bytes) -> float:
    """Return by how many seconds auth's clock and ours differ; its `Date` knows whole seconds only."""
    try:
        return abs(parsedate_to_datetime(date.decode("latin-1")).timestamp() - time.time())
    except ValueError:
        return 0.0
