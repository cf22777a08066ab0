"""E-mail: proven links, nobody's words to strangers, sent once, tried again, given up in the end."""

import email
import email.policy
import threading
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
from sqlalchemy import select, text, update

from services.notifications.clients.mail import FolderOutlet, SmtpOutlet
from services.notifications.handlers import accounts, auth, bookings, payments
from services.notifications.jobs import forget_old_mails
from services.notifications.models import Delivery, Suppression
from services.notifications.operations.delivering import LADDER, send_due
from services.notifications.settings import Settings, settings
from services.notifications.tests.mail_server import MailServer
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.identity.action_tokens import is_action_token
from shared.ids import uuid7
from shared.messaging import Message
from shared.messaging.testing import apply, message
from shared.settings import BadSettings

HANDLERS = [accounts, auth, bookings, payments]
ANA, MARA = 7, 8
START = "2026-12-01T13:00:00+00:00"
BOOKING: dict[str, Any] = {
    "id": 42,
    "kind": "session",
    "user_id": ANA,
    "practitioner_user_id": MARA,
    "service_name": "Deep tissue",
    "practitioner_name": "Mara Sol",
    "start_time": START,
}


def person(user_id: int, name: str, sequence: int = 1, **more: Any) -> Message:
    data = {"id": user_id, "uuid": "u", "email": f"{name.lower()}@example.org", "email_verified": True}
    data |= {"first_name": name, "display_name": name, "timezone": "Europe/Berlin", **more}
    return message("user.changed", data, subject=("user", user_id), sequence=sequence)


def tell(database: Database, *messages: Message) -> None:
    apply(database, "notifications", HANDLERS, *messages)


def send(server: MailServer) -> list[EmailMessage]:
    """Send what is due and return all that the server has got, by recipient."""
    while send_due(SmtpOutlet(server.url, rate=1_000, timeout=5)):
        pass
    read = [email.message_from_bytes(raw, policy=email.policy.default) for raw in server.mails]
    return sorted(read, key=lambda mail: str(mail["To"]))  # type: ignore[arg-type]


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def markup(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def deliveries(database: Database) -> list[Delivery]:
    with database.transaction() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.created_at)))


def link_event(type_: str, **more: Any) -> tuple[Message, dict[str, Any]]:
    data = {
        "action_token_id": str(uuid7()),
        "user_id": 99,
        "email": "New.Person@Example.org",
        "expires_at": (utc_now() + timedelta(hours=1)).replace(microsecond=0).isoformat(),
        **more,
    }
    return message(type_, data), data


@pytest.mark.parametrize(
    ("type_", "purpose", "path", "more"),
    [
        ("email.verification_requested", "verify_email", "/verify-email?token=", {}),
        ("password.reset_requested", "reset_password", "/reset-password?token=", {"has_password": True}),
        ("email.change_requested", "change_email", "/verify-email?token=", {"old_email": "old@example.org"}),
    ],
)
def test_a_mailed_link_is_one_that_auth_accepts(
    database: Database, server: MailServer, type_: str, purpose: Any, path: str, more: dict[str, Any]
) -> None:
    event, data = link_event(type_, **more)
    tell(database, event)
    mail = next(one for one in send(server) if one["To"] == data["email"])

    start = f"{settings().frontend_url}{path}"
    [link] = [line for line in words(mail).splitlines() if line.startswith(start)]
    assert is_action_token(
        link.removeprefix(start),
        settings().action_token_key,
        token_id=data["action_token_id"],
        purpose=purpose,
        user_id=99,
        email=data["email"],
        expires_at=datetime.fromisoformat(data["expires_at"]),
    )
    assert link in markup(mail)
    if more.get("old_email"):
        assert any(one["To"] == "old@example.org" and "token=" not in words(one) for one in send(server))


def test_no_secret_of_a_link_is_in_the_database_or_a_log(
    database: Database, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    event, _ = link_event("password.reset_requested", has_password=True)
    tell(database, event)
    server.at_data = "451 later"
    [mail] = send(server)
    secret = words(mail).split("token=")[1].split()[0].partition(".")[2]

    with database.transaction() as session:
        rows = session.scalars(
            text("SELECT deliveries::text FROM deliveries UNION ALL SELECT outbox::text FROM outbox")
        )
        assert secret not in "".join(rows)
    assert secret not in caplog.text


def test_a_deletion_can_be_taken_back_by_the_mailed_link(people: Database, server: MailServer) -> None:
    event, _ = link_event("account.security_alert", user_id=ANA, kind="deletion_requested", email="ana@example.org")
    tell(people, event)
    [mail] = send(server)

    assert "/restore?token=" in words(mail)
    assert "Keep my account" in markup(mail)


def test_a_link_that_has_run_out_is_not_mailed(database: Database, server: MailServer) -> None:
    event, _ = link_event("password.reset_requested", expires_at=(utc_now() - timedelta(seconds=1)).isoformat())
    tell(database, event)

    assert send(server) == []
    assert [(one.status, one.reason) for one in deliveries(database)] == [("skipped", "too_late")]


def test_both_sides_of_a_booking_get_a_mail_once(people: Database, server: MailServer) -> None:
    confirmed = message("booking.confirmed", BOOKING)
    for _ in range(3):
        tell(people, confirmed)
    ana, mara = send(server)

    assert (ana["To"], ana["Subject"]) == ("ana@example.org", "Confirmed: Deep tissue with Mara Sol")
    assert ana["Auto-Submitted"] == "auto-generated"
    assert str(ana["Message-ID"]).endswith(f"@{settings().mail_domain}>")
    assert "Hello Ana," in words(ana)
    assert "Tue 1 Dec 2026, 14:00 (Europe/Berlin)" in words(ana)
    assert f"{settings().frontend_url}/dashboard/user/bookings/42" in words(ana)
    assert mara["Subject"] == "New booking: Ana"
    assert server.connections == 1
    assert [one.context for one in deliveries(people)] == [{}, {}]


def test_words_of_others_are_harmless(people: Database, server: MailServer) -> None:
    nasty = "<script>x</script> {{ 7*7 }}\r\nBcc: all@evil.example see https://evil.example/buy or evil.example"
    tell(people, message("booking.confirmed", {**BOOKING, "service_name": nasty + "y" * 400}))
    ana, _ = send(server)

    assert ana["Bcc"] is None
    assert len(str(ana["Subject"])) <= 255
    assert "<script>" not in markup(ana)
    assert "{{ 7*7 }}" in words(ana)
    assert "evil.example" not in words(ana) + markup(ana) + str(ana["Subject"])


def test_an_unproven_address_gets_nobodys_words(database: Database, server: MailServer) -> None:
    tell(database, person(ANA, "Buy at evil.example", email="victim@example.org", email_verified=False))
    tell(database, person(MARA, "Mara", email_verified=False))
    tell(database, message("booking.confirmed", {**BOOKING, "service_name": "Cheap pills"}))
    tell(database, link_event("email.verification_requested", user_id=ANA, email="victim@example.org")[0])
    sent = send(server)

    assert len(sent) == 3
    for mail in sent:
        everything = str(mail["Subject"]) + words(mail) + markup(mail)
        assert "pills" not in everything
        assert "Buy" not in everything


def test_a_busy_server_is_tried_again_up_the_ladder_and_given_up(people: Database, server: MailServer) -> None:
    server.at_recipient = "451 later"
    tell(people, message("password.changed", {"user_id": ANA, "at": START, "device": "Firefox"}))
    now = utc_now()
    for pause in (timedelta(), *LADDER):
        now += pause
        with frozen_at(now):
            send(server)
        with frozen_at(now + timedelta(seconds=30)):
            assert not send_due(SmtpOutlet(server.url, rate=1_000))

    [mail] = deliveries(people)
    assert (mail.status, mail.reason, mail.attempts) == ("failed", "gave_up", 6)
    assert len(server.recipients) == 6
    assert "451" in (mail.error or "")


def test_a_dead_mailbox_is_not_written_to_but_for_security(people: Database, server: MailServer) -> None:
    server.at_recipient = "550 no such user"
    tell(people, message("booking.confirmed", BOOKING))
    send(server)
    assert {one.status for one in deliveries(people)} == {"failed"}

    server.at_recipient = "250 ok"
    tell(people, message("booking.confirmed", {**BOOKING, "id": 43}))
    tell(people, message("password.changed", {"user_id": ANA, "at": START, "device": "Firefox"}))
    assert [str(mail["Subject"]) for mail in send(server)] == ["Your password was changed"]
    with people.transaction() as session:
        assert len(session.scalars(select(Suppression)).all()) == 2


def test_a_mail_refused_for_its_content_suppresses_nobody(people: Database, server: MailServer) -> None:
    server.at_data = "554 spam"
    tell(people, message("booking.confirmed", BOOKING))
    send(server)

    assert {one.reason for one in deliveries(people)} == {"refused"}
    with people.transaction() as session:
        assert session.scalars(select(Suppression)).all() == []


def test_a_server_that_goes_away_after_the_data_gets_the_same_mail_again(people: Database, server: MailServer) -> None:
    server.hangs_up_after_data = True
    tell(people, message("password.changed", {"user_id": ANA, "at": START, "device": "Firefox"}))
    send(server)
    server.hangs_up_after_data = False
    with frozen_at(utc_now() + timedelta(minutes=2)):
        first, second = send(server)

    assert first["Message-ID"] == second["Message-ID"]
    assert deliveries(people)[0].status == "sent"


def test_a_dead_worker_s_mail_is_sent_when_its_lease_ends(people: Database, server: MailServer) -> None:
    tell(people, message("password.changed", {"user_id": ANA, "at": START, "device": "Firefox"}))
    with people.transaction() as session:
        session.execute(
            update(Delivery).values(status="sending", attempts=1, not_before=utc_now() + timedelta(minutes=2))
        )

    assert send(server) == []
    with frozen_at(utc_now() + timedelta(minutes=3)):
        assert len(send(server)) == 1


def test_no_server_at_all_puts_off(people: Database) -> None:
    tell(people, message("booking.confirmed", BOOKING))
    assert send_due(SmtpOutlet("smtp://127.0.0.1:9?plain=1", rate=1_000, timeout=1)) == 2
    assert {(one.status, one.attempts) for one in deliveries(people)} == {("queued", 1)}


def test_encryption_is_insisted_on(people: Database, server: MailServer) -> None:
    tell(people, message("booking.confirmed", BOOKING))
    send_due(SmtpOutlet(server.url.replace("?plain=1", ""), rate=1_000))

    assert server.mails == []
    assert {one.status for one in deliveries(people)} == {"queued"}


def test_several_workers_send_each_mail_once(people: Database, server: MailServer) -> None:
    for number in range(8):
        tell(people, message("booking.confirmed", {**BOOKING, "id": number + 1}))
    threads = [threading.Thread(target=send, args=(server,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.mails) == 16
    assert len({mail["Message-ID"] for mail in send(server)}) == 16


def test_what_is_cancelled_is_not_reminded_of(people: Database, server: MailServer) -> None:
    tell(people, message("booking.confirmed", BOOKING))
    tell(people, message("booking.cancelled", {**BOOKING, "canceled_by": "client", "refund_cents": 8_000}))
    ana, mara = send(server)

    assert str(ana["Subject"]).startswith("You cancelled: Deep tissue")
    assert "$80.00 will be refunded" in words(ana)
    assert str(mara["Subject"]).startswith("Cancelled: Deep tissue")


def test_late_news_are_told_in_the_app_only(people: Database, server: MailServer) -> None:
    tell(people, message("booking.confirmed", BOOKING, occurred_at=utc_now() - timedelta(days=4)))

    assert send(server) == []


def test_who_is_deleted_gets_a_farewell_and_nothing_else(people: Database, server: MailServer) -> None:
    tell(people, message("booking.confirmed", BOOKING))
    gone = {"user_id": ANA, "uuid": "u", "email": "ana@example.org"}
    tell(people, message("user.deleted", gone), message("user.deleted", {**gone, "email": ""}))
    farewell, mara = send(server)

    assert (farewell["To"], farewell["Subject"]) == ("ana@example.org", "Your account has been deleted")
    assert mara["To"] == "mara@example.org"
    assert not [one for one in deliveries(people) if one.address or one.context]


def test_without_a_server_mails_lie_in_a_folder(people: Database, tmp_path: Path) -> None:
    for number in range(3):
        tell(people, message("booking.confirmed", {**BOOKING, "id": number + 1}))
    send_due(FolderOutlet(tmp_path / "mail", clock=utc_now, kept=4))

    files = sorted((tmp_path / "mail").iterdir())
    assert [path.suffix for path in files] == [".eml"] * 4
    mail = email.message_from_bytes(files[-1].read_bytes(), policy=email.policy.default)
    assert {part.get_content_type() for part in mail.walk()} == {"multipart/alternative", "text/plain", "text/html"}
    assert {one.status for one in deliveries(people)} == {"sent"}


APPOINTMENT = {"public_uuid": "018f0000-0000-7000-8000-000000000042", "end_time": "2026-12-01T14:00:00+00:00",
               "place": {"name": "Quiet Room", "full_address": "12 Harbour Street, Lisbon"}}  # fmt: skip


def calendar(mail: EmailMessage) -> icalendar.Event:
    [part] = mail.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("text/calendar", "appointment.ics")
    [event] = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return event


def test_appointments_are_in_the_mail_for_the_calendar(people: Database, server: MailServer) -> None:
    booking = {**BOOKING, **APPOINTMENT}
    tell(people, message("booking.confirmed", booking, sequence=2))
    moved = {**booking, "start_time": "2026-12-02T13:00:00+00:00", "end_time": "2026-12-02T14:00:00+00:00"}
    send(server)
    tell(people, message("booking.rescheduled", {**moved, "previous_start_time": START, "by": "client"}, sequence=5))
    send(server)
    tell(people, message("booking.cancelled", {**moved, "canceled_by": "client"}, sequence=6))
    events = [calendar(mail) for mail in send(server) if mail["To"] == "ana@example.org"]

    assert {str(event["uid"]) for event in events} == {f"{APPOINTMENT['public_uuid']}@estuary"}
    assert [(int(event["sequence"]), str(event["status"])) for event in events] == [
        (2, "CONFIRMED"), (5, "CONFIRMED"), (6, "CANCELLED"),
    ]  # fmt: skip
    assert events[0].decoded("dtstart").isoformat() == START
    assert str(events[0]["summary"]) == "Deep tissue · Mara Sol"
    assert str(events[0]["location"]) == "12 Harbour Street, Lisbon"


def test_what_has_no_time_is_in_no_calendar(people: Database, server: MailServer) -> None:
    tell(people, message("booking.confirmed", {**BOOKING, **APPOINTMENT, "kind": "package", "start_time": None}))
    assert [list(mail.iter_attachments()) for mail in send(server)] == [[], []]


def test_words_cannot_add_lines_to_a_calendar(people: Database, server: MailServer) -> None:
    nasty = "Yoga\r\nATTENDEE:mailto:x@evil.example\r\nX-EVIL:1"
    tell(people, message("booking.confirmed", {**BOOKING, **APPOINTMENT, "service_name": nasty}))
    event = calendar(send(server)[0])

    assert "attendee" not in event
    assert "x-evil" not in event


def test_old_mails_are_forgotten(people: Database, server: MailServer) -> None:
    server.at_data = "554 spam"
    tell(people, message("booking.confirmed", BOOKING))
    send(server)
    with frozen_at(utc_now() + timedelta(days=8)):
        forget_old_mails()
    assert [(one.status, one.context) for one in deliveries(people)] == [("failed", {})] * 2
    with frozen_at(utc_now() + timedelta(days=91)):
        forget_old_mails()
    assert deliveries(people) == []


def test_production_needs_a_mail_server(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    monkeypatch.setenv("ESTUARY_ENV", "production")
    with pytest.raises(BadSettings) as refused:
        Settings.from_environ()
    assert [one for one in refused.value.problems if "SMTP_URL" in one]
    monkeypatch.setenv("SMTP_URL", "smtp://u:p@mail.example.org:587")
    monkeypatch.delenv("JWT_LEGACY_SECRET", raising=False)
    assert Settings.from_environ().smtp_url
