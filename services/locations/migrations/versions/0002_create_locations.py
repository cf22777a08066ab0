"""Create reference data, practitioners' locations, geocoding and the copies of others' rows.

Revision: locations_0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "locations_0002"
down_revision = "locations_0001"
branch_labels = None
depends_on = None


class Cube(sa.types.UserDefinedType[str]):
    """A point or a box of the extension `cube`."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the name of the type."""
        return "cube"


def upgrade() -> None:
    # Nothing here shows people by name.
    op.drop_table("users")
    for extension in ("cube", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "countries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("code", sa.CHAR(length=2), nullable=False),
        sa.Column("code_3", sa.CHAR(length=3), nullable=False),
        sa.Column("numeric_code", sa.String(length=3), nullable=True),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("phone_code", sa.String(length=10), nullable=True),
        sa.Column("currency_code", sa.String(length=3), nullable=True),
        sa.Column("postal_pattern", sa.Text(), nullable=True),
        sa.Column("timezones", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("capital_id", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("radius_miles", sa.Numeric(precision=6, scale=1), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_countries")),
        sa.UniqueConstraint("code", name=op.f("uq_countries_code")),
        sa.UniqueConstraint("code_3", name=op.f("uq_countries_code_3")),
        sa.UniqueConstraint("name", name=op.f("uq_countries_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_countries_slug")),
    )
    op.create_table(
        "geocode_cache",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "provider", name=op.f("pk_geocode_cache")),
    )
    op.create_index("ix_geocode_cache_expires_at", "geocode_cache", ["expires_at"], unique=False)
    op.create_table(
        "geocode_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cost_units", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_geocode_usage")),
    )
    op.create_table(
        "place_keys",
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column(
            "city_id",
            sa.BigInteger(),
            sa.Identity(always=False, start=100000000, minvalue=100000000),
            autoincrement=True,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("natural_key", name=op.f("pk_place_keys")),
        sa.UniqueConstraint("city_id", name=op.f("uq_place_keys_city_id")),
    )
    op.create_table(
        "practitioners",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), server_default="", nullable=False),
        sa.Column("display_name", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("is_listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
    )
    op.create_index("ix_practitioners_public_uuid", "practitioners", ["public_uuid"], unique=False)
    op.create_index("ix_practitioners_slug", "practitioners", ["slug"], unique=False)
    op.create_index("ix_practitioners_user_id", "practitioners", ["user_id"], unique=False)
    op.create_table(
        "reference_loads",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reference_loads")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("is_visible", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index(
        "ix_services_location_id", "services", ["location_id"], unique=False, postgresql_where=sa.text("is_visible")
    )
    op.create_table(
        "throttles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("key", "minute", name=op.f("pk_throttles")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_throttles_minute", "throttles", ["minute"], unique=False)
    op.create_table(
        "states",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("country_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("admin1_code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("iso_code", sa.String(length=10), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("city_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("radius_miles", sa.Numeric(precision=6, scale=1), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("meta_title", sa.String(length=200), nullable=True),
        sa.Column("meta_description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["country_id"], ["countries.id"], name=op.f("fk_states_country_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_states")),
    )
    op.create_index("uq_states_country_id_admin1_code", "states", ["country_id", "admin1_code"], unique=True)
    op.create_index("uq_states_country_id_code", "states", ["country_id", "code"], unique=True)
    op.create_index("uq_states_country_id_slug", "states", ["country_id", "slug"], unique=True)
    op.create_table(
        "cities",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("ascii_name", sa.String(length=100), nullable=False),
        sa.Column("state_id", sa.BigInteger(), nullable=False),
        sa.Column("country_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("seo_url", sa.String(length=130), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column(
            "geo",
            Cube(),
            sa.Computed(
                "CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE cube(ARRAY[6371008.8 * cosd(latitude::float8) * cosd(longitude::float8), 6371008.8 * cosd(latitude::float8) * sind(longitude::float8), 6371008.8 * sind(latitude::float8)]) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("metro_area", sa.String(length=100), nullable=True),
        sa.Column("is_major", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("service_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("practitioner_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("meta_title", sa.String(length=200), nullable=True),
        sa.Column("meta_description", sa.Text(), nullable=True),
        sa.Column("other_names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("edited", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_cities_latitude")),
        sa.CheckConstraint("longitude > -180 AND longitude <= 180", name=op.f("ck_cities_longitude")),
        sa.ForeignKeyConstraint(["country_id"], ["countries.id"], name=op.f("fk_cities_country_id")),
        sa.ForeignKeyConstraint(["state_id"], ["states.id"], name=op.f("fk_cities_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cities")),
    )
    op.create_index(
        "ix_cities_country_id_population",
        "cities",
        [
            "country_id",
            sa.literal_column("is_major DESC"),
            sa.literal_column("population DESC NULLS LAST"),
            "name",
            "id",
        ],
        unique=False,
    )
    op.create_index(
        "ix_cities_geo", "cities", ["geo"], unique=False, postgresql_using="gist", postgresql_where=sa.text("is_active")
    )
    op.create_index(
        "ix_cities_metro_area",
        "cities",
        ["metro_area"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metro_area": "gin_trgm_ops"},
    )
    op.create_index("ix_cities_name", "cities", ["name", "id"], unique=False)
    op.create_index(
        "ix_cities_order",
        "cities",
        [sa.literal_column("is_major DESC"), sa.literal_column("population DESC NULLS LAST"), "name", "id"],
        unique=False,
    )
    op.create_index(
        "ix_cities_population", "cities", [sa.literal_column("population DESC NULLS LAST"), "id"], unique=False
    )
    op.create_index(
        "ix_cities_search_text",
        "cities",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_cities_state_id_population",
        "cities",
        ["state_id", sa.literal_column("population DESC NULLS LAST")],
        unique=False,
    )
    op.create_index("uq_cities_seo_url", "cities", ["seo_url"], unique=True)
    op.create_index("uq_cities_state_id_slug", "cities", ["state_id", "slug"], unique=True)
    op.create_table(
        "practitioner_locations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_uuid", sa.Uuid(), nullable=False),
        sa.Column("practitioner_name", sa.Text(), nullable=False),
        sa.Column("practitioner_slug", sa.Text(), nullable=False),
        sa.Column("creation_key", sa.Text(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("address_line1", sa.String(length=255), server_default="", nullable=False),
        sa.Column("address_line2", sa.String(length=255), nullable=True),
        sa.Column("city_id", sa.BigInteger(), nullable=True),
        sa.Column("state_id", sa.BigInteger(), nullable=True),
        sa.Column("country_id", sa.BigInteger(), nullable=True),
        sa.Column("city_name", sa.String(length=100), nullable=True),
        sa.Column("state_code", sa.String(length=10), nullable=True),
        sa.Column("country_code", sa.CHAR(length=2), nullable=True),
        sa.Column("postal_code", sa.String(length=20), server_default="", nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("public_latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("public_longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column(
            "geo",
            Cube(),
            sa.Computed(
                "CASE WHEN public_latitude IS NULL OR public_longitude IS NULL THEN NULL ELSE cube(ARRAY[6371008.8 * cosd(public_latitude::float8) * cosd(public_longitude::float8), 6371008.8 * cosd(public_latitude::float8) * sind(public_longitude::float8), 6371008.8 * sind(public_latitude::float8)]) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "area",
            Cube(),
            sa.Computed(
                "cube_enlarge(CASE WHEN public_latitude IS NULL OR public_longitude IS NULL THEN NULL ELSE cube(ARRAY[6371008.8 * cosd(public_latitude::float8) * cosd(public_longitude::float8), 6371008.8 * cosd(public_latitude::float8) * sind(public_longitude::float8), 6371008.8 * sind(public_latitude::float8)]) END, 2 * 6371008.8 * sin(least(service_radius_miles::float8 * 1609.344, pi() * 6371008.8) / 12742017.6), 3)",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_virtual", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_in_person", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("service_radius_miles", sa.Numeric(precision=5, scale=1), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("timezone_given", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address_visibility", sa.String(length=20), server_default="after_booking", nullable=False),
        sa.Column("precision", sa.String(length=20), nullable=True),
        sa.Column("geocode_status", sa.String(length=20), server_default="not_needed", nullable=False),
        sa.Column("geocode_source", sa.String(length=20), nullable=True),
        sa.Column("geocode_attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("geocode_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("geocoded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place_id", sa.Text(), nullable=True),
        sa.Column("virtual_platform", sa.String(length=20), nullable=True),
        sa.Column("virtual_url", sa.String(length=500), nullable=True),
        sa.Column("arrival_notes", sa.Text(), nullable=True),
        sa.Column("accessibility", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "address_visibility IN ('public', 'after_booking')",
            name=op.f("ck_practitioner_locations_address_visibility"),
        ),
        sa.CheckConstraint(
            "geocode_source IN ('google', 'offline', 'manual', 'client')",
            name=op.f("ck_practitioner_locations_geocode_source"),
        ),
        sa.CheckConstraint(
            "geocode_status IN ('ok', 'approximate', 'pending', 'failed', 'manual', 'not_needed')",
            name=op.f("ck_practitioner_locations_geocode_status"),
        ),
        sa.CheckConstraint("is_in_person OR is_virtual", name=op.f("ck_practitioner_locations_some_kind")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND public_latitude BETWEEN -90 AND 90",
            name=op.f("ck_practitioner_locations_latitude"),
        ),
        sa.CheckConstraint(
            "longitude > -180 AND longitude <= 180 AND public_longitude > -180 AND public_longitude <= 180",
            name=op.f("ck_practitioner_locations_longitude"),
        ),
        sa.CheckConstraint(
            "service_radius_miles BETWEEN 0.1 AND 300", name=op.f("ck_practitioner_locations_service_radius")
        ),
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_practitioner_locations_city_id")),
        sa.ForeignKeyConstraint(["country_id"], ["countries.id"], name=op.f("fk_practitioner_locations_country_id")),
        sa.ForeignKeyConstraint(["state_id"], ["states.id"], name=op.f("fk_practitioner_locations_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner_locations")),
    )
    op.create_index(
        "ix_practitioner_locations_area",
        "practitioner_locations",
        ["area"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND deleted_at IS NULL AND service_radius_miles IS NOT NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_city_id",
        "practitioner_locations",
        ["city_id", sa.literal_column("is_in_person DESC"), sa.literal_column("is_primary DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_country_id",
        "practitioner_locations",
        ["country_id", sa.literal_column("is_in_person DESC"), sa.literal_column("is_primary DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_due",
        "practitioner_locations",
        ["geocode_due_at"],
        unique=False,
        postgresql_where=sa.text("geocode_due_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_geo",
        "practitioner_locations",
        ["geo"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_google",
        "practitioner_locations",
        ["geocoded_at"],
        unique=False,
        postgresql_where=sa.text("geocode_source = 'google' AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_order",
        "practitioner_locations",
        [sa.literal_column("is_primary DESC"), sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_practitioner_locations_own",
        "practitioner_locations",
        [
            "practitioner_id",
            sa.literal_column("is_primary DESC"),
            sa.literal_column("created_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
    )
    op.create_index(
        "ix_practitioner_locations_state_id",
        "practitioner_locations",
        ["state_id", sa.literal_column("is_in_person DESC"), sa.literal_column("is_primary DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioner_locations_virtual",
        "practitioner_locations",
        ["id"],
        unique=False,
        postgresql_where=sa.text("listed AND deleted_at IS NULL AND is_virtual"),
    )
    op.create_index(
        "uq_practitioner_locations_creation_key",
        "practitioner_locations",
        ["practitioner_id", "creation_key"],
        unique=True,
        postgresql_where=sa.text("creation_key IS NOT NULL"),
    )
    op.create_index(
        "uq_practitioner_locations_primary",
        "practitioner_locations",
        ["practitioner_id"],
        unique=True,
        postgresql_where=sa.text("is_primary AND deleted_at IS NULL"),
    )
    op.create_index("uq_practitioner_locations_public_uuid", "practitioner_locations", ["public_uuid"], unique=True)
    op.create_table(
        "zipcodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("country_id", sa.BigInteger(), nullable=False),
        sa.Column("city_id", sa.BigInteger(), nullable=True),
        sa.Column("state_id", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column(
            "geo",
            Cube(),
            sa.Computed(
                "CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE cube(ARRAY[6371008.8 * cosd(latitude::float8) * cosd(longitude::float8), 6371008.8 * cosd(latitude::float8) * sind(longitude::float8), 6371008.8 * sind(latitude::float8)]) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("other_city_names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_zipcodes_latitude")),
        sa.CheckConstraint("longitude > -180 AND longitude <= 180", name=op.f("ck_zipcodes_longitude")),
        sa.ForeignKeyConstraint(["city_id"], ["cities.id"], name=op.f("fk_zipcodes_city_id")),
        sa.ForeignKeyConstraint(["country_id"], ["countries.id"], name=op.f("fk_zipcodes_country_id")),
        sa.ForeignKeyConstraint(["state_id"], ["states.id"], name=op.f("fk_zipcodes_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zipcodes")),
    )
    op.create_index("ix_zipcodes_city_id", "zipcodes", ["city_id"], unique=False)
    op.create_index("ix_zipcodes_code", "zipcodes", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"})
    op.create_index("ix_zipcodes_geo", "zipcodes", ["geo"], unique=False, postgresql_using="gist")
    op.create_index("ix_zipcodes_state_id", "zipcodes", ["state_id"], unique=False)
    op.create_index("uq_zipcodes_country_id_code", "zipcodes", ["country_id", "code"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_zipcodes_country_id_code", table_name="zipcodes")
    op.drop_index("ix_zipcodes_state_id", table_name="zipcodes")
    op.drop_index("ix_zipcodes_geo", table_name="zipcodes", postgresql_using="gist")
    op.drop_index("ix_zipcodes_code", table_name="zipcodes", postgresql_ops={"code": "text_pattern_ops"})
    op.drop_index("ix_zipcodes_city_id", table_name="zipcodes")
    op.drop_table("zipcodes")
    op.drop_index("uq_practitioner_locations_public_uuid", table_name="practitioner_locations")
    op.drop_index(
        "uq_practitioner_locations_primary",
        table_name="practitioner_locations",
        postgresql_where=sa.text("is_primary AND deleted_at IS NULL"),
    )
    op.drop_index(
        "uq_practitioner_locations_creation_key",
        table_name="practitioner_locations",
        postgresql_where=sa.text("creation_key IS NOT NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_virtual",
        table_name="practitioner_locations",
        postgresql_where=sa.text("listed AND deleted_at IS NULL AND is_virtual"),
    )
    op.drop_index(
        "ix_practitioner_locations_state_id",
        table_name="practitioner_locations",
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.drop_index("ix_practitioner_locations_own", table_name="practitioner_locations")
    op.drop_index("ix_practitioner_locations_order", table_name="practitioner_locations")
    op.drop_index(
        "ix_practitioner_locations_google",
        table_name="practitioner_locations",
        postgresql_where=sa.text("geocode_source = 'google' AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_geo",
        table_name="practitioner_locations",
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_due",
        table_name="practitioner_locations",
        postgresql_where=sa.text("geocode_due_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_country_id",
        table_name="practitioner_locations",
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_city_id",
        table_name="practitioner_locations",
        postgresql_where=sa.text("listed AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_practitioner_locations_area",
        table_name="practitioner_locations",
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND deleted_at IS NULL AND service_radius_miles IS NOT NULL"),
    )
    op.drop_table("practitioner_locations")
    op.drop_index("uq_cities_state_id_slug", table_name="cities")
    op.drop_index("uq_cities_seo_url", table_name="cities")
    op.drop_index("ix_cities_state_id_population", table_name="cities")
    op.drop_index(
        "ix_cities_search_text",
        table_name="cities",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.drop_index("ix_cities_population", table_name="cities")
    op.drop_index("ix_cities_order", table_name="cities")
    op.drop_index("ix_cities_name", table_name="cities")
    op.drop_index(
        "ix_cities_metro_area",
        table_name="cities",
        postgresql_using="gin",
        postgresql_ops={"metro_area": "gin_trgm_ops"},
    )
    op.drop_index("ix_cities_geo", table_name="cities", postgresql_using="gist", postgresql_where=sa.text("is_active"))
    op.drop_index("ix_cities_country_id_population", table_name="cities")
    op.drop_table("cities")
    op.drop_index("uq_states_country_id_slug", table_name="states")
    op.drop_index("uq_states_country_id_code", table_name="states")
    op.drop_index("uq_states_country_id_admin1_code", table_name="states")
    op.drop_table("states")
    op.drop_index("ix_throttles_minute", table_name="throttles")
    op.drop_table("throttles")
    op.drop_index("ix_services_location_id", table_name="services", postgresql_where=sa.text("is_visible"))
    op.drop_table("services")
    op.drop_table("reference_loads")
    op.drop_index("ix_practitioners_user_id", table_name="practitioners")
    op.drop_index("ix_practitioners_slug", table_name="practitioners")
    op.drop_index("ix_practitioners_public_uuid", table_name="practitioners")
    op.drop_table("practitioners")
    op.drop_table("place_keys")
    op.drop_table("geocode_usage")
    op.drop_index("ix_geocode_cache_expires_at", table_name="geocode_cache")
    op.drop_table("geocode_cache")
    op.drop_table("countries")
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
