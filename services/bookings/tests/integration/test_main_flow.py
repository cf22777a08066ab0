"""Book, pay, happen: the way that most bookings go."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings.tests.world import CLIENT, MONDAY, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


def test_a_booking_waits_for_its_payment(world: World, book: Book, events: Any) -> None:
    answer = book(client_notes="Left shoulder")

    assert answer.status == 201, answer
    assert answer.json["status"] == "pending_payment"
    assert answer.json["payment_status"] == "unpaid"
    assert answer.json["final_amount"] == "100.00"
    assert answer.json["booking"]["id"] == answer.json["id"]
    assert answer.json["hold_expires_at"] == "2030-06-03T09:15:00Z"
    created, changed = events()
    assert [created[0], changed[0]] == ["booking.created", "booking.changed"]
    assert created[1]["items"] == [
        {
            "service_id": 50,
            "practitioner_id": 10,
            "service_type": "session",
            "description": "Service 50",
            "gross_cents": 10_000,
            "sessions_total": 1,
        }
    ]
    assert created[1]["payment"]["mode"] == "auto"
    assert changed[1]["user_id"] == 1
    assert changed[1]["practitioner_user_id"] == 100


def test_paying_confirms_once(world: World, book: Book, client: Caller, events: Any) -> None:
    booking = book().json

    world.paid(booking)
    world.paid(booking)

    detail = client.get(f"/bookings/{booking['id']}/").json
    assert (detail["status"], detail["payment_status"]) == ("confirmed", "paid")
    assert detail["room"]["room_name"] == f"booking-{booking['public_uuid']}"
    assert len(events("booking.confirmed")) == 1
    assert len(detail["reminders"]) == 2


def test_it_starts_and_completes_by_the_clock(
    world: World, confirmed: Callable[..., Any], client: Caller, events: Any
) -> None:
    booking = confirmed()

    with frozen_at(MONDAY + timedelta(days=1, hours=1)):
        world.all_jobs()
        assert client.get(f"/bookings/{booking['id']}/").json["status"] == "in_progress"
    with frozen_at(MONDAY + timedelta(days=1, hours=3)):
        world.all_jobs()
        world.all_jobs()
        detail = client.get(f"/bookings/{booking['id']}/").json

    assert (detail["status"], detail["status_detail"]) == ("completed", "completed_by_clock")
    assert detail["can_be_reviewed"]
    (completed,) = events("booking.completed")
    assert completed["earned_cents"] == 10_000
    assert completed["early"] is False


def test_an_unpaid_booking_expires_and_frees_its_time(world: World, book: Book, client: Caller, events: Any) -> None:
    booking = book().json

    with frozen_at(MONDAY + timedelta(minutes=15)):
        world.all_jobs()
        detail = client.get(f"/bookings/{booking['id']}/").json
        again = book()

    assert (detail["status"], detail["status_detail"]) == ("canceled", "expired")
    assert again.status == 201
    assert [event["hold_expires_at"] for event in events("booking.expired")] == ["2030-06-03T09:15:00.000000Z"]
    assert events("booking.cancelled") == []


def test_the_next_booker_clears_a_hold_that_ran_out(world: World, book: Book, http: Caller, events: Any) -> None:
    book()

    with frozen_at(MONDAY + timedelta(minutes=16)):
        answer = book(http.as_user(2))

    assert answer.status == 201, answer
    assert len(events("booking.expired")) == 1


def test_a_free_booking_is_confirmed_at_once(world: World, book: Book, events: Any) -> None:
    world.service(price_cents=0)

    answer = book()

    assert (answer.json["status"], answer.json["payment_status"]) == ("confirmed", "paid")
    assert [type_ for type_, _ in events()] == ["booking.created", "booking.confirmed", "booking.changed"]


def test_late_money_never_revives(world: World, book: Book, client: Caller, events: Any) -> None:
    booking = book().json
    client.post(f"/bookings/{booking['id']}/cancel/")

    world.paid(booking)

    detail = client.get(f"/bookings/{booking['id']}/").json
    assert (detail["status"], detail["status_detail"]) == ("canceled", "late_payment")
    assert detail["payment"]["paid_cents"] == 10_000
    assert events("booking.confirmed") == []


def test_a_hold_becomes_the_booking(world: World, book: Book, client: Caller, http: Caller) -> None:
    held = client.post("/bookings/holds/", {"service_id": 50, "start_time": at(10)})

    assert held.status == 201, held
    assert book(http.as_user(2)).code == "slot_taken"
    assert book(http.as_user(2), start_time=at(11), hold_token=held.json["hold_token"]).code == "hold_expired"
    assert book(hold_token=held.json["hold_token"]).status == 201
    assert book(start_time=at(12), hold_token=held.json["hold_token"]).code == "hold_expired"


def test_rescheduling_keeps_the_booking(
    world: World, confirmed: Callable[..., Any], client: Caller, events: Any
) -> None:
    booking = confirmed(start_time=at(10, day=3))

    moved = client.post(f"/bookings/{booking['id']}/reschedule/", {"start_time": at(10, 15, day=3)})

    assert moved.status == 200, moved
    assert moved.json["id"] == booking["id"]
    assert moved.json["previous_start_time"] == at(10, day=3)
    assert moved.json["start_time"] == at(10, 15, day=3)
    assert moved.json["reschedule_count"] == 1
    assert len(events("booking.rescheduled")) == 1
    same = client.post(f"/bookings/{booking['id']}/reschedule/", {"start_time": at(10, 15, day=3)})
    assert same.status == 200
    assert len(events("booking.rescheduled")) == 1


def test_a_retried_request_books_once(world: World, book: Book, client: Caller) -> None:
    caller = client.having(Idempotency_Key="k-1")

    first, again = book(caller), book(caller)
    other = book(caller, start_time=at(12))

    assert first.status == again.status == 201
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.code == "idempotency_conflict"


def test_free_times_follow_bookings(world: World, book: Book, http: Caller) -> None:
    day = {"service_id": 50, "date": "2030-06-04"}
    before = http.post("/bookings/check_availability/", day).json
    book()
    after = http.post("/bookings/check_availability/", day).json

    starts = {slot["start_time"] for slot in before["available_slots"]}
    left = {slot["start_time"] for slot in after["available_slots"]}
    assert starts - left == {at(9, 15), at(9, 30), at(9, 45), at(10), at(10, 15), at(10, 30), at(10, 45)}
    assert before["practitioner_timezone"] == "UTC"


@pytest.mark.parametrize("kind", ["session", "workshop", "in_person"])
def test_what_is_made_is_answered_as_it_is_read(
    world: World, book: Book, client: Caller, owner: Caller, kind: str
) -> None:
    """The answer to a booking is formed from what was read to make it; nothing in it may differ from the row."""
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2))
    world.tell("location.changed", {"id": 9, "practitioner_id": 10, "name": "Studio", "address": {"line1": "1 Way"}})
    world.service(55, location_type="in_person", location_id=9)
    asked = {
        "session": {"client_notes": "Hello", "title": "Back", "timezone": "Asia/Kathmandu"},
        "workshop": {"service_id": WORKSHOP, "service_session_id": 700, "start_time": None},
        "in_person": {"service_id": 55, "user_id": CLIENT, "discount_amount_cents": 1_500, "collect": "in_person"},
    }[kind]
    caller = owner if kind == "in_person" else client

    made = book(caller, **asked)

    assert made.status == 201, made
    read = caller.get(f"/bookings/{made.json['id']}/")
    assert made.json["booking"] == read.json
    assert made.headers["ETag"] == read.headers["ETag"]
