"""Let the cities of a search's facets be counted in an index of places.

Revision: practitioners_0005
"""

from alembic import op

revision = "practitioners_0005"
down_revision = "practitioners_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index by practitioner holds the city."""
    op.drop_index("ix_places_practitioner", table_name="places")
    op.create_index(
        "ix_places_practitioner",
        "places",
        ["practitioner_id"],
        postgresql_include=["deleted_at", "city_slug", "city_name"],
    )


def downgrade() -> None:
    op.drop_index("ix_places_practitioner", table_name="places")
    op.create_index("ix_places_practitioner", "places", ["practitioner_id"])
