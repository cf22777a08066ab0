"""What the processes of practitioners are told."""

from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of practitioners.

    `practitioners_required_documents` must be approved before anybody is verified. `practitioners_auto_verify` lets
    a submitted application verify itself after five seconds (demonstrations only).
    """

    database_replica_url: str = secret("")
    """A read replica of the database, for what strangers read; while it can not be reached, the primary answers."""
    practitioners_required_documents: tuple[str, ...] = ("id_proof",)
    """Each must be approved and unexpired before anybody is verified."""
    practitioners_auto_verify: bool = False
    """A submitted application verifies itself after five seconds: demonstrations only, refused in production."""
    practitioners_enforce_tiers: bool = True
    """Whether plans limit what a practitioner may have."""
    practitioners_suspend_on_expiry: bool = False
    """Whether an expired required document suspends."""
    practitioners_search_timeout_ms: int = 1500
    """A search that takes longer answers 503."""

    def problems(self) -> list[str]:
        found = super().problems()
        if self.is_production and self.practitioners_auto_verify:
            found.append("PRACTITIONERS_AUTO_VERIFY: must be off in production")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
