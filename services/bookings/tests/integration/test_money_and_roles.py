"""Who gets what back, who sees what, and the answer's sums against the events' sums."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings.tests.world import MONDAY, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Confirmed = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("before_start", "refund"),
    [
        pytest.param(timedelta(hours=24), 10_000, id="24 h 0 s"),
        pytest.param(timedelta(hours=24) - timedelta(microseconds=1), 0, id="a microsecond later"),
    ],
)
def test_the_deadline_to_the_microsecond(
    world: World, confirmed: Confirmed, client: Caller, events: Any, before_start: timedelta, refund: int
) -> None:
    booking = confirmed(start_time=at(10, day=3))

    with frozen_at(MONDAY + timedelta(days=3, hours=1) - before_start):
        quote = client.get(f"/bookings/{booking['id']}/cancellation_quote/").json
        done = client.post(f"/bookings/{booking['id']}/cancel/").json
        again = client.post(f"/bookings/{booking['id']}/cancel/").json

    (told,) = events("booking.cancelled")
    assert quote["refund_cents"] == done["refund_cents"] == again["refund_cents"] == told["refund_cents"] == refund
    assert told["retained_cents"] == quote["retained_cents"] == 10_000 - refund
    assert (told["canceled_by"], told["reason"], told["reason_code"]) == ("client", "Canceled by client", "policy")


def test_who_canceled_is_the_caller_whatever_is_sent(
    world: World, confirmed: Confirmed, client: Caller, owner: Caller, staff: Caller, events: Any
) -> None:
    first, second, third = (confirmed(start_time=at(hour, day=0)) for hour in (11, 13, 15))
    lie = {"canceled_by": "practitioner", "reason": "Ill"}

    assert client.post(f"/bookings/{first['id']}/cancel/", lie).json["refund_cents"] == 0
    assert (
        owner.post(f"/bookings/{second['id']}/cancel/", {"cancellation_reason": "Ill"}).json["refund_cents"] == 10_000
    )
    assert client.post(f"/bookings/{third['id']}/cancel/", {"refund_percent": 100}).status == 403
    assert staff.post(f"/bookings/{third['id']}/cancel/", {"refund_percent": 33}).json["refund_cents"] == 3_300

    assert [event["canceled_by"] for event in events("booking.cancelled")] == ["client", "practitioner", "admin"]
    assert client.post(f"/bookings/{first['id']}/cancel/").status == 200
    assert client.delete(f"/bookings/{first['id']}/").status == 204


def test_an_unpaid_cancellation_gives_back_whatever_arrives(
    world: World, book: Callable[..., Answer], client: Caller, events: Any
) -> None:
    booking = book().json
    client.post(f"/bookings/{booking['id']}/cancel/")

    (told,) = events("booking.cancelled")
    assert (told["from_status"], told["refund_cents"], told["retained_cents"]) == ("pending_payment", 10_000, 0)


def test_closed_bookings_stay_closed(world: World, confirmed: Confirmed, client: Caller, owner: Caller) -> None:
    path = f"/bookings/{confirmed(start_time=at(10, day=3))['id']}/"
    client.post(f"{path}cancel/")

    assert owner.post(f"{path}complete/").code == "invalid_transition"
    assert owner.post(f"{path}complete/").errors == {"status": ["canceled"]}
    assert owner.post(f"{path}start/").code == "invalid_transition"
    assert client.post(f"{path}reschedule/", {"start_time": at(12, day=3)}).code == "not_reschedulable"
    assert client.patch(path, {"title": "x"}).code == "invalid_transition"
    assert owner.patch(path, {"practitioner_notes": "x"}).status == 200


def test_too_early_and_too_late(world: World, confirmed: Confirmed, client: Caller, owner: Caller) -> None:
    path = f"/bookings/{confirmed(start_time=at(10))['id']}/"
    start = MONDAY + timedelta(days=1, hours=1)

    assert owner.post(f"{path}start/").code == "too_early"
    assert owner.post(f"{path}no_show/").code == "too_early"
    with frozen_at(start - timedelta(minutes=15)):
        assert owner.post(f"{path}start/").json["status"] == "in_progress"
        assert owner.post(f"{path}start/").status == 200
    with frozen_at(start + timedelta(minutes=5)):
        assert client.post(f"{path}cancel/").code == "not_cancellable"
        assert owner.post(f"{path}no_show/", {"by": "practitioner"}).status == 403
    with frozen_at(start + timedelta(hours=1, days=1, seconds=1)):
        assert owner.post(f"{path}no_show/").code == "too_late"


def test_rescheduling_has_limits(world: World, confirmed: Confirmed, client: Caller, owner: Caller) -> None:
    path = f"/bookings/{confirmed(start_time=at(10, day=5))['id']}/reschedule/"
    for hour in (11, 12, 13):
        assert client.post(path, {"start_time": at(hour, day=5)}).status == 200

    assert client.post(path, {"start_time": at(14, day=5)}).code == "reschedule_limit"
    assert owner.post(path, {"start_time": at(14, day=5)}).json["reschedule_count"] == 3
    assert owner.post(path, {"start_time": at(21, day=5)}).code == "slot_unavailable"
    assert owner.post(path, {"start_time": at(21, day=5), "override_availability": True}).status == 200
    assert owner.post(path, {"start_time": at(10, day=5), "end_time": at(12, day=5)}).status == 400
    with frozen_at(MONDAY + timedelta(days=5)):
        late = client.post(path, {"start_time": at(10, day=6)})
    assert late.code == "not_reschedulable"


def test_the_own_booking_is_left_out_for_its_people_only(
    world: World, confirmed: Confirmed, client: Caller, http: Caller
) -> None:
    booking = confirmed()
    body = {"service_id": 50, "date": "2030-06-04", "exclude_booking_id": booking["id"]}

    def offers_ten(caller: Caller) -> bool:
        found = caller.post("/bookings/check_availability/", body).json["available_slots"]
        return at(10) in [slot["start_time"] for slot in found]

    assert [offers_ten(client), offers_ten(http.as_user(9)), offers_ten(http)] == [True, False, False]


def test_links_to_pay_are_the_clients(world: World, book: Callable[..., Answer], client: Caller, owner: Caller) -> None:
    booking = book().json
    world.tell("payment.action_required", {"booking_id": booking["id"], "checkout_url": "https://pay.example/x"})
    path = f"/bookings/{booking['id']}/"

    assert client.get(path).json["payment"]["checkout_url"] == "https://pay.example/x"
    assert owner.get(path).json["payment"]["checkout_url"] is None


def test_the_street_is_told_once_it_is_certain(
    world: World, book: Callable[..., Answer], client: Caller, events: Any
) -> None:
    address = {"line1": "12 Elm Street", "full_address": "12 Elm Street, Oslo"}
    place = {"id": 9, "practitioner_id": 10, "name": "Studio", "address": address, "city_name": "Oslo"}
    world.tell("location.changed", {**place, "country_code": "NO"})
    world.service(location_type="in_person", location_id=9)
    booking = book().json
    path = f"/bookings/{booking['id']}/"

    before = client.get(path).json
    world.paid(booking)
    after = client.get(path).json

    assert (before["location"]["city"], before["location"]["address_line_1"]) == ("Oslo", None)
    assert after["location"]["address_line_1"] == "12 Elm Street"
    assert after["room"] is None
    (told,) = events("booking.confirmed")
    assert told["place"] == {"name": "Studio", "full_address": "12 Elm Street, Oslo"}
    assert book(start_time=at(12), location_id=10).status == 400


def test_holds_have_limits_and_owners(world: World, client: Caller, http: Caller) -> None:
    def keep(hour: int) -> Answer:
        return client.post("/bookings/holds/", {"service_id": 50, "start_time": at(hour)})

    tokens = [keep(hour).json["hold_token"] for hour in (8, 10, 12)]

    assert keep(14).code == "limit_reached"
    assert http.as_user(2).delete(f"/bookings/holds/{tokens[0]}/").status == 404
    assert client.delete(f"/bookings/holds/{tokens[0]}/").status == 204
    assert keep(14).status == 201
    with frozen_at(MONDAY + timedelta(minutes=5)):
        dead = client.post("/bookings/", {"service_id": 50, "start_time": at(10), "hold_token": tokens[1]})
        other = http.as_user(2).post("/bookings/", {"service_id": 50, "start_time": at(10)})
    assert (dead.code, other.status) == ("hold_expired", 201)


def test_only_staff_may_keep_a_change_quiet(
    world: World, confirmed: Confirmed, client: Caller, owner: Caller, staff: Caller, events: Any
) -> None:
    """Staff who have told the people themselves keep the marketplace from telling them again."""
    first, second, third = (confirmed(start_time=at(hour, day=3)) for hour in (10, 12, 14))
    quiet = {"notify": False}

    client.post(f"/bookings/{first['id']}/cancel/", quiet)
    owner.post(f"/bookings/{second['id']}/cancel/", quiet)
    staff.post(f"/bookings/{third['id']}/reschedule/", {"start_time": at(16, day=3), **quiet})
    staff.post(f"/bookings/{third['id']}/cancel/", quiet)

    assert [event["notify"] for event in events("booking.cancelled")] == [True, True, False]
    assert [event["notify"] for event in events("booking.rescheduled")] == [False]


def test_instants_from_other_services_are_shown_like_our_own(
    world: World, book: Callable[..., Answer], client: Caller
) -> None:
    booking = book().json
    world.tell(
        "payment.action_required",
        {
            "booking_id": booking["id"],
            "order_uuid": "0190a000-0000-7000-8000-000000000000",
            "kind": "checkout",
            "checkout_url": "https://pay.example.org/1",
            "expires_at": "2030-06-03T09:31:00+00:00",
        },
    )

    assert client.get(f"/bookings/{booking['id']}/").json["payment"]["expires_at"] == "2030-06-03T09:31:00Z"
