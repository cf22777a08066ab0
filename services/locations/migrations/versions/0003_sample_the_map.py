"""Index a sixty-fourth of the locations, so that a map of very many can tell where they are without reading them all.

Revision: locations_0003
"""

import sqlalchemy as sa
from alembic import op

revision = "locations_0003"
down_revision = "locations_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_practitioner_locations_sample",
        "practitioner_locations",
        ["geo"],
        postgresql_using="gist",
        postgresql_where=sa.text("listed AND deleted_at IS NULL AND id % 64 = 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_practitioner_locations_sample", table_name="practitioner_locations")
