"""Create files, their bytes and jobs, what people use, and copies of what files are attached to.

Revision: media_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "media_0002"
down_revision = "media_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("visibility", sa.String(length=7), nullable=False),
        sa.Column("pipeline", sa.BigInteger(), nullable=False),
        sa.Column("source_type", sa.String(length=100), nullable=False),
        sa.Column("source_size", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.String(length=255), nullable=True),
        sa.Column("storage_key", sa.String(length=255), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("content_type", sa.String(length=100), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refs", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("condemned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('building', 'live', 'condemned')", name=op.f("ck_blobs_state_known")),
        sa.CheckConstraint("visibility IN ('public', 'private')", name=op.f("ck_blobs_visibility_known")),
        sa.CheckConstraint("refs >= 0", name=op.f("ck_blobs_refs_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
        sa.UniqueConstraint("source_sha256", "visibility", "pipeline", name="uq_blobs_source"),
    )
    op.create_index(
        "ix_blobs_condemned", "blobs", ["condemned_at"], unique=False, postgresql_where=sa.text("state = 'condemned'")
    )
    op.create_table(
        "blocked_hashes",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("blocked_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blocked_hashes")),
    )
    op.create_table(
        "claims",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=30), nullable=False),
        sa.Column("entity_type", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.String(length=64), nullable=False),
        sa.Column("is_claimed", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("media_id", "service", "entity_type", "entity_id", name=op.f("pk_claims")),
    )
    op.create_table(
        "counter_marks",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("media_id", "user_id", "kind", "hour", name=op.f("pk_counter_marks")),
    )
    op.create_index("ix_counter_marks_hour", "counter_marks", ["hour"], unique=False)
    op.create_table(
        "counters",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("downloads", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_counters")),
    )
    op.create_table(
        "entities",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("owner_user_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("practitioner_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("purge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "reference", name=op.f("pk_entities")),
    )
    op.create_index("ix_entities_number", "entities", ["kind", "number"], unique=False)
    op.create_index(
        "ix_entities_purge", "entities", ["purge_at"], unique=False, postgresql_where=sa.text("purge_at IS NOT NULL")
    )
    op.create_table(
        "practitioners",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
    )
    op.create_index("ix_practitioners_user", "practitioners", ["user_id"], unique=False)
    op.create_table(
        "storage_deletions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bucket", sa.String(length=7), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_deletions")),
    )
    op.create_index("ix_storage_deletions_after", "storage_deletions", ["after"], unique=False)
    op.create_table(
        "usage",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by_type", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("used_bytes >= 0 AND reserved_bytes >= 0 AND files >= 0", name=op.f("ck_usage_positive")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_usage")),
    )
    op.create_table(
        "blob_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("version_type", sa.String(length=30), nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_blob_versions_blob_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob_versions")),
        sa.UniqueConstraint("blob_id", "version_type", name="uq_blob_versions_type"),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_as_staff", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("ext", sa.String(length=10), nullable=False),
        sa.Column("declared_size", sa.BigInteger(), nullable=True),
        sa.Column("declared_type", sa.String(length=100), nullable=False),
        sa.Column("declared_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=10), nullable=False),
        sa.Column("entity_type", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.String(length=64), nullable=False),
        sa.Column("entity_known", sa.Boolean(), nullable=False),
        sa.Column("entity_key", sa.String(length=120), nullable=False),
        sa.Column("visibility", sa.String(length=7), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("description", sa.String(length=5000), nullable=True),
        sa.Column("alt_text", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error_message", sa.String(length=500), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("versions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("upload_generation", sa.BigInteger(), nullable=False),
        sa.Column("upload_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("multipart_upload_id", sa.String(length=1024), nullable=True),
        sa.Column("counted_bytes", sa.BigInteger(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_cause", sa.String(length=20), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', regexp_replace(coalesce(filename, '') || ' ' || coalesce(title, '') || ' ' || coalesce(description, '') || ' ' || coalesce(alt_text, ''), '[^[:alnum:]]+', ' ', 'g'))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'ready', 'failed', 'deleted')", name=op.f("ck_media_status_known")
        ),
        sa.CheckConstraint("visibility IN ('public', 'private')", name=op.f("ck_media_visibility_known")),
        sa.CheckConstraint("counted_bytes >= 0 AND file_size >= 0", name=op.f("ck_media_bytes_positive")),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_media_blob_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index("ix_media_blob", "media", ["blob_id"], unique=False)
    op.create_index(
        "ix_media_deleted", "media", ["deleted_at"], unique=False, postgresql_where=sa.text("status = 'deleted'")
    )
    op.create_index(
        "ix_media_entity",
        "media",
        ["entity_type", "entity_id"],
        unique=False,
        postgresql_where=sa.text("status <> 'deleted'"),
    )
    op.create_index(
        "ix_media_entity_key", "media", ["entity_key"], unique=False, postgresql_where=sa.text("status <> 'deleted'")
    )
    op.create_index(
        "ix_media_failed", "media", ["processed_at"], unique=False, postgresql_where=sa.text("status = 'failed'")
    )
    op.create_index(
        "ix_media_of_entity",
        "media",
        ["entity_type", "entity_id", "display_order", sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("status = 'ready' AND visibility = 'public'"),
    )
    op.create_index(
        "ix_media_own_newest",
        "media",
        ["uploaded_by", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_media_own_order",
        "media",
        ["uploaded_by", "display_order", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("status <> 'deleted'"),
    )
    op.create_index(
        "ix_media_pending", "media", ["upload_expires_at"], unique=False, postgresql_where=sa.text("status = 'pending'")
    )
    op.create_index("ix_media_search", "media", ["search"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_media_unknown",
        "media",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'ready' AND NOT entity_known"),
    )
    op.create_index(
        "uq_media_primary",
        "media",
        ["entity_key"],
        unique=True,
        postgresql_where=sa.text("is_primary AND status <> 'deleted'"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("operations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("current_operation", sa.String(length=100), nullable=True),
        sa.Column("completed_operations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("error_message", sa.String(length=500), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')", name=op.f("ck_jobs_status_known")
        ),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_jobs_media_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_due", "jobs", ["run_after"], unique=False, postgresql_where=sa.text("status = 'queued'"))
    op.create_index(
        "ix_jobs_leased", "jobs", ["locked_until"], unique=False, postgresql_where=sa.text("status = 'processing'")
    )
    op.create_index("ix_jobs_media", "jobs", ["media_id", sa.literal_column("created_at DESC")], unique=False)
    op.create_index(
        "uq_jobs_open",
        "jobs",
        ["media_id", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'processing')"),
    )


def downgrade() -> None:
    op.drop_index("uq_jobs_open", table_name="jobs", postgresql_where=sa.text("status IN ('queued', 'processing')"))
    op.drop_index("ix_jobs_media", table_name="jobs")
    op.drop_index("ix_jobs_leased", table_name="jobs", postgresql_where=sa.text("status = 'processing'"))
    op.drop_index("ix_jobs_due", table_name="jobs", postgresql_where=sa.text("status = 'queued'"))
    op.drop_table("jobs")
    op.drop_index(
        "uq_media_primary", table_name="media", postgresql_where=sa.text("is_primary AND status <> 'deleted'")
    )
    op.drop_index(
        "ix_media_unknown", table_name="media", postgresql_where=sa.text("status = 'ready' AND NOT entity_known")
    )
    op.drop_index("ix_media_search", table_name="media", postgresql_using="gin")
    op.drop_index("ix_media_pending", table_name="media", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index("ix_media_own_order", table_name="media", postgresql_where=sa.text("status <> 'deleted'"))
    op.drop_index("ix_media_own_newest", table_name="media")
    op.drop_index(
        "ix_media_of_entity", table_name="media", postgresql_where=sa.text("status = 'ready' AND visibility = 'public'")
    )
    op.drop_index("ix_media_failed", table_name="media", postgresql_where=sa.text("status = 'failed'"))
    op.drop_index("ix_media_entity_key", table_name="media", postgresql_where=sa.text("status <> 'deleted'"))
    op.drop_index("ix_media_entity", table_name="media", postgresql_where=sa.text("status <> 'deleted'"))
    op.drop_index("ix_media_deleted", table_name="media", postgresql_where=sa.text("status = 'deleted'"))
    op.drop_index("ix_media_blob", table_name="media")
    op.drop_table("media")
    op.drop_table("blob_versions")
    op.drop_table("usage")
    op.drop_index("ix_storage_deletions_after", table_name="storage_deletions")
    op.drop_table("storage_deletions")
    op.drop_index("ix_practitioners_user", table_name="practitioners")
    op.drop_table("practitioners")
    op.drop_index("ix_entities_purge", table_name="entities", postgresql_where=sa.text("purge_at IS NOT NULL"))
    op.drop_index("ix_entities_number", table_name="entities")
    op.drop_table("entities")
    op.drop_table("counters")
    op.drop_index("ix_counter_marks_hour", table_name="counter_marks")
    op.drop_table("counter_marks")
    op.drop_table("claims")
    op.drop_table("blocked_hashes")
    op.drop_index("ix_blobs_condemned", table_name="blobs", postgresql_where=sa.text("state = 'condemned'"))
    op.drop_table("blobs")
