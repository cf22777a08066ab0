"""Let places be found by any of their names, and searches begin with the best rated.

Revision: practitioners_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "practitioners_0002"
down_revision = "practitioners_0001"
branch_labels = None
depends_on = None

NAMES = (
    "ARRAY['c:' || city_key, 'c:' || city_slug, 's:' || state_key, 's:' || lower(state_code),"
    " 'k:' || country_key, 'k:' || lower(country_code), 'p:' || lower(postal_code)]"
)


def upgrade() -> None:
    """One index holds all names, instead of one for some of them."""
    op.drop_index("ix_places_names", table_name="places")
    op.drop_index("ix_places_postal_code", table_name="places")
    op.add_column(
        "places",
        sa.Column("names", postgresql.ARRAY(sa.Text()), sa.Computed(NAMES, persisted=True), nullable=False),
    )
    op.create_index(
        "ix_places_names",
        "places",
        ["names"],
        postgresql_using="gin",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_practitioners_weighted",
        "practitioners",
        [sa.text("rating_weighted DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("listed"),
    )


def downgrade() -> None:
    op.drop_index("ix_practitioners_weighted", table_name="practitioners")
    op.drop_column("places", "names")
    op.create_index(
        "ix_places_names",
        "places",
        ["city_key", "state_key", "country_key"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_places_postal_code", "places", ["postal_code"], postgresql_where=sa.text("deleted_at IS NULL"))
