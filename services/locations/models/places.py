"""Reference data: what `estuary seed locations` fills from packages, and staff switches on and off."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CHAR, CheckConstraint, Computed, ForeignKey, Identity, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.locations.models.base import Base
from services.locations.models.cube import Cube, point_sql
from shared.database import Timestamps

EMPTY = text("'{}'")


class Country(Timestamps, Base):
    """A country by ISO 3166-1; its id is the ISO number, so that others can turn it into a code by themselves.

    `latitude`, `longitude` are the middle of its cities, `radius_miles` reaches most of them.
    """

    __tablename__ = "countries"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    code: Mapped[str] = mapped_column(CHAR(2), unique=True)
    code_3: Mapped[str] = mapped_column(CHAR(3), unique=True)
    numeric_code: Mapped[str | None] = mapped_column(String(3))
    slug: Mapped[str] = mapped_column(String(110), unique=True)
    phone_code: Mapped[str | None] = mapped_column(String(10))
    currency_code: Mapped[str | None] = mapped_column(String(3))
    postal_pattern: Mapped[str | None]
    timezones: Mapped[list[str]] = mapped_column(server_default=EMPTY)
    capital_id: Mapped[int | None]
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    radius_miles: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    search_text: Mapped[str] = mapped_column(server_default="")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class State(Timestamps, Base):
    """A first-level part of a country; `admin1_code` is GeoNames' own, `code` ISO's where the names agree."""

    __tablename__ = "states"
    __table_args__ = (
        Index("uq_states_country_id_code", "country_id", "code", unique=True),
        Index("uq_states_country_id_slug", "country_id", "slug", unique=True),
        Index("uq_states_country_id_admin1_code", "country_id", "admin1_code", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id"))
    code: Mapped[str] = mapped_column(String(10))
    admin1_code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(110))
    iso_code: Mapped[str | None] = mapped_column(String(10))
    kind: Mapped[str | None] = mapped_column(String(60))
    search_text: Mapped[str] = mapped_column(server_default="")
    city_count: Mapped[int] = mapped_column(server_default=text("0"))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    radius_miles: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    meta_title: Mapped[str | None] = mapped_column(String(200))
    meta_description: Mapped[str | None]


class City(Timestamps, Base):
    """A populated place; its id is GeoNames', or above 100,000,000 where only the postal service knows it.

    `edited` names the fields that staff has set: seeding leaves these alone.
    """

    __tablename__ = "cities"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude > -180 AND longitude <= 180", name="longitude"),
        Index("uq_cities_state_id_slug", "state_id", "slug", unique=True),
        Index("uq_cities_seo_url", "seo_url", unique=True),
        Index("ix_cities_geo", "geo", postgresql_using="gist", postgresql_where=text("is_active")),
        Index(
            "ix_cities_country_id_population",
            *("country_id", text("is_major DESC"), text("population DESC NULLS LAST"), "name", "id"),
        ),
        Index("ix_cities_order", text("is_major DESC"), text("population DESC NULLS LAST"), "name", "id"),
        Index("ix_cities_state_id_population", "state_id", text("population DESC NULLS LAST")),
        Index(
            "ix_cities_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        Index(
            "ix_cities_metro_area",
            "metro_area",
            postgresql_using="gin",
            postgresql_ops={"metro_area": "gin_trgm_ops"},
        ),
        Index("ix_cities_population", text("population DESC NULLS LAST"), "id"),
        Index("ix_cities_name", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    ascii_name: Mapped[str] = mapped_column(String(100))
    state_id: Mapped[int] = mapped_column(ForeignKey("states.id"))
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id"))
    slug: Mapped[str] = mapped_column(String(110))
    seo_url: Mapped[str] = mapped_column(String(130))
    population: Mapped[int | None]
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    geo: Mapped[str | None] = mapped_column(
        Cube(), Computed(point_sql("latitude", "longitude"), persisted=True), deferred=True
    )
    timezone: Mapped[str | None] = mapped_column(String(64))
    metro_area: Mapped[str | None] = mapped_column(String(100))
    is_major: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    service_count: Mapped[int] = mapped_column(server_default=text("0"))
    practitioner_count: Mapped[int] = mapped_column(server_default=text("0"))
    meta_title: Mapped[str | None] = mapped_column(String(200))
    meta_description: Mapped[str | None]
    other_names: Mapped[list[str]] = mapped_column(server_default=EMPTY, deferred=True)
    search_text: Mapped[str] = mapped_column(server_default="", deferred=True)
    edited: Mapped[list[str]] = mapped_column(server_default=EMPTY, deferred=True)


class Zipcode(Timestamps, Base):
    """A postal code of a country."""

    __tablename__ = "zipcodes"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude > -180 AND longitude <= 180", name="longitude"),
        Index("uq_zipcodes_country_id_code", "country_id", "code", unique=True),
        Index("ix_zipcodes_code", "code", postgresql_ops={"code": "text_pattern_ops"}),
        Index("ix_zipcodes_geo", "geo", postgresql_using="gist"),
        Index("ix_zipcodes_city_id", "city_id"),
        Index("ix_zipcodes_state_id", "state_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id"))
    city_id: Mapped[int | None] = mapped_column(ForeignKey("cities.id"))
    state_id: Mapped[int | None] = mapped_column(ForeignKey("states.id"))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    geo: Mapped[str | None] = mapped_column(
        Cube(), Computed(point_sql("latitude", "longitude"), persisted=True), deferred=True
    )
    timezone: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    other_city_names: Mapped[list[str]] = mapped_column(server_default=EMPTY)


class PlaceKey(Base):
    """The id of a city that only the postal service knows, by `US/TX/round-top`: the same at every seeding."""

    __tablename__ = "place_keys"

    natural_key: Mapped[str] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(
        Identity(start=100_000_000, minvalue=100_000_000), unique=True, autoincrement=True
    )


class ReferenceLoad(Base):
    """Which reference data the tables hold: versions of packages and of the code that reads them."""

    __tablename__ = "reference_loads"

    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    loaded_at: Mapped[datetime]
