"""Pictures that media has told of."""

from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base
from shared.messaging import Replica


class KnownAvatar(Replica, Base):
    """An image attached to a person, whether it is chosen or not; choosing may come before or after it is ready."""

    __tablename__ = "known_avatars"

    media_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str]
    uploaded_by: Mapped[int]
