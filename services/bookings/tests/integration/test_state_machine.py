"""Whatever people do in whatever order: no time sold twice, no cent lost, and events that tell the present state."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count, pairwise
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import text

from services.bookings.tests.world import MONDAY, World
from shared.clock import frozen_at
from shared.database import Database
from shared.testing.http import Answer, Caller
from shared.testing.proof import FULL, sized

_numbers = count(5_000)
CLIENTS = 3
BUFFER = 15
HOURS = st.integers(0, 11)
DAYS = st.integers(1, 3)
ALLOWED = {200, 201, 400, 402, 409}

OVERLAPS = text("""
    SELECT count(*) FROM bookings a JOIN bookings b ON a.id < b.id AND a.practitioner_id = b.practitioner_id
    WHERE a.practitioner_id = :practitioner AND a.kind = 'session' AND b.kind = 'session'
      AND a.status IN ('pending_payment', 'confirmed', 'in_progress')
      AND b.status IN ('pending_payment', 'confirmed', 'in_progress')
      AND tstzrange(a.start_time, a.end_time + a.buffer_minutes * interval '1 minute')
       && tstzrange(b.start_time, b.end_time + b.buffer_minutes * interval '1 minute')
""")
STRAYS = text("""
    SELECT count(*) FROM (
        SELECT id FROM bookings WHERE practitioner_id = :practitioner AND kind = 'session' AND start_time IS NOT NULL
           AND status IN ('pending_payment', 'confirmed', 'in_progress')
    ) AS open FULL JOIN (
        SELECT source_id FROM calendar_blocks WHERE practitioner_id = :practitioner AND source = 'booking'
    ) AS block ON block.source_id = open.id
    WHERE open.id IS NULL OR block.source_id IS NULL
""")
SEATS = text("""
    SELECT count(*) FROM session_seats s WHERE s.service_id IN (:workshop, :course) AND (
        s.taken <> (SELECT count(*) FROM bookings b WHERE b.service_session_id = s.id
                     AND b.status IN ('pending_payment', 'confirmed', 'in_progress'))
        OR s.taken + s.offered > s.capacity OR s.offered < 0)
""")
SHARES = text("""
    SELECT count(*) FROM bookings root
    WHERE root.practitioner_id = :practitioner AND root.parent_id IS NULL
      AND root.kind IN ('package', 'bundle', 'course', 'series')
      AND root.final_amount_cents <> (
          SELECT sum(b.allocated_cents) FROM bookings b WHERE b.parent_id = root.id
             AND NOT EXISTS (SELECT 1 FROM bookings again WHERE again.replaces_id = b.id))
""")
LEGAL = {
    None: {"pending_payment", "confirmed", "draft"},
    "draft": {"confirmed", "pending_payment", "canceled"},
    "pending_payment": {"confirmed", "canceled", "draft"},
    "confirmed": {"in_progress", "completed", "no_show", "canceled", "draft"},
    "in_progress": {"completed", "no_show", "canceled"},
    "completed": {"no_show", "canceled"},
    "no_show": {"completed"},
    "canceled": set(),
}
STATES = text("""
    SELECT o.aggregate_id, array_agg(o.payload->>'status' ORDER BY o.sequence) AS statuses
    FROM outbox o JOIN bookings b ON b.id = o.aggregate_id::bigint
    WHERE o.aggregate_type = 'booking' AND o.type = 'booking.changed' AND b.practitioner_id = :practitioner
    GROUP BY o.aggregate_id
""")
STALE_STATES = text("""
    SELECT count(*) FROM bookings b WHERE b.practitioner_id = :practitioner AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.aggregate_type = 'booking' AND o.aggregate_id = b.id::text
           AND o.type = 'booking.changed' AND o.sequence = b.version
           AND o.payload->>'status' = b.status AND o.payload->>'payment_status' = b.payment_status)
""")
MONEY = text("""
    SELECT root.id, root.paid_cents,
           bool_and(b.status IN ('completed', 'canceled', 'no_show')) AS is_over,
           coalesce(sum((SELECT sum(coalesce((o.payload->>'earned_cents')::bigint, 0)
                                  + coalesce((o.payload->>'retained_cents')::bigint, 0)
                                  + coalesce((o.payload->>'refund_cents')::bigint, 0))
                         FROM outbox o
                         WHERE o.aggregate_type = 'booking' AND o.aggregate_id = b.id::text
                           AND o.type IN ('booking.completed', 'booking.no_show', 'booking.cancelled')
                           AND o.sequence = (SELECT max(l.sequence) FROM outbox l
                                             WHERE l.aggregate_type = 'booking' AND l.aggregate_id = o.aggregate_id
                                               AND l.type IN ('booking.completed', 'booking.no_show',
                                                              'booking.cancelled')))), 0) AS told
    FROM bookings root JOIN bookings b ON b.id = root.id OR b.parent_id = root.id
    WHERE root.practitioner_id = :practitioner AND root.parent_id IS NULL AND root.paid_cents > 0
      AND root.status_detail IS DISTINCT FROM 'late_payment' AND root.collect = 'platform'
    GROUP BY root.id, root.paid_cents
""")


class Life(RuleBasedStateMachine):
    """People at one practitioner, who is this run's own."""

    database: ClassVar[Database]
    http: ClassVar[Caller]
    bookings = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        self.number = next(_numbers)
        self.now = MONDAY
        self.world = World(self.database)
        self.session_id, self.bundle_id = self.number * 10, self.number * 10 + 1
        with frozen_at(self.now):
            self.world.practitioner(self.number, self.number)
            self.world.calendar(self.number, buffer_minutes=BUFFER)
            given = {"practitioner_id": self.number, "practitioners": [{"practitioner_id": self.number}]}
            self.world.service(self.session_id, **given, price_cents=9_999)
            children = [{"service_id": self.session_id}]
            more = {"service_type": "bundle", "sessions_included": 3, "children": children, "price_cents": 10_000}
            self.world.service(self.bundle_id, **given, **more)
            self.workshop_id, self.course_id, self.package_id = (self.number * 10 + part for part in (2, 3, 4))
            self.world.service(self.workshop_id, **given, service_type="workshop", price_cents=3_333)
            self.world.service(self.course_id, **given, service_type="course", price_cents=7_000)
            parts = [{"service_id": self.session_id, "position": 0}, {"service_id": self.course_id, "position": 1}]
            self.world.service(self.package_id, **given, service_type="package", price_cents=10_001, children=parts)
            for place, service_id in enumerate((self.workshop_id, self.course_id, self.course_id)):
                start = MONDAY + timedelta(days=2 + place, hours=5)
                self.world.dated(
                    self.number * 10 + place, service_id, start=start, max_participants=2, practitioner_id=self.number
                )
        self.owner = self.http.as_practitioner(self.number, self.number)

    def client(self, number: int) -> Caller:
        return self.http.as_user(self.number * 100 + number)

    def at(self, day: int, hour: int) -> str:
        start = MONDAY.replace(hour=8) + timedelta(days=day, hours=hour)
        return start.isoformat().replace("+00:00", "Z")

    def ask(self, call: Callable[[], Answer]) -> Answer:
        with frozen_at(self.now):
            answer = call()
        assert answer.status in ALLOWED, answer
        return answer

    @rule(target=bookings, client=st.integers(1, CLIENTS), day=DAYS, hour=HOURS, credit=st.booleans())
    def book(self, client: int, day: int, hour: int, credit: bool) -> Any:
        body = {"service_id": self.session_id, "start_time": self.at(day, hour), "use_session_credit": credit}
        answer = self.ask(lambda: self.client(client).post("/bookings/", body))
        return (answer.json["id"], client) if answer.status == 201 else multiple()

    @rule(target=bookings, client=st.integers(1, CLIENTS))
    def join(self, client: int) -> Any:
        body = {"service_id": self.workshop_id, "service_session_id": self.number * 10}
        answer = self.ask(lambda: self.client(client).post("/bookings/", body))
        return (answer.json["id"], client) if answer.status == 201 else multiple()

    @rule(target=bookings, client=st.integers(1, CLIENTS), kind=st.sampled_from(["bundle", "package", "course"]))
    def buy(self, client: int, kind: str) -> Any:
        wanted = {"bundle": self.bundle_id, "package": self.package_id, "course": self.course_id}
        body = {"service_id": wanted[kind]}
        answer = self.ask(lambda: self.client(client).post(f"/bookings/create_{kind}/", body))
        if answer.status != 201:
            return multiple()
        children = [(child["id"], client) for child in answer.json["child_bookings"]]
        return multiple((answer.json["id"], client), *children)

    @rule(booking=bookings)
    def pay(self, booking: tuple[int, int]) -> None:
        shown = self.ask(lambda: self.client(booking[1]).get(f"/bookings/{booking[0]}/")).json
        if shown["parent_booking_id"] is None:
            with frozen_at(self.now):
                self.world.paid(shown)

    @rule(booking=bookings, role=st.sampled_from(["client", "owner", "staff"]))
    def cancel(self, booking: tuple[int, int], role: str) -> None:
        caller = {"client": self.client(booking[1]), "owner": self.owner, "staff": self.http.as_staff(900)}[role]
        self.ask(lambda: caller.post(f"/bookings/{booking[0]}/cancel/"))

    @rule(booking=bookings, day=DAYS, hour=HOURS)
    def reschedule(self, booking: tuple[int, int], day: int, hour: int) -> None:
        body = {"start_time": self.at(day, hour)}
        with frozen_at(self.now):
            answer = self.client(booking[1]).post(f"/bookings/{booking[0]}/reschedule/", body)
        assert answer.status in {200, 400, 409}, answer

    @rule(booking=bookings, day=DAYS, hour=HOURS)
    def schedule(self, booking: tuple[int, int], day: int, hour: int) -> None:
        body = {"start_time": self.at(day, hour)}
        with frozen_at(self.now):
            answer = self.client(booking[1]).post(f"/bookings/{booking[0]}/schedule/", body)
        assert answer.status in {200, 400, 402, 409}, answer

    @rule(booking=bookings, action=st.sampled_from(["complete", "no_show", "start", "request-reschedule"]))
    def run(self, booking: tuple[int, int], action: str) -> None:
        self.ask(lambda: self.owner.post(f"/bookings/{booking[0]}/{action}/"))

    @rule(minutes=st.sampled_from([1, 20, 240, 1_440]))
    def wait(self, minutes: int) -> None:
        self.now = min(self.now + timedelta(minutes=minutes), MONDAY + timedelta(days=6))
        with frozen_at(self.now):
            self.world.all_jobs()

    @invariant()
    def nothing_is_sold_twice(self) -> None:
        with self.database.transaction() as session:
            mine = {"practitioner": self.number}
            assert session.scalar(OVERLAPS, mine) == 0
            assert session.scalar(STRAYS, mine) == 0
            assert session.scalar(STALE_STATES, mine) == 0

    @invariant()
    def no_seat_is_lost_or_doubled(self) -> None:
        with self.database.transaction() as session:
            assert session.scalar(SEATS, {"workshop": self.workshop_id, "course": self.course_id}) == 0

    @invariant()
    def shares_are_exact_and_states_follow_the_table(self) -> None:
        with self.database.transaction() as session:
            assert session.scalar(SHARES, {"practitioner": self.number}) == 0
            for booking, statuses in session.execute(STATES, {"practitioner": self.number}):
                steps = [pair for pair in pairwise([None, *statuses]) if pair[0] != pair[1]]
                assert all(after in LEGAL[before] for before, after in steps), (booking, statuses)

    @invariant()
    def no_cent_is_lost(self) -> None:
        with self.database.transaction() as session:
            for root, paid, is_over, told in session.execute(MONEY, {"practitioner": self.number}):
                assert told <= paid, (root, paid, told)
                assert not is_over or told == paid, (root, paid, told)


@pytest.mark.proof
@pytest.mark.timeout(3_600 if FULL else 120)
def test_a_life_of_bookings(database: Database, http: Caller) -> None:
    Life.database, Life.http = database, http
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=sized(6, full=200),
            stateful_step_count=sized(25, full=60),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
