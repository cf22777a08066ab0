"""Sign-ins and the devices they come from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base
from shared.ids import uuid7


class AuthSession(Base):
    """One sign-in and everything that follows from it; its id is the `sid` of its tokens.

    No refresh token is stored. `generation` is the newest one given, `salt` what makes this session's tokens
    unguessable to whoever holds only the key, `rotations` the last five as [generation, unix seconds],
    `used_generation` the newest that came back.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        # No index on what a refresh changes, so that its update stays within the page (HOT).
        Index("ix_sessions_live", "user_id", postgresql_where=text("revoked_at IS NULL")),
        Index("ix_sessions_created_at", "created_at"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device_id: Mapped[UUID | None]
    methods: Mapped[list[str]]
    auth_time: Mapped[datetime]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    generation: Mapped[int] = mapped_column(default=1, server_default="1")
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    rotations: Mapped[list[Any]]
    used_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str] = mapped_column(String(300), default="", server_default="")
    device_name: Mapped[str | None] = mapped_column(String(100))
    impersonator_id: Mapped[int | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class Device(Base):
    """A browser or phone that signed in once; it holds a token of which we keep the hash.

    Not a credential: it only gives the owner a failure counter that strangers can not fill.
    """

    __tablename__ = "devices"
    __table_args__ = (Index("ix_devices_user", "user_id", text("last_seen_at DESC")),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(String(100), default="", server_default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class LegacyRefresh(Base):
    """A refresh token of the replaced system that was exchanged for a session; used twice it is a theft."""

    __tablename__ = "legacy_refresh"
    __table_args__ = (Index("ix_legacy_refresh_expires_at", "expires_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Revocation(Base):
    """A session or a person whose access tokens are refused before they expire.

    `not_before` (unix seconds) is for kind `user`: tokens issued earlier are refused. `noted_at` lets the gateway ask
    for what is new.
    """

    __tablename__ = "revocations"
    __table_args__ = (
        Index("ix_revocations_expires_at", "expires_at"),
        Index("ix_revocations_noted_at", "noted_at"),
    )

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    not_before: Mapped[int | None]
    reason: Mapped[str]
    noted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
