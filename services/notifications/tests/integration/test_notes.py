"""Notes to oneself, messages of staff, what is meant for later, and the inbox in groups."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from services.notifications.jobs import show_what_is_due
from services.notifications.models import Notification
from services.notifications.operations.lines import Line, add_line
from services.notifications.tests.integration.test_inbox import recount
from services.notifications.tests.integration.test_mail import (
    ANA,
    MARA,
    send,
    words,
)
from services.notifications.tests.mail_server import MailServer
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.testing.http import Caller

NOTE: dict[str, Any] = {
    "title": "Bring a towel",
    "message": "And water.",
    "notification_type": "message",
    "delivery_channel": "in_app",
}


def test_a_note_to_oneself_is_a_line(http: Caller, database: Database) -> None:
    me = http.as_user(ANA)
    made = me.post("/notifications/", {**NOTE, "action_url": "/dashboard/user", "metadata": {"a": 1}})

    assert made.status == 201, made.json
    assert (made.json["kind"], made.json["status"], made.json["metadata"]) == ("note", "sent", {"a": 1})
    assert made.json["action_url"].endswith("/dashboard/user")
    assert me.get("/notifications/unread_count/").json["unread_count"] == 1
    recount(database, ANA)


def test_a_repeated_request_leaves_one_note(http: Caller) -> None:
    me = http.as_user(ANA).having(Idempotency_Key="k1")
    assert me.post("/notifications/", NOTE).json["id"] == me.post("/notifications/", NOTE).json["id"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": "x" * 256}, "title"),
        ({"title": ""}, "title"),
        ({"message": "x" * 5_001}, "message"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": {"a": "x" * 9_000}}, "metadata"),
        ({"scheduled_for": "2025-02-30"}, "scheduled_for"),
        ({"scheduled_for": (utc_now() + timedelta(days=731)).isoformat()}, "scheduled_for"),
        ({"action_url": "javascript:alert(1)"}, "action_url"),
        ({"action_url": "//evil.example"}, "action_url"),
        ({"action_url": "https://evil.example/"}, "action_url"),
        ({"action_url": "http://localhost:3000.evil.example/"}, "action_url"),
        ({"action_url": "/\\evil.example"}, "action_url"),
        ({"notification_type": "foo"}, "notification_type"),
        ({"priority": "urgent"}, "priority"),
    ],
)
def test_bad_notes(http: Caller, more: dict[str, Any], field: str) -> None:
    answer = http.as_user(ANA).post("/notifications/", {**NOTE, **more})
    assert answer.status == 400
    assert any(name.startswith(field) for name in answer.errors)


def test_only_staff_write_to_others(http: Caller, people: Database, server: MailServer) -> None:
    for more in ({"delivery_channel": "email"}, {"user_id": MARA}):
        assert http.as_user(ANA).post("/notifications/", {**NOTE, **more}).status == 403
    staff = http.as_staff(9)
    assert "user_id" in staff.post("/notifications/", {**NOTE, "user_id": 999}).errors

    made = staff.post("/notifications/", {**NOTE, "user_id": MARA, "delivery_channel": "email"})
    assert (made.status, made.json["user"], made.json["kind"]) == (201, MARA, "staff_message")
    [mail] = send(server)
    assert (mail["To"], mail["Subject"]) == ("mara@example.org", "Bring a towel")
    assert "And water." in words(mail)
    recount(people, MARA)


def test_a_hundred_notes_a_day(http: Caller, database: Database) -> None:
    me = http.as_user(ANA)
    me.post("/notifications/", NOTE)
    with database.transaction() as session:
        for number in range(99):
            line = Line(user_id=ANA, kind="note", notification_type="message", title="t", message="m",
                        dedupe_key=str(number))  # fmt: skip
            add_line(session, line, now=utc_now())
    assert me.post("/notifications/", NOTE).status == 429


def test_what_is_meant_for_later_is_shown_then(http: Caller, database: Database) -> None:
    me, start = http.as_user(ANA), utc_now()
    made = me.post("/notifications/", {**NOTE, "scheduled_for": (start + timedelta(hours=1)).isoformat()}).json
    assert made["status"] == "pending"
    assert me.get("/notifications/").json["count"] == 0
    assert me.get("/notifications/?status=pending").json["count"] == 1
    assert me.get("/notifications/unread_count/").json["unread_count"] == 0
    show_what_is_due()
    assert me.get("/notifications/").json["count"] == 0

    me.patch(f"/notifications/{made['id']}/", {"title": "Two towels"})
    with frozen_at(start + timedelta(hours=2)):
        show_what_is_due()
        show_what_is_due()
    [shown] = me.get("/notifications/").json["results"]
    assert (shown["title"], shown["is_read"]) == ("Two towels", False)
    assert shown["seq"] > made["seq"]
    recount(database, ANA)


def test_a_past_time_is_now(http: Caller) -> None:
    assert (
        http.as_user(ANA).post("/notifications/", {**NOTE, "scheduled_for": "2025-01-01T00:00:00Z"}).json["status"]
        == "sent"
    )


def test_only_marks_of_a_shown_line_change(http: Caller, database: Database) -> None:
    with database.transaction() as session:
        line = Line(user_id=ANA, kind="booking.confirmed", notification_type="booking", title="t", message="m",
                    dedupe_key="k")  # fmt: skip
        key = add_line(session, line, now=utc_now())
    me = http.as_user(ANA)

    first = me.get(f"/notifications/{key}/")
    changed = me.patch(f"/notifications/{key}/", {"title": "mine", "is_read": True})
    assert (changed.status, changed.json["title"], changed.json["is_read"]) == (200, "t", True)
    assert me.put(f"/notifications/{key}/", {**NOTE, "is_read": False}).json["is_read"] is False
    assert me.having(If_Match=first.headers["ETag"]).patch(f"/notifications/{key}/", {}).status == 412
    assert http.as_user(MARA).patch(f"/notifications/{key}/", {"is_read": True}).status == 404
    recount(database, ANA)


def test_groups(http: Caller, database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        for number, (kind, days) in enumerate(
            [("booking", 0), ("booking", 0), ("payment", 1), ("review", 9), ("payment", 9), ("payment", 30)]
        ):
            line = Line(user_id=ANA, kind="x", notification_type=kind, title=str(number), message="m",
                        dedupe_key=str(number))  # fmt: skip
            key = add_line(session, line, now=now)
            session.execute(
                update(Notification)
                .where(Notification.user_id == ANA, Notification.id == key)
                .values(created_at=now - timedelta(days=days))
            )
    groups = http.as_user(ANA).get("/notifications/grouped/?per_group=1").json

    assert [(one["group_key"], one["count"], one["unread_count"]) for one in groups] == [
        ("today", 2, 2), ("yesterday", 1, 1), ("payment", 2, 2), ("review", 1, 1),
    ]  # fmt: skip
    assert [len(one["notifications"]) for one in groups] == [1, 1, 1, 1]
    assert groups[0]["latest_notification"]["title"] == "1"
    assert http.as_user(ANA).get("/notifications/grouped/?is_unread=false").json == []
    assert http.as_user(ANA).get("/notifications/grouped/?per_group=51").status == 400
