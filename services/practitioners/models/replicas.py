"""Copies of what other services own. Nothing refers to them by a foreign key: events may come in any order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, Float, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from services.practitioners.models.base import Base
from shared.clock import utc_now
from shared.messaging import Replica


class Cube(UserDefinedType[str]):
    """A point or a box of PostgreSQL's extension `cube`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "cube"


# So that reading the database's own description of a table knows the type.
ischema_names["cube"] = Cube

# A point on the unit sphere: the straight line between two of them is the chord, so no place is a special case.
POINT = (
    "CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE"
    " cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)),"
    " cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))]) END"
)
AREA = (
    "CASE WHEN service_radius_miles IS NULL OR latitude IS NULL OR longitude IS NULL THEN NULL ELSE"
    " cube_enlarge(cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)),"
    " cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))]),"
    " service_radius_miles * 1609.344 / 6371008.8, 3) END"
)
# What a place is called, each name with what it names: c city, s state, k country, p postal code.
NAMES = (
    "ARRAY['c:' || city_key, 'c:' || city_slug, 's:' || state_key, 's:' || lower(state_code),"
    " 'k:' || country_key, 'k:' || lower(country_code), 'p:' || lower(postal_code)]"
)


class User(Replica, Base):
    """A person with an account."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_email", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str | None]
    phone_number: Mapped[str | None]
    avatar_url: Mapped[str | None]
    timezone: Mapped[str | None]
    email_verified: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_staff: Mapped[bool] = mapped_column(default=False)


class Service(Replica, Base):
    """What can be booked."""

    __tablename__ = "services"
    __table_args__ = (
        Index("ix_services_practitioner_ids", "practitioner_ids", postgresql_using="gin"),
        Index("ix_services_schedule", "schedule_id", postgresql_where=text("schedule_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="draft")
    is_visible: Mapped[bool] = mapped_column(default=False)
    practitioner_id: Mapped[int] = mapped_column(default=0)
    practitioner_ids: Mapped[list[int]] = mapped_column(default=list)
    service_type: Mapped[str] = mapped_column(default="session")
    category_id: Mapped[int | None]
    category_slug: Mapped[str | None]
    price_cents: Mapped[int] = mapped_column(default=0)
    duration_minutes: Mapped[int] = mapped_column(default=60)
    location_type: Mapped[str] = mapped_column(default="virtual")
    schedule_id: Mapped[int | None]
    modality_ids: Mapped[list[int]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=list)
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]


def _city_index(name: str) -> Index:
    """Return the index that holds who works in a city in the usual order of lists."""
    order = (text("featured DESC"), text("since DESC"), text("practitioner_id DESC"))
    where = text("listed AND deleted_at IS NULL")
    return Index(f"ix_places_{name}", name, *order, postgresql_where=where)


class Place(Replica, Base):
    """A practitioner's location as anybody may see it.

    `listed`, `tags`, `featured` and `since` (`created_at`) are copies of the practitioner's.
    """

    __tablename__ = "places"
    __table_args__ = (
        Index(
            "ix_places_practitioner",
            "practitioner_id",
            postgresql_include=["deleted_at", "city_slug", "city_name"],
        ),
        Index(
            "ix_places_geo",
            "geo",
            postgresql_using="gist",
            postgresql_include=["id", "practitioner_id", "listed", "featured", "since"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        _city_index("city_key"),
        _city_index("city_slug"),
        Index(
            "ix_places_area",
            "area",
            postgresql_using="gist",
            postgresql_where=text("listed AND service_radius_miles IS NOT NULL"),
        ),
        Index("ix_places_tags", "tags", postgresql_using="gin", postgresql_where=text("listed")),
        Index("ix_places_names", "names", postgresql_using="gin", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    practitioner_id: Mapped[int] = mapped_column(default=0)
    name: Mapped[str | None]
    line1: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    full_address: Mapped[str] = mapped_column(default="")
    city_id: Mapped[int | None]
    city_name: Mapped[str | None]
    city_slug: Mapped[str | None]
    state_id: Mapped[int | None]
    state_code: Mapped[str | None]
    state_name: Mapped[str | None]
    country_id: Mapped[int | None]
    country_code: Mapped[str | None] = mapped_column(String(2))
    country_name: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    timezone: Mapped[str | None]
    address_visibility: Mapped[str] = mapped_column(default="hidden")
    is_primary: Mapped[bool] = mapped_column(default=False)
    is_virtual: Mapped[bool] = mapped_column(default=False)
    is_in_person: Mapped[bool] = mapped_column(default=False)
    location_types: Mapped[list[str]] = mapped_column(default=list)
    service_radius_miles: Mapped[float | None] = mapped_column(Float)
    city_key: Mapped[str] = mapped_column(default="")
    state_key: Mapped[str] = mapped_column(default="")
    country_key: Mapped[str] = mapped_column(default="")
    listed: Mapped[bool] = mapped_column(default=False, server_default="false")
    tags: Mapped[list[str]] = mapped_column(default=list, server_default=text("'{}'"))
    featured: Mapped[bool] = mapped_column(default=False, server_default="false")
    since: Mapped[datetime] = mapped_column(default=utc_now, server_default=text("now()"))
    names: Mapped[list[str]] = mapped_column(ARRAY(Text), Computed(NAMES, persisted=True), deferred=True)
    geo: Mapped[str | None] = mapped_column(Cube(), Computed(POINT, persisted=True), deferred=True)
    area: Mapped[str | None] = mapped_column(Cube(), Computed(AREA, persisted=True), deferred=True)


class BookingCopy(Replica, Base):
    """A booking, as far as it concerns time, money and who came.

    `counted_zone` is the zone whose days the practitioner's daily numbers were moved on because of it.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        Index("ix_bookings_client", "practitioner_id", "user_id", "start_time"),
        Index("ix_bookings_upcoming", "practitioner_id", "start_time", postgresql_where=text("status = 'confirmed'")),
        Index("ix_bookings_start", "practitioner_id", "start_time"),
        Index("ix_bookings_user", "user_id"),
        Index("ix_bookings_service", "service_id", "booked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    status: Mapped[str]
    status_detail: Mapped[str | None]
    user_id: Mapped[int]
    practitioner_id: Mapped[int]
    service_id: Mapped[int]
    service_type: Mapped[str]
    parent_booking_id: Mapped[int | None]
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    buffer_minutes: Mapped[int] = mapped_column(default=0)
    amount_cents: Mapped[int] = mapped_column(default=0)
    booked_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    counted_zone: Mapped[str] = mapped_column(default="UTC")


class Busy(Base):
    """Taken time: `[start, end + buffer)`. A dated session is one row for each of its practitioners."""

    __tablename__ = "busy"
    __table_args__ = (Index("ix_busy_during", "practitioner_id", "during", postgresql_using="gist"),)

    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class ServiceSession(Replica, Base):
    """A dated session of a workshop or course."""

    __tablename__ = "service_sessions"
    __table_args__ = (Index("ix_service_sessions_service", "service_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int]
    practitioner_id: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="draft")


class Subscription(Replica, Base):
    """A practitioner's plan."""

    __tablename__ = "subscriptions"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscription_id: Mapped[int | None]
    tier_code: Mapped[str]
    tier_name: Mapped[str] = mapped_column(default="")
    features: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str]
    is_active: Mapped[bool]
    is_annual: Mapped[bool] = mapped_column(default=False)
    current_period_end: Mapped[datetime | None]
    end_date: Mapped[datetime | None]


class Modality(Replica, Base):
    """A way of working, as catalog names it; or a category of such or of services (`kind`)."""

    __tablename__ = "modalities"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(default="")
    slug: Mapped[str] = mapped_column(default="")
    description: Mapped[str | None]
    parent_id: Mapped[int | None]


class MediaFile(Replica, Base):
    """A file of somebody's, ready to be shown or read."""

    __tablename__ = "media_files"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    visibility: Mapped[str] = mapped_column(default="public")
    uploaded_by: Mapped[int] = mapped_column(default=0)
