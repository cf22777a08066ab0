"""What the processes of notifications are told."""

from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of notifications."""

    realtime_bind: str = "127.0.0.1:8119"
    realtime_url: str = "ws://localhost:8000/api/v1/drf/notifications/ws/"
    cors_allowed_origins: tuple[str, ...] = ("http://localhost:3000", "http://localhost:3001", "http://localhost:8000")
    action_token_key: tuple[str, ...] = secret()
    sockets_per_user: int = 5
    sockets_per_network: int = 100
    sockets_max: int = 10_000


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
