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
    estuary_version: str = "0.1.0"
    bind: str = "127.0.0.1:8000"
    probe_bind: str = ""
    gateway_workers: int = 1
    drain_seconds: float = 5.0
    edge_key: str = secret()
    rabbitmq_url: str = secret("")
    jwt_legacy_secret: str = secret("")
    public_url: str = "http://localhost:8000"
    frontend_url: str = "http://localhost:3000"
    support_email: str = "support@estuary.example"
    auth_providers: tuple[str, ...] = ()

    auth_url: tuple[str, ...] = ("http://127.0.0.1:8101",)
    bookings_url: tuple[str, ...] = ("http://127.0.0.1:8102",)
    catalog_url: tuple[str, ...] = ("http://127.0.0.1:8103",)
    practitioners_url: tuple[str, ...] = ("http://127.0.0.1:8104",)
    payments_url: tuple[str, ...] = ("http://127.0.0.1:8105",)
    reviews_url: tuple[str, ...] = ("http://127.0.0.1:8106",)
    locations_url: tuple[str, ...] = ("http://127.0.0.1:8107",)
    media_url: tuple[str, ...] = ("http://127.0.0.1:8108",)
    notifications_url: tuple[str, ...] = ("http://127.0.0.1:8109",)
    streams_url: tuple[str, ...] = ("http://127.0.0.1:8110",)
    realtime_url: tuple[str, ...] = ("http://127.0.0.1:8119",)

    cors_allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    country_header: str = ""

    rate_limit_enabled: bool = True
    rate_limit_redis_url: str = secret("")
    rate_limit_anonymous: str = "300/minute;6000/hour"
    rate_limit_user: str = "1200/minute"
    rate_limit_credentials: str = "20/minute"
    rate_limit_search: str = "120/minute"
    rate_limit_writes: str = "300/minute"
    rate_limit_uploads: str = "60/minute"
    rate_limit_exports: str = "10/hour"
    rate_limit_websockets: str = "20/minute"
    rate_limit_webhooks: str = "600/minute"

    api_v1_deprecated_at: str = "2026-01-01"
    api_v1_sunset: str = ""
    identity_poll_seconds: int = 60
    openapi_poll_seconds: int = 60

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
