"""Create people, sessions, keys and everything else that auth keeps.

Revision: auth_0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "auth_0001"
down_revision = None
branch_labels = ("auth",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", "at", name="pk_activities"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_activities_actor", "activities", ["actor_id", sa.literal_column("at DESC")])
    op.create_index("ix_activities_at", "activities", [sa.literal_column("at DESC")])
    op.create_index("ix_activities_user", "activities", ["user_id", sa.literal_column("at DESC")])
    # Lines fall in here while no month's partition is made; the daily job makes months ahead.
    op.execute("CREATE TABLE partition_activities_default PARTITION OF activities DEFAULT")
    op.execute("""
        CREATE FUNCTION activities_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'ip' - 'user_agent' = to_jsonb(OLD) - 'ip' - 'user_agent'
               AND NEW.ip IS NULL AND NEW.user_agent = '' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'activities are append-only';
        END $$
    """)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON activities "
        "FOR EACH ROW EXECUTE FUNCTION activities_are_append_only()"
    )
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "source", name="pk_erasures"),
    )
    op.create_table(
        "key_pairs",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_key_pairs"),
    )
    op.create_table(
        "key_sets",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_key_sets"),
    )
    op.create_table(
        "known_avatars",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("media_id", name="pk_known_avatars"),
    )
    op.create_table(
        "legacy_refresh",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_legacy_refresh"),
    )
    op.create_index("ix_legacy_refresh_expires_at", "legacy_refresh", ["expires_at"])
    op.create_table(
        "login_failures",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_login_failures_first_at", "login_failures", ["first_at"])
    op.create_table(
        "revocations",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_revocations"),
    )
    op.create_index("ix_revocations_expires_at", "revocations", ["expires_at"])
    op.create_index("ix_revocations_noted_at", "revocations", ["noted_at"])
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pending_email", sa.String(length=254), nullable=True),
        sa.Column("first_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("preferred_name", sa.String(length=150), nullable=True),
        sa.Column("phone_number", sa.String(length=17), nullable=True),
        sa.Column("phone_number_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("timezone", sa.String(length=50), server_default="UTC", nullable=False),
        sa.Column("timezone_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("locale", sa.String(length=35), server_default="en", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_status", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("status_reason", sa.String(length=500), nullable=True),
        sa.Column("is_staff", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("mfa_enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("avatar_media_id", sa.Uuid(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("date_joined", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deletion_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_requested_by", sa.BigInteger(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erasure_reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mfa_reset_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_from", sa.String(length=50), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_uuid", sa.Uuid(), nullable=True),
        sa.Column("practitioner_slug", sa.Text(), nullable=True),
        sa.Column("practitioner_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("practitioner_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("subscribed_tier", sa.Text(), nullable=True),
        sa.Column("tier_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tier_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account_status IN ('active', 'inactive', 'suspended', 'pending', 'deleted')",
            name="ck_users_account_status_known",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("uuid", name="uq_users_uuid"),
    )
    op.create_index("ix_users_account_status", "users", ["account_status", "id"])
    op.create_index(
        "ix_users_avatar_media", "users", ["avatar_media_id"], postgresql_where=sa.text("avatar_media_id IS NOT NULL")
    )
    op.create_index("ix_users_date_joined", "users", ["date_joined", "id"])
    op.create_index(
        "ix_users_deletion_due", "users", ["deletion_due_at"], postgresql_where=sa.text("deletion_due_at IS NOT NULL")
    )
    op.create_index("ix_users_email_prefix", "users", [sa.literal_column("lower(email) text_pattern_ops")])
    op.create_index("ix_users_first_name_prefix", "users", [sa.literal_column("lower(first_name) text_pattern_ops")])
    op.create_index(
        "ix_users_mfa_reset_due",
        "users",
        ["mfa_reset_due_at"],
        postgresql_where=sa.text("mfa_reset_due_at IS NOT NULL"),
    )
    op.create_index("ix_users_erased_at", "users", ["erased_at"], postgresql_where=sa.text("erased_at IS NOT NULL"))
    op.create_index(
        "ix_users_practitioner", "users", ["practitioner_id"], postgresql_where=sa.text("practitioner_id IS NOT NULL")
    )
    op.create_index("ix_users_is_staff", "users", ["id"], postgresql_where=sa.text("is_staff"))
    op.create_index("ix_users_last_name_prefix", "users", [sa.literal_column("lower(last_name) text_pattern_ops")])
    op.create_index("uq_users_email_lower", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "action_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_action_tokens_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_action_tokens"),
    )
    op.create_index("ix_action_tokens_expires_at", "action_tokens", ["expires_at"])
    op.create_index("ix_action_tokens_user", "action_tokens", ["user_id", "purpose"])
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(length=100), server_default="", nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("token_hash", name="uq_devices_token_hash"),
    )
    op.create_index("ix_devices_user", "devices", ["user_id", sa.literal_column("last_seen_at DESC")])
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("waiting_for", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_exports_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_status", "exports", ["status"])
    op.create_index("ix_exports_user", "exports", ["user_id", "requested_at"])
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("provider", "subject", name="uq_identities_provider_subject"),
    )
    op.create_index("ix_identities_user", "identities", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("methods", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("rotations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("used_generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
        sa.Column("device_name", sa.String(length=100), nullable=True),
        sa.Column("impersonator_id", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_sessions_created_at", "sessions", ["created_at"])
    op.create_index("ix_sessions_live", "sessions", ["user_id"], postgresql_where=sa.text("revoked_at IS NULL"))
    op.create_table(
        "totp",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_totp_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_totp"),
    )
    op.create_table(
        "export_parts",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name="fk_export_parts_export_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("export_id", "source", "part", name="pk_export_parts"),
    )


def downgrade() -> None:
    for table in (
        "export_parts",
        "totp",
        "sessions",
        "recovery_codes",
        "identities",
        "exports",
        "devices",
        "action_tokens",
        "users",
        "revocations",
        "login_failures",
        "legacy_refresh",
        "known_avatars",
        "key_sets",
        "key_pairs",
        "erasures",
        "activities",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION activities_are_append_only()")
