"""What the gateway is told by its environment."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from shared.settings import Environment, Settings, secret

SERVICES = (
    "auth",
    "bookings",
    "catalog",
    "practitioners",
    "payments",
    "reviews",
    "locations",
    "media",
    "notifications",
    "streams",
)
DEVELOPMENT_ORIGINS = (
    "http://localhost:3000",
    "http://localhost:3001",
    "http://localhost:8000",
    "http://localhost:8001",
)


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(Settings):
    """Addresses of services are `http://host:port`, several separated by comma.

    `rate_limit_*` are written `1200/minute;6000/hour`. Dates of the old base are ISO days or unix seconds.
    """

    estuary_env: Environment = "development"
    """production leaves diagnostics out and refuses plain http origins."""
    estuary_version: str = "0.1.0"
    """Told by `/info/` and the API document."""
    bind: str = "127.0.0.1:8000"
    """Where the world comes in."""
    probe_bind: str = ""
    """Where probes and figures are; empty: 1000 ports above."""
    gateway_workers: int = 1
    """Processes; one a core."""
    drain_seconds: float = 5.0
    """How long balancers have to notice before it takes no more."""
    edge_key: str = secret()
    """What requests to services are signed with, at least 32 characters, the same everywhere."""
    rabbitmq_url: str = secret("")
    """Own broker user; without it ended sessions are learnt by the poll only."""
    jwt_legacy_secret: str = secret("")
    """Accept the replaced system's tokens, signed with this; at least 32 bytes in production."""
    public_url: str = "http://localhost:8000"
    """The address that the world uses; also the issuer of tokens, so the same everywhere."""
    frontend_url: str = "http://localhost:3000"
    """The web client; shown by `/info/`."""
    support_email: str = "support@estuary.example"
    """Shown by `/info/`."""
    auth_providers: tuple[str, ...] = ()
    """Names of providers to sign in with; shown by `/info/`."""

    auth_url: tuple[str, ...] = ("http://127.0.0.1:8101",)
    """Where auth is; several addresses by comma."""
    bookings_url: tuple[str, ...] = ("http://127.0.0.1:8102",)
    """Where bookings is; several addresses by comma."""
    catalog_url: tuple[str, ...] = ("http://127.0.0.1:8103",)
    """Where catalog is; several addresses by comma."""
    practitioners_url: tuple[str, ...] = ("http://127.0.0.1:8104",)
    """Where practitioners is; several addresses by comma."""
    payments_url: tuple[str, ...] = ("http://127.0.0.1:8105",)
    """Where payments is; several addresses by comma."""
    reviews_url: tuple[str, ...] = ("http://127.0.0.1:8106",)
    """Where reviews is; several addresses by comma."""
    locations_url: tuple[str, ...] = ("http://127.0.0.1:8107",)
    """Where locations is; several addresses by comma."""
    media_url: tuple[str, ...] = ("http://127.0.0.1:8108",)
    """Where media is; several addresses by comma."""
    notifications_url: tuple[str, ...] = ("http://127.0.0.1:8109",)
    """Where notifications is; several addresses by comma."""
    streams_url: tuple[str, ...] = ("http://127.0.0.1:8110",)
    """Where streams is; several addresses by comma."""
    realtime_url: tuple[str, ...] = ("http://127.0.0.1:8119",)
    """Where the sockets are; several by comma."""

    cors_allowed_origins: tuple[str, ...] = ()
    """Pages that may call, exactly; https in production; in development the usual local ones."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose `X-Forwarded-For` is believed."""
    country_header: str = ""
    """The header in which a trusted proxy says the country."""

    rate_limit_enabled: bool = True
    """Off for load tests only."""
    rate_limit_redis_url: str = secret("")
    """Makes limits hold across machines; without it they hold on each."""
    rate_limit_anonymous: str = "300/minute;6000/hour"
    """Of an address that is not signed in."""
    rate_limit_user: str = "1200/minute"
    """Of a person; staff five times as much."""
    rate_limit_credentials: str = "20/minute"
    """Signing in and what is like it, by address."""
    rate_limit_search: str = "120/minute"
    """Searches and free times."""
    rate_limit_writes: str = "300/minute"
    """Everything that changes something."""
    rate_limit_uploads: str = "60/minute"
    """Uploads."""
    rate_limit_exports: str = "10/hour"
    """Exports."""
    rate_limit_websockets: str = "20/minute"
    """Opening sockets, by address."""
    rate_limit_webhooks: str = "600/minute"
    """Webhooks of third parties, by address."""

    api_v1_deprecated_at: str = "2026-01-01"
    """Since when the old base is deprecated."""
    api_v1_sunset: str = ""
    """When the old base ends: afterwards it is gone; empty: not decided."""
    identity_poll_seconds: int = 60
    """How often keys and ended sessions are read again, beside the events."""
    openapi_poll_seconds: int = 60
    """How often the services' descriptions are read again."""

    def problems(self) -> list[str]:
        """Return what is wrong with the values together."""
        found = []
        if len(self.edge_key) < 32:
            found.append("EDGE_KEY: must be at least 32 characters")
        if "*" in self.cors_allowed_origins:
            found.append("CORS_ALLOWED_ORIGINS: '*' cannot be combined with credentials; list the origins")
        if self.is_production:
            found += [
                f"CORS_ALLOWED_ORIGINS: {origin} is not https"
                for origin in self.cors_allowed_origins
                if not origin.startswith("https://")
            ]
            if self.jwt_legacy_secret and len(self.jwt_legacy_secret.encode()) < 32:
                found.append("JWT_LEGACY_SECRET: must be at least 32 bytes in production")
            if self.jwt_legacy_secret.startswith("django-insecure"):
                found.append("JWT_LEGACY_SECRET: must not be a development key in production")
        for name in ("api_v1_deprecated_at", "api_v1_sunset"):
            try:
                unix_seconds(getattr(self, name))
            except ValueError:
                found.append(f"{name.upper()}: must be an ISO date or unix seconds")
        return found

    @property
    def is_production(self) -> bool:
        """Whether diagnostic headers are left out and made-up keys refused."""
        return self.estuary_env == "production"

    @property
    def origins(self) -> tuple[str, ...]:
        """The web origins that may call; the usual local ones in development."""
        if self.cors_allowed_origins or self.is_production:
            return self.cors_allowed_origins
        return tuple(dict.fromkeys((*DEVELOPMENT_ORIGINS, self.public_url)))

    @property
    def probe_address(self) -> tuple[str, int]:
        """Where the gateway's own health and metrics are served: by default 1,000 ports above its own."""
        if self.probe_bind:
            return split_address(self.probe_bind)
        host, port = split_address(self.bind)
        return ("127.0.0.1" if host in {"0.0.0.0", "::"} else host), port + 1000  # noqa: S104 (compared, not bound)

    @property
    def is_https(self) -> bool:
        """Whether people reach us over TLS, ended in front of us."""
        return urlsplit(self.public_url).scheme == "https"

    def addresses(self, service: str) -> tuple[str, ...]:
        """Return the base addresses of a service's processes."""
        found: tuple[str, ...] = getattr(self, f"{service}_url")
        return found


def split_address(bind: str) -> tuple[str, int]:
    """Return (host, port) of `host:port` or `[v6]:port`."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def unix_seconds(date: str) -> int | None:
    """Return the instant that an ISO day or a number says, None when empty. Raises ValueError."""
    if not date:
        return None
    if date.isdigit():
        return int(date)
    instant = datetime.fromisoformat(date)
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())
