"""What the processes of streams are told."""

from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of streams."""


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
