"""The nightly comparison of counters with what they follow from."""

import pytest
from sqlalchemy import text

from services.practitioners import jobs
from services.practitioners.operations import checking
from services.practitioners.operations.checking import Drift
from services.practitioners.tests.people import booking, newcomer, service, verified
from services.practitioners.worker import HANDLERS
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.messaging.testing import apply
from shared.testing.http import Caller

FALSIFY_DAY = "UPDATE practitioner_daily SET {0} = {0} + 1 WHERE day = (SELECT min(day) FROM practitioner_daily)"
COUNTERS = {
    "bookings_count": "UPDATE practitioners SET bookings_count = bookings_count + 1",
    "canceled_count": "UPDATE practitioners SET canceled_count = canceled_count + 1",
    "completed_count": "UPDATE practitioners SET completed_count = completed_count + 1",
    "services_count": "UPDATE practitioners SET services_count = services_count + 1",
    "min_price_cents": "UPDATE practitioners SET min_price_cents = min_price_cents + 1",
    "max_price_cents": "UPDATE practitioners SET max_price_cents = max_price_cents + 1",
    "days_created": FALSIFY_DAY.format("created"),
    "days_canceled": FALSIFY_DAY.format("canceled"),
    "days_completed": FALSIFY_DAY.format("completed"),
    "days_revenue_cents": FALSIFY_DAY.format("revenue_cents"),
    "clients_bookings": "UPDATE client_stats SET bookings = bookings + 1 WHERE user_id = 8",
    "clients_completed": "UPDATE client_stats SET completed = completed + 1 WHERE user_id = 8",
    "clients_canceled": "UPDATE client_stats SET canceled = canceled + 1 WHERE user_id = 8",
    "clients_no_show": "UPDATE client_stats SET no_show = no_show + 1 WHERE user_id = 8",
    "clients_spent_cents": "UPDATE client_stats SET spent_cents = spent_cents + 1 WHERE user_id = 8",
}


@pytest.fixture
def practitioner(http: Caller, database: Database) -> int:
    """Somebody with a service, and with bookings that were completed, canceled, missed, and one in parts."""
    _, mine = verified(http, database, user_id=71)
    newcomer(http, database, user_id=8)
    done = {"status": "completed", "completed_at": "2026-12-01T10:00:00Z"}
    part = {"parent_booking_id": 904, "kind": "session"}
    apply(
        database,
        "practitioners",
        HANDLERS,
        service(1, mine),
        booking(1, mine, booking_id=901, **done),
        booking(1, mine, booking_id=902, status="canceled", start_time="2026-12-02T09:00:00Z"),
        booking(1, mine, booking_id=903, status="no_show", start_time="2026-12-03T09:00:00Z"),
        booking(1, mine, booking_id=904, kind="course", service_type="course", start_time=None, end_time=None),
        booking(1, mine, booking_id=905, start_time="2026-12-04T09:00:00Z", end_time="2026-12-04T10:00:00Z", **part),
        booking(1, mine, booking_id=906, status="canceled", status_detail="expired", user_id=9),
    )
    return mine


def test_counters_that_follow_agree(database: Database, practitioner: int) -> None:
    with database.transaction() as session:
        assert checking.drifted_profiles(session, [practitioner]) == []


def test_each_counter_is_compared(database: Database, practitioner: int) -> None:
    for counter, falsify in COUNTERS.items():
        with database.transaction() as session:
            falsified = session.begin_nested()
            assert session.execute(text(falsify)).rowcount == 1, counter  # type: ignore[attr-defined]

            [drift] = checking.drifted_profiles(session, [practitioner])
            falsified.rollback()

        assert (drift.owner_id, drift.counter) == (practitioner, counter)
        assert drift.held is not None
        assert drift.found == drift.held - 1


def test_favourites_are_compared(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=72)
    fan = newcomer(http, database, user_id=73)
    assert fan.post("/auth/favorites/add/", {"practitioner_id": mine}).status == 201

    with database.transaction() as session:
        assert checking.drifted_favorites(session, [73]) == []
        session.execute(text("UPDATE favorite_counters SET total = 5"))
        assert checking.drifted_favorites(session, [73]) == [
            Drift(owner_id=73, counter="favorites_total", held=5, found=1)
        ]


def test_a_month_of_nights_looks_at_everybody_once(database: Database, practitioner: int) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO favorite_counters VALUES (5, 1, 1, 1, true), (36, 1, 1, 1, true)"))
        seen = [
            one
            for part in range(checking.PARTS)
            for kind in (checking.practitioners, checking.admirers)
            for ids in kind(session, part=part, batch=1)
            for one in ids
        ]
    assert sorted(seen) == sorted([practitioner, 5, 36])
    with frozen_at(utc_now()):
        jobs.check_counters()
