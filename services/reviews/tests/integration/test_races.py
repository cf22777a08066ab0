"""Many at once: one review a booking, one vote a person, one response a review, every star counted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.reviews.tests.recounts import drifted
from services.reviews.tests.world import CLIENT, OTHER, OWNER, SERVICE, World, Write, uuid_of
from shared.testing.http import Answer, Caller


def answered(call: Callable[[], Answer]) -> Answer:
    """Call again where a busy machine let the call wait too long for a lock or a connection: nothing was done then."""
    for _ in range(20):
        answer = call()
        if answer.status != 503:
            break
    return answer


def at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(8) as pool:
        return [one.result() for one in [pool.submit(answered, call) for call in calls]]


def test_two_reviews_of_one_booking(world: World, client: Caller) -> None:
    world.booking(7)
    body: dict[str, Any] = {"rating": 5, "booking_uuid": uuid_of("booking", 7)}

    answers = at_once([lambda: client.post("/reviews/", body)] * 6)

    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"already_reviewed"}
    assert drifted(world.database) == []


def test_fifty_votes_of_one_person(world: World, write: Write, http: Caller) -> None:
    path = f"/reviews/{write().json['public_uuid']}/"
    other = http.as_user(OTHER)

    answers = at_once([lambda: other.post(f"{path}vote/", {"is_helpful": True})] * 50)

    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert http.get(path).json["helpful_votes"] == 1
    assert drifted(world.database) == []


def test_two_responses(world: World, write: Write, http: Caller) -> None:
    path = f"/reviews/{write().json['public_uuid']}/"
    owner = http.as_user(OWNER)

    answers = at_once([lambda: owner.post(f"{path}respond/", {"response_text": "Thanks"})] * 4)

    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert drifted(world.database) == []


def test_many_reviews_edits_and_votes_of_one_practitioner(world: World, write: Write, http: Caller) -> None:
    """An edit from 5 to 1 while others review and vote: both are counted, and the sum is right."""
    first = f"/reviews/{write(rating=5).json['public_uuid']}/"
    for number in range(12):
        world.booking(number, 200 + number)

    def review(number: int) -> Callable[[], Answer]:
        body = {"rating": 1 + number % 5, "booking_uuid": uuid_of("booking", number)}
        return lambda: http.as_user(200 + number).post("/reviews/", body)

    edit = [lambda: http.as_user(CLIENT).patch(first, {"rating": 1})]
    votes = [lambda n=n: http.as_user(300 + n).post(f"{first}vote/", {"is_helpful": n % 2 == 0}) for n in range(8)]
    answers = at_once([*(review(number) for number in range(6)), *edit, *votes, *(review(n) for n in range(6, 12))])

    assert {answer.status for answer in answers} <= {200, 201}
    told = http.get(f"/reviews/statistics/?service={SERVICE}").json
    assert (told["total_reviews"], told["total_helpful_votes"]) == (13, 4)
    assert drifted(world.database) == []
