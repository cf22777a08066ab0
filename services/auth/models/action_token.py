"""Links that were mailed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base
from shared.ids import uuid7


class ActionToken(Base):
    """Something that whoever holds the token may do once, until it expires.

    The token itself is formed from this row and a key (`shared.identity.action_tokens`) and stored nowhere.
    `user_id` is None in the rows that stand for addresses nobody registered.
    """

    __tablename__ = "action_tokens"
    __table_args__ = (
        Index("ix_action_tokens_expires_at", "expires_at"),
        Index("ix_action_tokens_user", "user_id", "purpose"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    details: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default="{}")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
