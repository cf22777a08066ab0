"""The demo's studios can be opened again and again."""

import pytest
from sqlalchemy import func, select

from services.locations import seed
from services.locations.clients.zones import zone_at
from services.locations.domain.demo_places import PLACES
from services.locations.domain.sphere import Point
from services.locations.models import PractitionerLocation
from services.locations.tests.factories import open_practice
from shared.database import Database
from shared.messaging import NotYet

pytestmark = pytest.mark.usefixtures("places")


def test_a_second_seed_opens_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotYet):
        seed.open_studios()
    for number, zone in enumerate(("America/New_York", "Europe/Berlin", "America/Chicago"), start=1):
        open_practice(database, number, timezone=zone)
    monkeypatch.setattr(seed, "PATIENCE_SECONDS", -1.0)

    seed.open_studios()
    seed.open_studios()

    with database.transaction() as session:
        rows = session.scalars(select(PractitionerLocation).where(PractitionerLocation.is_in_person)).all()
        assert session.scalar(select(func.count(PractitionerLocation.id))) == 5
    assert [row.country_code for row in rows] == ["US", "DE", "US"]
    assert all(row.is_primary and row.city_id and row.precision == "manual" for row in rows)
    assert {row.timezone for row in rows} == {"America/New_York", "Europe/Berlin", "America/Chicago"}


def test_a_studio_lies_in_its_zone() -> None:
    found = {zone: {zone_at(Point(one.latitude, one.longitude)) for one in places} for zone, places in PLACES.items()}

    assert found == {zone: {zone} for zone in PLACES}
