"""The demo is made once, of what the service knows."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.bookings.models import Booking
from services.bookings.seed import seed
from services.bookings.tests.world import BUNDLE, SESSION, WORKSHOP, World
from shared.database import Database
from shared.messaging import NotYet


def test_seeding_waits_for_others_and_happens_once(database: Database) -> None:
    world = World(database)
    with pytest.raises(NotYet):
        seed()
    world.basics(advance_booking_max_days=30)
    world.user(1, email="client@demo.estuary.local")
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=datetime.now(UTC) + timedelta(days=5), max_participants=9)
    world.service(BUNDLE, service_type="bundle", sessions_included=3, children=[{"service_id": SESSION}])

    seed()
    with database.transaction() as session:
        statuses = Counter(session.scalars(select(Booking.status)))
    seed()

    with database.transaction() as session:
        assert Counter(session.scalars(select(Booking.status))) == statuses
        past = select(Booking.status, Booking.payment_status).where(Booking.status == "completed").distinct()
        assert session.execute(past).all() == [("completed", "paid")]
    assert {"completed", "confirmed", "pending_payment", "draft"} <= set(statuses)
