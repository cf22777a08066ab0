"""Let a search read the best rated first whatever it asks for, so that its cost does not grow with what matches.

Revision: practitioners_0003
"""

import sqlalchemy as sa
from alembic import op

revision = "practitioners_0003"
down_revision = "practitioners_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index holds bands, facets and words: PostgreSQL meets them in it before it reads a row."""
    op.add_column("practitioners", sa.Column("band", sa.SmallInteger(), server_default="12", nullable=False))
    op.create_index(
        "ix_practitioners_found",
        "practitioners",
        [sa.text("(ARRAY[band])"), "tags", "search"],
        postgresql_using="gin",
        postgresql_where=sa.text("listed"),
    )
    op.drop_index("ix_practitioners_tags", table_name="practitioners")
    op.drop_index("ix_practitioners_search", table_name="practitioners")


def downgrade() -> None:
    for column in ("tags", "search"):
        op.create_index(
            f"ix_practitioners_{column}",
            "practitioners",
            [column],
            postgresql_using="gin",
            postgresql_where=sa.text("listed"),
        )
    op.drop_index("ix_practitioners_found", table_name="practitioners")
    op.drop_column("practitioners", "band")
