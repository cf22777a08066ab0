"""The words of the inbox: types, priorities, statuses."""

from enum import IntEnum
from typing import Final

TYPES: Final = ("booking", "payment", "session", "review", "system", "message", "reminder")
"""In the order of their numbers: the id of a type's setting is user id × 8 + its number, from 1."""

CHANNELS: Final = ("in_app", "email", "push", "sms")
STATUSES: Final = ("pending", "sent", "failed", "cancelled")


class Priority(IntEnum):
    """How much it matters; urgent passes quiet hours."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3

    @property
    def word(self) -> str:
        """The word of the API."""
        return self.name.lower()


def masked(address: str) -> str:
    """Return an address with all but its first letter and domain hidden; empty for what is none."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else ""
