"""Keep what the ledger's audits saw, take away the right to empty it, and note what the clock has done.

Revision: payments_0003
"""

import sqlalchemy as sa
from alembic import op

revision = "payments_0003"
down_revision = "payments_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "ledger_audits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_audits")),
    )
    op.create_table(
        "payout_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("payouts", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
        sa.UniqueConstraint("monday", name=op.f("uq_payout_batches_monday")),
    )
    op.add_column("booking_ref", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment_methods", sa.Column("expiry_told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_payment_methods_expiry",
        "payment_methods",
        ["exp_year", "exp_month"],
        postgresql_where=sa.text("is_active"),
    )
    # No trigger sees the rows of a TRUNCATE, so the role that owns the tables gives up the right to it as well.
    op.execute("REVOKE TRUNCATE ON ledger_transactions, ledger_entries FROM CURRENT_USER")


def downgrade() -> None:
    op.execute("GRANT TRUNCATE ON ledger_transactions, ledger_entries TO CURRENT_USER")
    op.drop_index("ix_payment_methods_expiry", table_name="payment_methods", postgresql_where=sa.text("is_active"))
    op.drop_column("payment_methods", "expiry_told_at")
    op.drop_column("booking_ref", "told_at")
    op.drop_table("payout_batches")
    op.drop_table("ledger_audits")
