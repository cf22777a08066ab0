"""What people choose, and that it is kept to."""

from typing import Any

import pytest

from services.notifications.domain.unsubscribing import form_unsubscribe_token
from services.notifications.domain.words import TYPES
from services.notifications.settings import settings
from services.notifications.tests.integration.test_mail import (
    ANA,
    BOOKING,
    deliveries,
    send,
    tell,
)
from services.notifications.tests.integration.test_telling import kinds
from services.notifications.tests.mail_server import MailServer
from shared.database import Database
from shared.messaging.testing import message
from shared.testing.http import Caller

ALL_OFF = {"email_enabled": False, "in_app_enabled": False, "push_enabled": False, "sms_enabled": False}


def test_all_types_are_listed_without_being_written(http: Caller) -> None:
    page = http.as_user(ANA).get("/notification-settings/").json

    assert [row["notification_type"] for row in page["results"]] == list(TYPES)
    assert [row["id"] for row in page["results"]] == [ANA * 8 + number for number in range(1, 8)]
    assert all(row["is_default"] and row["email_enabled"] for row in page["results"])


def test_a_setting_is_changed_found_and_forgotten(http: Caller) -> None:
    me = http.as_user(ANA)
    for _ in range(2):
        made = me.post("/notification-settings/", {"notification_type": "booking", "email_enabled": False})
        assert made.status == 201
    key = made.json["id"]
    assert (made.json["email_enabled"], made.json["in_app_enabled"]) == (False, True)

    changed = me.patch(f"/notification-settings/{key}/", {"sms_enabled": False})
    assert (changed.json["email_enabled"], changed.json["sms_enabled"]) == (False, False)
    assert me.get("/notification-settings/?email_enabled=false").json["count"] == 1
    assert me.get("/notification-settings/?all_disabled=true").json["count"] == 0
    assert me.get("/notification-settings/?any_enabled=true&page_size=5&page=2").json["count"] == 7
    stale = me.having(If_Match='"1"').patch(f"/notification-settings/{key}/", {"sms_enabled": True})
    assert stale.status == 412

    assert me.delete(f"/notification-settings/{key}/").status == 204
    assert me.get(f"/notification-settings/{key}/").json["is_default"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/notification-settings/", {"notification_type": "foo"}, 400),
        ("post", "/notification-settings/", {"notification_type": "booking", "email_enabled": "yes"}, 400),
        ("patch", f"/notification-settings/{ANA * 8 + 1}/", {"notification_type": "payment"}, 400),
        ("patch", f"/notification-settings/{8 * 8 + 1}/", {"email_enabled": True}, 404),
        ("patch", f"/notification-settings/{ANA * 8}/", {"email_enabled": True}, 404),
        ("put", "/notification-settings/kinds/no.such/", {}, 404),
        ("put", "/notification-settings/kinds/staff.application/", {}, 404),
        ("put", "/notification-settings/kinds/account.security/", {"email_enabled": False}, 400),
        ("get", "/notification-settings/?page=0", None, 400),
    ],
)
def test_what_cannot_be_chosen(http: Caller, method: str, path: str, body: Any, status: int) -> None:
    me = http.as_user(ANA)
    answer = me.get(path) if body is None else getattr(me, method)(path, body)
    assert answer.status == status, answer.json


@pytest.mark.parametrize("second", [{"notification_type": "foo"}, {"notification_type": "booking"}])
def test_a_bad_one_among_many_saves_nothing(http: Caller, second: dict[str, Any]) -> None:
    me = http.as_user(ANA)
    wish = {"preferences": [{"notification_type": "booking", **ALL_OFF}, second]}

    assert me.post("/notification-settings/bulk_update/", wish).status == 400
    assert me.get("/notification-settings/?all_disabled=true").json["count"] == 0


def test_many_are_set_and_reset(http: Caller) -> None:
    me = http.as_user(ANA)
    wish = {"preferences": [{"notification_type": name, **ALL_OFF} for name in TYPES]}
    answer = me.post("/notification-settings/bulk_update/", wish).json
    assert [row["in_app_enabled"] for row in answer] == [False] * 7

    me.put("/notification-settings/kinds/booking.confirmed/", {"email_enabled": True})
    assert all(row["is_default"] for row in me.post("/notification-settings/reset_to_defaults/").json)
    [kind] = [one for one in me.get("/notification-settings/kinds/").json if one["kind"] == "booking.confirmed"]
    assert kind["channels"]["email"] == {"enabled": True, "source": "default"}


def test_what_is_switched_off_is_not_told_but_security_is(
    http: Caller,
    people: Database,
    server: MailServer,
) -> None:
    http.as_user(ANA).post(
        "/notification-settings/bulk_update/",
        {"preferences": [{"notification_type": name, **ALL_OFF} for name in TYPES]},
    )
    tell(people, message("booking.confirmed", BOOKING))
    tell(people, message("password.changed", {"user_id": ANA, "at": BOOKING["start_time"], "device": "Firefox"}))

    assert kinds(people, ANA) == ["account.password_changed"]
    mine = [mail for mail in send(server) if mail["To"] == "ana@example.org"]
    assert [str(mail["Subject"]) for mail in mine] == ["Your password was changed"]


def test_a_kind_s_choice_is_over_its_type_s(http: Caller, people: Database) -> None:
    me = http.as_user(ANA)
    me.post("/notification-settings/", {"notification_type": "booking", **ALL_OFF})
    kept = me.put("/notification-settings/kinds/booking.confirmed/", {"in_app_enabled": True}).json
    assert kept["channels"]["in_app"] == {"enabled": True, "source": "kind"}
    assert kept["channels"]["email"] == {"enabled": False, "source": "type"}
    tell(people, message("booking.confirmed", BOOKING))

    assert kinds(people, ANA) == ["booking.confirmed"]
    assert [one.user_id for one in deliveries(people)] == [8]


def test_the_link_under_a_mail_switches_its_kind_off(
    http: Caller,
    people: Database,
    server: MailServer,
) -> None:
    tell(people, message("booking.confirmed", BOOKING))
    mail = send(server)[0]
    assert b"\r\nList-Unsubscribe: <http" in server.mails[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = str(mail["List-Unsubscribe"]).strip("<>").removeprefix(f"{settings().public_url}/api/v1/drf")

    shown = http.get(path).json
    assert shown == {"email": "a***@example.org", "kind": "booking.confirmed", "type": "booking", "channels": ["email"]}
    tell(people, message("booking.confirmed", {**BOOKING, "id": 43}))
    assert len(deliveries(people)) == 4

    form = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    assert http.post(path, **form).status == 200
    tell(people, message("booking.confirmed", {**BOOKING, "id": 44}))
    assert sorted(one.user_id for one in deliveries(people)) == [7, 7, 8, 8, 8]


@pytest.mark.parametrize("scope", ["type", "all"])
def test_more_can_be_switched_off_at_once(http: Caller, people: Database, scope: str) -> None:
    http.as_user(ANA).put("/notification-settings/kinds/booking.confirmed/", {"email_enabled": True})
    token = form_unsubscribe_token(settings().unsubscribe_key, user_id=ANA, kind="booking.cancelled")
    assert http.post("/notifications/unsubscribe/", {"token": token, "scope": scope}).status == 200
    tell(people, message("booking.confirmed", BOOKING))

    assert [one.user_id for one in deliveries(people)] == [8]


@pytest.mark.parametrize("kind", ["account.security", "no.such", "forged"])
def test_links_that_do_not_count(http: Caller, kind: str) -> None:
    token = form_unsubscribe_token(settings().unsubscribe_key, user_id=ANA, kind=kind)
    if kind == "forged":
        token = form_unsubscribe_token(["another key"], user_id=ANA, kind="booking.confirmed")
    for answer in (
        http.get(f"/notifications/unsubscribe/?token={token}"),
        http.post("/notifications/unsubscribe/", {"token": token}),
        http.post(f"/notifications/unsubscribe/?token={token}"),
    ):
        assert (answer.status, answer.code) == (400, "invalid_token")


def test_mandatory_mails_have_no_such_link(people: Database, server: MailServer) -> None:
    tell(people, message("password.changed", {"user_id": ANA, "at": BOOKING["start_time"], "device": "Firefox"}))
    [mail] = send(server)

    assert mail["List-Unsubscribe"] is None
