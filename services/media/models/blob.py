"""Bytes that lie in the storage, and what was made of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.media.domain import kinds
from services.media.models.base import Base
from services.media.models.naming import among
from shared.database import Key, Timestamps
from shared.ids import uuid7

BUILDING, LIVE, CONDEMNED = "building", "live", "condemned"


class Blob(Timestamps, Base):
    """One row for equal bytes of one visibility, whoever sent them.

    `source_key` is what was uploaded, in the private bucket; `storage_key` the cleaned master, in the bucket of the
    visibility. `source_sha256` is null where nobody hashed the bytes: such a blob is never shared.
    """

    __tablename__ = "blobs"
    __table_args__ = (
        UniqueConstraint("source_sha256", "visibility", "pipeline", name="uq_blobs_source"),
        CheckConstraint("refs >= 0", name="refs_positive"),
        CheckConstraint(among("state", (BUILDING, LIVE, CONDEMNED)), name="state_known"),
        CheckConstraint(among("visibility", kinds.VISIBILITIES), name="visibility_known"),
        Index("ix_blobs_condemned", "condemned_at", postgresql_where=text("state = 'condemned'")),
        Index("ix_blobs_storage_key", "storage_key", postgresql_ops={"storage_key": "varchar_pattern_ops"}),
        Index("ix_blobs_source_key", "source_key", postgresql_ops={"source_key": "varchar_pattern_ops"}),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    visibility: Mapped[str] = mapped_column(String(7))
    pipeline: Mapped[int]
    source_type: Mapped[str] = mapped_column(String(100))
    source_size: Mapped[int]
    source_key: Mapped[str | None] = mapped_column(String(255))
    storage_key: Mapped[str | None] = mapped_column(String(255))
    size: Mapped[int | None]
    content_type: Mapped[str | None] = mapped_column(String(100))
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    refs: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default=BUILDING)
    condemned_at: Mapped[datetime | None]


class BlobVersion(Timestamps, Base):
    """A variant of a blob; its id is what the API shows."""

    __tablename__ = "blob_versions"
    __table_args__ = (
        UniqueConstraint("blob_id", "version_type", name="uq_blob_versions_type"),
        Index("ix_blob_versions_storage_key", "storage_key", postgresql_ops={"storage_key": "varchar_pattern_ops"}),
    )

    id: Mapped[Key]
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id", ondelete="CASCADE"))
    version_type: Mapped[str] = mapped_column(String(30))
    storage_key: Mapped[str] = mapped_column(String(255))
    width: Mapped[int | None]
    height: Mapped[int | None]
    file_size: Mapped[int]
    format: Mapped[str] = mapped_column(String(10))
