"""Copies of what other services own. No booking refers to them by a foreign key: events may come in any order."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.bookings.models.base import Base
from shared.messaging import Replica
from shared.scheduling import Calendar


class User(Replica, Base):
    """A person with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    email: Mapped[str | None]
    full_name: Mapped[str] = mapped_column(default="")
    phone_number: Mapped[str | None]
    avatar_url: Mapped[str | None]
    timezone: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_staff: Mapped[bool] = mapped_column(default=False)
    date_joined: Mapped[datetime | None]


class Practitioner(Replica, Base):
    """Somebody who offers services."""

    __tablename__ = "practitioners"
    __table_args__ = (
        Index("ix_practitioners_user", "user_id"),
        Index("ix_practitioners_slug", "slug"),
        Index("ix_practitioners_public_uuid", "public_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID]
    user_id: Mapped[int]
    slug: Mapped[str | None]
    display_name: Mapped[str]
    bio: Mapped[str | None]
    profile_image_url: Mapped[str | None]
    status: Mapped[str]
    is_verified: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str | None]
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def is_bookable(self) -> bool:
        """Whether appointments can be made."""
        return self.deleted_at is None and self.is_verified and self.status == "active"


class Service(Replica, Base):
    """What can be booked: everything that `service.changed` tells."""

    __tablename__ = "services"
    __table_args__ = (
        Index("ix_services_slug", "slug"),
        Index("ix_services_public_uuid", "public_uuid"),
        Index("ix_services_practitioner", "practitioner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID]
    slug: Mapped[str | None]
    name: Mapped[str]
    short_description: Mapped[str | None]
    service_type: Mapped[str]
    status: Mapped[str]
    is_active: Mapped[bool]
    is_public: Mapped[bool]
    is_visible: Mapped[bool]
    price_cents: Mapped[int]
    duration_minutes: Mapped[int]
    practitioner_id: Mapped[int]
    practitioners: Mapped[list[Any]] = mapped_column(default=list)
    max_participants: Mapped[int | None]
    location_type: Mapped[str] = mapped_column(default="virtual")
    location_id: Mapped[int | None]
    schedule_id: Mapped[int | None]
    validity_days: Mapped[int | None]
    sessions_included: Mapped[int | None]
    bonus_sessions: Mapped[int | None]
    max_per_customer: Mapped[int | None]
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    children: Mapped[list[Any]] = mapped_column(default=list)
    cancellation_policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    image_url: Mapped[str | None]

    @property
    def practitioner_ids(self) -> set[int]:
        """Everybody who gives this service."""
        return {self.practitioner_id, *(int(one["practitioner_id"]) for one in self.practitioners)}


class CalendarCopy(Replica, Base):
    """A practitioner's whole calendar, as `schedule.changed` tells it."""

    __tablename__ = "calendars"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[dict[str, Any]]

    @property
    def calendar(self) -> Calendar:
        """The calendar, read once for each state of it."""
        return _calendar(orjson.dumps(self.data))


@lru_cache(maxsize=512)
def _calendar(data: bytes) -> Calendar:
    return Calendar.from_event(orjson.loads(data))


class Location(Replica, Base):
    """A place where a practitioner works. `public_address` is for anyone, `address` once a booking is confirmed."""

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    practitioner_id: Mapped[int]
    name: Mapped[str]
    city: Mapped[str | None]
    state_code: Mapped[str | None]
    country_code: Mapped[str | None]
    address_line_1: Mapped[str | None]
    full_address: Mapped[str | None]
    timezone: Mapped[str | None]


class FavoriteTotal(Replica, Base):
    """How many favourites of a kind (practitioner, service) somebody has."""

    __tablename__ = "favorite_totals"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(default=0)
