"""Quiet hours, pauses and digests: mail waits for its time, lines never do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications.jobs import look_at_waiting_mail, send_due_digests
from services.notifications.operations.mailing import Post, Wait, queue_mails
from services.notifications.tests.integration.test_mail import ANA, BOOKING, deliveries, markup, person, send, words
from services.notifications.tests.integration.test_telling import kinds, tell
from services.notifications.tests.mail_server import MailServer
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import message
from shared.testing.http import Caller

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # 23:30 in Berlin.
MORNING = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)  # 07:00 in Berlin.
SCHEDULE = "/notification-settings/schedule/"


def choose(http: Caller, **changes: Any) -> Any:
    with frozen_at(NOON):
        answer = http.as_user(ANA).patch(SCHEDULE, changes)
    assert answer.status == 200, answer.json
    return answer.json


def at(now: datetime, work: Callable[[], Any]) -> Any:
    with frozen_at(now):
        return work()


def arrive(database: Database, now: datetime, *happened: tuple[str, dict[str, Any]]) -> None:
    """Let events happen at `now`, and be heard of then."""
    with frozen_at(now):
        tell(database, *(message(type_, data, occurred_at=now) for type_, data in happened))


def missed(**more: Any) -> tuple[str, dict[str, Any]]:
    return "booking.no_show", {**BOOKING, "no_show_by": "client", **more}


def review(number: int) -> tuple[str, dict[str, Any]]:
    data = {"review_uuid": f"r{number}", "practitioner_user_id": ANA, "display_name": f"Guest {number}"}
    return "review.published", {**data, "rating": "5.00"}


def receipt(number: int) -> tuple[str, dict[str, Any]]:
    data = {"order_id": number, "order_type": "direct", "user_id": ANA, "description": f"Order {number}"}
    return "payment.succeeded", {**data, "subtotal_cents": 9_000}


def mails_at(now: datetime, server: MailServer) -> list[str]:
    """Return the subjects of what is sent when the clock's jobs run at `now`."""
    with frozen_at(now):
        server.mails.clear()
        send_due_digests()
        look_at_waiting_mail()
        return sorted(str(mail["Subject"]) for mail in send(server))


def test_the_defaults_are_shown_without_being_written(people: Database, http: Caller) -> None:
    assert http.as_user(ANA).get(SCHEDULE).json == {
        "timezone": "Europe/Berlin", "quiet_hours_enabled": False, "quiet_start": "22:00", "quiet_end": "07:00",
        "quiet_days": [], "digest": "off", "digest_time": "08:00", "digest_weekday": 0, "next_digest_at": None,
        "paused_until": None,
    }  # fmt: skip
    assert http.as_user(ANA).having(If_Match='"5"').patch(SCHEDULE, {}).status == 412


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet_start": "24:00"},
        {"quiet_start": "7:0"},
        {"quiet_end": "07:00:00"},
        {"quiet_days": [7]},
        {"quiet_days": [1, 1]},
        {"digest": "often"},
        {"digest_weekday": -1},
        {"quiet_hours_enabled": "yes"},
        {"paused_until": "2099-01-01T00:00:00Z"},
    ],
)
def test_times_that_cannot_be(http: Caller, changes: dict[str, Any]) -> None:
    answer = http.as_user(ANA).patch(SCHEDULE, changes)
    assert (answer.status, {name.split(".")[0] for name in answer.errors}) == (400, set(changes))


def test_mail_waits_for_the_morning_and_the_line_does_not(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, quiet_hours_enabled=True)
    arrive(people, NIGHT, missed())

    assert kinds(people, ANA) == ["booking.no_show"]
    assert mails_at(MORNING - timedelta(seconds=1), server) == []
    assert mails_at(MORNING, server) == ["Marked as missed: Deep tissue"]


def test_what_is_urgent_mandatory_or_not_quiet_passes(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, quiet_hours_enabled=True)
    arrive(
        people,
        NIGHT,
        ("booking.confirmed", BOOKING),
        ("password.changed", {"user_id": ANA, "at": NIGHT.isoformat(), "device": "Firefox"}),
    )

    subjects = mails_at(NIGHT, server)
    assert "Your password was changed" in subjects
    assert "Confirmed: Deep tissue with Mara Sol" in subjects


def test_a_reminder_of_what_begins_before_the_morning_passes(
    people: Database, http: Caller, server: MailServer
) -> None:
    choose(http, quiet_hours_enabled=True)
    soon, later = MORNING - timedelta(minutes=15), MORNING + timedelta(hours=3)
    due = {**BOOKING, "offset_minutes": 1440, "audience": "client"}
    arrive(
        people,
        NIGHT,
        ("booking.reminder_due", {**due, "id": 1, "service_name": "Early", "start_time": soon.isoformat()}),
        ("booking.reminder_due", {**due, "id": 2, "service_name": "Late", "start_time": later.isoformat()}),
    )

    assert mails_at(NIGHT, server) == ["Tomorrow: Early with Mara Sol"]
    assert mails_at(MORNING, server) == ["Tomorrow: Late with Mara Sol"]


def test_a_reminder_is_not_mailed_once_it_has_begun(people: Database, http: Caller, server: MailServer) -> None:
    start = NOON + timedelta(hours=1)
    due = {**BOOKING, "offset_minutes": 1440, "audience": "client", "start_time": start.isoformat()}
    arrive(people, NOON, ("booking.reminder_due", due))

    assert mails_at(start, server) == []
    assert [(one.status, one.reason) for one in deliveries(people)] == [("skipped", "too_late")]


def test_waiting_mail_follows_into_another_zone(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, quiet_hours_enabled=True)
    arrive(people, NIGHT, missed())
    at(NIGHT, lambda: tell(people, person(ANA, "Ana", timezone="Asia/Kathmandu", sequence=2)))

    end = datetime(2026, 11, 21, 1, 15, tzinfo=UTC)  # 07:00 in Kathmandu.
    assert mails_at(NIGHT, server) == []
    assert [one.not_before for one in deliveries(people)] == [end]
    assert mails_at(end, server) == ["Marked as missed: Deep tissue"]


def test_a_pause_holds_up_all_but_what_is_urgent(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, paused_until=(NOON + timedelta(days=2)).isoformat())
    arrive(people, NOON, ("booking.confirmed", BOOKING))
    assert mails_at(NOON, server) == ["New booking: Ana"]

    choose(http, paused_until=None)
    assert mails_at(NOON, server) == ["Confirmed: Deep tissue with Mara Sol"]


def test_held_mail_is_taken_back_when_it_is_overtaken_or_switched_off(
    people: Database, http: Caller, server: MailServer
) -> None:
    choose(http, paused_until=(NOON + timedelta(days=1)).isoformat())
    arrive(people, NOON, ("booking.confirmed", BOOKING), missed(id=43))
    arrive(people, NOON, ("booking.cancelled", {**BOOKING, "canceled_by": "practitioner"}))
    http.as_user(ANA).put("/notification-settings/kinds/booking.no_show/", {"email_enabled": False})

    subjects = mails_at(NOON + timedelta(days=1), server)
    assert [one for one in subjects if "Confirmed" in one or "missed" in one] == []
    assert {one.reason for one in deliveries(people) if one.user_id == ANA and one.status == "skipped"} == {
        "superseded",
        "unwanted",
    }


def test_a_digest_is_one_mail_of_what_was_not_read(people: Database, http: Caller, server: MailServer) -> None:
    shown = choose(http, digest="daily")
    assert shown["next_digest_at"] == "2026-11-21T07:00:00Z"
    arrive(people, NOON, review(1), review(2), receipt(5))
    [first, _] = http.as_user(ANA).get("/notifications/?notification_type=review&ordering=created_at").json["results"]
    http.as_user(ANA).post(f"/notifications/{first['id']}/mark_as_read/")

    assert mails_at(NIGHT, server) == []
    eight = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert mails_at(eight, server) == ["2 things you have not seen"]
    [mail] = send(server)
    assert "5 stars from Guest 2" in words(mail)
    assert "Receipt: Order 5" in markup(mail)
    assert "Guest 1" not in words(mail)
    assert mails_at(eight, server) == []
    assert http.as_user(ANA).get(SCHEDULE).json["next_digest_at"] == "2026-11-22T07:00:00Z"
    assert {one.reason for one in deliveries(people)} == {None, "digested", "read"}


def test_fifty_and_the_rest(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, digest="hourly")
    arrive(people, NOON, receipt(0))
    [first] = deliveries(people)
    with people.transaction() as session:
        copied = {"user_id": ANA, "kind": first.kind, "link": "", "happened_at": NOON}
        values, wait = first.context["values"], Wait(reason="digest", until=first.not_before)
        posts = [
            Post(**copied, occasion=str(number), values={**values, "what": f"Order {number}"}, wait=wait)
            for number in range(1, 120)
        ]
        queue_mails(session, posts, now=NOON)

    assert mails_at(NOON + timedelta(hours=1), server) == ["120 things you have not seen"]
    [mail] = send(server)
    assert words(mail).count("Receipt: Order") == 50
    assert "Receipt: Order 119" in words(mail)
    assert "and 70 more" in words(mail)
    assert "and 70 more" in markup(mail)


def test_nothing_unseen_is_no_mail(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, digest="hourly")
    assert mails_at(NOON + timedelta(hours=1), server) == []
    arrive(people, NOON + timedelta(hours=1), review(1))
    http.as_user(ANA).post("/notifications/mark_read/", {})

    assert mails_at(NOON + timedelta(hours=2), server) == []


def test_who_ends_the_digest_gets_what_waited(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, digest="weekly", digest_weekday=0)
    arrive(people, NOON, receipt(1))
    choose(http, digest="off")

    assert mails_at(NOON, server) == ["Receipt: Order 1"]


def test_who_unsubscribes_from_the_digest_gets_none(people: Database, http: Caller, server: MailServer) -> None:
    choose(http, digest="hourly")
    http.as_user(ANA).put("/notification-settings/kinds/digest/", {"email_enabled": False})
    arrive(people, NOON, receipt(1))

    assert mails_at(NOON + timedelta(hours=1), server) == []
    assert [one.reason for one in deliveries(people)] == ["unwanted"]


def test_a_digest_to_an_address_that_is_not_proven_says_nothing(
    people: Database, http: Caller, server: MailServer
) -> None:
    choose(http, digest="hourly")
    arrive(people, NOON, review(1))
    tell(people, person(ANA, "Ana", email_verified=False, sequence=2))

    assert mails_at(NOON + timedelta(hours=1), server) == ["You have news on Estuary"]
    assert "Guest" not in words(send(server)[0])


def test_signing_up_for_hours_twice_at_once_is_one_row(people: Database, http: Caller) -> None:
    first, second = (http.as_user(ANA).patch(SCHEDULE, {"digest": word}) for word in ("daily", "weekly"))
    assert (first.status, second.status, second.json["digest"]) == (200, 200, "weekly")
    assert http.as_user(ANA).having(If_Match=first.headers["ETag"]).patch(SCHEDULE, {}).status == 412
