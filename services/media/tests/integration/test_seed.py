"""The demo has pictures, once."""

import time

import pytest
from sqlalchemy import func, select

from services.media import seed as seeding
from services.media.handlers import auth, catalog, practitioners
from services.media.models import Media
from services.media.tests.conftest import Work
from shared.database import Database
from shared.ids import uuid7
from shared.messaging import NotYet
from shared.messaging.testing import apply, message


def test_the_demo_has_pictures_once(database: Database, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "connect", lambda *_, **__: database)
    monkeypatch.setattr(seeding, "_began", time.monotonic())
    with pytest.raises(NotYet):
        seeding.seed()
    who = {"id": 7, "uuid": str(uuid7()), "display_name": "Mara Sol"}
    practice = {"id": 70, "public_uuid": str(uuid7()), "user_id": 7, "status": "verified"}
    offer = {"id": 5, "public_uuid": str(uuid7()), "practitioner_id": 70}
    for kind, data in (("user.changed", who), ("practitioner.changed", practice), ("service.changed", offer)):
        apply(database, "media", [auth, practitioners, catalog], message(kind, data, subject=("x", 1)))

    for _ in range(2):
        seeding.seed()
    work()

    with database.transaction() as session:
        shown = session.execute(select(Media.entity_type, Media.status, Media.is_primary, Media.width)).all()
        assert session.scalar(select(func.count()).select_from(Media)) == 2
    assert sorted(map(tuple, shown)) == [("practitioner", "ready", True, 640), ("service", "ready", True, 1600)]
