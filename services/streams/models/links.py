"""Addresses of pages."""

from uuid import UUID

from services.streams.settings import settings


def join_url(live_uuid: UUID) -> str:
    """Return the page on which a live stream is watched."""
    return f"{settings().frontend_url}/streams/live/{live_uuid}"
