"""Create services, their sessions and parts, what they are sorted by, and copies of what others own.

Revision: catalog_0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = None


def upgrade() -> None:
    # English, but "jose" finds "José". A function around to_tsvector would not be immutable; a configuration is.
    op.execute("""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'estuary') THEN
                CREATE TEXT SEARCH CONFIGURATION estuary (COPY = english);
            END IF;
        END $$
    """)
    op.execute(
        "ALTER TEXT SEARCH CONFIGURATION estuary ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem"
    )
    op.create_table(
        "bookings",
        sa.Column("booking_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("session_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("participants", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("parent_booking_id", sa.BigInteger(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_bookings")),
    )
    op.create_index("ix_bookings_service", "bookings", ["service_id"], unique=False)
    op.create_index("ix_bookings_sessions", "bookings", ["session_ids"], unique=False, postgresql_using="gin")
    op.create_index("ix_bookings_user_service", "bookings", ["user_id", "service_id"], unique=False)
    op.create_table(
        "calendars",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_calendars")),
    )
    op.create_table(
        "favorite_counters",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_favorite_counters")),
    )
    op.create_table(
        "favorite_services",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("service_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "service_id", name=op.f("pk_favorite_services")),
    )
    op.create_index(
        "ix_favorite_services_newest",
        "favorite_services",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_favorite_services_service_id"), "favorite_services", ["service_id"], unique=False)
    op.create_table(
        "languages",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("native_name", sa.Text(), nullable=False),
        sa.Column("is_rtl", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_languages")),
        sa.UniqueConstraint("code", name=op.f("uq_languages_code")),
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("city_name", sa.Text(), nullable=True),
        sa.Column("city_slug", sa.Text(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("state_name", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("country_name", sa.Text(), nullable=True),
        sa.Column("full_address", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
    )
    op.create_table(
        "media_files",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("thumbnail_url", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_media_files")),
    )
    op.create_table(
        "modalities",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("short_description", sa.Text(), nullable=True),
        sa.Column("long_description", sa.Text(), nullable=True),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("cluster", sa.String(length=100), nullable=True),
        sa.Column("gray_zone", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("benefits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("faqs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seo_meta_title", sa.Text(), nullable=True),
        sa.Column("seo_meta_description", sa.Text(), nullable=True),
        sa.Column("seo_primary_keyword", sa.Text(), nullable=True),
        sa.Column("seo_secondary_keywords", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("services_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("practitioners_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modalities")),
        sa.UniqueConstraint("slug", name=op.f("uq_modalities_slug")),
    )
    op.create_index(op.f("ix_modalities_category_id"), "modalities", ["category_id"], unique=False)
    op.create_index("uq_modalities_name", "modalities", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "modality_categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("short_description", sa.Text(), nullable=False),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modality_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_modality_categories_slug")),
    )
    op.create_table(
        "modality_links",
        sa.Column("modality_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("related_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("modality_id", "related_id", name=op.f("pk_modality_links")),
    )
    op.create_table(
        "modality_preferences",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("modality_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "modality_id", name=op.f("pk_modality_preferences")),
    )
    op.create_table(
        "practitioner_categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("color", sa.String(length=7), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("services_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner_categories")),
    )
    op.create_index(
        "uq_practitioner_categories_name",
        "practitioner_categories",
        ["practitioner_id", sa.literal_column("lower(name)")],
        unique=True,
    )
    op.create_index(
        "uq_practitioner_categories_slug", "practitioner_categories", ["practitioner_id", "slug"], unique=True
    )
    op.create_table(
        "practitioners",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("professional_title", sa.Text(), nullable=True),
        sa.Column("profile_image_url", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("specializations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("modality_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
    )
    op.create_index("ix_practitioners_public_uuid", "practitioners", ["public_uuid"], unique=False)
    op.create_index("ix_practitioners_slug", "practitioners", ["slug"], unique=False)
    op.create_index("ix_practitioners_user", "practitioners", ["user_id"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("average", sa.Numeric(precision=3, scale=2, asdecimal=False), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("weighted", sa.Numeric(precision=4, scale=3, asdecimal=False), nullable=False),
        sa.Column("distribution", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("target", "target_id", name=op.f("pk_ratings")),
    )
    op.create_table(
        "resource_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_resource_events")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_resource_events_resource", "resource_events", ["resource_id", "at"], unique=False)
    op.create_index("ix_resource_events_user", "resource_events", ["user_id"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_index("ix_schedules_practitioner", "schedules", ["practitioner_id"], unique=False)
    op.create_table(
        "search_log",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("zero_hits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "query", name=op.f("pk_search_log")),
    )
    op.create_table(
        "search_terms",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("df", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_search_terms")),
    )
    op.create_index(
        "ix_search_terms_prefix", "search_terms", ["term"], unique=False, postgresql_ops={"term": "text_pattern_ops"}
    )
    op.create_index(
        "ix_search_terms_trgm",
        "search_terms",
        ["term"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"term": "gin_trgm_ops"},
    )
    op.create_table(
        "service_categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("services_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_service_categories_slug")),
    )
    op.create_index("uq_service_categories_name", "service_categories", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("short_description", sa.String(length=500), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("what_youll_learn", sa.Text(), nullable=True),
        sa.Column("prerequisites", sa.Text(), nullable=True),
        sa.Column("terms_conditions", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("type_id", sa.SmallInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_category_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("min_participants", sa.BigInteger(), nullable=False),
        sa.Column("max_participants", sa.BigInteger(), nullable=False),
        sa.Column("experience_level", sa.String(length=12), nullable=False),
        sa.Column("age_min", sa.BigInteger(), nullable=True),
        sa.Column("age_max", sa.BigInteger(), nullable=True),
        sa.Column("location_type", sa.String(length=10), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        sa.Column("includes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("validity_days", sa.BigInteger(), nullable=False),
        sa.Column("is_transferable", sa.Boolean(), nullable=False),
        sa.Column("is_shareable", sa.Boolean(), nullable=False),
        sa.Column("sessions_included", sa.BigInteger(), nullable=True),
        sa.Column("bonus_sessions", sa.BigInteger(), nullable=False),
        sa.Column("max_per_customer", sa.BigInteger(), nullable=True),
        sa.Column("available_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("highlight_text", sa.String(length=50), nullable=True),
        sa.Column("policy_code", sa.String(length=20), nullable=False),
        sa.Column("policy_tiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("image_media_id", sa.Uuid(), nullable=True),
        sa.Column("image_url", sa.String(length=2000), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practitioner_listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("blockers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("blocked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sold_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_session_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_session_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_session_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sessions_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("spots_available", sa.BigInteger(), nullable=True),
        sa.Column("primary_image", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column(
            "rating_average", sa.Numeric(precision=3, scale=2, asdecimal=False), server_default="0", nullable=False
        ),
        sa.Column("rating_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "rating_weighted", sa.Numeric(precision=4, scale=3, asdecimal=False), server_default="0", nullable=False
        ),
        sa.Column(
            "rating_distribution",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("rating_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rating_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bookings_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waitlist_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("popularity_sum", sa.Double(), server_default="0", nullable=False),
        sa.Column("popularity_score", sa.Double(), server_default="0", nullable=False),
        sa.Column("hot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("city_slug", sa.Text(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lng", sa.Double(), nullable=True),
        sa.Column("search_extra", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "visible",
            sa.Boolean(),
            sa.Computed(
                "status = 'active' AND is_active AND is_public AND deleted_at IS NULL AND practitioner_listed",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "listed",
            sa.Boolean(),
            sa.Computed(
                "status = 'active' AND is_active AND is_public AND deleted_at IS NULL AND practitioner_listed AND NOT blocked",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(to_tsvector('estuary', name), 'A') || setweight(to_tsvector('estuary', search_extra), 'B') || setweight(to_tsvector('estuary', coalesce(short_description, '')), 'C') || setweight(to_tsvector('estuary', left(coalesce(description, ''), 20000)), 'D')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "experience_level IN ('beginner', 'intermediate', 'advanced', 'all_levels')",
            name=op.f("ck_services_experience_level_known"),
        ),
        sa.CheckConstraint(
            "location_type IN ('virtual', 'in_person', 'hybrid')", name=op.f("ck_services_location_type_known")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'inactive', 'archived')", name=op.f("ck_services_status_known")
        ),
        sa.CheckConstraint("available_from < available_until", name=op.f("ck_services_sale_window")),
        sa.CheckConstraint("duration_minutes >= 0", name=op.f("ck_services_duration_not_negative")),
        sa.CheckConstraint(
            "min_participants >= 1 AND min_participants <= max_participants",
            name=op.f("ck_services_participants_range"),
        ),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_services_price_not_negative")),
        sa.CheckConstraint("type_id BETWEEN 1 AND 5", name=op.f("ck_services_type_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_services_public_uuid")),
        sa.UniqueConstraint("slug", name=op.f("uq_services_slug")),
    )
    op.create_index("ix_services_category", "services", ["category_id"], unique=False)
    op.create_index(
        "ix_services_category_popularity",
        "services",
        [sa.literal_column("category_id"), sa.literal_column("popularity_score DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_city_popularity",
        "services",
        [sa.literal_column("city_slug"), sa.literal_column("popularity_score DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_featured_newest",
        "services",
        [sa.literal_column("is_featured DESC"), sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_featured_rating",
        "services",
        [sa.literal_column("is_featured DESC"), sa.literal_column("rating_average DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_hot", "services", [sa.literal_column("id")], unique=False, postgresql_where=sa.text("hot")
    )
    op.create_index(
        "ix_services_location",
        "services",
        [sa.literal_column("location_id")],
        unique=False,
        postgresql_where=sa.text("location_id IS NOT NULL"),
    )
    op.create_index(
        "ix_services_newest",
        "services",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_next_session",
        "services",
        [sa.literal_column("next_session_at"), sa.literal_column("id")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_own",
        "services",
        [sa.literal_column("practitioner_id"), sa.literal_column("status"), sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_services_place",
        "services",
        [sa.literal_column("point(lng, lat)")],
        unique=False,
        postgresql_where=sa.text("listed"),
        postgresql_using="gist",
    )
    op.create_index(
        "ix_services_popularity",
        "services",
        [sa.literal_column("popularity_score DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index("ix_services_practitioner_category", "services", ["practitioner_category_id"], unique=False)
    op.create_index(
        "ix_services_price",
        "services",
        [sa.literal_column("price_cents"), sa.literal_column("id")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_rating",
        "services",
        [sa.literal_column("rating_weighted DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_services_roll",
        "services",
        [sa.literal_column("next_session_at")],
        unique=False,
        postgresql_where=sa.text("next_session_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_services_search",
        "services",
        [sa.literal_column("search")],
        unique=False,
        postgresql_where=sa.text("listed"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_services_search_hot",
        "services",
        [sa.literal_column("search")],
        unique=False,
        postgresql_where=sa.text("listed AND hot"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_services_tags",
        "services",
        [sa.literal_column("tags")],
        unique=False,
        postgresql_where=sa.text("listed"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_services_type_popularity",
        "services",
        [sa.literal_column("type_id"), sa.literal_column("popularity_score DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "waitlist_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_waitlist_entries")),
    )
    op.create_index("ix_waitlist_entries_user", "waitlist_entries", ["user_id"], unique=False)
    op.create_index(
        "ix_waitlist_entries_waiting",
        "waitlist_entries",
        ["service_id", "session_id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "service_languages",
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("language_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["language_id"], ["languages.id"], name=op.f("fk_service_languages_language_id")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_languages_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "language_id", name=op.f("pk_service_languages")),
    )
    op.create_index("ix_service_languages_language", "service_languages", ["language_id"], unique=False)
    op.create_table(
        "service_media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("thumbnail_url", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_media_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_media")),
    )
    op.create_index("ix_service_media_media", "service_media", ["media_id"], unique=False)
    op.create_index("uq_service_media_pair", "service_media", ["service_id", "media_id"], unique=True)
    op.create_index(
        "uq_service_media_primary", "service_media", ["service_id"], unique=True, postgresql_where=sa.text("is_primary")
    )
    op.create_table(
        "service_modalities",
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("modality_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["modality_id"], ["modalities.id"], name=op.f("fk_service_modalities_modality_id")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_modalities_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "modality_id", name=op.f("pk_service_modalities")),
    )
    op.create_index("ix_service_modalities_modality", "service_modalities", ["modality_id"], unique=False)
    op.create_table(
        "service_practitioners",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=100), nullable=True),
        sa.Column("share_bp", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("share_bp BETWEEN 0 AND 10000", name=op.f("ck_service_practitioners_share_range")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_practitioners_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_practitioners")),
    )
    op.create_index("ix_service_practitioners_practitioner", "service_practitioners", ["practitioner_id"], unique=False)
    op.create_index(
        "uq_service_practitioners_pair", "service_practitioners", ["service_id", "practitioner_id"], unique=True
    )
    op.create_index(
        "uq_service_practitioners_primary",
        "service_practitioners",
        ["service_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )
    op.create_table(
        "service_relationships",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("discount_bp", sa.BigInteger(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("description_override", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("discount_bp BETWEEN 0 AND 10000", name=op.f("ck_service_relationships_discount_range")),
        sa.CheckConstraint("parent_id <> child_id", name=op.f("ck_service_relationships_not_itself")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 100", name=op.f("ck_service_relationships_quantity_range")),
        sa.ForeignKeyConstraint(["child_id"], ["services.id"], name=op.f("fk_service_relationships_child_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["services.id"], name=op.f("fk_service_relationships_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_relationships")),
    )
    op.create_index("ix_service_relationships_child", "service_relationships", ["child_id"], unique=False)
    op.create_index("uq_service_relationships_pair", "service_relationships", ["parent_id", "child_id"], unique=True)
    op.create_table(
        "service_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("agenda", sa.Text(), nullable=True),
        sa.Column("what_youll_learn", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("max_participants", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waitlist_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("sequence_number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("actual_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reschedule_count", sa.BigInteger(), nullable=False),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("original_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_notes", sa.Text(), nullable=True),
        sa.Column("practitioner_notes", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status = 'draft' OR (starts_at IS NOT NULL AND ends_at IS NOT NULL)",
            name=op.f("ck_service_sessions_times_given"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'in_progress', 'completed', 'canceled')",
            name=op.f("ck_service_sessions_status_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_service_sessions_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_sessions_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_sessions")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_service_sessions_public_uuid")),
    )
    op.create_index(
        "ix_service_sessions_calendar",
        "service_sessions",
        ["practitioner_id", "starts_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('scheduled', 'in_progress')"),
    )
    op.create_index(
        "ix_service_sessions_ending",
        "service_sessions",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('scheduled', 'in_progress')"),
    )
    op.create_index("ix_service_sessions_service_start", "service_sessions", ["service_id", "starts_at"], unique=False)
    op.create_index(
        "uq_service_sessions_start",
        "service_sessions",
        ["service_id", "starts_at"],
        unique=True,
        postgresql_where=sa.text("status <> 'canceled'"),
    )
    op.create_table(
        "service_slugs",
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_slugs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_service_slugs")),
    )
    op.create_index(op.f("ix_service_slugs_service_id"), "service_slugs", ["service_id"], unique=False)
    op.create_table(
        "agenda_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(service_id, session_id) = 1", name=op.f("ck_agenda_items_one_parent")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_agenda_items_service_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["service_sessions.id"], name=op.f("fk_agenda_items_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_items")),
        sa.UniqueConstraint(
            "service_id", "position", deferrable=True, initially="DEFERRED", name="uq_agenda_items_service"
        ),
        sa.UniqueConstraint(
            "session_id", "position", deferrable=True, initially="DEFERRED", name="uq_agenda_items_session"
        ),
    )
    op.create_table(
        "service_benefits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(service_id, session_id) = 1", name=op.f("ck_service_benefits_one_parent")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_benefits_service_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["service_sessions.id"], name=op.f("fk_service_benefits_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_benefits")),
        sa.UniqueConstraint(
            "service_id", "position", deferrable=True, initially="DEFERRED", name="uq_service_benefits_service"
        ),
        sa.UniqueConstraint(
            "session_id", "position", deferrable=True, initially="DEFERRED", name="uq_service_benefits_session"
        ),
    )
    op.create_table(
        "service_resources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_service_id", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("resource_type", sa.String(length=10), nullable=False),
        sa.Column("attachment_level", sa.String(length=10), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("file_url", sa.String(length=2000), nullable=True),
        sa.Column("external_url", sa.String(length=2000), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_type", sa.String(length=50), nullable=True),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=True),
        sa.Column("access_level", sa.String(length=10), nullable=False),
        sa.Column("is_downloadable", sa.Boolean(), nullable=False),
        sa.Column("available_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("view_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("download_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("personal_note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "CASE attachment_level WHEN 'service' THEN service_id IS NOT NULL AND num_nonnulls(session_id, booking_id) = 0 WHEN 'session' THEN session_id IS NOT NULL AND num_nonnulls(service_id, booking_id) = 0 WHEN 'booking' THEN booking_id IS NOT NULL AND num_nonnulls(service_id, session_id) = 0 ELSE false END",
            name=op.f("ck_service_resources_one_parent"),
        ),
        sa.CheckConstraint(
            "access_level IN ('public', 'registered', 'enrolled', 'completed', 'private')",
            name=op.f("ck_service_resources_access_known"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_resources_service_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["service_sessions.id"], name=op.f("fk_service_resources_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_resources")),
    )
    op.create_index(op.f("ix_service_resources_booking_id"), "service_resources", ["booking_id"], unique=False)
    op.create_index(
        op.f("ix_service_resources_owner_service_id"), "service_resources", ["owner_service_id"], unique=False
    )
    op.create_index(op.f("ix_service_resources_service_id"), "service_resources", ["service_id"], unique=False)
    op.create_index(op.f("ix_service_resources_session_id"), "service_resources", ["session_id"], unique=False)
    _count_services()
    # Lines fall in here while no month's partition is made; the daily job makes months ahead.
    op.execute("CREATE TABLE partition_resource_events_default PARTITION OF resource_events DEFAULT")


def _count_services() -> None:
    """Keep the numbers of services in categories in the statement that changes them: exact in any interleaving."""
    op.execute("""
        CREATE FUNCTION count_listed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.listed AND OLD.category_id IS NOT NULL THEN
                UPDATE service_categories SET services_count = services_count - 1 WHERE id = OLD.category_id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.listed AND NEW.category_id IS NOT NULL THEN
                UPDATE service_categories SET services_count = services_count + 1 WHERE id = NEW.category_id;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER count_listed AFTER INSERT OR DELETE ON services FOR EACH ROW EXECUTE FUNCTION count_listed()
    """)
    op.execute("""
        CREATE TRIGGER count_listed_again AFTER UPDATE ON services FOR EACH ROW
        WHEN ((OLD.listed, OLD.category_id) IS DISTINCT FROM (NEW.listed, NEW.category_id))
        EXECUTE FUNCTION count_listed()
    """)
    op.execute("""
        CREATE FUNCTION count_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.status <> 'archived' AND OLD.deleted_at IS NULL
               AND OLD.practitioner_category_id IS NOT NULL THEN
                UPDATE practitioner_categories SET services_count = services_count - 1
                WHERE id = OLD.practitioner_category_id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.status <> 'archived' AND NEW.deleted_at IS NULL
               AND NEW.practitioner_category_id IS NOT NULL THEN
                UPDATE practitioner_categories SET services_count = services_count + 1
                WHERE id = NEW.practitioner_category_id;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER count_kept AFTER INSERT OR DELETE ON services FOR EACH ROW EXECUTE FUNCTION count_kept()
    """)
    op.execute("""
        CREATE TRIGGER count_kept_again AFTER UPDATE ON services FOR EACH ROW
        WHEN ((OLD.status, OLD.deleted_at, OLD.practitioner_category_id)
              IS DISTINCT FROM (NEW.status, NEW.deleted_at, NEW.practitioner_category_id))
        EXECUTE FUNCTION count_kept()
    """)


def downgrade() -> None:
    for table in (
        "service_resources",
        "service_benefits",
        "agenda_items",
        "service_slugs",
        "service_sessions",
        "service_relationships",
        "service_practitioners",
        "service_modalities",
        "service_media",
        "service_languages",
        "waitlist_entries",
        "users",
        "services",
        "service_categories",
        "search_terms",
        "search_log",
        "schedules",
        "resource_events",
        "ratings",
        "practitioners",
        "practitioner_categories",
        "modality_preferences",
        "modality_links",
        "modality_categories",
        "modalities",
        "media_files",
        "locations",
        "languages",
        "favorite_services",
        "favorite_counters",
        "calendars",
        "bookings",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION count_listed, count_kept")
    op.execute("DROP TEXT SEARCH CONFIGURATION estuary")
