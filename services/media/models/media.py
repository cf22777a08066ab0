"""A file as its owner knows it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Numeric, String, Uuid, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.media.domain import kinds
from services.media.models.base import Base
from services.media.models.naming import among
from shared.database import Timestamps, Versioned
from shared.ids import uuid7

_WORDS = " || ' ' || ".join(f"coalesce({name}, '')" for name in ("filename", "title", "description", "alt_text"))
SEARCH = f"to_tsvector('simple', regexp_replace({_WORDS}, '[^[:alnum:]]+', ' ', 'g'))"


class Media(Versioned, Timestamps, Base):
    """One upload of one person. Its bytes are a blob, which equal uploads share.

    `entity_key` groups what belongs together: `type:id` where the entity is known, `type:id:uploader` where it is not
    yet. `counted_bytes` is what the uploader's quota was charged. `versions` repeats the blob's variants for
    reading, with their addresses.
    """

    __tablename__ = "media"
    aggregate_type = "media"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    uploaded_by: Mapped[int | None]
    uploaded_as_staff: Mapped[bool] = mapped_column(default=False, server_default="false")
    filename: Mapped[str] = mapped_column(String(255))
    ext: Mapped[str] = mapped_column(String(10))
    declared_size: Mapped[int | None]
    declared_type: Mapped[str] = mapped_column(String(100))
    declared_sha256: Mapped[str | None] = mapped_column(String(64))
    file_size: Mapped[int] = mapped_column(BigInteger, default=0)
    content_type: Mapped[str] = mapped_column(String(100))
    media_type: Mapped[str] = mapped_column(String(10))
    entity_type: Mapped[str] = mapped_column(String(20))
    entity_id: Mapped[str] = mapped_column(String(64))
    entity_known: Mapped[bool] = mapped_column(default=False)
    entity_key: Mapped[str] = mapped_column(String(120))
    visibility: Mapped[str] = mapped_column(String(7))
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(5000))
    alt_text: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(10), default=kinds.PENDING)
    error_code: Mapped[str | None] = mapped_column(String(40))
    error_message: Mapped[str | None] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(String(500), default="")
    blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"))
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    is_primary: Mapped[bool] = mapped_column(default=False)
    display_order: Mapped[int] = mapped_column(default=0)
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    versions: Mapped[list[Any]] = mapped_column(default=list)
    upload_generation: Mapped[int] = mapped_column(default=1)
    upload_expires_at: Mapped[datetime | None]
    multipart_upload_id: Mapped[str | None] = mapped_column(String(1024))
    counted_bytes: Mapped[int] = mapped_column(default=0)
    processed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_cause: Mapped[str | None] = mapped_column(String(20))
    search: Mapped[Any] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint(among("status", kinds.STATUSES), name="status_known"),
        CheckConstraint(among("visibility", kinds.VISIBILITIES), name="visibility_known"),
        CheckConstraint("counted_bytes >= 0 AND file_size >= 0", name="bytes_positive"),
        Index(
            "uq_media_primary",
            "entity_key",
            unique=True,
            postgresql_where=text("is_primary AND status <> 'deleted'"),
        ),
        Index(
            "ix_media_own_order",
            "uploaded_by",
            "display_order",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("status <> 'deleted'"),
        ),
        Index("ix_media_own_newest", "uploaded_by", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_media_of_entity",
            "entity_type",
            "entity_id",
            "display_order",
            text("created_at DESC"),
            postgresql_where=text("status = 'ready' AND visibility = 'public'"),
        ),
        Index("ix_media_entity", "entity_type", "entity_id", postgresql_where=text("status <> 'deleted'")),
        Index("ix_media_entity_key", "entity_key", postgresql_where=text("status <> 'deleted'")),
        Index("ix_media_pending", "upload_expires_at", postgresql_where=text("status = 'pending'")),
        Index("ix_media_deleted", "deleted_at", postgresql_where=text("status = 'deleted'")),
        Index("ix_media_failed", "processed_at", postgresql_where=text("status = 'failed'")),
        Index(
            "ix_media_unknown",
            "created_at",
            postgresql_where=text("status = 'ready' AND NOT entity_known"),
        ),
        Index("ix_media_blob", "blob_id"),
        Index("ix_media_search", "search", postgresql_using="gin"),
    )

    @property
    def is_alive(self) -> bool:
        """Whether the file counts: it was uploaded, and is not deleted."""
        return self.status not in (kinds.PENDING, kinds.DELETED)
