"""What strangers are answered is kept while nothing changes, and no longer."""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from services.reviews.tests.world import CLIENT, NOON, OTHER, OWNER, PRACTITIONER, SERVICE, World, Write, uuid_of
from shared.clock import frozen_at
from shared.testing.http import Caller

# Others may write to the same cluster: then an answer is made again, and a test has to ask again.
PATIENCE_SECONDS = 60

_fresh = count(1)


@pytest.fixture
def review(write: Write) -> str:
    """A published review of Anna's."""
    path: str = f"/reviews/{write(rating=2, comment='It was cold.').json['public_uuid']}/"
    return path


@pytest.fixture
def paths(review: str, http: Caller) -> list[str]:
    question = http.as_staff(9).post("/review-questions/", {"question": "Warm?", "question_type": "boolean"}).json
    return [
        "/reviews/",
        f"/reviews/?practitioner={uuid_of('practitioner', PRACTITIONER)}&ordering=-helpful",
        "/reviews/?search=anna",
        f"/reviews/statistics/?service=service-{SERVICE}",
        review,
        "/review-questions/",
        f"/review-questions/{question['id']}/",
    ]


def assert_nothing_is_old(http: Caller, paths: list[str]) -> None:
    """What may have been kept is what is answered to a question that nobody has asked before."""
    for path in paths:
        kept = http.get(path)
        made = http.get(f"{path}{'&' if '?' in path else '?'}_={next(_fresh)}")
        assert (path, kept.status, kept.json) == (path, made.status, made.json)


def test_every_change_is_seen_by_the_next_request(
    world: World, write: Write, http: Caller, review: str, paths: list[str]
) -> None:
    staff, owner, client = http.as_staff(9), http.as_user(OWNER), http.as_user(CLIENT)
    changes: list[Callable[[], object]] = [
        lambda: write(OTHER, rating=5, comment="Warm."),
        lambda: http.as_user(OTHER).post(f"{review}vote/", {"is_helpful": True}),
        lambda: client.patch(review, {"comment": "It was rather cold.", "rating": 3}),
        lambda: owner.post(f"{review}respond/", {"response_text": "Sorry"}),
        lambda: world.user(CLIENT, first_name="Hanna"),
        lambda: world.service(name="Another name"),
        lambda: world.practitioner(display_name="Another name"),
        lambda: staff.post("/review-questions/", {"question": "Calm?", "question_type": "boolean"}),
        lambda: staff.patch(paths[-1], {"is_active": False}),
        lambda: staff.post(f"{review}moderate/", {"action": "hide", "reason": "spam"}),
        lambda: staff.post(f"{review}moderate/", {"action": "restore"}),
        lambda: world.tell("user.deleted", {"user_id": CLIENT}, subject=("user", CLIENT)),
    ]
    for change in changes:
        for path in paths * 2:
            http.get(path)
        before = [http.get(path).json for path in paths]

        change()

        assert_nothing_is_old(http, paths)
        assert [http.get(path).json for path in paths] != before


def test_nobody_is_told_what_was_told_to_another(http: Caller, review: str) -> None:
    other, client = http.as_user(OTHER), http.as_user(CLIENT)
    other.post(f"{review}vote/", {"is_helpful": True})

    for _ in range(3):
        shown = [caller.get(review).json for caller in (http, other, client)]
        assert [one["user_vote"] for one in shown] == [None, {"is_helpful": True}, None]
        assert [one["can_edit"] for one in shown] == [False, False, True]
        listed = [caller.get("/reviews/").json["results"][0]["user_vote"] for caller in (http, other, client)]
        assert listed == [None, {"is_helpful": True}, None]


def test_answers_are_given_again(http: Caller, paths: list[str], statements: list[str]) -> None:
    for path in paths:
        first = http.get(path)
        answer, until = http.get(path), time.monotonic() + PATIENCE_SECONDS
        # Asked before, it takes the question what has changed, and nothing else only where nothing has.
        while len(statements) != 1 and time.monotonic() < until:
            statements.clear()
            answer = http.get(path)
        assert (path, len(statements), answer.json) == (path, 1, first.json)
        assert answer.headers["Cache-Control"].startswith("public, max-age=30")
        assert http.having(If_None_Match=answer.headers["ETag"]).get(path).status == 304
        statements.clear()


def test_a_new_day_is_a_change(http: Caller, review: str) -> None:
    path = f"/reviews/statistics/?service={SERVICE}"
    for days, recent in ((0, 1), (30, 1), (31, 0)):
        with frozen_at(NOON + timedelta(days=days)):
            for _ in range(3):
                assert http.get(path).json["reviews_last_30_days"] == recent
