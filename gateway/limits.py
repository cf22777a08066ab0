"""How often somebody may ask: a caller's own limit, and a class of operations on top of it."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from gateway.addresses import limit_key
from gateway.errors import Refusal
from gateway.routes import WRITES, Route
from gateway.settings import GatewaySettings
from gateway.windows import Policy, SharedWindows, Standing, Wanted, read_policies
from shared.identity.claims import Claims

STAFF_FACTOR = 5
STORE_AWAY_SECONDS = 2.0
_BY_ADDRESS = frozenset({"credentials", "webhooks", "websockets"})
log = logging.getLogger("gateway.limits")


class SharedStore(Protocol):
    """Counters that several machines share."""

    async def hit(self, wanted: Wanted, now: float) -> list[Standing]:
        """Count one request under each key if all allow it, and say how each stands. Raises OSError."""

    async def close(self) -> None:
        """Let go of connections."""


class Limiter:
    """Counts requests and refuses what is too much; a refused request is not counted.

    With a shared store (Redis) limits hold across machines; while that is away they hold per machine.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        windows: SharedWindows,
        *,
        store: SharedStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._enabled = settings.rate_limit_enabled
        self._windows = windows
        self._store = store
        self._store_away_until = 0.0
        self._clock = clock
        self._anonymous = read_policies("anonymous", settings.rate_limit_anonymous)
        self._user = read_policies("user", settings.rate_limit_user)
        self._staff = read_policies("user", settings.rate_limit_user, factor=STAFF_FACTOR)
        self._classes = {
            name: read_policies(name, getattr(settings, f"rate_limit_{name}"))
            for name in ("credentials", "search", "writes", "uploads", "exports", "websockets", "webhooks")
        }

    def check(self, route: Route, method: str, claims: Claims | None, address: str) -> bytes | Awaitable[bytes]:
        """Count the request and return the header lines that tell how the caller stands.

        Awaitable only with a shared store, so that the common case costs no task switch.
        Raises Refusal: rate_limited.
        """
        if not self._enabled or route.limit == "unlimited":
            return b""
        if claims is not None and not route.limit and method not in WRITES and self._store is None:
            # Reads of people who are signed in, most of all requests, count once.
            own = self._staff if claims.is_staff else self._user
            if len(own) == 1:
                return self._check_one(own[0], str(claims.user_id))
        wanted = self._wanted(route, method, claims, address)
        if self._store is not None and self._clock() >= self._store_away_until:
            return self._check_shared(self._store, wanted)
        return self._check_here(wanted)

    async def close(self) -> None:
        """Let go of the shared store."""
        if self._store is not None:
            await self._store.close()

    def _wanted(self, route: Route, method: str, claims: Claims | None, address: str) -> Wanted:
        name = route.limit or ("writes" if method in WRITES else "")
        if name == "webhooks":
            return [(policy, limit_key(address)) for policy in self._classes[name]]
        if claims is None:
            caller, own = limit_key(address), self._anonymous
        else:
            caller, own = str(claims.user_id), self._staff if claims.is_staff else self._user
        wanted = [(policy, caller) for policy in own]
        if name:
            key = limit_key(address) if name in _BY_ADDRESS else caller
            wanted += [(policy, key) for policy in self._classes[name]]
        return wanted

    def _check_here(self, wanted: Wanted) -> bytes:
        if len(wanted) == 1:
            return self._check_one(*wanted[0])
        return _headers(wanted, self._windows.hit(wanted, self._clock()))

    def _check_one(self, policy: Policy, key: str) -> bytes:
        now = self._clock()
        told = self._windows.hit_one(policy, key, now)
        if told is not None:
            return policy.lines % (told + told)
        wanted = [(policy, key)]
        return _headers(wanted, self._windows.hit(wanted, now))

    async def _check_shared(self, store: SharedStore, wanted: Wanted) -> bytes:
        try:
            standings = await store.hit(wanted, self._clock())
        except OSError as error:
            log.warning("the shared limits are away: %r", error)
            self._store_away_until = self._clock() + STORE_AWAY_SECONDS
            return self._check_here(wanted)
        return _headers(wanted, standings)


def _headers(wanted: Wanted, standings: list[Standing]) -> bytes:
    """Return both generations of header lines for the policy that is nearest to its end. Raises Refusal.

    Source: draft-ietf-httpapi-ratelimit-headers-10, and -03 for the older three.
    """
    tightest = 0
    for index, standing in enumerate(standings):
        if not standing.allowed:
            raise _refusal(wanted, standings)
        if standing.remaining < standings[tightest].remaining:
            tightest = index
    return _lines(wanted[tightest][0], standings[tightest])


def _refusal(wanted: Wanted, standings: list[Standing]) -> Refusal:
    refused = [pair for pair in zip(wanted, standings, strict=True) if not pair[1].allowed]
    (policy, _), standing = max(refused, key=lambda pair: pair[1].reset_seconds)
    told = [line.partition(": ") for line in _lines(policy, standing).decode().split("\r\n") if line]
    headers = [(name, value) for name, _, value in told]
    return Refusal("rate_limited", headers=[*headers, ("Retry-After", str(standing.reset_seconds))])


def _lines(policy: Policy, standing: Standing) -> bytes:
    _, left, reset = standing
    return policy.lines % (left, reset, left, reset)
