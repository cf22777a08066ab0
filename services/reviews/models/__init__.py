"""Tables of reviews."""

from services.reviews.models.base import Base

__all__ = ["Base"]
