"""The words that staff edit: nothing broken is saved, every version is kept, and what fails is never a lost mail."""

from typing import Any

import pytest
from sqlalchemy import update

from services.notifications.domain import rendering
from services.notifications.jobs import tell_of_failing_templates
from services.notifications.models import Template
from services.notifications.operations.wording import forget_edited
from services.notifications.tests.integration.test_mail import (
    ANA,
    BOOKING,
    MARA,
    deliveries,
    markup,
    person,
    send,
    words,
)
from services.notifications.tests.integration.test_telling import lines, tell
from services.notifications.tests.mail_server import MailServer
from shared.database import Database
from shared.messaging.testing import message
from shared.testing.http import Caller

SAM = 9
PATH = "/notification-templates/"


@pytest.fixture
def staff(people: Database, http: Caller) -> Caller:
    tell(people, person(SAM, "Sam", is_staff=True))
    return http.as_staff(SAM)


def find(staff: Caller, kind: str = "booking.confirmed", channel: str = "email") -> dict[str, Any]:
    [found] = staff.get(f"{PATH}?kind={kind}&delivery_channel={channel}").json["results"]
    return dict(found)


def confirm(people: Database, booking: int = 42) -> None:
    tell(people, message("booking.confirmed", {**BOOKING, "id": booking}))


def test_all_shipped_words_are_listed_for_everybody(staff: Caller, http: Caller) -> None:
    page = http.as_user(ANA).get(f"{PATH}?page_size=100").json

    assert page["count"] == len(list(rendering.all_shipped()))
    assert all(row["is_default"] and row["is_active"] for row in page["results"])
    shown = find(staff)
    assert shown["variables"] == sorted(shown["variables"])
    assert "service" in shown["variables"]
    assert staff.get(f"{PATH}?search=appointment&locale=en&notification_type=reminder").json["count"] >= 1
    assert staff.get(f"{PATH}{shown['id']}/").json == shown
    assert staff.get(f"{PATH}999999/").status == 404


def test_edited_words_are_said_and_the_rest_stays(staff: Caller, people: Database, server: MailServer) -> None:
    edited = staff.patch(
        f"{PATH}{find(staff)['id']}/",
        {"subject_template": "Yes: {{ service }}", "body_template": "Until {{ start|date }}.\n\nBring <water>."},
    )
    assert (edited.status, edited.json["is_default"], edited.json["version"]) == (200, False, 2)
    confirm(people)
    ana, mara = send(server)

    assert ana["Subject"] == "Yes: Deep tissue"
    assert "Bring <water>." in words(ana)
    assert "Bring &lt;water&gt;." in markup(ana)
    assert mara["Subject"] == "New booking: Ana"
    assert lines(people, ANA)[0].title == "Confirmed: Deep tissue with Mara Sol"


def test_a_mail_may_have_html_of_its_own_whose_values_are_escaped(
    staff: Caller, people: Database, server: MailServer
) -> None:
    html = "<p>See you, <em>{{ practitioner }}</em></p>"
    assert staff.patch(f"{PATH}{find(staff)['id']}/", {"html_template": html}).status == 200
    tell(people, message("booking.confirmed", {**BOOKING, "practitioner_name": "<i>M</i>"}))
    [mail] = [one for one in send(server) if one["To"] == "ana@example.org"]

    assert "<em>&lt;i&gt;M&lt;/i&gt;</em>" in markup(mail)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{{ ''.__class__ }}", "Unknown name"),
        ("{{ service|attr('y') }}", "Unknown filter"),
        ("{% for i in range(9**9) %}{% endfor %}", "list"),
        ("{{ 'a' * 10**9 }}", "not allowed"),
        ("{{ unknown }}", "Unknown variable: unknown"),
        ("one\n{% if service %}", "Unexpected end"),
        ("{{ service|money }}", "does not fit"),
    ],
)
def test_nothing_broken_is_saved(staff: Caller, body: str, reason: str) -> None:
    key = find(staff)["id"]
    for answer in (
        staff.patch(f"{PATH}{key}/", {"body_template": body}),
        staff.post(f"{PATH}{key}/preview/", {"body_template": body}),
        staff.post(
            PATH, {"kind": "booking.confirmed", "delivery_channel": "email", "locale": "de", "body_template": body}
        ),
    ):
        assert (answer.status, answer.code) == (400, "template_invalid")
        assert reason in str(answer.errors["body_template"])
    assert find(staff)["is_default"] is True


def test_versions_are_kept_and_can_be_gone_back_to(staff: Caller) -> None:
    key = find(staff)["id"]
    shipped = find(staff)["body_template"]
    for text in ("First.", "Second."):
        staff.patch(f"{PATH}{key}/", {"body_template": text})
    kept = staff.get(f"{PATH}{key}/versions/").json
    assert [(one["version"], one["body_template"], one["edited_by"]) for one in kept] == [
        (3, "Second.", SAM),
        (2, "First.", SAM),
    ]

    assert staff.post(f"{PATH}{key}/restore/", {"version": 2}).json["body_template"] == "First."
    assert staff.post(f"{PATH}{key}/restore/", {"version": 99}).status == 404
    back = staff.post(f"{PATH}{key}/restore/", {}).json
    assert (back["body_template"], back["is_default"]) == (shipped, True)
    assert len(staff.get(f"{PATH}{key}/versions/").json) == 3


def test_two_people_do_not_overwrite_each_other(staff: Caller) -> None:
    key = find(staff)["id"]
    first = staff.get(f"{PATH}{key}/")
    both = staff.having(If_Match=first.headers["ETag"])
    assert [both.patch(f"{PATH}{key}/", {"body_template": text}).status for text in ("a", "b")] == [200, 412]


def test_another_language_is_said_to_those_who_speak_it(staff: Caller, people: Database, server: MailServer) -> None:
    words_in_german = {
        "kind": "booking.confirmed",
        "delivery_channel": "email",
        "locale": "de",
        "subject_template": "Bestätigt: {{ service }}",
        "body_template": "Bis bald.",
    }
    made = staff.post(PATH, words_in_german)
    assert (made.status, made.json["notification_type"]) == (201, "booking")
    assert staff.post(PATH, words_in_german).code == "conflict"
    tell(people, person(ANA, "Ana", locale="de-AT", sequence=2))
    confirm(people)
    assert sorted(str(mail["Subject"]) for mail in send(server)) == ["Bestätigt: Deep tissue", "New booking: Ana"]

    assert staff.delete(f"{PATH}{made.json['id']}/").status == 204
    assert staff.get(f"{PATH}{made.json['id']}/").status == 404
    confirm(people, 43)
    assert "Confirmed: Deep tissue with Mara Sol" in [str(mail["Subject"]) for mail in send(server)]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "no.such"}, "kind"),
        ({"delivery_channel": "sms"}, "delivery_channel"),
        ({"locale": "../x"}, "locale"),
        ({"body_template": ""}, "body_template"),
        ({"body_template": "x" * 20_001}, "body_template"),
        ({"subject_template": "x" * 256}, "subject_template"),
    ],
)
def test_templates_that_cannot_be(staff: Caller, more: dict[str, Any], field: str) -> None:
    good = {"kind": "booking.confirmed", "delivery_channel": "email", "locale": "de", "body_template": "Hallo."}
    answer = staff.post(PATH, {**good, **more})
    assert (answer.status, list(answer.errors)) == (400, [field])


def test_what_is_shipped_is_not_deleted_and_what_was_edited_goes_back(staff: Caller) -> None:
    key = find(staff)["id"]
    assert staff.delete(f"{PATH}{key}/").code == "conflict"
    staff.patch(f"{PATH}{key}/", {"body_template": "Mine."})
    assert staff.delete(f"{PATH}{key}/").status == 204
    assert find(staff)["is_default"] is True


def test_an_inactive_template_is_not_used_and_not_shown_to_others(
    staff: Caller, http: Caller, people: Database, server: MailServer
) -> None:
    key = find(staff)["id"]
    staff.patch(f"{PATH}{key}/", {"subject_template": "Draft", "is_active": False})
    confirm(people)

    assert "Draft" not in [str(mail["Subject"]) for mail in send(server)]
    assert http.as_user(ANA).get(f"{PATH}{key}/").status == 404
    assert http.as_user(ANA).get(f"{PATH}?kind=booking.confirmed&delivery_channel=email").json["count"] == 0


def test_previews(staff: Caller) -> None:
    key = find(staff)["id"]
    seen = staff.post(
        f"{PATH}{key}/preview/",
        {
            "subject_template": "{{ service }}, {{ start|time }}",
            "context": {"service": "<b>Yoga</b>", "place": None, "unknown": 1},
            "timezone": "Asia/Kathmandu",
        },
    ).json
    assert seen["subject"] == "<b>Yoga</b>, 18:45"
    assert "&lt;b&gt;Yoga&lt;/b&gt;" in seen["html"]
    assert seen["missing_variables"] == ["place"]
    in_app = find(staff, channel="in_app")["id"]
    assert staff.post(f"{PATH}{in_app}/preview/", {}).json["html"] is None


def test_a_test_mail_goes_to_the_caller_alone(staff: Caller, people: Database, server: MailServer) -> None:
    key = find(staff)["id"]
    for _ in range(10):
        assert staff.post(f"{PATH}{key}/send_test/").status == 200
    assert staff.post(f"{PATH}{key}/send_test/").code == "rate_limited"

    assert {mail["To"] for mail in send(server)} == {"sam@example.org"}
    assert send(server)[0]["Subject"] == "Confirmed: Deep tissue massage with Mara Sol"


def test_words_that_fail_when_they_are_needed_are_replaced_and_staff_are_told_once_an_hour(
    staff: Caller, people: Database, server: MailServer
) -> None:
    staff.patch(f"{PATH}{find(staff)['id']}/", {"body_template": "Mine."})
    with people.transaction() as session:
        session.execute(update(Template).where(~Template.is_default).values(body="{{ gone }}"))
    forget_edited()
    for booking in (1, 2, 3):
        confirm(people, booking)
    tell_of_failing_templates()

    mine = [mail for mail in send(server) if mail["To"] == "ana@example.org"]
    assert [str(mail["Subject"]) for mail in mine] == ["Confirmed: Deep tissue with Mara Sol"] * 3
    assert {one.status for one in deliveries(people)} == {"sent"}
    for _ in range(2):
        tell_of_failing_templates()
    [line] = lines(people, SAM)
    assert (line.kind, line.count) == ("staff.template_failed", 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PATH),
        ("PUT", f"{PATH}1/"),
        ("PATCH", f"{PATH}1/"),
        ("DELETE", f"{PATH}1/"),
        ("POST", f"{PATH}1/preview/"),
        ("POST", f"{PATH}1/send_test/"),
        ("POST", f"{PATH}1/restore/"),
        ("GET", f"{PATH}1/versions/"),
    ],
)
def test_only_staff_edit(http: Caller, method: str, path: str) -> None:
    assert http.as_user(MARA).call(method, path, json={}).status == 403
    assert http.call(method, path, json={}).status == 401


def test_a_new_release_s_words_reach_what_nobody_edited(staff: Caller, people: Database) -> None:
    mine = find(staff)["id"]
    staff.patch(f"{PATH}{mine}/", {"body_template": "Mine."})
    other = find(staff, "booking.cancelled")
    with people.transaction() as session:
        session.execute(update(Template).values(fingerprint="an older release", body="Older words."))
        gone = update(Template).where(Template.kind == "booking.expired").values(kind="booking.forgotten")
        session.execute(gone)

    assert find(staff, "booking.expired", channel="in_app")["is_default"] is True
    assert staff.get(f"{PATH}?page_size=100").json["count"] == len(list(rendering.all_shipped()))
    assert find(staff, "booking.cancelled")["body_template"] == other["body_template"]
    assert find(staff)["body_template"] == "Older words."
