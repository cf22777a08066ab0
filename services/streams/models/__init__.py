"""Tables of streams."""

from services.streams.models.base import Base

__all__ = ["Base"]
