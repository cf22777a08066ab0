"""Tables of streams."""

from services.streams.models.base import Base
from services.streams.models.people import User

__all__ = ["Base", "User"]
