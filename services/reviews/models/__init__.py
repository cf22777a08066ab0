"""Tables of reviews."""

from services.reviews.models.base import Base
from services.reviews.models.people import User

__all__ = ["Base", "User"]
