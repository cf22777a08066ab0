"""Whom this service shows: copies of what auth owns."""

from sqlalchemy.orm import Mapped, mapped_column

from services.locations.models.base import Base
from shared.messaging import Replica


class User(Replica, Base):
    """A person as auth last announced them; blanked when they are deleted."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[str]
    display_name: Mapped[str]
    avatar_url: Mapped[str | None]
    is_active: Mapped[bool]
