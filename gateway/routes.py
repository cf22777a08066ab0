"""Where every path goes: the only place that knows.

`EXACT` wins over `SEGMENTS`. A pattern's `{name}` stands for one segment; `…` at the end for any rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from gateway.envelope import Flat

KIB = 1024
MIB = 1024 * KIB
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
GATEWAY = "gateway"
RateClass = Literal["", "unlimited", "credentials", "search", "writes", "uploads", "exports", "websockets", "webhooks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a path goes and how it is treated there.

    `target` replaces the path. `raw`: bytes pass untouched, no token check, no envelope. `ignore_token`: the
    header is dropped before the service. `lets_expired`: an expired token is passed on. `waits`: `Prefer: wait=N`
    lengthens the time to answer. `limit` empty: `writes` for writing methods, else only the caller's own limit.
    `public_bytes`: files that pages of other sites may show. `message_bytes`: what a socket's service takes at once.
    """

    service: str
    pattern: str
    target: str = ""
    raw: bool = False
    ignore_token: bool = False
    lets_expired: bool = False
    flat: Flat = ""
    websocket: bool = False
    message_bytes: int = 4 * KIB
    methods: frozenset[str] | None = None
    body_bytes: int = MIB
    streamed: bool = False
    seconds: float = 10.0
    write_seconds: float = 10.0
    waits: bool = False
    limit: RateClass = ""
    compress: bool = True
    public_bytes: bool = False
    cors: bool = True

    def answer_seconds(self, method: str, wait: float) -> float:
        """Return how long the service may take; `wait` is what the client asks for with Prefer."""
        seconds = self.usual_seconds(method)
        return min(35.0, max(seconds, wait + 5)) if self.waits and wait else seconds

    def usual_seconds(self, method: str) -> float:
        """Return how long the service may take when nobody asks for more."""
        return self.write_seconds if method in WRITES else self.seconds


def _auth(pattern: str, **flags: object) -> Route:
    return replace(_AUTH, pattern=pattern, **flags)  # type: ignore[arg-type]


def _stripe(pattern: str) -> Route:
    return _webhook(pattern, "payments", "/payments/webhooks/stripe/")


def _livekit(pattern: str) -> Route:
    return _webhook(pattern, "streams", "/streams/webhooks/livekit/")


def _webhook(pattern: str, service: str, target: str) -> Route:
    return Route(
        service=service, pattern=pattern, target=target, raw=True, methods=frozenset({"POST"}), limit="webhooks",
        compress=False, cors=False,
    )  # fmt: skip


def _own(pattern: str) -> Route:
    return Route(
        service=GATEWAY, pattern=pattern, ignore_token=True, limit="unlimited", methods=frozenset({"GET", "HEAD"}),
        body_bytes=64 * KIB,
    )  # fmt: skip


def _export(service: str, pattern: str) -> Route:
    return Route(service=service, pattern=pattern, body_bytes=64 * KIB, seconds=60, limit="exports")


def _search(service: str, pattern: str) -> Route:
    return Route(service=service, pattern=pattern, limit="search")


def _calendar(service: str, pattern: str, *, feed: bool = False) -> Route:
    return Route(
        service=service, pattern=pattern, body_bytes=64 * KIB, seconds=60, raw=feed, ignore_token=feed, compress=False
    )


# Answers that may hold tokens are never compressed: their length would tell about them (BREACH).
_AUTH = Route(service="auth", pattern="/auth/…", body_bytes=16 * KIB, compress=False)
_PAYMENTS = Route(service="payments", pattern="", write_seconds=25)
_UPLOAD = Route(
    service="media", pattern="", body_bytes=512 * MIB, streamed=True, seconds=600, write_seconds=600, limit="uploads"
)

SEGMENTS: dict[str, Route] = {
    **{name: replace(_AUTH, pattern=f"/{name}/…") for name in ("auth", "users")},
    **{name: Route(service="bookings", pattern=f"/{name}/…", waits=True) for name in ("bookings", "waitlists")},
    **{
        name: Route(service="catalog", pattern=f"/{name}/…")
        for name in (
            "services", "public-services", "service-categories", "practitioner-categories", "packages", "bundles",
            "service-sessions", "service-resources", "modalities", "modality-categories",
        )
    },
    **{
        name: Route(service="practitioners", pattern=f"/{name}/…")
        for name in (
            "practitioners", "public-practitioners", "practitioner-applications", "schedules", "certifications",
            "education", "specializations", "styles", "topics",
        )
    },
    "availability": Route(service="practitioners", pattern="/availability/…"),
    **{
        name: replace(_PAYMENTS, pattern=f"/{name}/…", waits=name == "checkout")
        for name in (
            "payments", "payment-methods", "checkout", "credits", "payouts", "earnings", "subscriptions", "commissions",
            "connect", "memberships",
        )
    },
    **{name: Route(service="reviews", pattern=f"/{name}/…") for name in ("reviews", "review-questions")},
    **{
        name: Route(service="locations", pattern=f"/{name}/…")
        for name in ("countries", "states", "cities", "zipcodes", "practitioner-locations", "locations", "timezones")
    },
    "media": Route(service="media", pattern="/media/…"),
    **{
        name: Route(service="notifications", pattern=f"/{name}/…")
        for name in ("notifications", "notification-settings", "notification-templates")
    },
    **{
        name: Route(service="streams", pattern=f"/{name}/…")
        for name in ("streams", "live-streams", "stream-schedules", "stream-categories", "rooms")
    },
}  # fmt: skip

EXACT: tuple[Route, ...] = (
    # auth
    _auth("/auth/register/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/login/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/token/refresh/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/google/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/mfa/verify/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/social/exchange/", ignore_token=True, flat="body", limit="credentials"),
    _auth("/auth/social/", ignore_token=True),
    _auth("/auth/social/{provider}/start/", ignore_token=True),
    _auth("/auth/social/{provider}/callback/", ignore_token=True),
    _auth("/auth/password/reset/", ignore_token=True, flat="success", limit="credentials"),
    _auth("/auth/password/reset/confirm/", ignore_token=True, flat="success", limit="credentials"),
    _auth("/auth/email/verify/", ignore_token=True),
    _auth("/auth/email/change/confirm/", ignore_token=True),
    _auth("/auth/me/restore/", ignore_token=True),
    _auth("/auth/logout/", flat="success", lets_expired=True),
    _auth("/auth/logout/simple/", flat="success", lets_expired=True),
    _auth("/auth/change-password/", flat="success"),
    _auth("/auth/me/export/{id}/download/", seconds=60, limit="exports"),
    _auth("/auth/jwks/", raw=True, ignore_token=True, methods=frozenset({"GET", "HEAD"})),
    # paths under another service's first segment
    Route(service="bookings", pattern="/auth/stats/"),
    Route(service="practitioners", pattern="/auth/favorites/…"),
    Route(service="catalog", pattern="/auth/favorite-services/…"),
    Route(service="catalog", pattern="/auth/modality-preferences/…"),
    Route(service="catalog", pattern="/auth/recommendations/"),
    Route(service="bookings", pattern="/services/{id}/waitlist/", waits=True),
    *(
        replace(_PAYMENTS, pattern=f"/practitioners/{name}/")
        for name in ("earnings", "transactions", "balance", "payouts", "request_payout")
    ),
    # webhooks of third parties
    _stripe("/payments/webhooks/stripe/"),
    _stripe("/webhooks/stripe/"),
    _livekit("/streams/webhooks/livekit/"),
    _livekit("/webhooks/livekit/"),
    _livekit("/rooms/webhooks/livekit/"),
    # media
    Route(service="media", pattern="/media/", body_bytes=512 * MIB, streamed=True, write_seconds=600),
    replace(_UPLOAD, pattern="/media/upload/"),
    replace(_UPLOAD, pattern="/media/batch_upload/"),
    replace(_UPLOAD, pattern="/media/{id}/bytes/", raw=True),
    Route(service="media", pattern="/media/{id}/content/", raw=True, seconds=60, compress=False, public_bytes=True),
    Route(
        service="media", pattern="/media/{id}/content/{version}/", raw=True, seconds=60, compress=False,
        public_bytes=True,
    ),
    *(
        Route(service="media", pattern=pattern, seconds=20, write_seconds=20)
        for pattern in ("/media/presigned_upload/", "/media/presigned_uploads/", "/media/{id}/confirm_upload/")
    ),
    # sockets
    Route(service="realtime", pattern="/notifications/ws/", websocket=True, limit="websockets"),
    # searches
    *(
        _search("bookings", f"/bookings/{name}/")
        for name in ("available_slots", "available_dates", "check_availability")
    ),
    *(
        _search("practitioners", f"/availability/{name}/")
        for name in ("check", "check_slot", "next_available", "preview", "calendar")
    ),
    *(_search("practitioners", f"/practitioners/{name}/") for name in ("search", "autocomplete", "facets")),
    *(_search("catalog", f"/services/{name}/") for name in ("search", "autocomplete", "facets")),
    *(_search("locations", f"/locations/{name}/") for name in ("autocomplete", "geocode", "reverse_geocode")),
    *(_search("locations", f"/practitioner-locations/{name}/") for name in ("nearby", "search", "in_bounds")),
    # exports and calendars
    replace(_export("payments", "/earnings/export/"), write_seconds=25),
    _export("streams", "/live-streams/{id}/analytics/export/"),
    _calendar("bookings", "/bookings/{id}/calendar.ics"),
    _calendar("bookings", "/bookings/calendar/{token}.ics", feed=True),
    _calendar("streams", "/streams/{id}/calendar/"),
    _calendar("streams", "/live-streams/{id}/calendar/"),
    Route(service="notifications", pattern="/notifications/unsubscribe/", ignore_token=True),
    # the gateway itself
    *(_own(f"/{name}/") for name in ("health", "info", "resources", "examples", "errors", "schema", "docs")),
    _own("/errors/{code}/"),
    _own("/docs/redoc/"),
    _own("/docs/assets/{file}"),
)  # fmt: skip

OUTSIDE: dict[str, Route] = {
    "/.well-known/jwks.json/": _auth(
        "/.well-known/jwks.json", target="/auth/jwks/", raw=True, ignore_token=True, methods=frozenset({"GET", "HEAD"})
    ),
    "/ws/notifications/": Route(
        service="realtime",
        pattern="/ws/notifications/",
        target="/notifications/ws/",
        websocket=True,
        limit="websockets",
    ),
}


class RouteTable:
    """Finds the route of a path (without the base): exact patterns first, then the first segment."""

    def __init__(self, exact: Iterable[Route] = EXACT, segments: dict[str, Route] = SEGMENTS) -> None:
        self._plain: dict[str, Route] = {}
        self._shaped: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        self._open: dict[tuple[str, str], Route] = {}
        self._segments = segments
        for route in exact:
            parts = tuple(route.pattern.split("/"))
            if parts[-1] == "…":
                self._open[parts[1], parts[2]] = route
            elif "{" in route.pattern:
                self._shaped.setdefault((parts[1], len(parts)), []).append((parts, route))
            elif route.pattern in self._plain:
                raise ValueError(f"{route.pattern} has two owners")
            else:
                self._plain[route.pattern] = route

    def find(self, path: str) -> Route | None:
        """Return the route of a canonical path, or None."""
        route = self._plain.get(path)
        if route is not None:
            return route
        parts = path.split("/")
        for shape, route in self._shaped.get((parts[1], len(parts)), ()):
            if all(_fits(wanted, part) for wanted, part in zip(shape, parts, strict=True)):
                return route
        if len(parts) > 2 and (parts[1], parts[2]) in self._open:
            return self._open[parts[1], parts[2]]
        return self._segments.get(parts[1])


def _fits(wanted: str, part: str) -> bool:
    if not wanted.startswith("{"):
        return wanted == part
    suffix = wanted.partition("}")[2]
    return part.endswith(suffix) and len(part) > len(suffix)
