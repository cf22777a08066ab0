"""What is easily forgotten: limits that two requests reach together, seats that nobody paid for, answers told twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.bookings import jobs
from services.bookings.tests.integration.test_races import at_once, people, tally
from services.bookings.tests.world import CLIENT, COURSE, MONDAY, PACKAGE, SESSION, WORKSHOP, World, at
from shared.clock import frozen_at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]
LATER = MONDAY + timedelta(minutes=16)


@pytest.fixture
def full(world: World) -> World:
    """A workshop and a course of two classes, with one seat each."""
    world.service(WORKSHOP, service_type="workshop")
    world.dated(700, start=MONDAY + timedelta(days=2), max_participants=1)
    world.service(COURSE, service_type="course")
    for number in (1, 2):
        world.dated(800 + number, service_id=COURSE, start=MONDAY + timedelta(days=3 + number), max_participants=1)
    return world


@pytest.fixture
def package(world: World) -> World:
    """Three sessions for $100."""
    contents = [{"service_id": SESSION, "quantity": 3}]
    world.service(PACKAGE, service_type="package", children=contents, duration_minutes=0)
    return world


class TestSeatsThatNobodyPaidFor:
    def test_the_next_booker_clears_them(self, full: World, http: Caller, events: Any) -> None:
        body = {"service_id": WORKSHOP, "service_session_id": 700}
        assert http.as_user(1).post("/bookings/", body).status == 201
        assert http.as_user(2).post("/bookings/", body).code == "session_full"

        with frozen_at(LATER):
            assert http.as_user(2).post("/bookings/", body).status == 201
            assert http.as_user(3).post("/bookings/", body).code == "session_full"

        assert [told["user_id"] for told in events("booking.expired")] == [1]

    def test_also_those_of_a_form_that_was_never_sent(self, full: World, http: Caller) -> None:
        body = {"service_id": WORKSHOP, "service_session_id": 700}
        assert http.as_user(1).post("/bookings/holds/", body).status == 201
        assert http.as_user(2).post("/bookings/holds/", body).code == "session_full"

        with frozen_at(LATER):
            assert http.as_user(2).post("/bookings/holds/", body).status == 201

    def test_a_whole_course_is_given_back(self, full: World, http: Caller, events: Any) -> None:
        assert http.as_user(1).post("/bookings/create_course/", {"service_id": COURSE}).status == 201
        assert http.as_user(2).post("/bookings/create_course/", {"service_id": COURSE}).code == "session_full"

        with frozen_at(LATER):
            assert http.as_user(2).post("/bookings/create_course/", {"service_id": COURSE}).status == 201

        assert [told["user_id"] for told in events("booking.expired")] == [1]


class TestLimitsAreReachedOnce:
    @pytest.fixture
    def many(self, world: World) -> World:
        """Eight more practitioners, so that no calendar keeps two requests apart."""
        for number in range(20, 28):
            world.practitioner(number, 200 + number)
            world.calendar(number)
            world.service(number, practitioner_id=number, practitioners=[{"practitioner_id": number}])
        return world

    def test_five_unpaid_bookings(self, many: World, client: Caller) -> None:
        answers = at_once(
            *(
                lambda n=number: client.post("/bookings/", {"service_id": n, "start_time": at(10)})
                for number in range(20, 28)
            )
        )

        assert tally(answers) == {(201, None): 5, (409, "limit_reached"): 3}

    def test_three_holds(self, many: World, client: Caller) -> None:
        answers = at_once(
            *(
                lambda n=number: client.post("/bookings/holds/", {"service_id": n, "start_time": at(10)})
                for number in range(20, 28)
            )
        )

        assert tally(answers) == {(201, None): 3, (409, "limit_reached"): 5}

    def test_so_many_of_a_service_whoever_gives_it(self, many: World, client: Caller) -> None:
        both = [{"practitioner_id": 20}, {"practitioner_id": 21}]
        many.service(20, practitioner_id=20, practitioners=both, max_per_customer=1)

        answers = at_once(
            *(
                lambda n=number: client.post(
                    "/bookings/", {"service_id": 20, "practitioner_id": n, "start_time": at(10)}
                )
                for number in (20, 21)
            )
        )

        assert tally(answers) == {(201, None): 1, (409, "limit_reached"): 1}

    def test_those_who_want_other_times_all_get_them(self, world: World, http: Caller) -> None:
        """Whoever waits for the calendar loses only to somebody who took the same time."""
        answers = at_once(
            *(
                lambda c=caller, h=hour: c.post("/bookings/", {"service_id": SESSION, "start_time": at(h)})
                for hour, caller in zip(range(8, 20), people(http, 12), strict=True)
            )
        )

        assert tally(answers) == {(201, None): 12}


class TestToldTwice:
    def test_an_unpaid_cancellation(self, world: World, book: Book, client: Caller) -> None:
        path = f"/bookings/{book().json['id']}/cancel/"

        first, second = client.post(path), client.post(path)

        assert first.json["refund_cents"] == 10_000
        assert second.json == first.json

    def test_a_session_that_came_back_as_a_credit(self, package: World, client: Caller) -> None:
        bought = client.post("/bookings/create_package/", {"service_id": PACKAGE, "start_time": at(10, day=3)})
        assert bought.status == 201, bought
        package.paid(bought.json)
        path = f"/bookings/{bought.json['child_bookings'][0]['id']}/cancel/"

        first, second = client.post(path), client.post(path)

        assert (first.json["credit_restored"], first.json["refund_cents"]) == (True, 0)
        assert second.json == first.json


def test_money_that_comes_after_all_for_a_package_in_person_is_earned(
    package: World, client: Caller, owner: Caller, events: Any
) -> None:
    bought = client.post("/bookings/create_package/", {"service_id": PACKAGE, "start_time": at(10)}).json
    assert owner.post(f"/bookings/{bought['id']}/confirm/", {"collect": "in_person"}).status == 200
    package.paid(bought)

    assert owner.post(f"/bookings/{bought['child_bookings'][0]['id']}/complete/").status == 200

    assert [told["earned_cents"] for told in events("booking.completed")] == [3_333]


@pytest.mark.parametrize("minutes", [0, 24 * 60 + 1])
def test_appointments_have_a_length(world: World, book: Book, minutes: int) -> None:
    world.service(duration_minutes=minutes)

    assert book().code == "not_bookable"


def test_whoever_books_for_a_client_does_not_spend_their_money(
    world: World, book: Book, owner: Caller, staff: Caller, client: Caller, events: Any
) -> None:
    """Credits and cards are the client's to spend: what others book for them waits for the client's own payment."""
    wish = {"apply_credits": True, "payment_method_id": 5}
    for hour, caller, user in ((10, owner, CLIENT), (12, staff, CLIENT), (14, client, None)):
        assert book(caller, user_id=user, start_time=at(hour), **wish).status == 201

    told = [event["payment"] for event in events("booking.created")]

    assert [(one["apply_credits"], one["payment_method_id"]) for one in told] == [
        (False, None),
        (False, None),
        (True, 5),
    ]


@pytest.mark.parametrize("field", ["price_override_cents", "discount_amount_cents"])
@pytest.mark.parametrize("cents", [-1, 100_000_000, 2**63 - 1, "1.5", 1.5, "1e3", True])
def test_amounts_that_are_none(world: World, book: Book, owner: Caller, field: str, cents: Any) -> None:
    assert book(owner, user_id=CLIENT, **{field: cents}).status == 400


def test_what_is_upcoming_follows_the_clock(world: World, confirmed: Any, client: Caller) -> None:
    confirmed()
    counts = []

    for moment in (MONDAY, MONDAY + timedelta(days=1, hours=1), MONDAY + timedelta(days=1, hours=2)):
        with frozen_at(moment):
            counts.append([client.get(f"/bookings/?is_upcoming={value}").json["count"] for value in ("true", "false")])

    assert counts == [[1, 0], [0, 1], [0, 1]]


def test_seats_follow_the_room(full: World, http: Caller, events: Any) -> None:
    """Eight have a seat where there are five now: nobody loses it. With ten, the two next in line are asked."""
    full.dated(700, start=MONDAY + timedelta(days=2), max_participants=8)
    body = {"service_id": WORKSHOP, "service_session_id": 700}
    for caller in people(http, 8, start=300):
        full.paid(caller.post("/bookings/", body).json)
    for caller in people(http, 3, start=400):
        joined = caller.post(f"/services/{WORKSHOP}/waitlist/", {"service_session": 700})
        assert joined.status == 201, joined

    full.dated(700, start=MONDAY + timedelta(days=2), max_participants=5)
    jobs.waitlist_offers()
    slots = http.get(f"/bookings/available_slots/?service_id={WORKSHOP}&start_date=2030-06-05&end_date=2030-06-05")
    assert [slot["spots_available"] for slot in slots.json["days"][0]["slots"]] == [0]
    assert events("booking.cancelled") == []
    assert events("waitlist.spot_opened") == []

    full.dated(700, start=MONDAY + timedelta(days=2), max_participants=10)
    jobs.waitlist_offers()
    assert [told["user_id"] for told in events("waitlist.spot_opened")] == [400, 401]
    assert http.as_user(500).post("/bookings/", body).code == "session_full"
    assert http.as_user(401).post("/bookings/", body).status == 201


def test_a_worker_that_was_off_for_a_day_does_all_once(
    world: World, confirmed: Any, client: Caller, events: Any
) -> None:
    booking = confirmed()

    with frozen_at(MONDAY + timedelta(days=2)):
        for _ in range(2):
            world.all_jobs()
        detail = client.get(f"/bookings/{booking['id']}/").json
    # A clock that is set back repeats nothing.
    with frozen_at(MONDAY + timedelta(days=1, hours=1)):
        world.all_jobs()

    assert (detail["status"], detail["status_detail"]) == ("completed", "completed_by_clock")
    facts = [type_ for type_, _ in events() if type_ not in ("booking.changed", "booking.created")]
    assert facts == ["booking.confirmed", "booking.started", "booking.completed"]


def test_an_empty_put_changes_nothing(world: World, confirmed: Any, client: Caller) -> None:
    path = f"/bookings/{confirmed()['id']}/"
    before = client.get(path)

    assert client.put(path, {}).status == 200
    assert client.get(path).headers["ETag"] == before.headers["ETag"]
