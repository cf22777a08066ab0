"""Writing, changing and taking back reviews: the rows of the table of bad input, and what is told of each."""

from datetime import timedelta
from typing import Any

import pytest

from services.reviews.tests.world import (
    CLIENT,
    NOON,
    OTHER,
    OTHER_OWNER,
    OTHER_PRACTITIONER,
    OTHER_SERVICE,
    OWNER,
    PRACTITIONER,
    SERVICE,
    World,
    Write,
    uuid_of,
)
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def test_ratings_that_are_none(write: Write) -> None:
    for rating in (0, 0.99, 5.01, -1, "NaN", "five", None, 4.333, True, "1e0", [], 50):
        answer = write(rating=rating)
        assert (rating, answer.status, list(answer.errors)) == (rating, 400, ["rating"])
        assert answer.code == "validation_error"


def test_ratings_in_every_spelling(write: Write) -> None:
    for rating, told in ((5, "5.00"), ("5", "5.00"), ("5.0", "5.00"), (4.5, "4.50"), (1, "1.00")):
        answer = write(rating=rating)
        assert (answer.status, answer.json["rating"], answer.json["status"]) == (201, told, "published")


def test_something_must_be_named(world: World, client: Caller) -> None:
    assert client.post("/reviews/", {"rating": 5}).status == 400
    assert client.post("/reviews/", {"rating": 5, "booking_uuid": "x"}).status == 400


@pytest.mark.parametrize(
    "booking",
    [
        pytest.param({"status": "confirmed", "completed_at": None}, id="not completed"),
        pytest.param({"user_id": OTHER}, id="somebody else's"),
        pytest.param(None, id="unknown"),
    ],
)
def test_without_a_completed_booking(world: World, client: Caller, booking: dict[str, Any] | None) -> None:
    if booking is not None:
        world.booking(7, **booking)

    answer = client.post("/reviews/", {"rating": 5, "booking_uuid": uuid_of("booking", 7)})

    assert (answer.status, answer.code) == (403, "no_completed_booking")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    "named",
    [
        {"practitioner_uuid": uuid_of("practitioner", OTHER_PRACTITIONER)},
        {"service_uuid": uuid_of("service", OTHER_SERVICE)},
    ],
)
def test_a_booking_of_another_practitioner_or_service(write: Write, named: dict[str, str]) -> None:
    answer = write(**named)

    assert (answer.status, answer.code, list(answer.errors)) == (400, "booking_mismatch", list(named))


def test_the_newest_reviewable_booking_is_taken(world: World, client: Caller) -> None:
    for number, days in ((1, 3), (2, 1), (3, 2)):
        world.booking(number, completed_at=(NOON - timedelta(days=days)).isoformat())

    for expected in (2, 3, 1):
        body = {"rating": 5, "service_uuid": uuid_of("service", SERVICE), "is_anonymous": False}
        made = client.post("/reviews/", body).json
        shown = client.get(f"/reviews/{made['public_uuid']}/").json
        assert shown["booking"]["public_uuid"] == uuid_of("booking", expected)
        assert shown["practitioner_uuid"] == uuid_of("practitioner", PRACTITIONER)

    answer = client.post("/reviews/", {"rating": 5, "practitioner_uuid": uuid_of("practitioner", PRACTITIONER)})
    assert (answer.status, answer.code) == (409, "already_reviewed")


@pytest.mark.parametrize(("days", "status"), [(180, 201), (181, 403)])
def test_the_window(write: Write, days: int, status: int) -> None:
    answer = write(booking={"completed_at": (NOON - timedelta(days=days)).isoformat()})

    assert (answer.status, answer.code) == (status, None if status == 201 else "window_closed")


def test_own_work(world: World, http: Caller) -> None:
    world.booking(7, OWNER)
    owner = http.as_user(OWNER)

    for named in (
        {"booking_uuid": uuid_of("booking", 7)},
        {"practitioner_uuid": uuid_of("practitioner", PRACTITIONER)},
        {"service_uuid": uuid_of("service", SERVICE)},
    ):
        answer = owner.post("/reviews/", {"rating": 5, **named})
        assert (answer.status, answer.code) == (403, "own_service")


def test_who_works_for_the_service_does_not_review_it(world: World, http: Caller) -> None:
    people = [{"practitioner_id": one, "is_primary": one == PRACTITIONER} for one in (PRACTITIONER, OTHER_PRACTITIONER)]
    world.service(practitioners=people)
    world.booking(7, OTHER_OWNER)

    for named in ({"booking_uuid": uuid_of("booking", 7)}, {"service_uuid": uuid_of("service", SERVICE)}):
        answer = http.as_user(OTHER_OWNER).post("/reviews/", {"rating": 5, **named})
        assert (answer.status, answer.code) == (403, "own_service")


@pytest.mark.parametrize(
    ("comment", "status"),
    [
        ("x" * 5_001, 400),
        ("x" * 5_000, 201),
        ("🙏🏽✨", 201),
        ("مساج رائع", 201),
        ("<script>alert(1)</script>", 201),
        ("A\u0007B", 400),
        ("Line\nbreak", 201),
    ],
)
def test_comments(write: Write, comment: str, status: int) -> None:
    answer = write(comment=comment)

    assert answer.status == status
    if status == 201:
        assert answer.json["comment"] == comment


def test_nul_is_refused(write: Write) -> None:
    assert write(comment="a\u0000b").status == 400


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("Call me at +1 (555) 123-4567", "phone"),
        ("555-1234 any time", "phone"),
        ("Write to me: anna (at) mail (dot) example", "email"),
        ("See www.elsewhere.example", "web_address"),
    ],
)
def test_contact_details_are_held(world: World, write: Write, client: Caller, comment: str, reason: str) -> None:
    made = write(comment=comment).json

    assert (made["status"], made["is_published"]) == ("held", False)
    assert client.get("/reviews/").json["count"] == 0
    path = f"/reviews/statistics/?practitioner={uuid_of('practitioner', PRACTITIONER)}"
    assert client.get(path).json["total_reviews"] == 0
    assert client.get("/reviews/my_reviews/").json["results"][0]["status"] == "held"
    staff = client.as_staff(9)
    [item] = staff.get("/reviews/moderation/").json["results"]
    assert item["held_reasons"] == [reason]


def test_stars_are_never_a_reason(write: Write) -> None:
    assert (
        write(rating=1, comment="Terrible, on 2026-06-01 at 10:30 I paid 120.00 for nothing.").json["status"]
        == "published"
    )


def test_repeating_oneself_and_haste_are_held(write: Write) -> None:
    assert write(comment="The very same.").json["status"] == "published"
    assert write(comment="the very SAME.").json["status"] == "held"
    for number in range(3):
        assert write(comment=f"Another {number}").json["status"] == "published"
    assert write(comment="The sixth within an hour").json["status"] == "held"


def test_the_same_key_gives_the_same_answer(world: World, client: Caller) -> None:
    world.booking(7)
    keyed = client.having(Idempotency_Key="k1")
    body = {"rating": 5, "booking_uuid": uuid_of("booking", 7)}

    first, again = keyed.post("/reviews/", body), keyed.post("/reviews/", body)
    other = keyed.post("/reviews/", {**body, "rating": 4})

    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_what_is_told_of_a_new_review(database: Database, write: Write) -> None:
    made = write(rating="4.5", comment="Lovely. " * 50, is_anonymous=True).json

    with database.transaction() as session:
        [published] = [one.data for one in announced(session, "review.published")]
        ratings = {one.subject_id: one.data for one in announced(session, "rating.changed")}
    assert published | {"comment": ""} == {
        "review_uuid": made["public_uuid"],
        "practitioner_id": PRACTITIONER,
        "practitioner_user_id": OWNER,
        "service_id": SERVICE,
        "booking_id": published["booking_id"],
        "author_user_id": CLIENT,
        "display_name": "Anonymous",
        "is_anonymous": True,
        "rating": "4.50",
        "comment": "",
        "republished": False,
    }
    assert len(published["comment"]) == 200
    assert ratings[f"practitioner:{PRACTITIONER}"] == {
        "target": "practitioner",
        "target_id": PRACTITIONER,
        "target_uuid": uuid_of("practitioner", PRACTITIONER),
        "count": 1,
        "average": "4.50",
        "weighted": "4.333",
        "distribution": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
        "verified": 1,
        "last_review_at": "2026-06-15T12:00:00.000000Z",
    }
    assert ratings[f"service:{SERVICE}"]["target_uuid"] == uuid_of("service", SERVICE)


def test_can_review_says_why_not(world: World, http: Caller, client: Caller) -> None:
    by_practitioner = f"/reviews/can_review/?practitioner={uuid_of('practitioner', PRACTITIONER)}"
    assert client.get("/reviews/can_review/").status == 400
    assert http.get(by_practitioner).json["code"] == "authentication_required"
    assert client.get(by_practitioner).json["code"] == "no_completed_booking"
    assert http.as_user(OWNER).get(by_practitioner).json["code"] == "own_service"

    world.booking(7)
    can = client.get(by_practitioner).json
    assert (can["can_review"], can["booking_uuid"]) == (True, uuid_of("booking", 7))
    assert can["review_by"] == (NOON - timedelta(hours=1) + timedelta(days=180)).isoformat().replace("+00:00", "Z")

    made = client.post("/reviews/", {"rating": 5, "booking_uuid": uuid_of("booking", 7)}).json
    told = client.get(f"/reviews/can_review/?booking={uuid_of('booking', 7)}").json
    assert (told["code"], told["existing_review"]) == ("already_reviewed", made["public_uuid"])
    with frozen_at(NOON + timedelta(days=400)):
        world.booking(8)
        assert client.get(f"/reviews/can_review/?booking={uuid_of('booking', 8)}").json["code"] == "window_closed"


def test_pending_and_received(world: World, write: Write, http: Caller, client: Caller) -> None:
    world.booking(7)
    world.booking(8, completed_at=(NOON - timedelta(days=300)).isoformat())
    [waiting] = client.get("/reviews/pending/").json["results"]
    assert (waiting["booking_uuid"], waiting["service_name"]) == (uuid_of("booking", 7), f"Service {SERVICE}")

    reviewed = write().json["public_uuid"]
    assert client.get("/reviews/pending/").json["count"] == 1
    owner = http.as_user(OWNER)
    assert [one["public_uuid"] for one in owner.get("/reviews/received/?has_response=false").json["results"]] == [
        reviewed
    ]
    assert owner.get("/reviews/received/?has_response=true").json["count"] == 0
    assert client.get("/reviews/received/").status == 403
    assert [http.get(f"/reviews/{path}/").status for path in ("pending", "received", "my_reviews")] == [401] * 3
