"""Tables of locations."""

from services.locations.models.base import Base

__all__ = ["Base"]
