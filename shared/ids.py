"""Identifiers that sort by the time they were made."""

from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """Return a new UUIDv7. Source: RFC 9562, section 5.7."""
    return compat.uuid7()
