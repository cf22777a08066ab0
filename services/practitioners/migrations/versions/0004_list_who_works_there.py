"""Let who works in a city or around a point be counted and sorted in the indexes of places; find who was deleted.

Revision: practitioners_0004
"""

import sqlalchemy as sa
from alembic import op

revision = "practitioners_0004"
down_revision = "practitioners_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Places carry what the usual order of lists needs."""
    op.add_column("places", sa.Column("featured", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "places", sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.drop_index("ix_places_geo", table_name="places")
    op.execute(
        "UPDATE places SET featured = practitioners.featured, since = practitioners.created_at"
        " FROM practitioners WHERE practitioners.id = places.practitioner_id"
    )
    op.create_index(
        "ix_places_geo",
        "places",
        ["geo"],
        postgresql_using="gist",
        postgresql_include=["id", "practitioner_id", "listed", "featured", "since"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    for name in ("city_key", "city_slug"):
        op.create_index(
            f"ix_places_{name}",
            "places",
            [name, sa.text("featured DESC"), sa.text("since DESC"), sa.text("practitioner_id DESC")],
            postgresql_where=sa.text("listed AND deleted_at IS NULL"),
        )
    op.create_index(
        "ix_practitioners_deleted", "practitioners", ["deleted_at"], postgresql_where=sa.text("deleted_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_practitioners_deleted", table_name="practitioners")
    op.drop_index("ix_places_city_slug", table_name="places")
    op.drop_index("ix_places_city_key", table_name="places")
    op.drop_index("ix_places_geo", table_name="places")
    op.create_index(
        "ix_places_geo", "places", ["geo"], postgresql_using="gist", postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.drop_column("places", "since")
    op.drop_column("places", "featured")
