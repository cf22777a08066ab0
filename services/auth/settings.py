"""What the processes of auth are told."""

import dataclasses
import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Self

from shared.settings import BadSettings, ServiceSettings, secret

GOOGLE = "google"
GOOGLE_ISSUER = "https://accounts.google.com"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An OpenID Connect provider that people may sign in with. Without a secret, only its id tokens are taken."""

    name: str
    issuer: str
    client_ids: tuple[str, ...]
    client_secret: str = secret("")

    @property
    def title(self) -> str:
        """The name that a button shows."""
        return self.name.capitalize()


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of auth.

    The three keys may each hold two values, separated by a comma, while one follows the other: the first is used for
    what is new, both for what exists. AUTH_ENCRYPTION_KEY is 32 bytes in URL-safe base64.
    """

    auth_encryption_key: tuple[str, ...] = secret()
    """Seals secrets in the database: 32 bytes in URL-safe base64; two, by comma, while one follows the other."""
    refresh_key: tuple[str, ...] = secret()
    """Forms refresh tokens; two, by comma, while one follows the other."""
    action_token_key: tuple[str, ...] = secret()
    """Forms mailed links, the same as notifications'; two, by comma, while one follows the other."""
    access_token_seconds: int = 1800
    """How long an access token is good."""
    refresh_token_days: int = 7
    """How long a session lives without being used."""
    session_max_days: int = 90
    """How long a session lives at most."""
    registration_open: bool = True
    """Whether strangers may register."""
    registration_limit_hourly: int | None = None
    """Accounts that one network may open in an hour; unset: 10 in production, else 1000."""
    auth_login_floor_ms: int = 0
    """The least time of a sign-in, while imported hashes take longer; the import measures and tells it."""
    argon2_memory_kib: int = 19_456
    """Memory of a password hash."""
    argon2_time_cost: int = 2
    """Rounds of a password hash."""
    argon2_parallelism: int = 1
    """Lanes of a password hash."""
    auth_hashing_threads: int = 8
    """Hashes at once in a process."""
    auth_hashing_queue: int = 64
    """Hashes that may wait; more are told to come back."""
    pwned_passwords: bool = False
    """Refuse passwords that are known from leaks; asks a service outside by five characters of a hash."""
    account_deletion_days: int = 14
    """Days in which a deletion can be undone."""
    staff_require_mfa: bool | None = None
    """Staff without a second factor are plain users; unset: only in production."""
    impersonation_notice: bool = True
    """Tell people that staff acted for them."""
    unverified_days: int | None = None
    """Erase unused accounts that never proved their address, after so many days; unset: never."""
    google_client_id: tuple[str, ...] = ()
    """Ids of our Google clients, by comma."""
    oidc_providers: tuple[str, ...] = ()
    """Names of further providers; each has OIDC_<NAME>_ISSUER, _CLIENT_ID and _CLIENT_SECRET."""
    oidc_return_urls: tuple[str, ...] = ()
    """Where the redirect flow may return to, exactly."""
    oidc: tuple[Provider, ...] = ()
    """Made of the above."""

    @classmethod
    def from_environ(cls) -> Self:
        """Return the settings, with each provider's OIDC_<NAME>_ISSUER, _CLIENT_ID and _CLIENT_SECRET.

        Raises BadSettings.
        """
        told = super().from_environ()
        names = dict.fromkeys([*([GOOGLE] if told.google_client_id else []), *told.oidc_providers])
        return dataclasses.replace(told, oidc=tuple(_provider(name, told.google_client_id) for name in names))

    def provider(self, name: str) -> Provider | None:
        """Return the provider of that name, if it is set up."""
        return next((one for one in self.oidc if one.name == name), None)

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


def _provider(name: str, google_client_ids: tuple[str, ...]) -> Provider:
    prefix = f"OIDC_{name.upper()}_"
    issuer = os.environ.get(f"{prefix}ISSUER", GOOGLE_ISSUER if name == GOOGLE else "")
    given = os.environ.get(f"{prefix}CLIENT_ID", "")
    client_ids = tuple(part.strip() for part in given.split(",") if part.strip())
    if name == GOOGLE:
        client_ids = tuple(dict.fromkeys((*google_client_ids, *client_ids)))
    missing = [
        f"{prefix}{part}: must be set" for part, value in (("ISSUER", issuer), ("CLIENT_ID", client_ids)) if not value
    ]
    if missing:
        raise BadSettings(missing)
    secret_ = os.environ.get(f"{prefix}CLIENT_SECRET", "")
    return Provider(name=name, issuer=issuer.rstrip("/"), client_ids=client_ids, client_secret=secret_)


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
