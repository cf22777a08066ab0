"""What other services say may come twice, late, in any order; what we say has the agreed fields."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.bookings.tests.world import CLIENT, MODULES, MONDAY, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.database import Database
from shared.ids import uuid7
from shared.messaging import NotYet
from shared.messaging.testing import apply, message
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]

STATE = """
id public_uuid kind status status_detail payment_status user_id practitioner_id practitioner_user_id service_id
service_type session_ids participants parent_booking_id session_number sessions_total series_id start_time end_time
timezone buffer_minutes location_id location_type price_cents discount_cents amount_cents allocated_cents paid_cents
refunded_cents currency collect hold_expires_at valid_until booked_at confirmed_at completed_at service_name
practitioner_name
"""
MORE = {
    "booking.changed": "",
    "booking.created": "items payment order_uuid",
    "booking.confirmed": "by place room_name",
    "booking.started": "by",
    "booking.rescheduled": "previous_start_time previous_end_time by reason free_cancel_until notify place room_name",
    "booking.reschedule_requested": "reason suggested_times",
    "booking.cancelled": "canceled_by reason reason_code from_status refund_cents retained_cents earned_from refund_to"
    " covered_by restored_booking_id notify",
    "booking.expired": "",
    "booking.completed": "earned_cents earned_from early",
    "booking.no_show": "no_show_by refund_cents earned_cents earned_from",
    "booking.reminder_due": "offset_minutes audience attendee_count sessions_remaining place room_name",
}


def test_every_event_has_the_agreed_fields(
    world: World, book: Book, client: Caller, owner: Caller, events: Any
) -> None:
    unpaid = book(start_time=at(8)).json
    client.post(f"/bookings/{unpaid['id']}/cancel/")
    late = book(start_time=at(8)).json
    moved, missed, held, given = (book(start_time=at(hour, day=2)).json for hour in (8, 10, 12, 14))
    for booking in (moved, missed, held, given):
        world.paid(booking)
    client.post(f"/bookings/{moved['id']}/reschedule/", {"start_time": at(16, day=2)})
    owner.post(f"/bookings/{given['id']}/request-reschedule/", {"reason": "Ill", "suggested_times": [at(9, day=4)]})
    with frozen_at(MONDAY + timedelta(days=1, hours=1)):
        world.all_jobs()
    with frozen_at(MONDAY + timedelta(days=2, hours=1, minutes=15)):
        world.all_jobs()
        assert owner.post(f"/bookings/{missed['id']}/no_show/", {"refund_percent": 50}).status == 200
    with frozen_at(MONDAY + timedelta(days=2, hours=10)):
        world.all_jobs()

    told: dict[str, dict[str, Any]] = dict(events())

    assert late["id"]
    assert set(told) == set(MORE)
    for type_, more in MORE.items():
        assert set(told[type_]) == {*STATE.split(), *more.split()}, type_
    assert (told["booking.no_show"]["refund_cents"], told["booking.no_show"]["earned_cents"]) == (5_000, 5_000)


def test_a_fact_about_an_unknown_booking_is_tried_again(world: World) -> None:
    with pytest.raises(NotYet):
        world.tell("payment.succeeded", {"booking_id": 99_999, "subtotal_cents": 1})


def test_redelivery_changes_nothing(world: World, database: Database, book: Book, events: Any) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2))
    booking = book().json
    order = str(uuid7())
    about = {"booking_id": booking["id"], "order_uuid": order}
    sent = [
        message("payment.action_required", {**about, "checkout_url": "https://pay.example/x"}),
        message("payment.failed", {**about, "code": "card_declined", "message": "Declined", "final": False}),
        message("payment.succeeded", {**about, "subtotal_cents": 10_000}),
        message("payment.refunded", {"booking_id": booking["id"], "refunded_total_cents": 2_500}),
        message("payment.refunded", {"booking_id": booking["id"], "refunded_total_cents": 1_000}),
        message("user.deleted", {"user_id": 77}),
        message("user.export_requested", {"export_id": "x", "user_id": CLIENT}),
        message("service_session.changed", {"id": 700, "service_id": WORKSHOP, "status": "canceled"}, sequence=10**9),
        message("service_session.deleted", {"id": 700}, sequence=10**9 + 1),
        message("favorite.changed", {"user_id": 1, "kind": "service", "total": 2}, sequence=10**9),
        message("location.changed", {"id": 9, "practitioner_id": 10, "name": "Studio"}, sequence=10**9),
        message("location.deleted", {"id": 9}, sequence=10**9 + 1),
        message("practitioner.suspended", {"practitioner_id": 10}),
        message("checkout.requested", {"order_uuid": str(uuid7()), "user_id": 2, "service_id": 50}),
    ]

    first = apply(database, "bookings", MODULES, *sent)
    told = events()
    again = apply(database, "bookings", MODULES, *sent, *reversed(sent))

    assert (first, again) == (len(sent), 0)
    assert events() == told
    with database.transaction() as session:
        row = session.execute(text("SELECT paid_cents, refunded_cents, payment_status FROM bookings")).one()
    assert tuple(row) == (10_000, 2_500, "partially_refunded")


def test_an_older_state_is_passed_over(world: World, database: Database, book: Book) -> None:
    world.service(price_cents=7_000)
    old = {"id": 50, "public_uuid": str(uuid7()), "name": "Old", "service_type": "session", "status": "active"}
    old |= {"price_cents": 1, "duration_minutes": 60, "practitioner_id": 10}
    apply(database, "bookings", MODULES, message("service.changed", old, sequence=1, subject=("service", 50)))

    assert book().json["final_amount"] == "70.00"


def test_seats_survive_new_states_of_their_session(world: World, book: Book, client: Caller) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=3)
    book(service_id=WORKSHOP, service_session_id=700)
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=1)

    seat = client.get("/bookings/").json["results"][0]["service_session"]

    assert (seat["max_participants"], seat["current_participants"], seat["spots_available"]) == (1, 1, 0)


def test_a_declined_card_keeps_the_hold(world: World, book: Book, client: Caller) -> None:
    booking = book().json
    world.tell("payment.failed", {"booking_id": booking["id"], "code": "card_declined", "final": False})

    detail = client.get(f"/bookings/{booking['id']}/").json
    assert (detail["status"], detail["status_detail"]) == ("pending_payment", "payment_failed")
    assert detail["hold_expires_at"] == booking["hold_expires_at"]
    world.tell("payment.failed", {"booking_id": booking["id"], "code": "expired", "final": True})
    assert client.get(f"/bookings/{booking['id']}/").json["status_detail"] == "expired"


def test_a_checkout_books_or_is_told_why_not(world: World, book: Book, http: Caller, events: Any) -> None:
    order = str(uuid7())
    asked = {"order_uuid": order, "user_id": CLIENT, "service_id": 50, "start_time": at(10), "timezone": "UTC"}
    world.tell("checkout.requested", asked)
    world.tell("checkout.requested", asked)
    world.tell("checkout.requested", {**asked, "order_uuid": str(uuid7()), "user_id": 2})

    (created,) = events("booking.created")
    (rejected,) = events("booking.rejected")
    assert created["order_uuid"] == order
    assert (rejected["code"], rejected["user_id"], rejected["service_name"]) == ("slot_taken", 2, "Service 50")


def test_waiting_for_the_payment(world: World, database: Database, client: Caller) -> None:
    import threading
    import time

    def pay() -> None:
        time.sleep(0.3)
        with database.transaction() as session:
            booking_id = session.scalar(text("SELECT max(id) FROM bookings"))
        world.tell("payment.succeeded", {"booking_id": booking_id, "subtotal_cents": 10_000})

    thread = threading.Thread(target=pay)
    thread.start()
    answer = client.having(Prefer="wait=5").post("/bookings/", {"service_id": 50, "start_time": at(10)})
    thread.join()

    assert (answer.status, answer.json["status"]) == (201, "confirmed")
    assert answer.json["booking"]["status"] == "confirmed"
    assert answer.headers["Preference-Applied"] == "wait=5"


def test_money_in_person_then_through_the_platform(world: World, book: Book, owner: Caller, client: Caller) -> None:
    booking = book().json
    owner.post(f"/bookings/{booking['id']}/confirm/")
    world.paid(booking)

    detail = client.get(f"/bookings/{booking['id']}/").json
    assert (detail["status"], detail["payment_status"]) == ("confirmed", "paid")


def test_corrections_tell_whole_sums(world: World, confirmed: Callable[..., Any], owner: Caller, events: Any) -> None:
    booking = confirmed()
    with frozen_at(MONDAY + timedelta(days=1, hours=4)):
        world.all_jobs()
        missed = owner.post(f"/bookings/{booking['id']}/no_show/")
        back = owner.post(f"/bookings/{booking['id']}/complete/")

    assert (missed.json["status"], back.json["status"]) == ("no_show", "completed")
    assert [event["earned_cents"] for event in events("booking.no_show")] == [10_000]
    assert [event["earned_cents"] for event in events("booking.completed")] == [10_000, 10_000]


def test_early_completion_does_not_take_the_refund(
    world: World, confirmed: Callable[..., Any], owner: Caller, client: Caller, events: Any
) -> None:
    booking = confirmed(start_time=at(10, day=3))
    assert owner.post(f"/bookings/{booking['id']}/complete/").json["status_detail"] == "completed_early"

    canceled = client.post(f"/bookings/{booking['id']}/cancel/")

    assert (canceled.json["status"], canceled.json["refund_cents"]) == ("canceled", 10_000)


def test_a_given_back_slot_is_free_and_the_money_stays(
    world: World, confirmed: Callable[..., Any], owner: Caller, client: Caller, http: Caller, book: Book
) -> None:
    booking = confirmed(start_time=at(10, day=3))
    path = f"/bookings/{booking['id']}/"

    assert owner.post(f"{path}request-reschedule/", {"reason": "Ill"}).json["status_detail"] == "reschedule_requested"
    assert book(http.as_user(2), start_time=at(10, day=3)).status == 201
    assert client.get(f"{path}cancellation_quote/").json["refund_cents"] == 10_000
    again = client.post(f"{path}schedule/", {"start_time": at(12, day=4)})
    assert (again.status, again.json["status"], again.json["payment_status"]) == (200, "confirmed", "paid")


def test_late_reminders_are_dropped(world: World, confirmed: Callable[..., Any], events: Any) -> None:
    confirmed(start_time=at(10, day=3))

    with frozen_at(MONDAY + timedelta(days=3, hours=1) - timedelta(minutes=20)):
        world.all_jobs()
        world.all_jobs()

    assert [event["offset_minutes"] for event in events("booking.reminder_due")] == [30]
