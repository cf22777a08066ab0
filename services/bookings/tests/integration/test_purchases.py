"""Packages, bundles, courses, series: bought at once, held one by one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings import jobs
from services.bookings.tests.integration.test_races import at_once
from services.bookings.tests.world import BUNDLE, COURSE, MONDAY, PACKAGE, SESSION, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]
RETREAT = 59


@pytest.fixture
def shop(world: World) -> World:
    world.service(WORKSHOP, service_type="workshop", price_cents=4_000)
    world.service(
        PACKAGE,
        service_type="package",
        price_cents=10_000,
        children=[{"service_id": SESSION, "quantity": 2, "position": 0}, {"service_id": WORKSHOP, "position": 1}],
    )
    world.service(
        BUNDLE,
        service_type="bundle",
        price_cents=9_999,
        sessions_included=2,
        bonus_sessions=1,
        children=[{"service_id": SESSION, "quantity": 1}],
        validity_days=30,
    )
    world.service(COURSE, service_type="course", price_cents=9_000)
    for number in range(3):
        world.dated(800 + number, COURSE, start=MONDAY + timedelta(days=2 + 7 * number), sequence_number=number + 1)
    return world


def buy(caller: Caller, kind: str, service_id: int, **more: Any) -> Answer:
    return caller.post(f"/bookings/create_{kind}/", {"service_id": service_id, **more})


def test_a_package_becomes_credits_when_paid(shop: World, client: Caller, events: Any) -> None:
    bought = buy(client, "package", PACKAGE)

    assert bought.status == 201, bought
    assert bought.json["sessions_total"] == 3
    assert [child["status_detail"] for child in bought.json["child_bookings"]] == ["awaiting_parent"] * 3
    assert len(events("booking.created")) == 1
    first = bought.json["child_bookings"][0]["id"]
    assert client.post(f"/bookings/{first}/schedule/", {"start_time": at(10)}).code == "payment_required"

    shop.paid(bought.json)

    listed = client.get("/bookings/session_credits/").json["results"]
    assert [(one["total"], one["remaining"], one["value_per_session"]) for one in listed] == [
        (2, 2, "33.33"),
        (1, 1, "33.34"),
    ]
    scheduled = client.post(f"/bookings/{first}/schedule/", {"start_time": at(10)})
    assert (scheduled.status, scheduled.json["status"]) == (200, "confirmed")
    assert client.post(f"/bookings/{first}/schedule/", {"start_time": at(11)}).code == "already_scheduled"
    assert [event["by"] for event in events("booking.confirmed")] == ["payment", "credit"]


@pytest.mark.parametrize("kind", ["bundle", "course"])
def test_a_part_of_an_unpaid_purchase_is_not_canceled_alone(
    shop: World, client: Caller, events: Any, kind: str
) -> None:
    """Whoever pays afterwards would have paid for it, and nobody would give it back."""
    bought = buy(client, kind, {"bundle": BUNDLE, "course": COURSE}[kind]).json
    part = bought["child_bookings"][-1]

    alone = client.post(f"/bookings/{part['id']}/cancel/")

    assert (alone.status, alone.code, part["can_be_canceled"]) == (409, "not_cancellable", False)
    shop.paid(bought)
    back = client.post(f"/bookings/{bought['id']}/cancel/").json
    assert back["refund_cents"] == bought["final_amount_cents"]


def test_the_last_credit_is_spent_once(shop: World, client: Caller) -> None:
    bundle = buy(client, "bundle", BUNDLE).json
    shop.paid(bundle)
    body = {"service_id": SESSION, "use_session_credit": True}
    for hour in (8, 10):
        assert client.post("/bookings/", {**body, "start_time": at(hour)}).status == 201

    answers = at_once(
        lambda: client.post("/bookings/", {**body, "start_time": at(12)}),
        lambda: client.post("/bookings/", {**body, "start_time": at(14)}),
    )

    assert sorted((answer.status, answer.code or "") for answer in answers) == [(201, ""), (409, "no_session_credit")]


def test_canceling_early_gives_the_credit_back_and_late_spends_it(shop: World, client: Caller, events: Any) -> None:
    bundle = buy(client, "bundle", BUNDLE).json
    shop.paid(bundle)
    body = {"service_id": SESSION, "parent_booking_id": bundle["id"]}
    early = client.post("/bookings/", {**body, "start_time": at(10, day=3)}).json
    late = client.post("/bookings/", {**body, "start_time": at(12, day=0)}).json

    back = client.post(f"/bookings/{early['id']}/cancel/").json
    spent = client.post(f"/bookings/{late['id']}/cancel/").json

    assert (back["refund_cents"], back["credit_restored"]) == (0, True)
    assert (spent["refund_cents"], spent["credit_restored"], spent["restored_booking_id"]) == (0, False, None)
    cancelled = events("booking.cancelled")
    assert [event["retained_cents"] for event in cancelled] == [0, 3333]
    (credit,) = client.get("/bookings/session_credits/").json["results"]
    assert (credit["total"], credit["used"], credit["remaining"]) == (3, 1, 2)


@pytest.fixture
def retreat(shop: World) -> World:
    """A package of a session and a course of three classes."""
    shop.service(
        RETREAT,
        service_type="package",
        price_cents=10_000,
        children=[{"service_id": SESSION, "position": 0}, {"service_id": COURSE, "position": 1}],
    )
    return shop


def test_a_course_in_a_package_is_joined_as_a_whole(retreat: World, client: Caller, http: Caller, events: Any) -> None:
    package = buy(client, "package", RETREAT).json
    course = package["child_bookings"][1]
    assert client.post(f"/bookings/{course['id']}/schedule/").code == "payment_required"
    retreat.paid(package)

    joined = client.post(f"/bookings/{course['id']}/schedule/")

    assert (joined.status, joined.json["status"]) == (200, "confirmed"), joined
    assert joined.json["start_time"] == "2030-06-05T09:00:00Z"
    bought = client.get(f"/bookings/{package['id']}/").json
    classes = [child for child in bought["child_bookings"] if child["service"]["id"] == COURSE]
    assert [child["status"] for child in classes] == ["confirmed"] * 3
    assert (bought["sessions_total"], bought["sessions_remaining"]) == (4, 1)
    shares = [client.get(f"/bookings/{child['id']}/").json["allocated_amount_cents"] for child in classes]
    assert sorted(shares) == [1_666, 1_667, 1_667]
    assert len([event for event in events("booking.confirmed") if event["by"] == "credit"]) == 1
    assert client.post(f"/bookings/{course['id']}/schedule/").code == "already_scheduled"
    assert buy(client, "course", COURSE).code == "already_booked"

    left = client.post(f"/bookings/{course['id']}/cancel/").json
    assert (left["refund_cents"], left["credit_restored"]) == (0, False)
    back = client.post(f"/bookings/{package['id']}/cancel/").json
    assert back["refund_cents"] == 10_000 - 1_666


def test_a_full_course_leaves_the_credit_untouched(retreat: World, client: Caller, http: Caller) -> None:
    package = buy(client, "package", RETREAT).json
    retreat.paid(package)
    for number in (11, 12, 13):
        retreat.user(number)
        assert buy(http.as_user(number), "course", COURSE).status == 201

    full = client.post("/bookings/", {"service_id": COURSE, "use_session_credit": True})

    assert (full.status, full.code) == (409, "session_full")
    assert client.get(f"/bookings/{package['id']}/").json["sessions_remaining"] == 2
    retreat.dated(800, COURSE, start=MONDAY + timedelta(days=2), sequence_number=1, max_participants=9)
    retreat.dated(801, COURSE, start=MONDAY + timedelta(days=9), sequence_number=2, max_participants=9)
    retreat.dated(802, COURSE, start=MONDAY + timedelta(days=16), sequence_number=3, max_participants=9)
    answers = at_once(
        lambda: client.post("/bookings/", {"service_id": COURSE, "use_session_credit": True}),
        lambda: client.post("/bookings/", {"service_id": COURSE, "use_session_credit": True}),
    )
    assert sorted((answer.status, answer.code or "") for answer in answers) == [(201, ""), (409, "no_session_credit")]


def test_canceling_a_package_refunds_once(shop: World, client: Caller, owner: Caller, events: Any) -> None:
    package = buy(client, "package", PACKAGE).json
    shop.paid(package)
    first, second, _third = (child["id"] for child in package["child_bookings"])
    client.post(f"/bookings/{first}/schedule/", {"start_time": at(12, day=0)})
    client.post(f"/bookings/{second}/schedule/", {"start_time": at(14, day=0)})
    assert owner.post(f"/bookings/{first}/complete/").status == 200

    quoted = client.get(f"/bookings/{package['id']}/cancellation_quote/").json
    done = client.post(f"/bookings/{package['id']}/cancel/")

    assert done.status == 200, done
    assert done.json["refund_cents"] == quoted["refund_cents"] == 3_334
    told = events("booking.cancelled")
    assert [event["refund_cents"] for event in told] == [0, 0, 3_334]
    assert [event["covered_by"] for event in told] == [package["id"], package["id"], None]
    assert sum(event["retained_cents"] for event in told) == 3_333

    shop.tell("payment.refunded", {"booking_id": package["id"], "refunded_total_cents": 3_334})
    parent = client.get(f"/bookings/{package['id']}/").json
    assert parent["payment_status"] == "partially_refunded"
    assert [child["payment_status"] for child in parent["child_bookings"]] == ["paid", "paid", "refunded"]


def test_the_first_session_can_be_scheduled_while_buying(shop: World, client: Caller, http: Caller) -> None:
    bundle = buy(client, "bundle", BUNDLE, start_time=at(10)).json

    assert bundle["child_bookings"][0]["status"] == "pending_payment"
    assert http.as_user(2).post("/bookings/", {"service_id": SESSION, "start_time": at(10)}).code == "slot_taken"
    shop.paid(bundle)
    assert client.get(f"/bookings/{bundle['id']}/").json["child_bookings"][0]["status"] == "confirmed"


def test_an_unpaid_purchase_expires_with_all_of_it(shop: World, client: Caller, http: Caller) -> None:
    bundle = buy(client, "bundle", BUNDLE, start_time=at(10)).json

    with frozen_at(MONDAY + timedelta(minutes=20)):
        jobs.expire_holds()
        detail = client.get(f"/bookings/{bundle['id']}/").json
        again = http.as_user(2).post("/bookings/", {"service_id": SESSION, "start_time": at(10)})

    assert {detail["status"], *(child["status"] for child in detail["child_bookings"])} == {"canceled"}
    assert again.status == 201


def test_credits_lapse_with_a_warning(shop: World, client: Caller, events: Any) -> None:
    bundle = buy(client, "bundle", BUNDLE).json
    shop.paid(bundle)

    with frozen_at(MONDAY + timedelta(days=20)):
        jobs.lapse_credits()
        jobs.lapse_credits()
    assert [event["sessions_remaining"] for event in events("booking.reminder_due")] == [3]
    with frozen_at(MONDAY + timedelta(days=31)):
        jobs.lapse_credits()
        jobs.lapse_credits()

    told = events("booking.cancelled")
    assert [(event["reason_code"], event["refund_cents"]) for event in told] == [("credit_expired", 0)] * 3
    assert sum(event["retained_cents"] for event in told) == 9_999
    assert client.get("/bookings/session_credits/").json["count"] == 0


def test_a_credit_is_not_used_after_it_lapses(shop: World, client: Caller) -> None:
    shop.service(
        BUNDLE + 10, service_type="bundle", sessions_included=1, validity_days=1, children=[{"service_id": SESSION}]
    )
    bundle = buy(client, "bundle", BUNDLE + 10).json
    shop.paid(bundle)
    child = bundle["child_bookings"][0]["id"]

    assert client.post(f"/bookings/{child}/schedule/", {"start_time": at(10, day=2)}).code == "credit_expired"
    assert client.post(f"/bookings/{child}/schedule/", {"start_time": at(10, day=1)}).status == 200


def test_a_course_takes_a_seat_in_every_class(shop: World, client: Caller, http: Caller, events: Any) -> None:
    course = buy(client, "course", COURSE).json

    assert [child["status"] for child in course["child_bookings"]] == ["pending_payment"] * 3
    assert course["end_time"] == "2030-06-19T10:00:00Z"
    assert buy(client, "course", COURSE).code == "already_booked"
    shop.paid(course)
    detail = client.get(f"/bookings/{course['id']}/").json
    assert {child["status"] for child in detail["child_bookings"]} == {"confirmed"}
    for number in (2, 3):
        assert buy(http.as_user(number), "course", COURSE).status == 201
    full = buy(http.as_user(4), "course", COURSE)
    assert full.code == "session_full"

    with frozen_at(MONDAY + timedelta(days=3)):
        shop.all_jobs()
        shop.all_jobs()
        left = client.post(f"/bookings/{course['id']}/cancel/").json
    assert left["refund_cents"] == 6_000
    assert [event["earned_cents"] for event in events("booking.completed")] == [3_000]


def test_a_package_is_completed_by_its_sessions(shop: World, client: Caller, owner: Caller, events: Any) -> None:
    bundle = buy(client, "bundle", BUNDLE).json
    shop.paid(bundle)
    for hour, child in zip((11, 13, 15), bundle["child_bookings"], strict=True):
        client.post(f"/bookings/{child['id']}/schedule/", {"start_time": at(hour, day=0)})
        owner.post(f"/bookings/{child['id']}/complete/")

    assert client.get(f"/bookings/{bundle['id']}/").json["status"] == "completed"
    assert owner.post(f"/bookings/{bundle['id']}/complete/").status == 200
    journey = client.get(f"/bookings/{bundle['id']}/journey/").json
    assert (journey["completed_count"], journey["progress_percentage"]) == (3, 100.0)
    assert sum(event["earned_cents"] for event in events("booking.completed")) == 9_999


@pytest.mark.parametrize(
    ("kind", "service_id", "status"),
    [("package", BUNDLE, 400), ("course", PACKAGE, 400), ("bundle", 9_999, 404), ("package", SESSION, 400)],
)
def test_the_wrong_kind(shop: World, client: Caller, kind: str, service_id: int, status: int) -> None:
    assert buy(client, kind, service_id).status == status


def test_a_part_that_is_gone(shop: World, client: Caller) -> None:
    shop.tell("service.deleted", {"id": WORKSHOP})

    assert buy(client, "package", PACKAGE).code == "not_bookable"
