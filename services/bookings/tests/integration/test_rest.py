"""Notes, history, waitlists, the day plan, feeds, numbers, erasure."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings import jobs
from services.bookings.tests.world import CLIENT, MONDAY, OWNER, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


@pytest.mark.parametrize(
    ("content", "status"),
    [("", 400), ("   ", 400), ("x" * 5_001, 400), ("a\u0000b", 400), ("<script>", 201), ("🧘 שלום", 201)],
)
def test_notes(world: World, confirmed: Any, client: Caller, content: str, status: int) -> None:
    path = f"/bookings/{confirmed()['id']}/notes/"

    answer = client.post(path, {"content": content})

    assert answer.status == status
    if status == 201:
        assert client.get(path).json[0]["content"] == content


def test_private_notes_are_the_practitioners(world: World, confirmed: Any, client: Caller, owner: Caller) -> None:
    path = f"/bookings/{confirmed()['id']}/"

    assert client.post(f"{path}notes/", {"content": "x", "is_private": True}).status == 403
    private = owner.post(f"{path}notes/", {"content": "private", "is_private": True})
    mine = client.post(f"{path}notes/", {"content": "mine"}).json
    assert private.status == 201
    assert [note["content"] for note in client.get(path).json["notes"]] == ["mine"]
    assert [note["content"] for note in owner.get(path).json["notes"]] == ["mine", "private"]
    assert client.patch(f"{path}notes/{private.json['id']}/", {"content": "y"}).status == 404
    assert owner.patch(f"{path}notes/{mine['id']}/", {"content": "y"}).status == 403
    assert client.patch(f"{path}notes/{mine['id']}/", {"content": "y"}).json["content"] == "y"
    assert client.delete(f"{path}notes/{mine['id']}/").status == 204


def test_practitioner_notes_are_hidden_from_clients(
    world: World, confirmed: Any, client: Caller, owner: Caller
) -> None:
    path = f"/bookings/{confirmed()['id']}/"

    owner.patch(path, {"practitioner_notes": "secret", "meeting_url": "https://example.org/x"})

    assert client.get(path).json["practitioner_notes"] is None
    assert owner.get(path).json["practitioner_notes"] == "secret"
    assert client.get(path).json["user"]["phone_number"] is None
    assert owner.get(path).json["user"]["phone_number"] == "+1555"


def test_history_tells_every_change(world: World, confirmed: Any, client: Caller, staff: Caller) -> None:
    path = f"/bookings/{confirmed()['id']}/"
    staff.patch(path, {"title": "New"})

    told = client.get(f"{path}history/").json["results"]

    assert [entry["action"] for entry in told] == ["confirmed", "created"]
    assert staff.get(f"{path}history/").json["count"] == 3


def full_workshop(world: World, http: Caller) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=1)
    taken = http.as_user(2).post("/bookings/", {"service_id": WORKSHOP, "service_session_id": 700})
    assert taken.status == 201


def test_a_freed_seat_goes_to_the_first_in_line(world: World, http: Caller, client: Caller, events: Any) -> None:
    full_workshop(world, http)
    third = http.as_user(3)
    entry = client.post(f"/services/{WORKSHOP}/waitlist/", {"service_session": 700})
    behind = third.post("/waitlists/", {"service_id": WORKSHOP, "service_session_id": 700})

    assert (entry.status, entry.json["position"], behind.json["position"]) == (201, 1, 2)
    assert client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700}).code == "already_waiting"
    held = http.as_user(2).get("/bookings/").json["results"][0]["id"]
    http.as_user(2).post(f"/bookings/{held}/cancel/")
    jobs.waitlist_offers()
    jobs.waitlist_offers()

    (offered,) = events("waitlist.spot_opened")
    assert (offered["user_id"], offered["exclusive"]) == (CLIENT, True)
    stranger = http.as_user(9).post("/bookings/", {"service_id": WORKSHOP, "service_session_id": 700})
    assert stranger.code == "session_full"
    taken = client.post(f"/waitlists/{entry.json['id']}/accept/", {})
    assert taken.status == 201, taken
    assert client.get(f"/waitlists/{entry.json['id']}/").json["status"] == "converted"
    assert third.get(f"/waitlists/{entry.json['id']}/").status == 404


def test_an_offer_runs_out_and_goes_on(world: World, http: Caller, client: Caller, events: Any) -> None:
    full_workshop(world, http)
    first = client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700}).json
    http.as_user(3).post("/waitlists/", {"service": WORKSHOP, "service_session": 700})
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=2)
    jobs.waitlist_offers()

    with frozen_at(MONDAY + timedelta(hours=2)):
        jobs.waitlist_offers()
        late = client.post(f"/waitlists/{first['id']}/accept/", {})

    assert late.code == "offer_expired"
    assert [event["user_id"] for event in events("waitlist.spot_opened")] == [CLIENT, 3]


def test_shortly_before_the_start_all_are_told(world: World, http: Caller, client: Caller, events: Any) -> None:
    full_workshop(world, http)
    client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700})
    http.as_user(3).post("/waitlists/", {"service": WORKSHOP, "service_session": 700})
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=2)

    with frozen_at(MONDAY + timedelta(days=2) - timedelta(minutes=90)):
        jobs.waitlist_offers()

    assert [event["exclusive"] for event in events("waitlist.spot_opened")] == [False, False]


def test_booking_a_seat_ends_the_waiting(world: World, http: Caller, client: Caller) -> None:
    full_workshop(world, http)
    entry = client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700}).json
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=2)
    jobs.waitlist_offers()

    booked = client.post("/bookings/", {"service_id": WORKSHOP, "service_session_id": 700})

    assert booked.status == 201
    assert client.get(f"/waitlists/{entry['id']}/").json["booking_id"] == booked.json["id"]
    jobs.recount()
    assert jobs.SEAT_DRIFT._value.get() == 0


def test_lines_end_when_the_session_begins(world: World, http: Caller, client: Caller) -> None:
    full_workshop(world, http)
    entry = client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700}).json

    with frozen_at(MONDAY + timedelta(days=2)):
        jobs.waitlist_offers()

    assert client.get(f"/waitlists/{entry['id']}/").json["status"] == "expired"


def test_waiting_for_a_time(world: World, client: Caller, events: Any) -> None:
    world.calendar(time_off=[{"id": 1, "from_date": "2030-06-01", "to_date": "2030-06-30"}])
    entry = client.post("/waitlists/", {"service": 50}).json
    jobs.waitlist_offers()
    world.calendar()
    jobs.waitlist_offers()

    (offered,) = events("waitlist.spot_opened")
    taken = client.post(f"/waitlists/{entry['id']}/accept/", {})

    assert (offered["exclusive"], offered["start_time"]) == (False, "2030-06-03T10:15:00.000000Z")
    assert (taken.status, taken.json["start_time"]) == (201, "2030-06-03T10:15:00Z")


def test_who_sees_a_line(world: World, http: Caller, client: Caller, owner: Caller) -> None:
    full_workshop(world, http)
    client.post("/waitlists/", {"service": WORKSHOP, "service_session": 700})

    def seen(caller: Caller) -> int:
        return len(caller.get(f"/services/{WORKSHOP}/waitlist/").json)

    assert [seen(http), seen(client), seen(http.as_user(8)), seen(owner)] == [0, 1, 0, 1]
    assert client.get("/waitlists/").json["count"] == 1
    assert owner.get("/waitlists/?role=practitioner").json["count"] == 1
    assert client.delete(f"/services/{WORKSHOP}/waitlist/?service_session=700").status == 204
    assert seen(owner) == 0


def test_lines_that_nobody_needs(world: World, http: Caller, client: Caller, owner: Caller) -> None:
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2))
    world.dated(701, start=MONDAY + timedelta(days=3), status="canceled")

    def join(caller: Caller, **body: Any) -> Any:
        return caller.post("/waitlists/", body).code

    assert join(client, service=WORKSHOP, service_session=700) == "waitlist_not_needed"
    assert join(client, service=WORKSHOP, service_session=701) == "waitlist_closed"
    assert join(client, service=50) == "waitlist_not_needed"
    assert join(owner, service=50) == "own_service"
    assert join(client, service=12345) == "validation_error"
    assert client.post("/services/12345/waitlist/").status == 404


def test_a_canceled_session_is_given_back_in_full(world: World, http: Caller, client: Caller, events: Any) -> None:
    full_workshop(world, http)
    booking = http.as_user(2).get("/bookings/").json["results"][0]
    world.paid({**booking, "final_amount_cents": 10_000})
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=1, status="canceled", reason="Ill")

    jobs.follow_sessions()

    (told,) = events("booking.cancelled")
    assert (told["reason_code"], told["canceled_by"], told["refund_cents"]) == (
        "session_canceled",
        "practitioner",
        10_000,
    )


def test_a_moved_session_takes_its_bookings_along(world: World, http: Caller, events: Any) -> None:
    full_workshop(world, http)
    booking = http.as_user(2).get("/bookings/").json["results"][0]
    world.paid({**booking, "final_amount_cents": 10_000})
    world.dated(700, start=MONDAY + timedelta(days=4), max_participants=1)

    jobs.follow_sessions()
    jobs.follow_sessions()

    (told,) = events("booking.rescheduled")
    assert told["start_time"] == told["free_cancel_until"] == "2030-06-07T09:00:00.000000Z"
    assert http.as_user(2).get(f"/bookings/{booking['id']}/").json["start_time"] == "2030-06-07T09:00:00Z"


def test_a_workshop_laid_over_a_booking_is_a_conflict(
    world: World, confirmed: Any, owner: Caller, http: Caller
) -> None:
    confirmed()
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=1, minutes=30))

    plan = owner.get("/bookings/calendar/?start_date=2030-06-04&end_date=2030-06-05").json

    assert [(event["type"], event["has_conflict"]) for event in plan] == [("workshop", True), ("session", True)]
    assert plan[1]["attendees"][0]["user"]["phone_number"] == "+1555"
    assert http.as_user(3).get("/bookings/calendar/?start_date=2030-06-04&end_date=2030-06-05").status == 403
    assert owner.get("/bookings/calendar/?start_date=2030-06-04&end_date=2030-09-05").status == 400


def test_numbers(world: World, confirmed: Any, client: Caller, owner: Caller, http: Caller) -> None:
    confirmed()
    world.tell("favorite.changed", {"user_id": CLIENT, "kind": "service", "target_id": 5, "total": 3})

    dashboard = client.get("/auth/stats/").json
    assert (dashboard["total_bookings"], dashboard["wellness_score"], dashboard["favorite_services"]) == (1, 5, 3)
    assert dashboard["member_since"] == "2029-01-01T00:00:00Z"
    assert http.as_user(77).get("/auth/stats/").json["member_since"] is None
    stats = owner.get("/bookings/stats/?role=practitioner").json
    assert (stats["as"], stats["upcoming"], stats["gross_amount"]) == ("practitioner", 1, "100.00")
    assert client.get("/bookings/stats/?role=practitioner").status == 403


def test_a_person_is_forgotten(world: World, confirmed: Any, client: Caller, owner: Caller, events: Any) -> None:
    booking = confirmed(start_time=at(10, day=3), client_notes="My knee")
    client.post(f"/bookings/{booking['id']}/notes/", {"content": "Hello"})
    world.tell("user.export_requested", {"export_id": "e1", "user_id": CLIENT})
    world.tell("user.deleted", {"user_id": CLIENT})

    (part,) = events("user.export_part")
    assert {thing["kind"] for thing in part["data"]} == {"booking", "session", "note"} or len(part["data"]) == 2
    (told,) = events("booking.cancelled")
    assert (told["reason_code"], told["canceled_by"], told["refund_cents"]) == ("account_deleted", "client", 10_000)
    detail = owner.get(f"/bookings/{booking['id']}/").json
    assert detail["client_notes"] is None
    assert detail["user"]["full_name"] == ""
    assert detail["notes"][0]["content"] == "Erased"
    assert events("user.erased") == [{"user_id": CLIENT, "source": "bookings"}]


def test_a_practitioner_is_forgotten(world: World, confirmed: Any, events: Any) -> None:
    confirmed()
    world.tell("user.deleted", {"user_id": OWNER})

    (told,) = events("booking.cancelled")
    assert (told["canceled_by"], told["refund_cents"]) == ("practitioner", 10_000)


def test_the_nightly_count_finds_nothing_wrong(world: World, http: Caller, confirmed: Any) -> None:
    full_workshop(world, http)
    confirmed()

    jobs.recount()

    assert jobs.SEAT_DRIFT._value.get() == 0
