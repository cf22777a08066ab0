"""What many reports do, and what staff decide."""

from datetime import timedelta
from itertools import product

from sqlalchemy import select

from services.reviews.models import ModerationEntry
from services.reviews.tests.world import CLIENT, NOON, OTHER, OWNER, PRACTITIONER, SERVICE, World, Write, uuid_of
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def average(http: Caller) -> str:
    told: str = http.get(f"/reviews/statistics/?service={SERVICE}").json["average_rating"]
    return told


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
