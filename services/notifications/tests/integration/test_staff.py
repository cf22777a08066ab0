"""What staff see and do: the table of kinds, mails under way, announcements."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from services.notifications.domain.kinds import KINDS
from services.notifications.jobs import spread_announcements
from services.notifications.models import Delivery, Notification, User
from services.notifications.operations import announcing
from services.notifications.tests.integration.test_inbox import recount
from services.notifications.tests.integration.test_mail import ANA, BOOKING, MARA, deliveries, send
from services.notifications.tests.integration.test_telling import lines, tell
from services.notifications.tests.mail_server import MailServer
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.messaging.testing import announced, message
from shared.testing.http import Caller

SAM = 9
ANNOUNCEMENT: dict[str, Any] = {
    "title": "We are closed on 1 January",
    "message": "Support answers again on the 2nd.",
    "audience": "everyone",
    "channels": ["in_app"],
}
BROADCASTS = "/notifications/broadcasts/"


def crowd(database: Database, number: int, *, first: int = 1_000, **more: Any) -> None:
    """Let `number` people be known."""
    plain = {"uuid": "u", "email_verified": True, "phone_number_verified": False, "first_name": "A", "last_name": "B",
             "display_name": "A B", "timezone": "UTC", "locale": "en", "is_active": True, "is_staff": False,
             "is_practitioner": False, "epoch": 1, "sequence": 1}  # fmt: skip
    with database.transaction() as session:
        rows = [{**plain, "id": key, "email": f"p{key}@example.org", **more} for key in range(first, first + number)]
        session.execute(insert(User), rows)


def told(database: Database) -> list[int]:
    with database.transaction() as session:
        return list(
            session.scalars(
                select(Notification.user_id).where(Notification.kind == "announcement").order_by(Notification.user_id)
            )
        )


def test_the_table_of_kinds(http: Caller) -> None:
    rows = {row["kind"]: row for row in http.as_staff(SAM).get("/notifications/kinds/").json}

    assert set(rows) == set(KINDS)
    assert rows["booking.confirmed"]["default_channels"] == ["in_app", "email"]
    assert rows["account.security"]["mandatory"] is True
    assert (rows["review.received"]["digestible"], rows["review.received"]["quiet"]) == (True, "waits")
    assert set(rows["booking.cancelled"]["sample"]) == set(rows["booking.cancelled"]["variables"])
    assert http.as_user(ANA).get("/notifications/kinds/").status == 403


def test_mails_are_found_but_not_read(http: Caller, people: Database, server: MailServer) -> None:
    confirmed = message("booking.confirmed", BOOKING)
    tell(people, confirmed)
    staff = http.as_staff(SAM)
    queued = staff.get("/notifications/deliveries/?status=queued,held").json["results"]
    assert {row["to"] for row in queued} == {"a***@example.org", "m***@example.org"}
    send(server)

    page = staff.get(f"/notifications/deliveries/?event_id={confirmed.id}&user_id={ANA}&channel=email").json
    [row] = page["results"]
    assert (row["status"], row["to"], row["subject"]) == (
        "sent", "a***@example.org", "Confirmed: Deep tissue with Mara Sol",
    )  # fmt: skip
    assert set(row) == {
        "id", "notification_id", "user_id", "kind", "channel", "status", "to", "subject", "attempts", "not_before",
        "sent_at", "error", "event_id", "created_at",
    }  # fmt: skip
    assert staff.get("/notifications/deliveries/?kind=booking.received").json["count"] == 1
    assert staff.get("/notifications/deliveries/?kind=nonsense").status == 400
    assert staff.get("/notifications/deliveries/?status=lost").status == 400
    assert http.as_user(ANA).get("/notifications/deliveries/").status == 403


def test_a_failed_mail_is_sent_again_once_staff_say_so(http: Caller, people: Database, server: MailServer) -> None:
    server.at_data = "554 spam"
    tell(people, message("booking.confirmed", BOOKING))
    send(server)
    server.at_data = "250 taken"
    staff, mail = http.as_staff(SAM), deliveries(people)[0]

    again = staff.post(f"/notifications/deliveries/{mail.id}/retry/")
    assert (again.status, again.json["status"], again.json["attempts"]) == (200, "queued", 0)
    assert staff.post(f"/notifications/deliveries/{mail.id}/retry/").code == "invalid_transition"
    send(server)
    assert next(one for one in deliveries(people) if one.id == mail.id).status == "sent"
    assert staff.post(f"/notifications/deliveries/{mail.id}/retry/").code == "invalid_transition"
    assert staff.post(f"/notifications/deliveries/{uuid4()}/retry/").status == 404


def test_a_message_by_a_channel_that_nobody_carries_is_noted(http: Caller, people: Database) -> None:
    note = {"title": "t", "message": "m", "notification_type": "message", "delivery_channel": "sms", "user_id": MARA}
    assert http.as_staff(SAM).post("/notifications/", note).status == 201
    [row] = http.as_staff(SAM).get("/notifications/deliveries/?channel=sms").json["results"]

    assert (row["status"], row["error"]) == ("skipped", "no_provider")


def test_a_dry_run_counts_and_tells_nobody(http: Caller, people: Database) -> None:
    crowd(people, 3)
    crowd(people, 2, first=2_000, is_practitioner=True)
    crowd(people, 1, first=3_000, is_staff=True)
    crowd(people, 1, first=4_000, is_active=False)
    staff = http.as_staff(SAM)

    for audience, total in (("everyone", 8), ("clients", 5), ("practitioners", 2), ("staff", 1)):
        counted = staff.post(BROADCASTS, {**ANNOUNCEMENT, "audience": audience, "dry_run": True})
        assert (counted.status, counted.json["total"], counted.json["sent"]) == (201, total, 0)
    assert staff.get(BROADCASTS).json["count"] == 0
    spread_announcements()
    assert told(people) == []


def test_an_announcement_reaches_everybody_once_in_steps(
    http: Caller, people: Database, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "PEOPLE_A_STEP", 5)
    crowd(people, 12)
    http.as_user(1_000).post("/notification-settings/", {"notification_type": "system", "in_app_enabled": False})
    staff = http.as_staff(SAM)
    made = staff.post(BROADCASTS, {**ANNOUNCEMENT, "channels": ["in_app", "email"], "action_url": "/news"}).json
    assert (made["status"], made["total"]) == ("scheduled", 14)
    threads = [threading.Thread(target=spread_announcements) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spread_announcements()

    assert told(people) == [ANA, MARA, *range(1_001, 1_012)]
    assert len({mail["To"] for mail in send(server)}) == len(server.mails) == 14
    [row] = staff.get(BROADCASTS).json["results"]
    assert (row["status"], row["sent"]) == ("done", 14)
    [line] = lines(people, ANA)
    assert (line.title, line.action_url) == (ANNOUNCEMENT["title"], "http://localhost:3000/news")
    recount(people, ANA)
    with people.transaction() as session:
        hints = announced(session, "inboxes.hint")
    assert sorted(key for hint in hints for key in hint.data["user_ids"]) == told(people)


def test_a_step_that_dies_tells_nobody_twice(http: Caller, people: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "PEOPLE_A_STEP", 5)
    crowd(people, 12)
    http.as_staff(SAM).post(BROADCASTS, ANNOUNCEMENT)
    with people.transaction() as session:
        announcing.spread(session, now=utc_now())
    with pytest.raises(ZeroDivisionError), people.transaction() as session:
        announcing.spread(session, now=utc_now())
        raise ZeroDivisionError
    spread_announcements()

    assert told(people) == [ANA, MARA, *range(1_000, 1_012)]


def test_half_way_it_can_be_stopped(http: Caller, people: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "PEOPLE_A_STEP", 5)
    crowd(people, 12)
    staff = http.as_staff(SAM)
    made = staff.post(BROADCASTS, ANNOUNCEMENT).json
    with people.transaction() as session:
        announcing.spread(session, now=utc_now())

    stopped = staff.post(f"{BROADCASTS}{made['id']}/cancel/")
    assert (stopped.status, stopped.json["status"], stopped.json["sent"]) == (200, "cancelled", 5)
    spread_announcements()
    assert len(told(people)) == 5
    assert staff.post(f"{BROADCASTS}{made['id']}/cancel/").code == "invalid_transition"
    assert staff.post(f"{BROADCASTS}{uuid4()}/cancel/").status == 404


def test_what_is_announced_for_later_waits(http: Caller, people: Database) -> None:
    start = utc_now()
    later = {**ANNOUNCEMENT, "scheduled_for": (start + timedelta(hours=1)).isoformat()}
    http.as_staff(SAM).post(BROADCASTS, later)
    spread_announcements()
    assert told(people) == []
    with frozen_at(start + timedelta(hours=1)):
        spread_announcements()
    assert told(people) == [ANA, MARA]


def test_a_repeated_request_announces_once(http: Caller, people: Database) -> None:
    staff = http.as_staff(SAM).having(Idempotency_Key="k1")
    assert staff.post(BROADCASTS, ANNOUNCEMENT).json["id"] == staff.post(BROADCASTS, ANNOUNCEMENT).json["id"]
    assert staff.post(BROADCASTS, {**ANNOUNCEMENT, "title": "x"}).code == "idempotency_conflict"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": ""}, "title"),
        ({"message": "x" * 5_001}, "message"),
        ({"audience": "nobody"}, "audience"),
        ({"channels": []}, "channels"),
        ({"channels": ["sms"]}, "channels"),
        ({"action_url": "https://evil.example/"}, "action_url"),
        ({"scheduled_for": "soon"}, "scheduled_for"),
    ],
)
def test_announcements_that_cannot_be(http: Caller, more: dict[str, Any], field: str) -> None:
    answer = http.as_staff(SAM).post(BROADCASTS, {**ANNOUNCEMENT, **more})
    assert answer.status == 400
    assert any(name.startswith(field) for name in answer.errors)


def test_only_staff_announce(http: Caller) -> None:
    for path in (BROADCASTS, f"{BROADCASTS}{uuid4()}/cancel/", f"/notifications/deliveries/{uuid4()}/retry/"):
        assert http.as_user(ANA).post(path, ANNOUNCEMENT).status == 403
    assert http.as_user(ANA).get(BROADCASTS).status == 403


def test_five_hundred_people_are_told_in_few_statements(people: Database, http: Caller) -> None:
    crowd(people, 500)
    http.as_staff(SAM).post(BROADCASTS, {**ANNOUNCEMENT, "channels": ["in_app", "email"]})
    spread_announcements()

    assert len(told(people)) == 502
    with people.transaction() as session:
        assert len(session.scalars(select(Delivery.id)).all()) == 502
