"""Tables of media."""

from services.media.models.base import Base
from services.media.models.people import User

__all__ = ["Base", "User"]
