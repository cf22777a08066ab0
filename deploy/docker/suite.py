"""Every process of Estuary in containers, and what each is told: one list, from which docker-compose.yml and the
cluster's base are written.

Values are those of a place where a service answers under its own name. What differs from place to place, or is
secret, is written `${NAME}`: docker compose fills it from `.env`, a cluster from its ConfigMap and Secrets.
"""

from dataclasses import dataclass, field

from deploy.docker.packages import SERVICES

WEB_PORT, WORKER_PORT, REALTIME_PORT, GATEWAY_PORT, PROBE_PORT = 8000, 8200, 8119, 8000, 9000
STRIPE_PORT, LIVEKIT_PORT = 8195, 8196
BASE = "/api/v1/drf"

# Who seeds after whom: later ones speak of earlier ones' rows.
SEEDED = (
    *("auth", "practitioners", "catalog", "locations", "bookings"),
    *("payments", "reviews", "media", "streams", "notifications"),
)
BROKER_USERS = (*SERVICES, "gateway")


@dataclass(frozen=True, kw_only=True)
class Process:
    """One kind of process; `memory_mb` and `cpus` are its limits, `replicas` what a small cluster runs."""

    name: str
    image: str
    command: tuple[str, ...]
    port: int
    health_path: str = "/health/ready"
    memory_mb: int = 320
    cpus: float = 1.0
    replicas: int = 2
    told: dict[str, str] = field(default_factory=dict)
    # Folders that it writes to, and what they hold.
    keeps: dict[str, str] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """web, worker, realtime, gateway or sandbox."""
        return {"web": "web", "worker": "worker", "realtime": "realtime", "gateway": "gateway"}.get(
            self.command[0], "sandbox"
        )


# What every process is told, and every service's beside it.
EVERYBODY = {
    "ESTUARY_ENV": "${ESTUARY_ENV}",
    "EDGE_KEY": "${EDGE_KEY}",
    "PUBLIC_URL": "${PUBLIC_URL}",
    "FRONTEND_URL": "${FRONTEND_URL}",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "${OTEL_EXPORTER_OTLP_ENDPOINT}",
    "TRACES_SAMPLE_RATIO": "${TRACES_SAMPLE_RATIO}",
}
SERVICE = {"LOG_LEVEL": "${LOG_LEVEL}", "JWT_LEGACY_SECRET": "${JWT_LEGACY_SECRET}"}

_SIGNING = {"MEDIA_SIGNING_KEYS": "${MEDIA_SIGNING_KEYS}"}
_STORE = {
    "CLOUDFLARE_R2_ENDPOINT_URL": "${CLOUDFLARE_R2_ENDPOINT_URL}",
    "CLOUDFLARE_R2_PUBLIC_ENDPOINT_URL": "${CLOUDFLARE_R2_PUBLIC_ENDPOINT_URL}",
    "CLOUDFLARE_R2_ACCESS_KEY_ID": "${CLOUDFLARE_R2_ACCESS_KEY_ID}",
    "CLOUDFLARE_R2_SECRET_ACCESS_KEY": "${CLOUDFLARE_R2_SECRET_ACCESS_KEY}",
    "CLOUDFLARE_R2_STORAGE_BUCKET_NAME": "${CLOUDFLARE_R2_STORAGE_BUCKET_NAME}",
}
_STRIPE = {
    "STRIPE_SECRET_KEY": "${STRIPE_SECRET_KEY}",
    "STRIPE_PUBLISHABLE_KEY": "${STRIPE_PUBLISHABLE_KEY}",
    "STRIPE_WEBHOOK_SECRETS": "${STRIPE_WEBHOOK_SECRETS}",
}
_LIVEKIT = {"LIVEKIT_API_KEY": "${LIVEKIT_API_KEY}", "LIVEKIT_API_SECRET": "${LIVEKIT_API_SECRET}"}
# What one service is told beside the rest.
OWN: dict[str, dict[str, str]] = {
    "auth": {
        "AUTH_ENCRYPTION_KEY": "${AUTH_ENCRYPTION_KEY}",
        "REFRESH_KEY": "${REFRESH_KEY}",
        "ACTION_TOKEN_KEY": "${ACTION_TOKEN_KEY}",
        "GOOGLE_CLIENT_ID": "${GOOGLE_CLIENT_ID}",
    },
    "catalog": _SIGNING,
    "practitioners": {**_SIGNING, "PRACTITIONERS_AUTO_VERIFY": "${PRACTITIONERS_AUTO_VERIFY}"},
    "streams": {
        **_SIGNING,
        # LiveKit writes recordings there.
        **_STORE,
        "LIVEKIT_URL": "${LIVEKIT_URL}",
        "LIVEKIT_PUBLIC_URL": "${LIVEKIT_PUBLIC_URL}",
        **_LIVEKIT,
    },
    "media": {
        **_SIGNING,
        **_STORE,
        "CLOUDFLARE_R2_PUBLIC_BUCKET_NAME": "${CLOUDFLARE_R2_PUBLIC_BUCKET_NAME}",
        "CLOUDFLARE_R2_CUSTOM_DOMAIN": "${CLOUDFLARE_R2_CUSTOM_DOMAIN}",
        "MEDIA_STORAGE_DIR": "/var/lib/estuary/media",
    },
    "notifications": {
        "ACTION_TOKEN_KEY": "${ACTION_TOKEN_KEY}",
        "UNSUBSCRIBE_KEY": "${UNSUBSCRIBE_KEY}",
        "SMTP_URL": "${SMTP_URL}",
        "MAIL_FROM": "${MAIL_FROM}",
        "MAIL_REPLY_TO": "${MAIL_REPLY_TO}",
        "MAIL_DOMAIN": "${MAIL_DOMAIN}",
        "MAIL_FOLDER": "/var/lib/estuary/mail",
        "REALTIME_URL": "${REALTIME_PUBLIC_URL}",
        "CORS_ALLOWED_ORIGINS": "${CORS_ALLOWED_ORIGINS}",
    },
    "payments": {
        **_STRIPE,
        "STRIPE_API_BASE": "${STRIPE_API_BASE}",
        "STRIPE_CONNECT_COUNTRY": "${STRIPE_CONNECT_COUNTRY}",
        "CHECKOUT_ALLOWED_ORIGINS": "${CHECKOUT_ALLOWED_ORIGINS}",
    },
    "reviews": {
        "REVIEWS_SCREENING_URL": "${REVIEWS_SCREENING_URL}",
        "REVIEWS_SCREENING_KEY": "${REVIEWS_SCREENING_KEY}",
    },
    "locations": {"GOOGLE_MAPS_API_KEY": "${GOOGLE_MAPS_API_KEY}"},
}
# Web and worker of a service that need more than the usual.
MEMORY_MB = {"auth": 448, "locations": 512, "media-worker": 1536}


def told_to(service: str) -> dict[str, str]:
    """Return what every process of a service is told."""
    return {
        **EVERYBODY,
        **SERVICE,
        "DATABASE_URL": f"${{DATABASE_URL_{service.upper()}}}",
        "RABBITMQ_URL": f"${{RABBITMQ_URL_{service.upper()}}}",
        **OWN.get(service, {}),
    }


def processes() -> list[Process]:
    """Return all processes but the sandboxes."""
    found = []
    for service in SERVICES:
        keeps = {"/var/lib/estuary/mail": "mail"} if service == "notifications" else {}
        told = told_to(service)
        found += [
            Process(
                name=service,
                image=service,
                command=("web", service),
                port=WEB_PORT,
                memory_mb=MEMORY_MB.get(service, 320),
                told=told,
            ),
            Process(
                name=f"{service}-worker",
                image=service,
                command=("worker", service),
                port=WORKER_PORT,
                memory_mb=MEMORY_MB.get(f"{service}-worker", MEMORY_MB.get(service, 320)),
                told=told,
                keeps=keeps,
            ),
        ]
    realtime = Process(
        name="realtime",
        image="notifications",
        command=("realtime",),
        port=REALTIME_PORT,
        memory_mb=512,
        told=told_to("notifications"),
    )
    return [*found, realtime, gateway()]


def gateway() -> Process:
    """Return the gateway, which is told where everybody else is."""
    addresses = {f"{service.upper()}_URL": f"http://{service}:{WEB_PORT}" for service in SERVICES}
    return Process(
        name="gateway",
        image="gateway",
        command=("gateway",),
        port=PROBE_PORT,
        memory_mb=384,
        told={
            **EVERYBODY,
            "RABBITMQ_URL": "${RABBITMQ_URL_GATEWAY}",
            "JWT_LEGACY_SECRET": "${JWT_LEGACY_SECRET}",
            **addresses,
            "REALTIME_URL": f"http://realtime:{REALTIME_PORT}",
            "CORS_ALLOWED_ORIGINS": "${CORS_ALLOWED_ORIGINS}",
            "TRUSTED_PROXIES": "${TRUSTED_PROXIES}",
            "RATE_LIMIT_REDIS_URL": "${RATE_LIMIT_REDIS_URL}",
            "GATEWAY_WORKERS": "${GATEWAY_WORKERS}",
            "SUPPORT_EMAIL": "${SUPPORT_EMAIL}",
            "AUTH_PROVIDERS": "${AUTH_PROVIDERS}",
        },
    )


def stripe_sandbox() -> Process:
    """Return what stands for Stripe where nobody has keys of it."""
    return Process(
        name="stripe",
        image="sandbox",
        command=("sandbox", "stripe"),
        port=STRIPE_PORT,
        health_path="/health/live",
        told={
            **_STRIPE,
            "BIND": f"0.0.0.0:{STRIPE_PORT}",
            "FRONTEND_URL": "${FRONTEND_URL}",
            "STRIPE_SANDBOX_WEBHOOK_URL": f"http://gateway:{GATEWAY_PORT}{BASE}/webhooks/stripe/",
            "STRIPE_SANDBOX_PUBLIC_URL": "${STRIPE_SANDBOX_PUBLIC_URL}",
            "STRIPE_SANDBOX_STATE": "/var/lib/estuary/stripe/stripe.sqlite3",
        },
        keeps={"/var/lib/estuary/stripe": "stripe"},
    )


def livekit_sandbox() -> Process:
    """Return what stands for LiveKit where nobody has keys of it."""
    return Process(
        name="livekit",
        image="sandbox",
        command=("sandbox", "livekit"),
        port=LIVEKIT_PORT,
        health_path="/health/live",
        told={
            **_LIVEKIT,
            "BIND": f"0.0.0.0:{LIVEKIT_PORT}",
            "LIVEKIT_WEBHOOK_URL": f"http://gateway:{GATEWAY_PORT}{BASE}/webhooks/livekit/",
            "LIVEKIT_SANDBOX_FOLDER": "/var/lib/estuary/livekit",
        },
        keeps={"/var/lib/estuary/livekit": "livekit"},
    )
