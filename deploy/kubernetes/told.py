"""Where a cluster keeps what `suite.py` leaves open: what anybody may read in a ConfigMap, the rest in Secrets."""

import re
from typing import Any

from deploy.docker.packages import SERVICES
from deploy.docker.suite import BROKER_USERS

# The ConfigMap `estuary`, and what stands in it until an overlay says otherwise.
CONFIG = {
    "ESTUARY_ENV": "production",
    "PUBLIC_URL": "https://api.example.org",
    "FRONTEND_URL": "https://example.org",
    "REALTIME_PUBLIC_URL": "wss://api.example.org/api/v1/drf/notifications/ws/",
    "CORS_ALLOWED_ORIGINS": "https://example.org",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "RATE_LIMIT_REDIS_URL": "redis://redis:6379/0",
    "LOG_LEVEL": "info",
    "GATEWAY_WORKERS": "1",
    "MAIL_FROM": "Estuary <no-reply@example.org>",
    "MAIL_REPLY_TO": "",
    "MAIL_DOMAIN": "example.org",
    "SUPPORT_EMAIL": "support@example.org",
    "GOOGLE_CLIENT_ID": "",
    "AUTH_PROVIDERS": "",
    "PRACTITIONERS_AUTO_VERIFY": "false",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    "TRACES_SAMPLE_RATIO": "0.05",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_replace_me",
    "STRIPE_API_BASE": "",
    "STRIPE_CONNECT_COUNTRY": "US",
    "CHECKOUT_ALLOWED_ORIGINS": "https://example.org",
    "REVIEWS_SCREENING_URL": "",
    "LIVEKIT_URL": "https://livekit.example.org",
    "LIVEKIT_PUBLIC_URL": "wss://livekit.example.org",
    "CLOUDFLARE_R2_ENDPOINT_URL": "https://storage.example.org",
    "CLOUDFLARE_R2_PUBLIC_ENDPOINT_URL": "https://storage.example.org",
    "CLOUDFLARE_R2_STORAGE_BUCKET_NAME": "estuary-media",
    "CLOUDFLARE_R2_PUBLIC_BUCKET_NAME": "",
    "CLOUDFLARE_R2_CUSTOM_DOMAIN": "",
}
# Each secret and the Secret that holds it under its own name; only the processes that are told it refer to it.
SECRETS = {
    "EDGE_KEY": "edge",
    "JWT_LEGACY_SECRET": "legacy-tokens",
    "ACTION_TOKEN_KEY": "action-tokens",
    "AUTH_ENCRYPTION_KEY": "auth-keys",
    "REFRESH_KEY": "auth-keys",
    "UNSUBSCRIBE_KEY": "mail",
    "SMTP_URL": "mail",
    "MEDIA_SIGNING_KEYS": "media-signing",
    "CLOUDFLARE_R2_ACCESS_KEY_ID": "storage",
    "CLOUDFLARE_R2_SECRET_ACCESS_KEY": "storage",
    "STRIPE_SECRET_KEY": "stripe",
    "STRIPE_WEBHOOK_SECRETS": "stripe",
    "LIVEKIT_API_KEY": "livekit",
    "LIVEKIT_API_SECRET": "livekit",
    "GOOGLE_MAPS_API_KEY": "google-maps",
    "REVIEWS_SCREENING_KEY": "screening",
}
OPTIONAL = frozenset({"JWT_LEGACY_SECRET", "GOOGLE_MAPS_API_KEY", "REVIEWS_SCREENING_KEY"})

_WHOLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def environment(told: dict[str, str]) -> list[dict[str, Any]]:
    """Return a container's `env`. Raises KeyError for a value that nothing here holds."""
    return [_variable(name, value) for name, value in told.items()]


def _variable(name: str, value: str) -> dict[str, Any]:
    whole = _WHOLE.fullmatch(value)
    if whole is None:
        return {"name": name, "value": value}
    key = whole[1]
    if key in CONFIG:
        return {"name": name, "valueFrom": {"configMapKeyRef": {"name": "estuary", "key": key}}}
    reference: dict[str, Any] = {"name": holder_of(key), "key": field_of(key)}
    if key in OPTIONAL:
        reference["optional"] = True
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def holder_of(key: str) -> str:
    """Return the Secret that holds a value. Raises KeyError."""
    if key in SECRETS:
        return SECRETS[key]
    kind, _, owner = key.rpartition("_")
    # CloudNativePG makes the first of these with its database; the second is made beside the broker's users.
    return {"DATABASE_URL": f"postgresql-{owner.lower()}-app", "RABBITMQ_URL": f"broker-{owner.lower()}"}[kind]


def field_of(key: str) -> str:
    """Return the name under which a Secret holds a value."""
    return key if key in SECRETS else "uri"


def secrets() -> dict[str, list[str]]:
    """Return every Secret that somebody must make, and its fields; CloudNativePG makes its own."""
    found: dict[str, list[str]] = {}
    for key, holder in SECRETS.items():
        found.setdefault(holder, []).append(key)
    return {
        **found,
        **{f"broker-{user}": ["uri", "password"] for user in BROKER_USERS},
        "broker-administrator": ["amqp", "management"],
        "postgresql-backups": ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"],
        "estuary-tls": ["tls.crt", "tls.key"],
    }


def databases() -> list[str]:
    """Return the name of each service's PostgreSQL cluster."""
    return [f"postgresql-{service}" for service in SERVICES]
