"""Tables of locations."""

from services.locations.models.base import Base
from services.locations.models.people import User

__all__ = ["Base", "User"]
