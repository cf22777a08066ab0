"""The demo's services can be added again and again."""

from sqlalchemy import func, select

from services.catalog import seed
from services.catalog.handlers import practitioners
from services.catalog.models import Service
from services.catalog.tests.factories import practitioner_told
from shared.database import Database
from shared.messaging.testing import apply


def test_a_second_seed_adds_nothing(database: Database) -> None:
    apply(database, "catalog", [practitioners], *(practitioner_told(number) for number in range(1, 6)))
    seed.PATIENCE_SECONDS = -1.0

    seed.seed()
    seed.seed()

    with database.transaction() as session:
        counted = set(session.scalars(select(Service.type_id).distinct()))
        assert session.scalar(select(func.count()).where(Service.listed)) == 20
    assert counted == {1, 2, 3, 4, 5}
