"""What payments needs to know of others' data, kept from their events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.messaging import Replica


class UserRef(Replica, Base):
    """A person."""

    __tablename__ = "user_ref"
    __table_args__ = (Index("ix_user_ref_email", text("lower(email)")),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]
    avatar_url: Mapped[str | None]
    is_active: Mapped[bool]


class PractitionerRef(Replica, Base):
    """Somebody who sells."""

    __tablename__ = "practitioner_ref"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID]
    user_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
    status: Mapped[str]
    timezone: Mapped[str]


class ServiceRef(Replica, Base):
    """Something that is sold. `shares` is a list of {practitioner_id, is_primary, share_bp}."""

    __tablename__ = "service_ref"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID] = mapped_column(index=True)
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    price_cents: Mapped[int]
    service_type: Mapped[str]
    practitioner_id: Mapped[int]
    is_active: Mapped[bool]
    shares: Mapped[list[Any]]


class BookingRef(Replica, Base):
    """A booking, as far as its money goes."""

    __tablename__ = "booking_ref"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[int]
    practitioner_id: Mapped[int]
    service_id: Mapped[int | None]
    service_type: Mapped[str]
    service_name: Mapped[str]
    parent_booking_id: Mapped[int | None]
    status: Mapped[str]
    payment_status: Mapped[str]
    amount_cents: Mapped[int]
    allocated_cents: Mapped[int]
    session_number: Mapped[int | None]
    sessions_total: Mapped[int | None]
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    hold_expires_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class StreamRef(Replica, Base):
    """A practitioner's stream that fans can join. `tier_names` maps a tier to its shown name."""

    __tablename__ = "stream_ref"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID] = mapped_column(index=True)
    practitioner_id: Mapped[int]
    title: Mapped[str]
    entry_price_cents: Mapped[int | None]
    premium_price_cents: Mapped[int | None]
    tier_names: Mapped[dict[str, Any]]
    is_active: Mapped[bool]
