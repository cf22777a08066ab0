"""Fifty people want the same thing at once."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.bookings import jobs
from services.bookings.tests.world import MONDAY, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.database import Database
from shared.testing.http import Answer, Caller


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run all calls in threads that start together; return what each returned."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        results[number] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def tally(answers: list[Answer]) -> Counter[Any]:
    return Counter((answer.status, answer.code) for answer in answers)


def people(http: Caller, number: int) -> list[Caller]:
    return [http.as_user(1_000 + one) for one in range(number)]


@pytest.mark.parametrize("round_", range(4))
def test_fifty_want_one_slot(world: World, http: Caller, round_: int) -> None:
    def ask(caller: Caller) -> Callable[[], Answer]:
        return lambda: caller.post("/bookings/", {"service_id": 50, "start_time": at(10 + round_)})

    answers = at_once(*map(ask, people(http, 50)))

    assert tally(answers) == {(201, None): 1, (409, "slot_taken"): 49}


def test_fifty_want_slots_that_overlap(world: World, database: Database, http: Caller) -> None:
    world.calendar(buffer_minutes=15)
    world.service(60, duration_minutes=30)
    world.service(61, duration_minutes=120)

    def ask(number: int, caller: Caller) -> Callable[[], Answer]:
        body = {"service_id": (50, 60, 61)[number % 3], "start_time": at(10, 15 * (number % 4))}
        return lambda: caller.post("/bookings/", body)

    answers = at_once(*(ask(*pair) for pair in enumerate(people(http, 50))))

    assert set(tally(answers)) <= {(201, None), (409, "slot_taken")}
    with database.transaction() as session:
        overlapping = session.scalar(
            text("""
            SELECT count(*) FROM bookings a JOIN bookings b ON a.id < b.id
             AND tstzrange(a.start_time, a.end_time + interval '15 minutes')
              && tstzrange(b.start_time, b.end_time + interval '15 minutes')
            """)
        )
    assert overlapping == 0


def test_fifty_want_the_last_three_seats(world: World, database: Database, http: Caller) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=3)

    def ask(caller: Caller) -> Callable[[], Answer]:
        return lambda: caller.post("/bookings/", {"service_id": WORKSHOP, "service_session_id": 700})

    answers = at_once(*map(ask, people(http, 50)))

    assert tally(answers) == {(201, None): 3, (409, "session_full"): 47}
    with database.transaction() as session:
        assert session.scalar(text("SELECT taken FROM session_seats WHERE id = 700")) == 3


def test_one_key_in_twenty_requests_books_once(world: World, client: Caller) -> None:
    caller = client.having(Idempotency_Key="same")
    body = {"service_id": 50, "start_time": at(10)}

    answers = at_once(*(lambda: caller.post("/bookings/", body) for _ in range(20)))

    made = [answer for answer in answers if answer.status == 201]
    assert len({answer.json["id"] for answer in made}) == 1
    assert {answer.code for answer in answers if answer.status != 201} <= {"conflict"}


@pytest.mark.parametrize("round_", range(8))
def test_payment_cancellation_expiry_and_confirmation_end_in_one_state(
    world: World, book: Callable[..., Answer], client: Caller, owner: Caller, events: Any, round_: int
) -> None:
    booking = book().json
    path = f"/bookings/{booking['id']}"

    with frozen_at(MONDAY + timedelta(minutes=15)):
        at_once(
            lambda: world.paid(booking),
            lambda: client.post(f"{path}/cancel/"),
            jobs.expire_holds,
            lambda: owner.post(f"{path}/confirm/"),
        )
        detail = client.get(f"{path}/").json

    told = [type_ for type_, _ in events() if type_ not in ("booking.changed", "booking.created")]
    assert detail["status"] in ("confirmed", "canceled")
    assert told.count("booking.confirmed") <= 1
    assert told.count("booking.expired") + told.count("booking.cancelled") <= 1
    if detail["status"] == "confirmed":
        assert told == ["booking.confirmed"]
        assert detail["payment"]["paid_cents"] == 10_000
    else:
        assert told[-1] in ("booking.expired", "booking.cancelled")


def test_two_cancellations_and_a_completion_tell_one_refund(
    world: World, confirmed: Callable[..., Any], client: Caller, owner: Caller, events: Any
) -> None:
    booking = confirmed()
    path = f"/bookings/{booking['id']}"

    answers = at_once(
        lambda: client.post(f"{path}/cancel/"),
        lambda: client.post(f"{path}/cancel/"),
        lambda: owner.post(f"{path}/cancel/"),
    )

    assert {answer.status for answer in answers} == {200}
    assert len(events("booking.cancelled")) == 1


def test_two_who_change_places_lose_nothing(world: World, confirmed: Callable[..., Any], http: Caller) -> None:
    first = confirmed(start_time=at(10, day=3))
    second = confirmed(caller=http.as_user(2), start_time=at(12, day=3))

    answers = at_once(
        lambda: http.as_user(1).post(f"/bookings/{first['id']}/reschedule/", {"start_time": at(12, day=3)}),
        lambda: http.as_user(2).post(f"/bookings/{second['id']}/reschedule/", {"start_time": at(10, day=3)}),
    )

    assert {answer.status for answer in answers} == {409}
    assert http.as_user(1).get(f"/bookings/{first['id']}/").json["start_time"] == at(10, day=3)
    assert http.as_user(2).get(f"/bookings/{second['id']}/").json["start_time"] == at(12, day=3)


def test_a_moved_booking_and_a_new_one_never_share_time(
    world: World, confirmed: Callable[..., Any], client: Caller, http: Caller
) -> None:
    booking = confirmed(start_time=at(10, day=3))
    wanted = at(14, day=3)

    answers = at_once(
        lambda: client.post(f"/bookings/{booking['id']}/reschedule/", {"start_time": wanted}),
        *(
            lambda c=caller: c.post("/bookings/", {"service_id": 50, "start_time": wanted})
            for caller in people(http, 8)
        ),
    )

    assert sum(answer.status in (200, 201) for answer in answers) == 1
