"""Create streams, rooms, schedules, chat, recordings and figures, and copies of what others own.

Revision: streams_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "streams_0002"
down_revision = "streams_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_user_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("service_session_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_booking_id", sa.BigInteger(), nullable=True),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("location_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    op.create_index("ix_bookings_public_uuid", "bookings", ["public_uuid"], unique=False)
    op.create_index("ix_bookings_session", "bookings", ["service_session_id"], unique=False)
    op.create_table(
        "chat_keys",
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("live_stream_id", "user_id", "client_id", name=op.f("pk_chat_keys")),
    )
    op.create_index("ix_chat_keys_sent_at", "chat_keys", ["sent_at"], unique=False)
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("is_host", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offset_seconds", sa.Integer(), nullable=False),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", "sent_at", name=op.f("pk_chat_messages")),
        postgresql_partition_by="RANGE (sent_at)",
    )
    op.create_index(
        "ix_chat_messages_live_stream", "chat_messages", ["live_stream_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_chat_messages_user", "chat_messages", ["user_id", sa.literal_column("sent_at DESC")], unique=False
    )
    op.create_table(
        "livekit_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("room_name", sa.Text(), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_livekit_events")),
    )
    op.create_index("ix_livekit_events_received_at", "livekit_events", ["received_at"], unique=False)
    op.create_index(
        "ix_livekit_events_waiting",
        "livekit_events",
        ["room_name", "created_at_s"],
        unique=False,
        postgresql_where=sa.text("status = 'received'"),
    )
    op.create_table(
        "livekit_operations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_livekit_operations")),
        sa.UniqueConstraint("key", name=op.f("uq_livekit_operations_key")),
    )
    op.create_index(
        "ix_livekit_operations_due",
        "livekit_operations",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'started'"),
    )
    op.create_table(
        "media_files",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("thumbnail_url", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_media_files")),
    )
    op.create_index("ix_media_files_url", "media_files", ["url"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("membership_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("tier_rank", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_memberships")),
    )
    op.create_index(
        "ix_memberships_stream_tier",
        "memberships",
        ["stream_id", "tier_rank"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_memberships_user_stream",
        "memberships",
        ["user_id", "stream_id"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "participants_seen",
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_participants_seen")),
    )
    op.create_index("ix_participants_seen_seen_at", "participants_seen", ["seen_at"], unique=False)
    op.create_table(
        "practitioners",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
    )
    op.create_index("ix_practitioners_user", "practitioners", ["user_id"], unique=False)
    op.create_index("ix_practitioners_uuid", "practitioners", ["public_uuid"], unique=False)
    op.create_table(
        "service_sessions",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_participants", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_sessions")),
    )
    op.create_index("ix_service_sessions_public_uuid", "service_sessions", ["public_uuid"], unique=False)
    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location_type", sa.Text(), nullable=False),
        sa.Column("practitioner_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_table(
        "stream_categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("icon", sa.String(length=50), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_stream_categories_slug")),
    )
    op.create_index("uq_stream_categories_name", "stream_categories", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "streams",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("tagline", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("cover_image_url", sa.String(length=200), nullable=True),
        sa.Column("profile_image_url", sa.String(length=200), nullable=True),
        sa.Column("intro_video_url", sa.String(length=200), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("free_tier_name", sa.String(length=50), nullable=False),
        sa.Column("entry_tier_name", sa.String(length=50), nullable=False),
        sa.Column("premium_tier_name", sa.String(length=50), nullable=False),
        sa.Column("free_tier_description", sa.Text(), nullable=True),
        sa.Column("entry_tier_description", sa.Text(), nullable=True),
        sa.Column("premium_tier_description", sa.Text(), nullable=True),
        sa.Column("free_tier_perks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("entry_tier_perks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("premium_tier_perks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("entry_price_cents", sa.BigInteger(), nullable=False),
        sa.Column("premium_price_cents", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("allow_comments", sa.Boolean(), nullable=False),
        sa.Column("allow_dms", sa.Boolean(), nullable=False),
        sa.Column("allow_tips", sa.Boolean(), nullable=False),
        sa.Column("watermark_media", sa.Boolean(), nullable=False),
        sa.Column("preview_post_count", sa.Integer(), nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("launch_told", sa.Boolean(), nullable=False),
        sa.Column("cover_media_id", sa.Uuid(), nullable=True),
        sa.Column("profile_media_id", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practitioner_visible", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("practitioner_name", sa.Text(), server_default="", nullable=False),
        sa.Column("tag_words", sa.Text(), server_default="", nullable=False),
        sa.Column("free_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entry_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("premium_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("popularity", sa.Double(), server_default="0", nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=True),
        sa.Column("next_live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "subscriber_count",
            sa.BigInteger(),
            sa.Computed("free_count + entry_count + premium_count", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', practitioner_name), 'A') || setweight(to_tsvector('simple', coalesce(tagline, '')), 'B') || setweight(to_tsvector('simple', tag_words), 'B') || setweight(to_tsvector('simple', left(description, 10000)), 'D')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "entry_price_cents BETWEEN 100 AND 99999 AND premium_price_cents BETWEEN 100 AND 99999 AND entry_price_cents < premium_price_cents",
            name=op.f("ck_streams_prices_rise"),
        ),
        sa.CheckConstraint(
            "free_count >= 0 AND entry_count >= 0 AND premium_count >= 0", name=op.f("ck_streams_counts_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streams")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_streams_public_uuid")),
    )
    op.create_index(
        "ix_streams_featured",
        "streams",
        [sa.literal_column("is_featured DESC"), sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_streams_launched",
        "streams",
        [sa.literal_column("launched_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_streams_most_members",
        "streams",
        [sa.literal_column("subscriber_count DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_streams_newest",
        "streams",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_streams_search",
        "streams",
        [sa.literal_column("search")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
        postgresql_using="gin",
    )
    op.create_index(
        "ix_streams_tags",
        "streams",
        [sa.literal_column("tags")],
        unique=False,
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
        postgresql_using="gin",
    )
    op.create_index(
        "uq_streams_practitioner",
        "streams",
        ["practitioner_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "viewer_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_sid", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tier_rank", sa.SmallInteger(), nullable=True),
        sa.Column("device", sa.String(length=10), server_default="other", nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("is_counted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", "joined_at", name=op.f("pk_viewer_sessions")),
        postgresql_partition_by="RANGE (joined_at)",
    )
    op.create_index(
        "ix_viewer_sessions_inside",
        "viewer_sessions",
        ["room_id"],
        unique=False,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index("ix_viewer_sessions_room_user", "viewer_sessions", ["room_id", "user_id"], unique=False)
    op.create_index("ix_viewer_sessions_sid", "viewer_sessions", ["room_id", "participant_sid"], unique=False)
    op.create_index(
        "ix_viewer_sessions_user", "viewer_sessions", ["user_id", sa.literal_column("joined_at DESC")], unique=False
    )
    op.create_table(
        "moderation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_user_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["streams.id"], name=op.f("fk_moderation_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation")),
    )
    op.create_index("ix_moderation_person", "moderation", ["stream_id", "user_id"], unique=False)
    op.create_index(
        "uq_moderation_one",
        "moderation",
        ["stream_id", sa.literal_column("coalesce(live_stream_id, 0)"), "user_id", "kind"],
        unique=True,
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("rule", sa.String(length=500), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("exdates", postgresql.ARRAY(postgresql.TIMESTAMP()), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("tier_rank", sa.SmallInteger(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("allow_chat", sa.Boolean(), nullable=False),
        sa.Column("allow_reactions", sa.Boolean(), nullable=False),
        sa.Column("record_stream", sa.Boolean(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("days_ahead", sa.Integer(), nullable=False),
        sa.Column("next_occurrence", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generated_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_schedules_stream_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_index(
        "ix_schedules_due",
        "schedules",
        ["generated_until"],
        unique=False,
        postgresql_where=sa.text("is_active AND deleted_at IS NULL"),
    )
    op.create_index("ix_schedules_stream", "schedules", ["stream_id"], unique=False)
    op.create_table(
        "stream_category_links",
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["stream_categories.id"],
            name=op.f("fk_stream_category_links_category_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["streams.id"], name=op.f("fk_stream_category_links_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stream_id", "category_id", name=op.f("pk_stream_category_links")),
    )
    op.create_index(
        "ix_stream_category_links_category", "stream_category_links", ["category_id", "stream_id"], unique=False
    )
    op.create_table(
        "stream_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("free_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entry_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("premium_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("joined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("churned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("upgraded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("downgraded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("uniques", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reactions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("watch_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("live_streams", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("peak", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("commission_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["streams.id"], name=op.f("fk_stream_days_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_days")),
        sa.UniqueConstraint("stream_id", "day", name=op.f("uq_stream_days_stream_id_day")),
    )
    op.create_table(
        "live_streams",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("tier_rank", sa.SmallInteger(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("scheduled_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("actual_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_published", sa.Boolean(), nullable=False),
        sa.Column("end_reason", sa.String(length=12), nullable=True),
        sa.Column("allow_chat", sa.Boolean(), nullable=False),
        sa.Column("allow_reactions", sa.Boolean(), nullable=False),
        sa.Column("record_stream", sa.Boolean(), nullable=False),
        sa.Column("thumbnail_url", sa.String(length=200), nullable=True),
        sa.Column("thumbnail_media_id", sa.Uuid(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("tag_words", sa.Text(), server_default="", nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        sa.Column("occurrence", postgresql.TIMESTAMP(), nullable=True),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("host_present", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("host_last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("room_lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', tag_words), 'B') || setweight(to_tsvector('simple', left(coalesce(description, ''), 10000)), 'D')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("stream_id"), "="),
            (sa.text("tstzrange(scheduled_start, scheduled_end)"), "&&"),
            where=sa.text("status = 'scheduled' AND deleted_at IS NULL"),
            using="gist",
            name="live_streams_do_not_overlap",
        ),
        sa.CheckConstraint(
            "status IN ('scheduled', 'live', 'ended', 'cancelled')", name=op.f("ck_live_streams_status_known")
        ),
        sa.CheckConstraint("scheduled_end > scheduled_start", name=op.f("ck_live_streams_ends_after_start")),
        sa.CheckConstraint("tier_rank BETWEEN 0 AND 2", name=op.f("ck_live_streams_tier_known")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_live_streams_schedule_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["streams.id"], name=op.f("fk_live_streams_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_streams")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_live_streams_public_uuid")),
    )
    op.create_index(
        "ix_live_streams_practitioner",
        "live_streams",
        ["practitioner_id", sa.literal_column("scheduled_start DESC")],
        unique=False,
    )
    op.create_index("ix_live_streams_search", "live_streams", ["search"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_live_streams_status",
        "live_streams",
        ["status", sa.literal_column("scheduled_start DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_live_streams_stream",
        "live_streams",
        ["stream_id", "status", sa.literal_column("scheduled_start DESC")],
        unique=False,
    )
    op.create_index("uq_live_streams_occurrence", "live_streams", ["schedule_id", "occurrence"], unique=True)
    op.create_index(
        "uq_live_streams_one_live",
        "live_streams",
        ["practitioner_id"],
        unique=True,
        postgresql_where=sa.text("status = 'live'"),
    )
    op.create_table(
        "live_analytics",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_live_analytics_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_analytics")),
        sa.UniqueConstraint("live_stream_id", name=op.f("uq_live_analytics_live_stream_id")),
    )
    op.create_table(
        "live_counters",
        sa.Column("live_stream_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("current", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("peak", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("uniques", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reactions", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_live_counters_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("live_stream_id", name=op.f("pk_live_counters")),
    )
    op.create_table(
        "notices_sent",
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_notices_sent_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("live_stream_id", "kind", name=op.f("pk_notices_sent")),
    )
    op.create_table(
        "reaction_buckets",
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("emoji", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("sent_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_reaction_buckets_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("live_stream_id", "minute", "emoji", name=op.f("pk_reaction_buckets")),
    )
    op.create_table(
        "reminders",
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_reminders_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("live_stream_id", "user_id", name=op.f("pk_reminders")),
    )
    op.create_index("ix_reminders_user", "reminders", ["user_id"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("livekit_sid", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("service_session_id", sa.BigInteger(), nullable=True),
        sa.Column("max_participants", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'in_use', 'ended', 'error')", name=op.f("ck_rooms_status_known")
        ),
        sa.CheckConstraint(
            "num_nonnulls(live_stream_id, booking_id, service_session_id) = 1", name=op.f("ck_rooms_belongs_to_one")
        ),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_rooms_live_stream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_rooms_booking_id")),
        sa.UniqueConstraint("live_stream_id", name=op.f("uq_rooms_live_stream_id")),
        sa.UniqueConstraint("name", name=op.f("uq_rooms_name")),
        sa.UniqueConstraint("service_session_id", name=op.f("uq_rooms_service_session_id")),
    )
    op.create_index(
        "ix_rooms_open", "rooms", ["status"], unique=False, postgresql_where=sa.text("status IN ('active', 'in_use')")
    )
    op.create_table(
        "viewer_engagement",
        sa.Column("live_stream_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reactions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("watch_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reacting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reacted", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["live_stream_id"],
            ["live_streams.id"],
            name=op.f("fk_viewer_engagement_live_stream_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("live_stream_id", "user_id", name=op.f("pk_viewer_engagement")),
    )
    op.create_table(
        "join_hints",
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=10), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_join_hints_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", "user_id", name=op.f("pk_join_hints")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_uuid", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("live_stream_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("egress_id", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("layout", sa.String(length=20), nullable=False),
        sa.Column("audio_only", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("file_url", sa.Text(), nullable=True),
        sa.Column("thumbnail_url", sa.Text(), nullable=True),
        sa.Column("file_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("tier_rank", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('starting', 'active', 'stopping', 'processing', 'ready', 'failed', 'deleted')",
            name=op.f("ck_recordings_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["live_stream_id"], ["live_streams.id"], name=op.f("fk_recordings_live_stream_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_recordings_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("egress_id", name=op.f("uq_recordings_egress_id")),
        sa.UniqueConstraint("public_uuid", name=op.f("uq_recordings_public_uuid")),
    )
    op.create_index("ix_recordings_live_stream", "recordings", ["live_stream_id"], unique=False)
    op.create_index("ix_recordings_media", "recordings", ["media_id"], unique=False)
    op.create_index(
        "uq_recordings_one_running",
        "recordings",
        ["room_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('starting', 'active', 'stopping')"),
    )

    # Rows of a month whose partition is not made yet lie in these.
    for table in ("viewer_sessions", "chat_messages"):
        op.execute(f"CREATE TABLE partition_{table}_default PARTITION OF {table} DEFAULT")


def downgrade() -> None:
    op.drop_index(
        "uq_recordings_one_running",
        table_name="recordings",
        postgresql_where=sa.text("status IN ('starting', 'active', 'stopping')"),
    )
    op.drop_index("ix_recordings_media", table_name="recordings")
    op.drop_index("ix_recordings_live_stream", table_name="recordings")
    op.drop_table("recordings")
    op.drop_table("join_hints")
    op.drop_table("viewer_engagement")
    op.drop_index("ix_rooms_open", table_name="rooms", postgresql_where=sa.text("status IN ('active', 'in_use')"))
    op.drop_table("rooms")
    op.drop_index("ix_reminders_user", table_name="reminders")
    op.drop_table("reminders")
    op.drop_table("reaction_buckets")
    op.drop_table("notices_sent")
    op.drop_table("live_counters")
    op.drop_table("live_analytics")
    op.drop_index("uq_live_streams_one_live", table_name="live_streams", postgresql_where=sa.text("status = 'live'"))
    op.drop_index("uq_live_streams_occurrence", table_name="live_streams")
    op.drop_index("ix_live_streams_stream", table_name="live_streams")
    op.drop_index("ix_live_streams_status", table_name="live_streams")
    op.drop_index("ix_live_streams_search", table_name="live_streams", postgresql_using="gin")
    op.drop_index("ix_live_streams_practitioner", table_name="live_streams")
    op.drop_table("live_streams")
    op.drop_table("stream_days")
    op.drop_index("ix_stream_category_links_category", table_name="stream_category_links")
    op.drop_table("stream_category_links")
    op.drop_index("ix_schedules_stream", table_name="schedules")
    op.drop_index(
        "ix_schedules_due", table_name="schedules", postgresql_where=sa.text("is_active AND deleted_at IS NULL")
    )
    op.drop_table("schedules")
    op.drop_index("uq_moderation_one", table_name="moderation")
    op.drop_index("ix_moderation_person", table_name="moderation")
    op.drop_table("moderation")
    op.drop_index("ix_viewer_sessions_user", table_name="viewer_sessions")
    op.drop_index("ix_viewer_sessions_sid", table_name="viewer_sessions")
    op.drop_index("ix_viewer_sessions_room_user", table_name="viewer_sessions")
    op.drop_index(
        "ix_viewer_sessions_inside", table_name="viewer_sessions", postgresql_where=sa.text("left_at IS NULL")
    )
    op.drop_table("viewer_sessions")
    op.drop_index("uq_streams_practitioner", table_name="streams", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index(
        "ix_streams_tags",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
        postgresql_using="gin",
    )
    op.drop_index(
        "ix_streams_search",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
        postgresql_using="gin",
    )
    op.drop_index(
        "ix_streams_newest",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_streams_most_members",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_streams_launched",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_streams_featured",
        table_name="streams",
        postgresql_where=sa.text("is_active AND practitioner_visible AND deleted_at IS NULL"),
    )
    op.drop_table("streams")
    op.drop_index("uq_stream_categories_name", table_name="stream_categories")
    op.drop_table("stream_categories")
    op.drop_table("services")
    op.drop_index("ix_service_sessions_public_uuid", table_name="service_sessions")
    op.drop_table("service_sessions")
    op.drop_index("ix_practitioners_uuid", table_name="practitioners")
    op.drop_index("ix_practitioners_user", table_name="practitioners")
    op.drop_table("practitioners")
    op.drop_index("ix_participants_seen_seen_at", table_name="participants_seen")
    op.drop_table("participants_seen")
    op.drop_index("ix_memberships_user_stream", table_name="memberships", postgresql_where=sa.text("is_active"))
    op.drop_index("ix_memberships_stream_tier", table_name="memberships", postgresql_where=sa.text("is_active"))
    op.drop_table("memberships")
    op.drop_index("ix_media_files_url", table_name="media_files")
    op.drop_table("media_files")
    op.drop_index(
        "ix_livekit_operations_due", table_name="livekit_operations", postgresql_where=sa.text("status = 'started'")
    )
    op.drop_table("livekit_operations")
    op.drop_index(
        "ix_livekit_events_waiting", table_name="livekit_events", postgresql_where=sa.text("status = 'received'")
    )
    op.drop_index("ix_livekit_events_received_at", table_name="livekit_events")
    op.drop_table("livekit_events")
    op.drop_index("ix_chat_messages_user", table_name="chat_messages")
    op.drop_index("ix_chat_messages_live_stream", table_name="chat_messages")
    op.drop_table("chat_messages")
    op.drop_index("ix_chat_keys_sent_at", table_name="chat_keys")
    op.drop_table("chat_keys")
    op.drop_index("ix_bookings_session", table_name="bookings")
    op.drop_index("ix_bookings_public_uuid", table_name="bookings")
    op.drop_table("bookings")
