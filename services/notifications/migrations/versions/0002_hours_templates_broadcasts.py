"""Keep mail to people's hours, let staff edit words and announce, and part the deliveries by month.

Revision: notifications_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None

KEPT = (
    "id, user_id, notification_id, kind, channel, status, reason, related, context, address, subject, not_before,"
    " attempts, error, event_id, sent_at, created_at, updated_at"
)


def upgrade() -> None:
    op.add_column("users", sa.Column("is_practitioner", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("users", "is_practitioner", server_default=None)
    # Tickets live for 30 seconds.
    op.drop_table("ws_tickets")
    op.create_table(
        "ws_tickets",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_ws_tickets")),
    )
    op.create_index("ix_ws_tickets_issued_at", "ws_tickets", ["issued_at"])
    op.create_index("ix_ws_tickets_user_id", "ws_tickets", ["user_id", "issued_at"])
    op.rename_table("deliveries", "deliveries_before")
    for index in ("open", "related", "user", "created_at"):
        op.drop_index(f"ix_deliveries_{index}", table_name="deliveries_before")
    op.drop_constraint("pk_deliveries", "deliveries_before")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("related", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'held', 'sending', 'sent', 'failed', 'suppressed', 'skipped')",
            name=op.f("ck_deliveries_status_known"),
        ),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_deliveries")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.execute("CREATE TABLE partition_deliveries_default PARTITION OF deliveries DEFAULT")
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["not_before"],
        postgresql_where=sa.text("status IN ('queued', 'held', 'sending')"),
    )
    op.create_index(
        "ix_deliveries_held", "deliveries", ["user_id", "created_at"], postgresql_where=sa.text("status = 'held'")
    )
    op.create_index(
        "ix_deliveries_related", "deliveries", ["related"], postgresql_where=sa.text("status IN ('queued', 'held')")
    )
    op.create_index("ix_deliveries_user", "deliveries", ["user_id", sa.literal_column("created_at DESC")])
    op.create_index(
        "ix_deliveries_newest", "deliveries", [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    )
    op.create_index("ix_deliveries_event", "deliveries", ["event_id"])
    op.create_table(
        "delivery_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery_keys")),
    )
    op.create_index("ix_delivery_keys_created_at", "delivery_keys", ["created_at"])
    op.execute(f"INSERT INTO deliveries ({KEPT}, recipient) SELECT {KEPT}, '' FROM deliveries_before")  # noqa: S608
    op.execute("INSERT INTO delivery_keys (key, created_at) SELECT occasion, created_at FROM deliveries_before")
    op.drop_table("deliveries_before")
    op.create_table(
        "schedules",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quiet_hours_enabled", sa.Boolean(), nullable=False),
        sa.Column("quiet_start", sa.Time(), nullable=False),
        sa.Column("quiet_end", sa.Time(), nullable=False),
        sa.Column("quiet_days", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("digest_time", sa.Time(), nullable=False),
        sa.Column("digest_weekday", sa.SmallInteger(), nullable=False),
        sa.Column("next_digest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("digest IN ('off', 'hourly', 'daily', 'weekly')", name=op.f("ck_schedules_digest_known")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_schedules")),
    )
    op.create_index(
        "ix_schedules_next_digest_at",
        "schedules",
        ["next_digest_at"],
        postgresql_where=sa.text("next_digest_at IS NOT NULL"),
    )
    op.create_table(
        "last_states",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_last_states")),
    )
    op.create_index("ix_last_states_heard_at", "last_states", ["heard_at"])
    op.create_table(
        "templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("kind", "channel", "locale", name=op.f("uq_templates_kind_channel_locale")),
    )
    op.create_table(
        "template_versions",
        sa.Column("template_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("template_id", "version", name=op.f("pk_template_versions")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("action_url", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('scheduled', 'running', 'done', 'cancelled')", name=op.f("ck_broadcasts_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(
        "ix_broadcasts_open",
        "broadcasts",
        ["scheduled_for"],
        postgresql_where=sa.text("status IN ('scheduled', 'running')"),
    )
