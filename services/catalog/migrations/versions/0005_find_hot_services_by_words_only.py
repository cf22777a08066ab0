"""Let popular services be found by their words and names only, and gauge searches in a smaller sample.

Revision: catalog_0005
"""

import sqlalchemy as sa
from alembic import op

revision = "catalog_0005"
down_revision = "catalog_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The planner read all popular services in the order of their ids, instead of those that the words' index names."""
    op.drop_index("ix_services_hot", table_name="services")
    op.create_index(
        "ix_services_hot_names",
        "services",
        [sa.text("lower(name) gin_trgm_ops")],
        postgresql_using="gin",
        postgresql_where=sa.text("listed AND hot"),
    )
    _sample(4)


def downgrade() -> None:
    _sample(16)
    op.drop_index("ix_services_hot_names", table_name="services")
    op.create_index("ix_services_hot", "services", ["id"], postgresql_where=sa.text("hot"))


def _sample(bytes_of_256: int) -> None:
    op.drop_index("ix_services_search_sample", table_name="services")
    op.create_index(
        "ix_services_search_sample",
        "services",
        ["search"],
        postgresql_using="gin",
        postgresql_where=sa.text(f"listed AND get_byte(uuid_send(public_uuid), 15) < {bytes_of_256}"),
    )
