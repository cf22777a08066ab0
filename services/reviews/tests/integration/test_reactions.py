"""Votes, responses, reports and what staff decide."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from services.reviews.models import ModerationEntry
from services.reviews.tests.world import CLIENT, NOON, OTHER, OTHER_OWNER, OWNER, PRACTITIONER, SERVICE, World, uuid_of
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Write = Callable[..., Answer]


@pytest.fixture
def path(write: Write) -> str:
    """Anna's published review."""
    return f"/reviews/{write(rating=2, comment='It was cold.').json['public_uuid']}/"


@pytest.fixture
def staff(http: Caller) -> Caller:
    return http.as_staff(9)


def average(http: Caller) -> str:
    told: str = http.get(f"/reviews/statistics/?service={SERVICE}").json["average_rating"]
    return told


def test_votes_that_are_none(path: str, http: Caller) -> None:
    for body in ({"is_helpful": "yes"}, {}, {"is_helpful": None}):
        answer = http.as_user(OTHER).post(f"{path}vote/", body)
        assert (answer.status, list(answer.errors)) == (400, ["is_helpful"])


def test_a_vote_is_cast_repeated_changed_and_taken_back(path: str, http: Caller) -> None:
    other = http.as_user(OTHER)
    for value, counts in ((True, (1, 0)), (True, (1, 0)), (False, (0, 1))):
        told = other.post(f"{path}vote/", {"is_helpful": value})
        assert (told.status, told.json["user_display_name"]) == (200, "Bo")
        assert (told.json["helpful_votes"], told.json["unhelpful_votes"]) == counts
    assert other.get(path).json["user_vote"] == {"is_helpful": False}
    assert other.get("/reviews/").json["results"][0]["user_vote"] == {"is_helpful": False}
    assert http.get(path).json["user_vote"] is None

    assert other.delete(f"{path}unvote/").status == 204
    assert other.delete(f"{path}unvote/").status == 404
    assert http.delete(f"{path}unvote/").status == 401
    assert http.get(path).json["net_helpful_votes"] == 0


def test_who_may_not_vote(path: str, http: Caller, staff: Caller) -> None:
    def vote(caller: Caller) -> tuple[int, str | None]:
        answer = caller.post(f"{path}vote/", {"is_helpful": True})
        return answer.status, answer.code

    assert vote(http.as_user(CLIENT)) == (403, "own_review")
    assert vote(http.as_user(OWNER)) == (403, "own_service")
    assert vote(http) == (401, "authentication_failed")
    staff.post(f"{path}moderate/", {"action": "hide", "reason": "spam"})
    assert vote(http.as_user(OTHER)) == (404, "not_found")


def test_a_response(database: Database, path: str, http: Caller) -> None:
    owner = http.as_user(OWNER)
    for text in (" ", "x" * 2_001):
        assert owner.post(f"{path}respond/", {"response_text": text}).status == 400
    for other, status in ((http.as_user(OTHER_OWNER), 403), (http.as_user(CLIENT), 403), (http, 401)):
        assert other.post(f"{path}respond/", {"response_text": "Hi"}).status == status

    told = owner.post(f"{path}respond/", {"response_text": "We heat now."})

    assert (told.status, told.json["response_text"], bool(told.json["message"])) == (200, "We heat now.", True)
    again = owner.post(f"{path}respond/", {"response_text": "Once more"})
    assert (again.status, again.code) == (409, "already_responded")
    locked = http.as_user(CLIENT).patch(path, {"comment": "Later"})
    assert (locked.status, locked.code) == (409, "review_locked")
    shown = http.get(path).json
    assert (shown["has_response"], shown["response_text"]) == (True, "We heat now.")
    with database.transaction() as session:
        [responded] = [one.data for one in announced(session, "review.responded")]
    assert (responded["author_user_id"], responded["practitioner_name"]) == (CLIENT, f"Practitioner {PRACTITIONER}")


def test_a_response_is_changed_and_taken_back_within_a_day(database: Database, path: str, http: Caller) -> None:
    owner = http.as_user(OWNER)
    assert owner.patch(f"{path}respond/", {"response_text": "Hi"}).status == 404
    owner.post(f"{path}respond/", {"response_text": "Hi"})
    assert owner.patch(f"{path}respond/", {"response_text": "Hello"}).json["response_text"] == "Hello"
    with frozen_at(NOON + timedelta(hours=25)):
        late = owner.patch(f"{path}respond/", {"response_text": "Too late"})
        assert (late.status, late.code) == (403, "edit_window_closed")
        assert owner.delete(f"{path}respond/").code == "edit_window_closed"
    assert owner.delete(f"{path}respond/").status == 204
    assert http.get(path).json["response_date"] is None
    assert owner.post(f"{path}respond/", {"response_text": "Again"}).status == 200
    with frozen_at(NOON + timedelta(days=9)):
        assert http.as_staff(9).delete(f"{path}respond/").status == 204
    with database.transaction() as session:
        assert len(announced(session, "review.responded")) == 2


def test_only_what_is_public_is_answered(path: str, http: Caller, staff: Caller) -> None:
    staff.post(f"{path}moderate/", {"action": "hide", "reason": "spam"})

    assert http.as_user(OWNER).post(f"{path}respond/", {"response_text": "Hi"}).code == "not_published"
    assert http.as_user(OTHER_OWNER).post(f"{path}respond/", {"response_text": "Hi"}).status == 404


def test_reports_that_are_none(path: str, http: Caller) -> None:
    for body in ({"reason": "bad"}, {"reason": "other"}, {"reason": "other", "details": " "}, {}):
        assert http.as_user(OTHER).post(f"{path}report/", body).status == 400


def test_a_report(database: Database, path: str, http: Caller, staff: Caller) -> None:
    own = http.as_user(CLIENT).post(f"{path}report/", {"reason": "spam"})
    assert (own.status, own.code) == (403, "own_review")

    made = http.as_user(OTHER).post(f"{path}report/", {"reason": "other", "details": "Wrong place"})

    assert (made.status, made.json["is_resolved"], made.json["details"]) == (201, False, "Wrong place")
    again = http.as_user(OTHER).post(f"{path}report/", {"reason": "spam"})
    assert (again.status, again.code) == (409, "already_reported")
    [item] = staff.get("/reviews/moderation/").json["results"]
    assert (item["score"], item["reports"][0]["reporter_name"], item["review"]["reported_count"]) == ("0.50", "Bo", 1)
    [report] = staff.get("/reviews/reports/?is_resolved=false&reason=other").json["results"]
    assert (report["weight"], report["reporter_accuracy"], report["reporter_id"]) == ("0.50", None, OTHER)
    assert http.as_user(OTHER).get("/reviews/reports/").status == 403
    with database.transaction() as session:
        [told] = [one.data for one in announced(session, "review.reported")]
    assert told == {
        "review_uuid": path.split("/")[2],
        "reason": "other",
        "score": "0.50",
        "status": "published",
        "practitioner_id": PRACTITIONER,
    }


def test_three_grave_reports_hide_and_a_restored_review_stays(
    database: Database, path: str, http: Caller, staff: Caller
) -> None:
    for number in range(20, 22):
        http.as_user(number).post(f"{path}report/", {"reason": "harassment"})
    assert http.get(path).status == 200
    http.as_user(22).post(f"{path}report/", {"reason": "off_topic"})

    assert http.get(path).status == 404
    shown = http.as_user(CLIENT).get(path).json
    assert (shown["status"], shown["hidden_reason"], average(http)) == ("hidden", "off_topic", "0.00")
    restored = staff.post(f"{path}moderate/", {"action": "restore", "notes": "It is a fair review."})
    assert (restored.status, restored.json["review"]["status"], restored.json["reports"]) == (200, "published", [])
    assert average(http) == "2.00"
    for number in range(30, 40):
        assert http.as_user(number).post(f"{path}report/", {"reason": "harassment"}).status == 201
    assert http.get(path).status == 200
    with database.transaction() as session:
        [removed] = [one.data for one in announced(session, "review.removed")]
        published = [one.data["republished"] for one in announced(session, "review.published")]
        log = [
            (entry.action, entry.by) for entry in session.scalars(select(ModerationEntry).order_by(ModerationEntry.id))
        ]
    assert (removed["cause"], removed["reason"], removed["author_user_id"]) == ("hidden", "off_topic", CLIENT)
    assert published == [False, True]
    assert log == [("create", CLIENT), ("auto_hide", None), ("restore", 9)]
    [one, *_] = staff.get("/reviews/reports/?is_resolved=true").json["results"]
    assert (one["resolution"], one["reporter_accuracy"]) == ("dismissed", 0)


def test_neither_two_people_nor_the_practitioner_nor_staff_hide(path: str, http: Caller, staff: Caller) -> None:
    for caller in (http.as_user(OWNER), http.as_user(20), http.as_user(21), staff):
        assert caller.post(f"{path}report/", {"reason": "harassment"}).status == 201

    assert http.get(path).status == 200
    [item] = staff.get("/reviews/moderation/").json["results"]
    assert [report["weight"] for report in item["reports"]] == ["1.00", "2.00", "2.00", "2.00"]


def test_the_practitioner_adds_half_to_what_three_people_say(path: str, http: Caller) -> None:
    for number in range(20, 23):
        assert http.as_user(number).post(f"{path}report/", {"reason": "off_topic"}).status == 201
    assert http.get(path).status == 200

    assert http.as_user(OWNER).post(f"{path}report/", {"reason": "harassment"}).status == 201

    assert http.get(path).status == 404


def test_what_staff_report_comes_first(write: Write, http: Caller, staff: Caller) -> None:
    paths = [f"/reviews/{write(comment=f'Number {number}').json['public_uuid']}/" for number in range(2)]
    for number in range(20, 22):
        http.as_user(number).post(f"{paths[0]}report/", {"reason": "harassment"})
    staff.post(f"{paths[1]}report/", {"reason": "off_topic"})

    queue = staff.get("/reviews/moderation/").json["results"]

    assert [item["review"]["public_uuid"] for item in queue] == [path.split("/")[2] for path in reversed(paths)]


def test_trusted_reporters_weigh_more(write: Write, http: Caller, staff: Caller) -> None:
    reporter = http.as_user(20)
    for number in range(3):
        path = f"/reviews/{write(comment=f'Number {number}').json['public_uuid']}/"
        reporter.post(f"{path}report/", {"reason": "spam"})
        staff.post(f"{path}moderate/", {"action": "remove", "reason": "spam"})
    last = f"/reviews/{write(comment='The last').json['public_uuid']}/"
    reporter.post(f"{last}report/", {"reason": "spam"})

    [report] = staff.get("/reviews/reports/?is_resolved=false").json["results"]

    # 1.5 for spam, times 0.5 + (3 + 1) / (3 + 2).
    assert (report["weight"], report["reporter_accuracy"]) == ("1.95", 100)


def test_twenty_reports_a_day(world: World, write: Write, http: Caller) -> None:
    paths = [f"/reviews/{write(200 + number).json['public_uuid']}/report/" for number in range(21)]
    answers = [http.as_user(OTHER).post(path, {"reason": "spam"}) for path in paths]

    assert [answer.status for answer in answers] == [201] * 20 + [429]
    assert (answers[-1].code, answers[-1].headers["Retry-After"]) == ("rate_limited", "3600")
    with frozen_at(NOON + timedelta(days=1, seconds=1)):
        assert http.as_user(OTHER).post(paths[-1], {"reason": "spam"}).status == 201


LEADS: dict[str, dict[str, str]] = {
    "held": {"approve": "published", "remove": "removed"},
    "published": {"hide": "hidden", "remove": "removed"},
    "hidden": {"restore": "published", "approve": "published", "remove": "removed"},
    "removed": {"restore": "hidden"},
    "withdrawn": {},
}
ACTIONS = ("approve", "hide", "remove", "restore", "dismiss")


def test_every_transition(write: Write, staff: Caller, http: Caller) -> None:
    for number, (status, action) in enumerate(product(LEADS, ACTIONS)):
        author = 200 + number
        made = write(author, comment="a@b.example" if status == "held" else "").json
        path = f"/reviews/{made['public_uuid']}/"
        if status in ("hidden", "removed"):
            staff.post(f"{path}moderate/", {"action": "hide" if status == "hidden" else "remove", "reason": "spam"})
        if status == "withdrawn":
            http.as_user(author).delete(path)

        answer = staff.post(f"{path}moderate/", {"action": action, "reason": "spam"})

        wanted = LEADS[status].get(action)
        assert (status, action, answer.code) == (status, action, None if wanted else "invalid_transition")
        assert staff.get(path).json["status"] == (wanted or status)


def test_decisions(database: Database, path: str, http: Caller, staff: Caller) -> None:
    for body in ({"action": "hide"}, {"action": "burn"}, {"action": "hide", "reason": "low stars"}):
        assert staff.post(f"{path}moderate/", body).status == 400
    assert http.as_user(OTHER).post(f"{path}moderate/", {"action": "hide", "reason": "spam"}).status == 403

    staff.post(f"{path}moderate/", {"action": "remove", "reason": "legal", "notes": "A court", "notify_author": False})

    assert average(http) == "0.00"
    [_, entry] = staff.get(f"{path}moderation_log/").json
    assert (entry["action"], entry["from_status"], entry["to_status"]) == ("remove", "published", "removed")
    assert (entry["reason"], entry["notes"], entry["by"]) == ("legal", "A court", 9)
    assert [item["review"]["status"] for item in staff.get("/reviews/moderation/?status=removed").json["results"]]
    with database.transaction() as session:
        [removed] = [one.data for one in announced(session, "review.removed")]
    assert (removed["cause"], removed["reason"], removed["author_user_id"]) == ("removed", "legal", None)
    with frozen_at(NOON + timedelta(days=91)):
        late = staff.post(f"{path}moderate/", {"action": "restore"})
    assert late.code == "invalid_transition"


def test_reports_are_dismissed_and_the_review_stays(path: str, http: Caller, staff: Caller) -> None:
    http.as_user(OTHER).post(f"{path}report/", {"reason": "spam"})

    told = staff.post(f"{path}moderate/", {"action": "dismiss"})

    assert (told.status, told.json["review"]["status"], told.json["score"]) == (200, "published", "0.00")
    assert staff.get("/reviews/moderation/").json["count"] == 0


def test_claims(path: str, http: Caller, staff: Caller) -> None:
    http.as_user(OTHER).post(f"{path}report/", {"reason": "spam"})
    claimed = staff.post(f"{path}moderate/", {"action": "claim"})
    assert claimed.json["claimed_by"] == 9
    colleague = http.as_staff(8)

    for action in ("claim", "dismiss", "release"):
        refused = colleague.post(f"{path}moderate/", {"action": action})
        assert (refused.status, refused.code) == (409, "claimed_by_other")
    assert staff.get("/reviews/moderation/?mine=true").json["count"] == 1
    assert colleague.get("/reviews/moderation/?mine=true").json["count"] == 0
    with frozen_at(NOON + timedelta(minutes=11)):
        assert colleague.post(f"{path}moderate/", {"action": "claim"}).json["claimed_by"] == 8
    assert colleague.post(f"{path}moderate/", {"action": "release"}).json["claimed_by"] is None
    assert staff.post(f"{path}moderate/", {"action": "dismiss"}).status == 200


def test_the_queue_is_narrowed(write: Write, http: Caller, staff: Caller) -> None:
    held = write(comment="call 555-1234").json["public_uuid"]
    reported = write(comment="Fine").json["public_uuid"]
    http.as_user(OTHER).post(f"/reviews/{reported}/report/", {"reason": "fake"})

    def found(query: str) -> list[str]:
        answer = staff.get(f"/reviews/moderation/?{query}")
        assert answer.status == 200, answer
        return [item["review"]["public_uuid"] for item in answer.json["results"]]

    assert found("") == [reported, held]
    assert found("ordering=first_reported_at") == [reported, held]
    assert (found("status=held"), found("reason=fake"), found("reason=phone")) == ([held], [reported], [held])
    assert found(f"practitioner={uuid_of('practitioner', PRACTITIONER)}&ordering=-created_at") == [reported, held]
    assert staff.get("/reviews/moderation/?status=fine").status == 400


def test_questions(world: World, write: Write, http: Caller, staff: Caller) -> None:
    asked = {"question": "Was it warm?", "question_type": "boolean", "order": 2, "applies_to": "service"}
    first = staff.post("/review-questions/", asked)
    second = staff.post("/review-questions/", {"question": "Words?", "question_type": "text", "order": 1})
    assert (first.status, http.as_user(OTHER).post("/review-questions/", asked).status) == (201, 403)
    path = f"/review-questions/{first.json['id']}/"

    listed = http.get("/review-questions/").json["results"]
    assert [one["question"] for one in listed] == ["Words?", "Was it warm?"]
    assert [one["question"] for one in http.get("/review-questions/?applies_to=practitioner").json["results"]] == [
        "Words?"
    ]
    assert http.get("/review-questions/?search=warm").json["count"] == 1
    assert staff.having(If_Match='"9"').patch(path, {"order": 3}).status == 412
    assert staff.patch(path, {"question_type": "rating"}).json["question_type"] == "rating"
    write(answers=[{"question_id": first.json["id"], "rating_answer": 5}, _said(second)])

    assert staff.patch(path, {"question_type": "text"}).code == "question_type_immutable"
    assert staff.delete(path).code == "question_in_use"
    assert staff.patch(path, {"is_active": False}).status == 200
    assert (http.get(path).status, staff.get(path).status) == (404, 200)
    assert (http.get("/review-questions/").json["count"], staff.get("/review-questions/").json["count"]) == (1, 2)
    third = staff.post("/review-questions/", {"question": "New?", "question_type": "text"}).json["id"]
    assert staff.delete(f"/review-questions/{third}/").status == 204


def _said(question: Answer) -> dict[str, Any]:
    return {"question_id": question.json["id"], "text_answer": "Words"}


def test_answers(world: World, write: Write, http: Caller, staff: Caller) -> None:
    asked = {
        kind: staff.post("/review-questions/", {"question": f"{kind}?", "question_type": kind}).json["id"]
        for kind in ("rating", "text", "boolean")
    }
    good = {"rating": 4, "text": "Good", "boolean": True}
    full = [{"question_id": asked[kind], f"{kind}_answer": value} for kind, value in good.items()]

    for place, broken in (
        (0, [{"question_id": 10**6, "rating_answer": 3}]),
        (0, [{"question_id": asked["rating"], "rating_answer": 6}]),
        (0, [{"question_id": asked["rating"], "text_answer": "four"}]),
        (0, [{"question_id": asked["text"], "text_answer": " "}]),
        (0, [{"question_id": asked["rating"], "rating_answer": 3, "boolean_answer": True}]),
        (3, [*full, full[0]]),
    ):
        answer = write(answers=broken)
        assert answer.status == 400
        assert all(name.startswith(f"answers.{place}.") for name in answer.errors), answer
    assert list(write(answers=full[:1]).errors) == ["answers"]
    assert write(answers=[]).status == 201
    assert write(answers=[{**full[0], "text_answer": "", "boolean_answer": None}, *full[1:]]).status == 201

    made = write(answers=full).json
    assert [one["question"]["question_type"] for one in made["answers"]] == ["rating", "text", "boolean"]
    path = f"/reviews/{made['public_uuid']}/"
    changed = http.as_user(CLIENT).patch(path, {"answers": [{**full[0], "rating_answer": 1}, *full[1:]]})
    assert (changed.json["answers"][0]["rating_answer"], changed.json["is_edited"]) == (1, True)
    none = http.as_user(CLIENT).patch(path, {"answers": []})
    assert none.status == 200, none
    assert none.json["answers"] == []
