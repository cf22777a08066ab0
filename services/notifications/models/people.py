"""Whom this service tells: copies of what auth and practitioners own."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.messaging import Replica


class User(Replica, Base):
    """A person as auth last announced them; blanked when they are deleted."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[str]
    email: Mapped[str]
    email_verified: Mapped[bool]
    phone_number: Mapped[str | None]
    phone_number_verified: Mapped[bool]
    first_name: Mapped[str]
    last_name: Mapped[str]
    display_name: Mapped[str]
    timezone: Mapped[str]
    locale: Mapped[str]
    is_active: Mapped[bool]
    is_staff: Mapped[bool]
    is_practitioner: Mapped[bool]


class Practitioner(Replica, Base):
    """Which person a practitioner is."""

    __tablename__ = "practitioners"
    __table_args__ = (Index("ix_practitioners_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int]
    display_name: Mapped[str]
    slug: Mapped[str | None]


class SocketTicket(Base):
    """The permission to open one socket, once; only its hash is kept. Used ones stay for an hour: they are counted."""

    __tablename__ = "ws_tickets"
    __table_args__ = (
        Index("ix_ws_tickets_issued_at", "issued_at"),
        Index("ix_ws_tickets_user_id", "user_id", "issued_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int]
    session_id: Mapped[str | None]
    token_expires_at: Mapped[datetime]
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LastState(Base):
    """What was last heard of something, so that only what changed is told; see `operations/remembering.py`."""

    __tablename__ = "last_states"
    __table_args__ = (Index("ix_last_states_heard_at", "heard_at"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    sequence: Mapped[int]
    state: Mapped[dict[str, Any]]
    heard_at: Mapped[datetime]


class Revocation(Base):
    """An access token that is refused before it runs out: of a session, or of a person up to an instant."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_expires_at", "expires_at"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    not_before: Mapped[int | None]
    expires_at: Mapped[datetime]
