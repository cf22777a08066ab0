"""Let one index find words within categories and types, instead of naming all services of either.

Revision: catalog_0006
"""

import sqlalchemy as sa
from alembic import op

revision = "catalog_0006"
down_revision = "catalog_0005"
branch_labels = None
depends_on = None

SAMPLED = "get_byte(uuid_send(public_uuid), 15) < 4"
WHERE = {"search": "listed", "search_hot": "listed AND hot", "search_sample": f"listed AND {SAMPLED}"}
PENDING = {"search": {"gin_pending_list_limit": "256"}}


def upgrade() -> None:
    """Services can be read but not written meanwhile: some 15 seconds at a million services.

    The extension is a trusted one: who owns the database may create it. Without statistics the planner takes the
    sample for a third of all services.
    """
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    _make_again(["search", "category_id", "type_id"])
    op.execute(f"CREATE STATISTICS st_services_sample ON ({SAMPLED.removesuffix(' < 4')}) FROM services")
    op.execute("ANALYZE services")


def downgrade() -> None:
    """The extension stays: other tables may use it by then."""
    op.execute("DROP STATISTICS st_services_sample")
    _make_again(["search"])


def _make_again(columns: list[str]) -> None:
    for name, where in WHERE.items():
        op.drop_index(f"ix_services_{name}", table_name="services")
        op.create_index(
            f"ix_services_{name}",
            "services",
            columns,
            postgresql_using="gin",
            postgresql_where=sa.text(where),
            postgresql_with=PENDING.get(name, {}),
        )
