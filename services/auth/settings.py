"""What the processes of auth are told."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of auth.

    The three keys may each hold two values, separated by a comma, while one follows the other: the first is used for
    what is new, both for what exists. AUTH_ENCRYPTION_KEY is 32 bytes in URL-safe base64.
    """

    auth_encryption_key: tuple[str, ...] = secret()
    refresh_key: tuple[str, ...] = secret()
    action_token_key: tuple[str, ...] = secret()
    access_token_seconds: int = 1800
    refresh_token_days: int = 7
    session_max_days: int = 90
    registration_open: bool = True
    registration_limit_hourly: int | None = None
    auth_login_floor_ms: int = 0
    argon2_memory_kib: int = 19_456
    argon2_time_cost: int = 2
    argon2_parallelism: int = 1
    auth_hashing_threads: int = 8
    auth_hashing_queue: int = 64
    pwned_passwords: bool = False
    account_deletion_days: int = 14
    staff_require_mfa: bool | None = None
    impersonation_notice: bool = True
    unverified_days: int | None = None
    google_client_id: tuple[str, ...] = ()
    oidc_providers: tuple[str, ...] = ()
    oidc_return_urls: tuple[str, ...] = ()

    @property
    def session_slides(self) -> timedelta:
        """How long a session lives without being used."""
        return timedelta(days=self.refresh_token_days)

    @property
    def session_max(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(days=self.session_max_days)

    @property
    def access_token_lifetime(self) -> timedelta:
        """How long an access token is good."""
        return timedelta(seconds=self.access_token_seconds)

    @property
    def registrations_an_hour(self) -> int:
        """How many accounts one network may open in an hour; generous where no strangers are."""
        return self.registration_limit_hourly or (10 if self.is_production else 1_000)

    @property
    def staff_needs_mfa(self) -> bool:
        """Whether staff without a second factor are plain users."""
        return self.is_production if self.staff_require_mfa is None else self.staff_require_mfa

    def problems(self) -> list[str]:
        found = super().problems()
        for name in ("auth_encryption_key", "refresh_key", "action_token_key"):
            keys: tuple[str, ...] = getattr(self, name)
            if not keys or any(len(key) < 32 for key in keys):
                found.append(f"{name.upper()}: each key must be at least 32 characters")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
