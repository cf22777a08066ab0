"""Tables of media."""

from services.media.models.base import Base

__all__ = ["Base"]
