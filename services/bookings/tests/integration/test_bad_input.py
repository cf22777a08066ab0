"""The table of bad input and edge cases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings.tests.world import CLIENT, MONDAY, SESSION, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        pytest.param({"start_time": "2030-06-03T08:00:00Z"}, 400, "validation_error", id="past"),
        pytest.param({"start_time": "2030-06-03T09:45:00Z"}, 409, "slot_unavailable", id="inside the notice"),
        pytest.param({"start_time": "2031-06-03T10:00:00Z"}, 409, "slot_unavailable", id="beyond the horizon"),
        pytest.param({"start_time": "2030-06-04T10:00:00"}, 400, "validation_error", id="no offset"),
        pytest.param({"start_time": "2030-02-30T10:00:00Z"}, 400, "validation_error", id="no such day"),
        pytest.param({"start_time": "2030-06-04T25:00:00Z"}, 400, "validation_error", id="no such hour"),
        pytest.param({"start_time": "9999-06-04T10:00:00Z"}, 400, "validation_error", id="year 9999"),
        pytest.param({"end_time": at(10)}, 400, "validation_error", id="end at the start"),
        pytest.param({"end_time": at(11, 30)}, 400, "validation_error", id="another length"),
        pytest.param({"start_time": "2030-06-04T10:00:30Z"}, 409, "slot_unavailable", id="seconds"),
        pytest.param({"start_time": at(10, 5)}, 409, "slot_unavailable", id="off the grid"),
        pytest.param({"start_time": at(21)}, 409, "slot_unavailable", id="outside of hours"),
        pytest.param({"start_time": None}, 400, "validation_error", id="no start"),
        pytest.param({"service_id": 0}, 400, "validation_error", id="id 0"),
        pytest.param({"service_id": -1}, 400, "validation_error", id="id -1"),
        pytest.param({"service_id": 2**63}, 400, "validation_error", id="id 2^63"),
        pytest.param({"service_id": "abc def"}, 400, "validation_error", id="id abc def"),
        pytest.param({"service_id": True}, 400, "validation_error", id="id true"),
        pytest.param({"service_id": 1.5}, 400, "validation_error", id="id 1.5"),
        pytest.param({"service_id": 12_345}, 400, "validation_error", id="unknown service"),
        pytest.param({"practitioner_id": 77}, 400, "validation_error", id="unknown practitioner"),
        pytest.param({"location_id": 77}, 201, None, id="a location is ignored when virtual"),
        pytest.param({"timezone": "Foo/Bar"}, 400, "validation_error", id="no such zone"),
        pytest.param({"timezone": "EST5EDT4"}, 400, "validation_error", id="not a zone's name"),
        pytest.param({"timezone": "x" * 300}, 400, "validation_error", id="zone of 300 characters"),
        pytest.param({"price_override_cents": 0}, 403, "permission_denied", id="own price"),
        pytest.param({"discount_amount_cents": 1}, 403, "permission_denied", id="own discount"),
        pytest.param({"user_id": 2}, 403, "permission_denied", id="for somebody else"),
        pytest.param({"user_id": CLIENT, "discount_amount_cents": 0}, 201, None, id="nothing changed by it"),
        pytest.param({"override_availability": True}, 403, "permission_denied", id="override"),
        pytest.param({"collect": "in_person"}, 403, "permission_denied", id="in person"),
        pytest.param({"title": "x" * 256}, 400, "validation_error", id="long title"),
        pytest.param({"client_notes": "a\u0000b"}, 400, "validation_error", id="NUL"),
        pytest.param({"client_notes": "<script>🧘 שלום"}, 201, None, id="any text is text"),
        pytest.param({"success_url": "javascript:alert(1)"}, 400, "validation_error", id="script address"),
        pytest.param({"hold_token": "unknown"}, 409, "hold_expired", id="unknown hold"),
        pytest.param({"use_session_credit": True}, 409, "no_session_credit", id="no credit"),
        pytest.param({"parent_booking_id": 5}, 400, "validation_error", id="no such purchase"),
        pytest.param({"unknown": 1, "status": "confirmed"}, 201, None, id="unknown fields"),
    ],
)
def test_bookings_that_can_not_be(
    world: World, book: Book, more: dict[str, Any], status: int, code: str | None
) -> None:
    answer = book(**more)

    assert (answer.status, answer.code) == (status, code), answer


def test_reasons_are_told(world: World, book: Book) -> None:
    assert book(start_time="2030-06-03T09:45:00Z").errors == {"start_time": ["too_soon"]}
    assert book(start_time="2031-06-03T10:00:00Z").errors == {"start_time": ["too_far"]}


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"status": "inactive"}, id="inactive"),
        pytest.param({"status": "archived"}, id="archived"),
        pytest.param({"status": "draft"}, id="draft"),
        pytest.param({"is_active": False}, id="switched off"),
        pytest.param({"is_visible": False}, id="hidden"),
    ],
)
def test_services_that_are_not_offered(world: World, book: Book, state: dict[str, Any]) -> None:
    world.service(**state)

    assert book().code == "not_bookable"


def test_a_deleted_service_is_not_known(world: World, book: Book) -> None:
    world.tell("service.deleted", {"id": SESSION})

    assert book().status == 400


def test_outside_of_its_sale(world: World, book: Book) -> None:
    world.service(available_until=MONDAY.isoformat())

    assert book().code == "not_on_sale"


def test_suspended_practitioners_take_nothing_new(world: World, confirmed: Any, book: Book, client: Caller) -> None:
    booking = confirmed()
    world.tell("practitioner.suspended", {"practitioner_id": 10})

    assert book(start_time=at(14)).code == "not_bookable"
    assert client.get(f"/bookings/{booking['id']}/").json["status"] == "confirmed"


def test_nobody_books_the_own_service(world: World, owner: Caller, book: Book) -> None:
    assert book(owner).code == "own_service"


def test_practitioners_and_staff_book_for_clients(world: World, owner: Caller, staff: Caller, book: Book) -> None:
    mine = book(owner, user_id=CLIENT, price_override_cents=5_000, discount_amount_cents=500, collect="in_person")
    late = book(staff, user_id=CLIENT, start_time=at(21), override_availability=True)
    absent = book(owner, user_id=77, start_time=at(15))
    dear = book(owner, user_id=CLIENT, start_time=at(16), discount_amount_cents=20_000)

    assert (mine.status, mine.json["final_amount"], mine.json["payment"]["status"]) == (201, "45.00", "in_person")
    assert late.status == 201
    assert absent.status == 400
    assert dear.status == 400


def test_buffers_keep_appointments_apart(world: World, book: Book, http: Caller) -> None:
    world.calendar(buffer_minutes=15)

    assert book().status == 201
    assert book(http.as_user(2), start_time=at(11)).code == "slot_taken"
    assert book(http.as_user(2), start_time=at(9)).code == "slot_taken"
    assert book(http.as_user(2), start_time=at(11, 15)).status == 201


def test_without_a_buffer_they_touch(world: World, book: Book, http: Caller) -> None:
    assert book().status == 201
    assert book(http.as_user(2), start_time=at(11)).status == 201


def test_other_peoples_bookings_are_not_found(world: World, confirmed: Any, http: Caller) -> None:
    path = f"/bookings/{confirmed()['id']}/"
    stranger = http.as_user(55)

    answers = [
        stranger.get(path),
        stranger.patch(path, {"title": "x"}),
        stranger.delete(path),
        *(
            stranger.post(f"{path}{action}/", {"start_time": at(9)})
            for action in ("cancel", "confirm", "start", "complete", "no_show", "reschedule", "schedule")
        ),
        stranger.get(f"{path}cancellation_quote/"),
    ]

    assert {answer.status for answer in answers} == {404}


@pytest.mark.parametrize(
    "reference", ["0", "-1", str(2**63), "abc", "true", "1.5", "0190b8a0-0000-7000-8000-000000000000"]
)
def test_references_that_name_nothing(world: World, client: Caller, reference: str) -> None:
    assert client.get(f"/bookings/{reference}/").status == 404


def test_uuids_are_taken_in_the_path(world: World, confirmed: Any, client: Caller) -> None:
    booking = confirmed()

    assert client.get(f"/bookings/{booking['public_uuid']}/").json["id"] == booking["id"]


@pytest.mark.parametrize("action", ["complete", "no_show", "start", "request-reschedule"])
def test_clients_do_not_run_appointments(world: World, confirmed: Any, client: Caller, action: str) -> None:
    assert client.post(f"/bookings/{confirmed()['id']}/{action}/").status == 403


def test_clients_pay_instead_of_confirming(world: World, book: Book, client: Caller, owner: Caller) -> None:
    path = f"/bookings/{book().json['id']}/confirm/"

    assert client.post(path).code == "payment_required"
    assert owner.post(path).json["status"] == "confirmed"
    assert owner.post(path).status == 200


def test_too_many_unpaid(world: World, book: Book) -> None:
    for hour in range(8, 13):
        assert book(start_time=at(hour)).status == 201

    assert book(start_time=at(15)).code == "limit_reached"


def test_limits_of_service_and_practitioner(world: World, book: Book, http: Caller) -> None:
    world.service(max_per_customer=1)
    assert book().status == 201
    assert book(start_time=at(12)).code == "limit_reached"

    world.practitioner(limits={"max_monthly_bookings": 1})
    assert book(http.as_user(2), start_time=at(14)).code == "not_bookable"


def test_workshops(world: World, book: Book, client: Caller) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2))
    world.dated(701, start=MONDAY + timedelta(days=3), status="canceled")
    world.dated(702, service_id=99, start=MONDAY + timedelta(days=3))

    assert book(service_id=WORKSHOP).status == 400
    assert book(service_id=WORKSHOP, service_session_id=702).status == 400
    assert book(service_id=WORKSHOP, service_session_id=701).code == "session_unavailable"
    first = book(service_id=WORKSHOP, service_session_id=700)
    assert (first.status, first.json["start_time"]) == (201, "2030-06-05T09:00:00Z")
    assert first.json["service_session"]["spots_available"] == 2
    assert book(service_id=WORKSHOP, service_session_id=700).code == "already_booked"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 200),
        ({"status": "completed"}, 200),
        ({"practitioner_notes": "mine"}, 403),
        ({"meeting_url": "javascript:alert(1)"}, 400),
        ({"meeting_url": "https://" + "x" * 200}, 400),
        ({"meeting_url": "example.org/x"}, 400),
        ({"title": "New", "client_notes": "Hi"}, 200),
    ],
)
def test_what_clients_may_write(
    world: World, confirmed: Any, client: Caller, body: dict[str, Any], status: int
) -> None:
    booking = confirmed()

    answer = client.patch(f"/bookings/{booking['id']}/", body)

    assert answer.status == status, answer
    assert client.get(f"/bookings/{booking['id']}/").json["status"] == "confirmed"


def test_an_old_version_changes_nothing(world: World, confirmed: Any, client: Caller) -> None:
    path = f"/bookings/{confirmed()['id']}/"

    assert client.having(If_Match='"1"').patch(path, {"title": "x"}).status == 412
    assert client.having(If_Match='"1"').post(f"{path}cancel/").status == 412
    assert client.get(path).json["title"] is None
    newest = client.get(path).headers["ETag"]
    assert client.having(If_Match=newest).patch(path, {"title": "x"}).status == 200


def test_bodies_that_are_none(world: World, client: Caller) -> None:
    assert client.post("/bookings/", [1]).status == 400
    assert client.post("/bookings/", data="{", headers={"Content-Type": "application/json"}).status == 400
    assert client.post("/bookings/", data="a=1", headers={"Content-Type": "text/plain"}).status == 415
    big = b'{"title": "' + b"x" * 2_000_000 + b'"}'
    assert client.post("/bookings/", data=big, headers={"Content-Type": "application/json"}).status == 413


def test_nothing_known_yet(database: Any, http: Caller) -> None:
    with frozen_at(MONDAY):
        World(database).service()
        answer = http.as_user(1).post("/bookings/", {"service_id": 50, "start_time": at(10)})
        free = http.post("/bookings/check_availability/", {"service_id": 50, "date": "2030-06-04"})

    assert answer.code == "not_bookable"
    assert (free.status, free.json["reason"]) == (200, "not_bookable")
    assert http.post("/bookings/check_availability/", {"service_id": 51, "date": "2030-06-04"}).status == 404


def test_somebody_who_acts_for_a_client_moves_no_money(world: World, http: Caller) -> None:
    acting = http.as_user(1, actor_id=900)

    assert acting.post("/bookings/", {"service_id": 50, "start_time": at(10)}).code == "impersonation_forbidden"
