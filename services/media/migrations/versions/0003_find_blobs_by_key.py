"""Find the rows of an object, and all of a prefix, by their keys: the weekly look reads no table as a whole.

Revision: media_0003
"""

from alembic import op

revision = "media_0003"
down_revision = "media_0002"
branch_labels = None
depends_on = None

KEYS = (("blobs", "storage_key"), ("blobs", "source_key"), ("blob_versions", "storage_key"))


def upgrade() -> None:
    for table, column in KEYS:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_ops={column: "varchar_pattern_ops"})


def downgrade() -> None:
    for table, column in KEYS:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
