"""Where practitioners work."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Numeric,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.locations.domain import words
from services.locations.domain.sphere import Point
from services.locations.models.base import Base
from services.locations.models.cube import Cube, area_sql, point_sql
from services.locations.models.places import EMPTY
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7

_LISTED = "listed AND deleted_at IS NULL"


def _one_of(column: str, allowed: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in allowed)})"


class PractitionerLocation(Versioned, Timestamps, Base):
    """One place where a practitioner works: an address, a service area, or no place at all (virtual).

    `latitude`, `longitude` are exact and for the owner; `public_latitude`, `public_longitude` are what everybody may
    know, and the only ones that distances and areas are measured from: a yes or no about the exact point would give
    it away to whoever asks often enough. Names of city, state, country and practitioner are copies.
    """

    __tablename__ = "practitioner_locations"
    aggregate_type: ClassVar[str] = "location"
    __table_args__ = (
        CheckConstraint("is_in_person OR is_virtual", name="some_kind"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND public_latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint(
            "longitude > -180 AND longitude <= 180 AND public_longitude > -180 AND public_longitude <= 180",
            name="longitude",
        ),
        CheckConstraint("service_radius_miles BETWEEN 0.1 AND 300", name="service_radius"),
        CheckConstraint(_one_of("address_visibility", words.VISIBILITIES), name="address_visibility"),
        CheckConstraint(_one_of("geocode_status", words.GEOCODE_STATUSES), name="geocode_status"),
        CheckConstraint(_one_of("geocode_source", words.GEOCODE_SOURCES), name="geocode_source"),
        Index("uq_practitioner_locations_public_uuid", "public_uuid", unique=True),
        Index(
            "uq_practitioner_locations_primary",
            "practitioner_id",
            unique=True,
            postgresql_where=text("is_primary AND deleted_at IS NULL"),
        ),
        Index(
            "uq_practitioner_locations_creation_key",
            *("practitioner_id", "creation_key"),
            unique=True,
            postgresql_where=text("creation_key IS NOT NULL"),
        ),
        Index("ix_practitioner_locations_geo", "geo", postgresql_using="gist", postgresql_where=text(_LISTED)),
        Index(
            "ix_practitioner_locations_sample",
            "geo",
            postgresql_using="gist",
            postgresql_where=text(f"{_LISTED} AND id % 64 = 0"),
        ),
        Index(
            "ix_practitioner_locations_area",
            "area",
            postgresql_using="gist",
            postgresql_where=text(f"{_LISTED} AND service_radius_miles IS NOT NULL"),
        ),
        Index(
            "ix_practitioner_locations_own",
            *("practitioner_id", text("is_primary DESC"), text("created_at DESC"), text("id DESC")),
        ),
        *(
            Index(
                f"ix_practitioner_locations_{place}",
                *(place, text("is_in_person DESC"), text("is_primary DESC"), "id"),
                postgresql_where=text(_LISTED),
            )
            for place in ("city_id", "state_id", "country_id")
        ),
        Index("ix_practitioner_locations_virtual", "id", postgresql_where=text(f"{_LISTED} AND is_virtual")),
        Index(
            "ix_practitioner_locations_due",
            "geocode_due_at",
            postgresql_where=text("geocode_due_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_practitioner_locations_google",
            "geocoded_at",
            postgresql_where=text("geocode_source = 'google' AND deleted_at IS NULL"),
        ),
        Index("ix_practitioner_locations_order", text("is_primary DESC"), text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid7)
    practitioner_id: Mapped[int]
    practitioner_uuid: Mapped[UUID] = mapped_column(Uuid)
    practitioner_name: Mapped[str]
    practitioner_slug: Mapped[str]
    creation_key: Mapped[str | None]
    name: Mapped[str | None] = mapped_column(String(255))
    address_line1: Mapped[str] = mapped_column(String(255), server_default="")
    address_line2: Mapped[str | None] = mapped_column(String(255))
    city_id: Mapped[int | None] = mapped_column(ForeignKey("cities.id"))
    state_id: Mapped[int | None] = mapped_column(ForeignKey("states.id"))
    country_id: Mapped[int | None] = mapped_column(ForeignKey("countries.id"))
    city_name: Mapped[str | None] = mapped_column(String(100))
    state_code: Mapped[str | None] = mapped_column(String(10))
    country_code: Mapped[str | None] = mapped_column(CHAR(2))
    postal_code: Mapped[str] = mapped_column(String(20), server_default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    public_latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    public_longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    geo: Mapped[str | None] = mapped_column(
        Cube(), Computed(point_sql("public_latitude", "public_longitude"), persisted=True), deferred=True
    )
    area: Mapped[str | None] = mapped_column(
        Cube(),
        Computed(area_sql("public_latitude", "public_longitude", "service_radius_miles"), persisted=True),
        deferred=True,
    )
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    is_virtual: Mapped[bool] = mapped_column(server_default=text("false"))
    is_in_person: Mapped[bool] = mapped_column(server_default=text("true"))
    service_radius_miles: Mapped[Decimal | None] = mapped_column(Numeric(5, 1))
    timezone: Mapped[str] = mapped_column(String(64))
    timezone_given: Mapped[bool] = mapped_column(server_default=text("false"))
    address_visibility: Mapped[str] = mapped_column(String(20), server_default=words.AFTER_BOOKING)
    precision: Mapped[str | None] = mapped_column(String(20))
    geocode_status: Mapped[str] = mapped_column(String(20), server_default=words.NOT_NEEDED)
    geocode_source: Mapped[str | None] = mapped_column(String(20))
    geocode_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    geocode_due_at: Mapped[datetime | None]
    geocoded_at: Mapped[datetime | None]
    place_id: Mapped[str | None]
    virtual_platform: Mapped[str | None] = mapped_column(String(20))
    virtual_url: Mapped[str | None] = mapped_column(String(500))
    arrival_notes: Mapped[str | None]
    accessibility: Mapped[list[str]] = mapped_column(server_default=EMPTY, default=list)
    listed: Mapped[bool] = mapped_column(server_default=text("false"))
    deleted_at: Mapped[datetime | None]

    @property
    def point(self) -> Point | None:
        """The exact point."""
        return _point(self.latitude, self.longitude)

    @property
    def public_point(self) -> Point | None:
        """The point that everybody may know."""
        return _point(self.public_latitude, self.public_longitude)

    @property
    def location_types(self) -> list[str]:
        """How people meet here."""
        return [*([words.IN_PERSON] if self.is_in_person else []), *([words.VIRTUAL] if self.is_virtual else [])]

    def set_values(self, values: dict[str, Any]) -> None:
        """Take new values for columns; those that are equal count as no change."""
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def _point(latitude: Decimal | None, longitude: Decimal | None) -> Point | None:
    return None if latitude is None or longitude is None else Point(float(latitude), float(longitude))
