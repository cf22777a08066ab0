"""What the processes of catalog are told."""

from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of catalog.

    `catalog_search_timeout_ms`: how long a search may take before it falls back to popular services.
    `catalog_hot_set`: how many of the most popular services are in the small search index.
    `catalog_fragment_seconds`: how long a rendered service may be shown to strangers although something that it
    mentions (a category's name, a modality) has changed; changes of the service itself show at once.
    """

    database_replica_url: str = secret("")
    """A read replica of the database, for what strangers read; while it can not be reached, the primary answers."""
    media_signing_keys: str = secret("")
    """media's keys for signed addresses, so that pages show pictures."""
    catalog_search_timeout_ms: int = 1500
    """A search that takes longer falls back to popular services."""
    catalog_hot_set: int = 20_000
    """How many of the most popular services are in the small search index."""
    catalog_fragment_seconds: float = 10.0
    """How long a rendered service may be shown to strangers although something that it mentions has changed."""


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
