"""Votes, responses and reports."""

from datetime import timedelta

from services.reviews.tests.world import CLIENT, NOON, OTHER, OTHER_OWNER, OWNER, PRACTITIONER
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


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
