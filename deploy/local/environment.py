"""What each process is told: its own addresses, passwords and keys, and nobody else's.

Values that a person sets, in the shell or in a file `.env` at the root, win; each process is given only the
names that it is known to read.
"""

import shlex
from collections.abc import Mapping

from deploy.local.credentials import Credentials, write_private
from deploy.local.given import given
from deploy.local.postgresql import SUPERUSER, PostgreSQL, database_of, role_of
from deploy.local.profiles import SERVICES, Profile
from deploy.local.rabbitmq import ADMINISTRATOR, RabbitMQ
from deploy.local.system import LOOPBACK, MARKER

# Settings that a person may give, by beginning of the name; each is told to these processes only.
EVERYBODY = (
    *("LOG_LEVEL", "FRONTEND_URL", "PUBLIC_URL", "JWT_LEGACY_SECRET", "WEB_", "DATABASE_POOL_"),
    *("OTEL_EXPORTER_OTLP_", "TRACES_"),
)
PASSED_ON: dict[str, tuple[str, ...]] = {
    "auth": (
        *("GOOGLE_CLIENT_", "OIDC_", "AUTH_", "ACCESS_TOKEN_", "REFRESH_", "SESSION_", "ACTION_TOKEN_", "PWNED_"),
        *("REGISTRATION_", "STAFF_", "IMPERSONATION_", "UNVERIFIED_", "ACCOUNT_", "ARGON2_", "TRUSTED_PROXIES"),
    ),
    "bookings": ("BOOKINGS_",),
    "catalog": ("CATALOG_", "DATABASE_REPLICA_URL", "MEDIA_SIGNING_KEYS"),
    "practitioners": ("PRACTITIONERS_", "DATABASE_REPLICA_URL", "MEDIA_SIGNING_KEYS"),
    "payments": ("STRIPE_", "CHECKOUT_", "REFUND_", "EARNINGS_", "PAYOUT_", "CREDIT_", "PAYMENTS_"),
    "reviews": ("REVIEWS_",),
    "locations": ("GOOGLE_MAPS_", "LOCATIONS_"),
    "media": ("CLOUDFLARE_R2_", "MEDIA_", "FFMPEG", "FFPROBE"),
    "notifications": (
        "SMTP_URL",
        "MAIL_",
        "ACTION_TOKEN_KEY",
        "UNSUBSCRIBE_",
        "CORS_ALLOWED_ORIGINS",
        "NOTIFICATIONS_",
        "SOCKETS_",
    ),
    "streams": ("LIVEKIT_", "STREAM_", "STREAMS_", "MEDIA_SIGNING_KEYS", "CLOUDFLARE_R2_"),
    "gateway": (
        *("CORS_ALLOWED_ORIGINS", "TRUSTED_PROXIES", "COUNTRY_HEADER", "RATE_LIMIT_", "API_V1_", "GATEWAY_"),
        *("AUTH_PROVIDERS", "DRAIN_SECONDS", "IDENTITY_POLL_", "OPENAPI_POLL_", "SUPPORT_EMAIL", "ESTUARY_VERSION"),
    ),
    "stripe": ("STRIPE_",),
    "livekit": ("LIVEKIT_",),
    "oidc": ("OIDC_",),
}


class Environments:
    """The environment of every process of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._credentials = Credentials.of(profile)
        self._postgresql = PostgreSQL(profile, self._credentials)
        self._rabbitmq = RabbitMQ(profile, self._credentials)
        self._given = given()

    def of(self, name: str) -> dict[str, str]:
        """Return what the service, or one of the other processes, is told."""
        names = (*EVERYBODY, *PASSED_ON[name])
        given = {variable: value for variable, value in self._given.items() if variable.startswith(names)}
        return {**self._common(), **self._own(name), **given}

    def write(self) -> None:
        """Write `env/<name>.env` for every process, and `env/administrator.env` with the servers' superusers."""
        folder = self._profile.inside("env", "x").parent
        folder.chmod(0o700)
        for name in (*SERVICES, "gateway", "stripe", "livekit", "oidc"):
            write_private(folder / f"{name}.env", _as_file(self.of(name)))
        administrator = {
            "DATABASE_URL": self._postgresql.url(role=SUPERUSER, database="postgres"),
            "RABBITMQ_URL": self._rabbitmq.url(user=ADMINISTRATOR),
        }
        write_private(folder / "administrator.env", _as_file(administrator))

    def uses_sandbox(self, name: str) -> bool:
        """Whether the sandbox stands for an outside service, because the person has given no keys of the real one."""
        return not self._given.get({"stripe": "STRIPE_SECRET_KEY", "livekit": "LIVEKIT_API_KEY"}[name])

    def _common(self) -> dict[str, str]:
        return {
            MARKER: str(self._profile.folder),
            "ESTUARY_ENV": self._profile.estuary_env,
            "EDGE_KEY": self._credentials.password("EDGE_KEY"),
            "PUBLIC_URL": self._profile.public_url,
            "FRONTEND_URL": "http://localhost:3000",
        }

    def _own(self, name: str) -> dict[str, str]:
        if name in SERVICES:
            return {**self._of_service(name), **self._keys(name)}
        return {
            "gateway": self._of_gateway,
            "stripe": self._of_stripe,
            "livekit": self._of_livekit,
            "oidc": self._of_oidc,
        }[name]()

    def _of_service(self, service: str) -> dict[str, str]:
        profile = self._profile
        return {
            "DATABASE_URL": self._postgresql.url(role=role_of(service), database=database_of(service)),
            "RABBITMQ_URL": self._rabbitmq.url(user=service),
            "BIND": f"{LOOPBACK}:{profile.port(service)}",
            "WORKER_BIND": f"{LOOPBACK}:{profile.worker_port(service)}",
        }

    def _keys(self, service: str) -> dict[str, str]:
        """Return the keys that only this service, or a pair of services, holds, and the embedded parts it uses."""
        credentials, profile = self._credentials, self._profile
        signing = {"MEDIA_SIGNING_KEYS": f"local:{credentials.key('MEDIA_SIGNING_KEYS')}"}
        action = {"ACTION_TOKEN_KEY": credentials.key("ACTION_TOKEN_KEY")}
        own: dict[str, dict[str, str]] = {
            "auth": {
                **action,
                "AUTH_ENCRYPTION_KEY": credentials.key("AUTH_ENCRYPTION_KEY"),
                "REFRESH_KEY": credentials.key("REFRESH_KEY"),
            },
            "catalog": signing,
            # The demo's applications are looked at by nobody.
            "practitioners": {**signing, "PRACTITIONERS_AUTO_VERIFY": str(int(profile.estuary_env == "development"))},
            "streams": {**signing, **self._of_livekit_clients()},
            "media": {**signing, "MEDIA_STORAGE_DIR": str(profile.folder / "media")},
            "notifications": {
                **action,
                "UNSUBSCRIBE_KEY": credentials.key("UNSUBSCRIBE_KEY"),
                "MAIL_FOLDER": str(profile.folder / "mail"),
                "REALTIME_BIND": f"{LOOPBACK}:{profile.port('realtime')}",
                "REALTIME_URL": f"{profile.public_url.replace('http', 'ws')}/api/v1/drf/notifications/ws/",
                "CORS_ALLOWED_ORIGINS": self._origins(),
            },
            "payments": self._of_stripe_clients(),
        }
        return own.get(service, {})

    def _of_gateway(self) -> dict[str, str]:
        profile = self._profile
        services = {f"{service.upper()}_URL": f"http://{LOOPBACK}:{profile.port(service)}" for service in SERVICES}
        return {
            **services,
            "REALTIME_URL": f"http://{LOOPBACK}:{profile.port('realtime')}",
            "RABBITMQ_URL": self._rabbitmq.url(user="gateway"),
            "BIND": f"{LOOPBACK}:{profile.port('gateway')}",
            "PROBE_BIND": f"{LOOPBACK}:{profile.port('gateway_probes')}",
            "CORS_ALLOWED_ORIGINS": self._origins(),
        }

    def _of_stripe(self) -> dict[str, str]:
        """Return what the sandbox that stands for Stripe is told; unused once STRIPE_SECRET_KEY is a person's own."""
        return {
            **self._of_stripe_clients(),
            "BIND": f"{LOOPBACK}:{self._profile.port('stripe')}",
            "STRIPE_SANDBOX_WEBHOOK_URL": f"http://{LOOPBACK}:{self._profile.port('gateway')}/api/v1/drf/webhooks/stripe/",
            "STRIPE_SANDBOX_STATE": str(self._profile.folder / "sandbox" / "stripe.sqlite3"),
        }

    def _of_stripe_clients(self) -> dict[str, str]:
        if not self.uses_sandbox("stripe"):
            return {}
        return {
            "STRIPE_SECRET_KEY": self._credentials.prefixed("STRIPE_SECRET_KEY", "sk_test_"),
            "STRIPE_PUBLISHABLE_KEY": self._credentials.prefixed("STRIPE_PUBLISHABLE_KEY", "pk_test_"),
            "STRIPE_WEBHOOK_SECRETS": self._credentials.prefixed("STRIPE_WEBHOOK_SECRETS", "whsec_"),
            "STRIPE_API_BASE": f"http://{LOOPBACK}:{self._profile.port('stripe')}",
        }

    def _of_livekit(self) -> dict[str, str]:
        webhook = f"http://{LOOPBACK}:{self._profile.port('gateway')}/api/v1/drf/webhooks/livekit/"
        return {
            **self._of_livekit_clients(),
            "BIND": f"{LOOPBACK}:{self._profile.port('livekit')}",
            "LIVEKIT_WEBHOOK_URL": webhook,
        }

    def _of_livekit_clients(self) -> dict[str, str]:
        if not self.uses_sandbox("livekit"):
            return {}
        address = f"{LOOPBACK}:{self._profile.port('livekit')}"
        return {
            "LIVEKIT_URL": f"http://{address}",
            "LIVEKIT_PUBLIC_URL": f"ws://{address}",
            "LIVEKIT_API_KEY": self._credentials.prefixed("LIVEKIT_API_KEY", "API"),
            "LIVEKIT_API_SECRET": self._credentials.password("LIVEKIT_API_SECRET"),
        }

    def _of_oidc(self) -> dict[str, str]:
        return {"BIND": f"{LOOPBACK}:{self._profile.port('oidc')}"}

    def _origins(self) -> str:
        return f"http://localhost:3000,{self._profile.public_url}"


def _as_file(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
