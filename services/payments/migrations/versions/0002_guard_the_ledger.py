"""Guard the ledger in the database itself, and enter plans and rates.

Revision: payments_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.ids import uuid7

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None

RATES = (
    ("session", "Session", 1500),
    ("workshop", "Workshop", 2000),
    ("course", "Course", 2000),
    ("package", "Package", 1500),
    ("bundle", "Bundle", 1000),
    ("membership", "Membership", 1500),
)
TIERS = (
    {
        "code": "basic",
        "name": "Basic",
        "description": "Start for free.",
        "monthly_price_cents": 0,
        "annual_price_cents": None,
        "is_most_popular": False,
        "features": {"max_services": 5, "max_locations": 1},
    },
    {
        "code": "professional",
        "name": "Professional",
        "description": "For a growing practice.",
        "monthly_price_cents": 2900,
        "annual_price_cents": 29000,
        "is_most_popular": True,
        "features": {"max_services": 50, "max_locations": 5, "analytics": True, "advanced_scheduling": True},
    },
    {
        "code": "premium",
        "name": "Premium",
        "description": "Everything, and the lowest commission.",
        "monthly_price_cents": 9900,
        "annual_price_cents": 99000,
        "is_most_popular": False,
        "features": {
            "max_services": -1,
            "max_locations": -1,
            "analytics": True,
            "advanced_scheduling": True,
            "bulk_operations": True,
        },
    },
)
ADJUSTMENTS = {"basic": 0, "professional": -200, "premium": -500}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("""
        CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is append-only: reverse a posting with another one'
                USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()"
        )
    # The role owns its tables; it gives up what it must never do. Foreign keys need UPDATE on what they point to,
    # so transactions keep theirs behind the trigger.
    op.execute("REVOKE UPDATE, DELETE ON ledger_entries FROM CURRENT_USER")
    op.execute("""
        CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            posting bigint := coalesce(to_jsonb(NEW) ->> 'transaction_id', to_jsonb(NEW) ->> 'id');
            total numeric; lines int; currencies int;
        BEGIN
            SELECT sum(e.amount_cents), count(*), count(DISTINCT a.currency) INTO total, lines, currencies
            FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id WHERE e.transaction_id = posting;
            IF lines < 2 OR total <> 0 OR currencies <> 1 THEN
                RAISE EXCEPTION 'ledger transaction % has % entries that sum to % in % currencies',
                    posting, lines, total, currencies USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON ledger_transactions
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances()
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON ledger_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances()
    """)
    op.bulk_insert(
        sa.table("service_type_commissions", sa.column("service_type_code"), sa.column("name"), sa.column("base_bps")),
        [{"service_type_code": code, "name": name, "base_bps": bps} for code, name, bps in RATES],
    )
    op.bulk_insert(
        sa.table(
            "subscription_tiers",
            sa.column("public_uuid", sa.Uuid()),
            *(sa.column(name) for name in ("code", "name", "description", "is_most_popular", "is_active", "order")),
            *(sa.column(name, sa.BigInteger()) for name in ("monthly_price_cents", "annual_price_cents")),
            sa.column("features", postgresql.JSONB()),
        ),
        [{"public_uuid": uuid7(), "is_active": True, "order": order, **tier} for order, tier in enumerate(TIERS)],
    )
    op.bulk_insert(
        sa.table("tier_commission_adjustments", sa.column("tier_code"), sa.column("adjustment_bps")),
        [{"tier_code": code, "adjustment_bps": bps} for code, bps in ADJUSTMENTS.items()],
    )


def downgrade() -> None:
    op.execute("DELETE FROM tier_commission_adjustments")
    op.execute("DELETE FROM subscription_tiers")
    op.execute("DELETE FROM service_type_commissions")
    op.execute("GRANT UPDATE, DELETE ON ledger_entries TO CURRENT_USER")
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(f"DROP TRIGGER balances ON {table}")
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.execute("DROP FUNCTION ledger_balances()")
    op.execute("DROP FUNCTION ledger_is_append_only()")
