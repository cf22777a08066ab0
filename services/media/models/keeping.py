"""What the storage is to forget, and what it must not take again."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.media.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Timestamps


class StorageDeletion(Base):
    """An object to delete: noted in the transaction that makes it useless, carried out after `after`."""

    __tablename__ = "storage_deletions"
    __table_args__ = (Index("ix_storage_deletions_after", "after"),)

    id: Mapped[Key]
    bucket: Mapped[str] = mapped_column(String(7))
    key: Mapped[str] = mapped_column(String(255))
    after: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)


class BlockedHash(Timestamps, Base):
    """Bytes that are not taken again."""

    __tablename__ = "blocked_hashes"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    blocked_by: Mapped[int | None]
