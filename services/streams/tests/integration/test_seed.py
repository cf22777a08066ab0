"""The demo is there once, however often it is asked for."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from services.streams import seed
from services.streams.models import LiveAnalytics, LiveStream, Stream, StreamCategory
from services.streams.tests.factories import HANDLERS, practitioner_told, user_told
from shared.database import Database
from shared.messaging import NotYet
from shared.messaging.testing import apply


def test_seeding_twice_is_seeding_once(database: Database, app: Flask) -> None:
    with pytest.raises(NotYet):
        seed.seed()
    apply(database, "streams", HANDLERS, *(practitioner_told(number) for number in range(1, 7)))
    apply(database, "streams", HANDLERS, *(user_told(number, f"U{number}") for number in range(1, 6)))

    counts = []
    for _ in range(2):
        seed.seed()
        with database.transaction() as session:
            models = (Stream, StreamCategory, LiveStream, LiveAnalytics)
            counts.append([session.scalar(select(func.count()).select_from(model)) for model in models])

    assert counts[0] == counts[1]
    assert (counts[0][0], counts[0][3]) == (5, 15)
