"""What the hot operations cost: statements, and plans that never read whole tables."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from services.bookings.models.busy import taken_between
from services.bookings.tests.world import MONDAY, WORKSHOP, World, at
from shared.database import Database
from shared.database.engine import database as process_database
from shared.testing.http import Answer, Caller


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what the process sends to its database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = process_database().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_booking_a_time_takes_eight_statements(world: World, book: Callable[..., Answer]) -> None:
    book(start_time=at(8))

    with statements() as sent:
        assert book().status == 201

    assert len(sent) <= 8, "\n".join(sent)


@pytest.mark.parametrize("more", [{}, {"end_time": at(11), "practitioner_id": 10, "client_notes": "Hello"}])
def test_losing_takes_one_statement(
    world: World, http: Caller, book: Callable[..., Answer], more: dict[str, Any]
) -> None:
    book()

    with statements() as sent:
        assert book(http.as_user(2), **more).code == "slot_taken"

    assert len(sent) == 1, "\n".join(sent)


def test_booking_a_time_is_quick(world: World, http: Caller, book: Callable[..., Answer]) -> None:
    book(start_time=at(8))
    taken = []
    for number in range(30):
        began = time.process_time()
        assert book(http.as_user(100 + number + 1), start_time=at(8 + number % 12, day=2 + number // 12)).status == 201
        taken.append(time.process_time() - began)

    # Its own work alone, so that a busy machine does not matter; three times what it takes here.
    assert sorted(taken)[len(taken) // 2] < 0.03


def test_free_times_take_two_statements(world: World, book: Callable[..., Answer], http: Caller) -> None:
    book()
    path = "/bookings/available_slots/?service_id=50&start_date=2030-06-04&end_date=2030-07-02"

    with statements() as sent:
        answer = http.get(path)

    assert answer.status == 200
    assert len(sent) == 2, "\n".join(sent)


@pytest.mark.parametrize("page_size", [1, 20])
def test_a_list_takes_two_statements(world: World, book: Callable[..., Answer], client: Caller, page_size: int) -> None:
    for hour in range(8, 12):
        book(start_time=at(hour))

    with statements() as sent:
        answer = client.get(f"/bookings/?page_size={page_size}")

    assert answer.json["count"] == 4
    assert len(sent) == 2, "\n".join(sent)


def test_a_detail_takes_four_statements_at_most(world: World, confirmed: Callable[..., Any], client: Caller) -> None:
    booking = confirmed()

    with statements() as sent:
        assert client.get(f"/bookings/{booking['id']}/").status == 200

    assert len(sent) <= 4, "\n".join(sent)


# A year of appointments of thirty practitioners, around MONDAY.
YEAR = """
    INSERT INTO calendar_blocks (practitioner_id, during, source, source_id, exclusive)
    SELECT whose, tstzrange(day + '9 hours', day + '10 hours'), 'booking', 1000 + row_number() OVER (), true
    FROM generate_series(10, 39) AS whose, generate_series('2030-01-01'::timestamptz, '2030-12-31', '1 day') AS day
"""


def test_taken_time_is_found_by_whose_it_is(world: World, database: Database) -> None:
    """The index is asked for the practitioner and the range; the range alone would read everybody's appointments."""
    with database.transaction() as session:
        session.execute(text(YEAR))
        session.execute(text("ANALYZE calendar_blocks"))
    with statements() as sent, process_database().transaction() as session:
        taken_between(session, 10, MONDAY, MONDAY + timedelta(days=2), now=MONDAY)
    [statement] = sent
    values = {"practitioner_id": 10, "starts": MONDAY, "ends": MONDAY + timedelta(days=2), "now": MONDAY}
    with process_database().engine.connect() as connection, connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    found = re.search(r"Index Cond: \(\(practitioner_id = .*\) AND \(during && ", plan)
    assert found is not None, plan


def test_hot_queries_never_read_whole_tables(world: World, database: Database, confirmed: Callable[..., Any]) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2))
    confirmed()
    hot = {
        "blocks": "SELECT 1 FROM calendar_blocks WHERE practitioner_id = 10"
        " AND during && tstzrange('2030-06-04', '2030-06-05')",
        "own": "SELECT * FROM bookings WHERE client_id = 1 ORDER BY start_time DESC NULLS LAST, id DESC LIMIT 20",
        "holds": "SELECT * FROM bookings WHERE status = 'pending_payment' AND hold_expires_at <= now()",
        "ends": "SELECT * FROM bookings WHERE status IN ('confirmed', 'in_progress') AND end_time <= now()",
        "seats": "UPDATE session_seats SET taken = taken + 1 WHERE id = 700",
        "children": "SELECT * FROM bookings WHERE parent_id = 7",
        "credits": "SELECT * FROM bookings WHERE client_id = 1 AND service_id = 50 AND status = 'draft'",
        "reminders": "SELECT * FROM booking_reminders WHERE NOT is_sent AND scheduled_time <= now()",
    }
    with database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        for name, statement in hot.items():
            plan = "\n".join(session.scalars(text(f"EXPLAIN {statement}")))
            assert "Seq Scan" not in plan, f"{name}\n{plan}"
