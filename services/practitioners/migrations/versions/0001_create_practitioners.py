"""Create profiles, calendars, copies of what others own, and the words that practitioners choose from.

Revision: practitioners_0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "practitioners_0001"
down_revision = None
branch_labels = ("practitioners",)
depends_on = None

SPECIALIZATIONS = (
    "Acupuncture",
    "Addiction Recovery",
    "Anxiety & Stress Relief",
    "Art Therapy",
    "Ayurveda",
    "Body Work",
    "Breathwork",
    "Career Coaching",
    "Chiropractic Care",
    "Couples Counseling",
    "Craniosacral Therapy",
    "Energy Healing",
    "Family Therapy",
    "Fitness Training",
    "Grief Counseling",
    "Herbal Medicine",
    "Hypnotherapy",
    "Life Coaching",
    "Massage Therapy",
    "Mindfulness & Meditation",
    "Naturopathy",
    "Nutrition Counseling",
    "Osteopathy",
    "Pilates",
    "Prenatal & Postnatal Care",
    "Psychotherapy",
    "Reiki",
    "Sleep Coaching",
    "Sound Healing",
    "Sports Rehabilitation",
    "Trauma Recovery",
    "Yoga",
)
STYLES = (
    "Analytical",
    "Client-Centered",
    "Compassionate",
    "Direct",
    "Empowering",
    "Evidence-Based",
    "Gentle",
    "Holistic",
    "Humorous",
    "Intuitive",
    "Solution-Focused",
    "Structured",
)
TOPICS = (
    "ADHD",
    "Aging",
    "Anger",
    "Anxiety",
    "Back Pain",
    "Body Image",
    "Boundaries",
    "Burnout",
    "Career Change",
    "Chronic Pain",
    "Communication",
    "Confidence",
    "Creativity",
    "Depression",
    "Digestion",
    "Divorce",
    "Eating Habits",
    "Energy & Fatigue",
    "Fertility",
    "Focus",
    "Gender & Identity",
    "Grief & Loss",
    "Headaches & Migraine",
    "Hormones",
    "Immune System",
    "Injury Recovery",
    "Leadership",
    "LGBTQ+",
    "Menopause",
    "Midlife",
    "Parenting",
    "Personal Growth",
    "Posture",
    "Pregnancy",
    "Relationships",
    "Self-Esteem",
    "Sleep",
    "Spirituality",
    "Stress",
    "Trauma",
    "Weight Management",
    "Work-Life Balance",
)


def slug(word: str) -> str:
    """Return the address form of a word."""
    plain = "".join(letter if letter.isalnum() else " " for letter in word.lower())
    return "-".join(plain.split())


class Cube(UserDefinedType[str]):
    """A point or a box of the extension `cube`."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "cube"


def upgrade() -> None:
    # English, with accents taken off before the stemmer. As a named configuration it may stand in a stored column.
    op.execute("CREATE TEXT SEARCH CONFIGURATION estuary (COPY = english)")
    op.execute(
        "ALTER TEXT SEARCH CONFIGURATION estuary ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem"
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_detail", sa.Text(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("service_type", sa.Text(), nullable=False),
        sa.Column("parent_booking_id", sa.BigInteger(), nullable=True),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("buffer_minutes", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_zone", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    op.create_index("ix_bookings_client", "bookings", ["practitioner_id", "user_id", "start_time"], unique=False)
    op.create_index("ix_bookings_service", "bookings", ["service_id", "booked_at"], unique=False)
    op.create_index("ix_bookings_start", "bookings", ["practitioner_id", "start_time"], unique=False)
    op.create_index(
        "ix_bookings_upcoming",
        "bookings",
        ["practitioner_id", "start_time"],
        unique=False,
        postgresql_where=sa.text("status = 'confirmed'"),
    )
    op.create_index("ix_bookings_user", "bookings", ["user_id"], unique=False)
    op.create_table(
        "busy",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("source", "source_id", "practitioner_id", name=op.f("pk_busy")),
    )
    op.create_index("ix_busy_during", "busy", ["practitioner_id", "during"], unique=False, postgresql_using="gist")
    op.create_table(
        "calendars",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("expanded_until", sa.Date(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_calendars")),
    )
    op.create_table(
        "certifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("certificate", sa.String(length=255), nullable=True),
        sa.Column("institution", sa.String(length=255), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certifications")),
    )
    op.create_index(
        "ix_certifications_practitioner", "certifications", ["practitioner_id", "order", "id"], unique=False
    )
    op.create_table(
        "client_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(length=5000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_notes")),
    )
    op.create_index(
        "ix_client_notes_client",
        "client_notes",
        ["practitioner_id", "user_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_client_notes_user", "client_notes", ["user_id"], unique=False)
    op.create_table(
        "client_stats",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bookings", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.Column("canceled", sa.BigInteger(), nullable=False),
        sa.Column("no_show", sa.BigInteger(), nullable=False),
        sa.Column("spent_cents", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("type_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", "user_id", name=op.f("pk_client_stats")),
    )
    op.create_index(
        "ix_client_stats_last",
        "client_stats",
        ["practitioner_id", sa.literal_column("last_at DESC NULLS LAST")],
        unique=False,
    )
    op.create_table(
        "educations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("degree", sa.String(length=255), nullable=True),
        sa.Column("educational_institute", sa.String(length=255), nullable=True),
        sa.Column("year", sa.BigInteger(), nullable=True),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_educations")),
    )
    op.create_index("ix_educations_practitioner", "educations", ["practitioner_id", "order", "id"], unique=False)
    op.create_table(
        "favorite_counters",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_target_id", sa.BigInteger(), nullable=False),
        sa.Column("last_is_favorite", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_favorite_counters")),
    )
    op.create_table(
        "favorite_practitioners",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "practitioner_id", name=op.f("pk_favorite_practitioners")),
    )
    op.create_index(
        "ix_favorite_practitioners_practitioner", "favorite_practitioners", ["practitioner_id"], unique=False
    )
    op.create_index(
        "ix_favorite_practitioners_user",
        "favorite_practitioners",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_table(
        "media_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_files")),
    )
    op.create_table(
        "modalities",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_modalities")),
    )
    op.create_table(
        "next_available_queue",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_next_available_queue")),
    )
    op.create_index("ix_next_available_queue_due", "next_available_queue", ["due_at"], unique=False)
    op.create_table(
        "onboarding",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("current_step", sa.String(length=30), nullable=False),
        sa.Column("steps_completed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("steps_skipped", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("told_complete", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("stall_reason", sa.Text(), nullable=True),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("reminded_days", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_onboarding")),
        sa.UniqueConstraint("id", name=op.f("uq_onboarding_id")),
    )
    op.create_index(
        "ix_onboarding_in_progress",
        "onboarding",
        ["last_updated"],
        unique=False,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_table(
        "out_of_office",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_out_of_office_from_before_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_out_of_office")),
    )
    op.create_index("ix_out_of_office_practitioner", "out_of_office", ["practitioner_id", "to_date"], unique=False)
    op.create_table(
        "places",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("line1", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("full_address", sa.Text(), nullable=False),
        sa.Column("city_id", sa.BigInteger(), nullable=True),
        sa.Column("city_name", sa.Text(), nullable=True),
        sa.Column("city_slug", sa.Text(), nullable=True),
        sa.Column("state_id", sa.BigInteger(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("state_name", sa.Text(), nullable=True),
        sa.Column("country_id", sa.BigInteger(), nullable=True),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("country_name", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("address_visibility", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("is_virtual", sa.Boolean(), nullable=False),
        sa.Column("is_in_person", sa.Boolean(), nullable=False),
        sa.Column("location_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("service_radius_miles", sa.Float(), nullable=True),
        sa.Column("city_key", sa.Text(), nullable=False),
        sa.Column("state_key", sa.Text(), nullable=False),
        sa.Column("country_key", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "geo",
            Cube(),
            sa.Computed(
                "CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)), cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))]) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "area",
            Cube(),
            sa.Computed(
                "CASE WHEN service_radius_miles IS NULL OR latitude IS NULL OR longitude IS NULL THEN NULL ELSE cube_enlarge(cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)), cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))]), service_radius_miles * 1609.344 / 6371008.8, 3) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
    )
    op.create_index(
        "ix_places_area",
        "places",
        ["area"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND service_radius_miles IS NOT NULL"),
    )
    op.create_index(
        "ix_places_geo",
        "places",
        ["geo"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_places_names",
        "places",
        ["city_key", "state_key", "country_key"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_places_postal_code", "places", ["postal_code"], unique=False, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_index("ix_places_practitioner", "places", ["practitioner_id"], unique=False)
    op.create_index(
        "ix_places_tags", "places", ["tags"], unique=False, postgresql_using="gin", postgresql_where=sa.text("listed")
    )
    op.create_table(
        "practitioner_daily",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.Column("canceled", sa.BigInteger(), nullable=False),
        sa.Column("revenue_cents", sa.BigInteger(), nullable=False),
        sa.Column("hours", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", "day", name=op.f("pk_practitioner_daily")),
    )
    op.create_table(
        "practitioner_slugs",
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_practitioner_slugs")),
    )
    op.create_index(
        op.f("ix_practitioner_slugs_practitioner_id"), "practitioner_slugs", ["practitioner_id"], unique=False
    )
    op.create_table(
        "practitioner_taxonomy",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", "kind", "item_id", name=op.f("pk_practitioner_taxonomy")),
    )
    op.create_index("ix_practitioner_taxonomy_item", "practitioner_taxonomy", ["kind", "item_id"], unique=False)
    op.create_table(
        "practitioners",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=True),
        sa.Column("professional_title", sa.String(length=255), nullable=True),
        sa.Column("bio", sa.String(length=2000), nullable=True),
        sa.Column("quote", sa.String(length=500), nullable=True),
        sa.Column("profile_image_url", sa.String(length=500), nullable=True),
        sa.Column("profile_video_url", sa.String(length=500), nullable=True),
        sa.Column("profile_image_media_id", sa.Uuid(), nullable=True),
        sa.Column("profile_video_media_id", sa.Uuid(), nullable=True),
        sa.Column("years_of_experience", sa.BigInteger(), nullable=True),
        sa.Column("buffer_minutes", sa.BigInteger(), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("verification_status", sa.String(length=20), nullable=False),
        sa.Column("activity", sa.String(length=10), nullable=False),
        sa.Column("vacation_until", sa.Date(), nullable=True),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("featured_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_onboarded", sa.Boolean(), nullable=False),
        sa.Column("onboarding_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("may_reapply_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_message", sa.Text(), nullable=True),
        sa.Column("requested_changes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("features", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("full_name", sa.Text(), server_default="", nullable=False),
        sa.Column("user_active", sa.Boolean(), nullable=False),
        sa.Column(
            "rating_average", sa.Numeric(precision=3, scale=2, asdecimal=False), server_default="0", nullable=False
        ),
        sa.Column("rating_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "rating_weighted", sa.Numeric(precision=4, scale=3, asdecimal=False), server_default="0", nullable=False
        ),
        sa.Column("rating_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rating_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("services_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("min_price_cents", sa.BigInteger(), nullable=True),
        sa.Column("max_price_cents", sa.BigInteger(), nullable=True),
        sa.Column("completed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("canceled_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bookings_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("free_from", sa.Date(), nullable=True),
        sa.Column("free_map", sa.String(length=180), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("search_extra", sa.Text(), server_default="", nullable=False),
        sa.Column("new_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "listed",
            sa.Boolean(),
            sa.Computed(
                "verification_status = 'verified' AND activity = 'active' AND deleted_at IS NULL AND user_active",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(to_tsvector('estuary', coalesce(display_name, '') || ' ' || full_name), 'A') || setweight(to_tsvector('estuary', coalesce(professional_title, '') || ' ' || search_extra), 'B') || setweight(to_tsvector('estuary', coalesce(bio, '') || ' ' || coalesce(quote, '')), 'D')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "activity IN ('active', 'inactive', 'vacation')", name=op.f("ck_practitioners_activity_known")
        ),
        sa.CheckConstraint(
            "verification_status IN ('draft', 'submitted', 'under_review', 'changes_requested', 'verified', 'rejected', 'suspended')",
            name=op.f("ck_practitioners_verification_status_known"),
        ),
        sa.CheckConstraint("buffer_minutes BETWEEN 0 AND 240", name=op.f("ck_practitioners_buffer_minutes_range")),
        sa.CheckConstraint(
            "years_of_experience BETWEEN 0 AND 80", name=op.f("ck_practitioners_years_of_experience_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_practitioners_public_uuid")),
        sa.UniqueConstraint("slug", name=op.f("uq_practitioners_slug")),
        sa.UniqueConstraint("user_id", name=op.f("uq_practitioners_user_id")),
    )
    op.create_index(
        "ix_practitioners_default",
        "practitioners",
        [sa.literal_column("featured DESC"), sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_display_name",
        "practitioners",
        ["display_name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"display_name": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_practitioners_experience",
        "practitioners",
        [sa.literal_column("years_of_experience DESC NULLS LAST"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_featured",
        "practitioners",
        ["featured_until"],
        unique=False,
        postgresql_where=sa.text("featured_until IS NOT NULL"),
    )
    op.create_index(
        "ix_practitioners_featured_rating",
        "practitioners",
        [sa.literal_column("featured DESC"), sa.literal_column("rating_weighted DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_max_price",
        "practitioners",
        [sa.literal_column("max_price_cents DESC NULLS LAST"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_min_price",
        "practitioners",
        ["min_price_cents", "id"],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_next_available",
        "practitioners",
        ["next_available_at", "id"],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_rating",
        "practitioners",
        [sa.literal_column("rating_average DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_practitioners_review_queue",
        "practitioners",
        ["verification_status", "submitted_at", "id"],
        unique=False,
        postgresql_where=sa.text("verification_status IN ('submitted', 'under_review')"),
    )
    op.create_index(
        "ix_practitioners_search",
        "practitioners",
        ["search"],
        unique=False,
        postgresql_where=sa.text("listed"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_practitioners_suspended",
        "practitioners",
        ["suspended_until"],
        unique=False,
        postgresql_where=sa.text("suspended_until IS NOT NULL"),
    )
    op.create_index(
        "ix_practitioners_tags",
        "practitioners",
        ["tags"],
        unique=False,
        postgresql_where=sa.text("listed"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_practitioners_vacation",
        "practitioners",
        ["vacation_until"],
        unique=False,
        postgresql_where=sa.text("activity = 'vacation'"),
    )
    op.create_table(
        "preferences",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("region", sa.String(length=10), nullable=True),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("respect_holidays", sa.Boolean(), nullable=False),
        sa.Column("advance_booking_min_hours", sa.BigInteger(), nullable=False),
        sa.Column("advance_booking_max_days", sa.BigInteger(), nullable=False),
        sa.Column("slot_interval_minutes", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("auto_accept_bookings", sa.Boolean(), nullable=False),
        sa.CheckConstraint("advance_booking_max_days BETWEEN 1 AND 365", name=op.f("ck_preferences_max_days_range")),
        sa.CheckConstraint("advance_booking_min_hours BETWEEN 0 AND 2160", name=op.f("ck_preferences_min_hours_range")),
        sa.CheckConstraint(
            "slot_interval_minutes IN (5, 10, 15, 20, 30, 60)", name=op.f("ck_preferences_slot_interval_known")
        ),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.String(length=5000), nullable=True),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index("ix_questions_practitioner", "questions", ["practitioner_id", "order", "id"], unique=False)
    op.create_table(
        "review_claims",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_review_claims")),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("practitioner_id", "service_id", name="uq_schedules_service"),
    )
    op.create_index("ix_schedules_practitioner", "schedules", ["practitioner_id", "id"], unique=False)
    op.create_index(
        "uq_schedules_default", "schedules", ["practitioner_id"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.create_table(
        "service_sessions",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_sessions")),
    )
    op.create_index("ix_service_sessions_service", "service_sessions", ["service_id"], unique=False)
    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_visible", sa.Boolean(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("service_type", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("category_slug", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("location_type", sa.Text(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        sa.Column("modality_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("available_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index(
        "ix_services_practitioner_ids", "services", ["practitioner_ids"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_services_schedule",
        "services",
        ["schedule_id"],
        unique=False,
        postgresql_where=sa.text("schedule_id IS NOT NULL"),
    )
    op.create_table(
        "specializations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("content", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specializations")),
        sa.UniqueConstraint("slug", name=op.f("uq_specializations_slug")),
    )
    op.create_index("uq_specializations_content", "specializations", [sa.literal_column("lower(content)")], unique=True)
    op.create_table(
        "status_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=False),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_history")),
    )
    op.create_index("ix_status_history_practitioner", "status_history", ["practitioner_id", "id"], unique=False)
    op.create_table(
        "styles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("content", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_styles")),
        sa.UniqueConstraint("slug", name=op.f("uq_styles_slug")),
    )
    op.create_index("uq_styles_content", "styles", [sa.literal_column("lower(content)")], unique=True)
    op.create_table(
        "subscriptions",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=True),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("tier_name", sa.Text(), nullable=False),
        sa.Column("features", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_annual", sa.Boolean(), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "throttles",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", "action", name=op.f("pk_throttles")),
    )
    op.create_table(
        "time_blocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("rrule", sa.String(length=100), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_time_blocks_starts_before_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_blocks")),
    )
    op.create_index("ix_time_blocks_practitioner", "time_blocks", ["practitioner_id", "ends_at"], unique=False)
    op.create_table(
        "topics",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("content", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("slug", name=op.f("uq_topics_slug")),
    )
    op.create_index("uq_topics_content", "topics", [sa.literal_column("lower(content)")], unique=True)
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone_number", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("ix_users_email", "users", ["email"], unique=False)
    op.create_table(
        "verification_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("document_type", sa.String(length=20), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("document_url", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reminded_days", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "document_type IN ('id_proof', 'certification', 'license', 'insurance', 'background_check', 'other')",
            name=op.f("ck_verification_documents_document_type_known"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'expired')",
            name=op.f("ck_verification_documents_status_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_documents")),
    )
    op.create_index(
        "ix_verification_documents_expiry",
        "verification_documents",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'approved'"),
    )
    op.create_index(
        "ix_verification_documents_media",
        "verification_documents",
        ["media_id"],
        unique=False,
        postgresql_where=sa.text("media_id IS NOT NULL"),
    )
    op.create_index(
        "ix_verification_documents_practitioner",
        "verification_documents",
        ["practitioner_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "views_daily",
        sa.Column("practitioner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("practitioner_id", "day", name=op.f("pk_views_daily")),
    )
    op.create_table(
        "date_overrides",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("windows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_date_overrides_schedule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_overrides")),
        sa.UniqueConstraint(
            "practitioner_id", "schedule_id", "date", name="uq_date_overrides_date", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_date_overrides_schedule", "date_overrides", ["schedule_id"], unique=False)
    op.create_table(
        "schedule_slots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=False),
        sa.Column("start_min", sa.SmallInteger(), nullable=False),
        sa.Column("end_min", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("schedule_id"), "="),
            (sa.column("day"), "="),
            (sa.text("int4range(start_min, end_min)"), "&&"),
            where=sa.text("is_active"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="ex_schedule_slots_overlap",
        ),
        sa.CheckConstraint("day BETWEEN 0 AND 6", name=op.f("ck_schedule_slots_day_range")),
        sa.CheckConstraint(
            "start_min >= 0 AND start_min < end_min AND end_min <= 1440", name=op.f("ck_schedule_slots_hours_range")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_schedule_slots_schedule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_slots")),
    )
    op.create_index("ix_schedule_slots_schedule", "schedule_slots", ["schedule_id", "day", "start_min"], unique=False)
    for table, words in (("specializations", SPECIALIZATIONS), ("styles", STYLES), ("topics", TOPICS)):
        op.bulk_insert(
            sa.table(table, sa.column("content"), sa.column("slug"), sa.column("order")),
            [{"content": word, "slug": slug(word), "order": place} for place, word in enumerate(words)],
        )


def downgrade() -> None:
    op.drop_index("ix_schedule_slots_schedule", table_name="schedule_slots")
    op.drop_table("schedule_slots")
    op.drop_index("ix_date_overrides_schedule", table_name="date_overrides")
    op.drop_table("date_overrides")
    op.drop_table("views_daily")
    op.drop_index("ix_verification_documents_practitioner", table_name="verification_documents")
    op.drop_index(
        "ix_verification_documents_media",
        table_name="verification_documents",
        postgresql_where=sa.text("media_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_verification_documents_expiry",
        table_name="verification_documents",
        postgresql_where=sa.text("status = 'approved'"),
    )
    op.drop_table("verification_documents")
    op.drop_index("ix_users_email", table_name="users")
    op.drop_table("users")
    op.drop_index("uq_topics_content", table_name="topics")
    op.drop_table("topics")
    op.drop_index("ix_time_blocks_practitioner", table_name="time_blocks")
    op.drop_table("time_blocks")
    op.drop_table("throttles")
    op.drop_table("subscriptions")
    op.drop_index("uq_styles_content", table_name="styles")
    op.drop_table("styles")
    op.drop_index("ix_status_history_practitioner", table_name="status_history")
    op.drop_table("status_history")
    op.drop_index("uq_specializations_content", table_name="specializations")
    op.drop_table("specializations")
    op.drop_index("ix_services_schedule", table_name="services", postgresql_where=sa.text("schedule_id IS NOT NULL"))
    op.drop_index("ix_services_practitioner_ids", table_name="services", postgresql_using="gin")
    op.drop_table("services")
    op.drop_index("ix_service_sessions_service", table_name="service_sessions")
    op.drop_table("service_sessions")
    op.drop_index("uq_schedules_default", table_name="schedules", postgresql_where=sa.text("is_default"))
    op.drop_index("ix_schedules_practitioner", table_name="schedules")
    op.drop_table("schedules")
    op.drop_table("review_claims")
    op.drop_index("ix_questions_practitioner", table_name="questions")
    op.drop_table("questions")
    op.drop_table("preferences")
    op.drop_index(
        "ix_practitioners_vacation", table_name="practitioners", postgresql_where=sa.text("activity = 'vacation'")
    )
    op.drop_index(
        "ix_practitioners_tags", table_name="practitioners", postgresql_where=sa.text("listed"), postgresql_using="gin"
    )
    op.drop_index(
        "ix_practitioners_suspended",
        table_name="practitioners",
        postgresql_where=sa.text("suspended_until IS NOT NULL"),
    )
    op.drop_index(
        "ix_practitioners_search",
        table_name="practitioners",
        postgresql_where=sa.text("listed"),
        postgresql_using="gin",
    )
    op.drop_index(
        "ix_practitioners_review_queue",
        table_name="practitioners",
        postgresql_where=sa.text("verification_status IN ('submitted', 'under_review')"),
    )
    op.drop_index("ix_practitioners_rating", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index("ix_practitioners_next_available", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index("ix_practitioners_min_price", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index("ix_practitioners_max_price", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index("ix_practitioners_featured_rating", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index(
        "ix_practitioners_featured", table_name="practitioners", postgresql_where=sa.text("featured_until IS NOT NULL")
    )
    op.drop_index("ix_practitioners_experience", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_index(
        "ix_practitioners_display_name",
        table_name="practitioners",
        postgresql_using="gin",
        postgresql_ops={"display_name": "gin_trgm_ops"},
    )
    op.drop_index("ix_practitioners_default", table_name="practitioners", postgresql_where=sa.text("listed"))
    op.drop_table("practitioners")
    op.drop_index("ix_practitioner_taxonomy_item", table_name="practitioner_taxonomy")
    op.drop_table("practitioner_taxonomy")
    op.drop_index(op.f("ix_practitioner_slugs_practitioner_id"), table_name="practitioner_slugs")
    op.drop_table("practitioner_slugs")
    op.drop_table("practitioner_daily")
    op.drop_index("ix_places_tags", table_name="places", postgresql_using="gin", postgresql_where=sa.text("listed"))
    op.drop_index("ix_places_practitioner", table_name="places")
    op.drop_index("ix_places_postal_code", table_name="places", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index("ix_places_names", table_name="places", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index(
        "ix_places_geo", table_name="places", postgresql_using="gist", postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.drop_index(
        "ix_places_area",
        table_name="places",
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND service_radius_miles IS NOT NULL"),
    )
    op.drop_table("places")
    op.drop_index("ix_out_of_office_practitioner", table_name="out_of_office")
    op.drop_table("out_of_office")
    op.drop_index(
        "ix_onboarding_in_progress", table_name="onboarding", postgresql_where=sa.text("status = 'in_progress'")
    )
    op.drop_table("onboarding")
    op.drop_index("ix_next_available_queue_due", table_name="next_available_queue")
    op.drop_table("next_available_queue")
    op.drop_table("modalities")
    op.drop_table("media_files")
    op.drop_index("ix_favorite_practitioners_user", table_name="favorite_practitioners")
    op.drop_index("ix_favorite_practitioners_practitioner", table_name="favorite_practitioners")
    op.drop_table("favorite_practitioners")
    op.drop_table("favorite_counters")
    op.drop_index("ix_educations_practitioner", table_name="educations")
    op.drop_table("educations")
    op.drop_index("ix_client_stats_last", table_name="client_stats")
    op.drop_table("client_stats")
    op.drop_index("ix_client_notes_user", table_name="client_notes")
    op.drop_index("ix_client_notes_client", table_name="client_notes")
    op.drop_table("client_notes")
    op.drop_index("ix_certifications_practitioner", table_name="certifications")
    op.drop_table("certifications")
    op.drop_table("calendars")
    op.drop_index("ix_busy_during", table_name="busy", postgresql_using="gist")
    op.drop_table("busy")
    op.drop_index("ix_bookings_user", table_name="bookings")
    op.drop_index("ix_bookings_upcoming", table_name="bookings", postgresql_where=sa.text("status = 'confirmed'"))
    op.drop_index("ix_bookings_start", table_name="bookings")
    op.drop_index("ix_bookings_service", table_name="bookings")
    op.drop_index("ix_bookings_client", table_name="bookings")
    op.drop_table("bookings")
    op.execute("DROP TEXT SEARCH CONFIGURATION estuary")
