"""Who is told what, once, in their own words and zone."""

import random
import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select

from services.notifications import worker
from services.notifications.clients.mail import FolderOutlet
from services.notifications.domain import samples
from services.notifications.domain.samples import variables
from services.notifications.handlers import accounts, auth, bookings, media, payments, practitioners, reviews, streams
from services.notifications.models import Delivery, Notification
from services.notifications.operations import delivering, telling
from services.notifications.operations.delivering import send_due
from services.notifications.operations.telling import News
from services.notifications.operations.wording import say
from shared.clock import utc_now
from shared.database import Database
from shared.ids import uuid7
from shared.messaging import NotYet
from shared.messaging.testing import apply, message

HANDLERS = [accounts, auth, bookings, media, payments, practitioners, reviews, streams]
CLIENT, PRACTITIONER, STAFF = 7, 8, 9
START = "2026-12-01T13:00:00.000000Z"

BOOKING: dict[str, Any] = {
    "id": 42,
    "kind": "session",
    "status": "confirmed",
    "user_id": CLIENT,
    "practitioner_user_id": PRACTITIONER,
    "service_name": "Deep tissue",
    "practitioner_name": "Mara Sol",
    "location_type": "virtual",
    "start_time": START,
}


def person(user_id: int, name: str, zone: str = "Europe/Berlin", **more: Any) -> Any:
    data: dict[str, Any] = {
        "id": user_id,
        "uuid": "u",
        "email": "a@b.c",
        "display_name": name,
        "timezone": zone,
        "locale": "en-GB",
    }
    data |= {"email_verified": True}
    return message("user.changed", {**data, **more}, subject=("user", user_id))


@pytest.fixture
def people(database: Database) -> Database:
    tell(
        database,
        person(CLIENT, "Ana"),
        person(PRACTITIONER, "Mara", zone="America/New_York"),
        person(STAFF, "Sam", is_staff=True),
    )
    return database


def tell(database: Database, *messages: Any) -> None:
    apply(database, "notifications", HANDLERS, *messages)


def lines(database: Database, user_id: int) -> list[Notification]:
    with database.transaction() as session:
        return list(
            session.scalars(select(Notification).where(Notification.user_id == user_id).order_by(Notification.seq))
        )


def kinds(database: Database, user_id: int) -> list[str]:
    return [line.kind for line in lines(database, user_id)]


def mails(database: Database) -> list[Delivery]:
    """Send what is queued and return it."""
    with TemporaryDirectory() as folder:
        send_due(FolderOutlet(Path(folder), clock=utc_now))
    with database.transaction() as session:
        return list(session.scalars(select(Delivery)))


def fact(type_: str, **more: Any) -> Any:
    return message(type_, {**BOOKING, **more}, subject=("booking", 42))


def test_both_people_are_told_of_a_booking(people: Database) -> None:
    tell(people, fact("booking.confirmed", by="payment"))

    [mine], [theirs] = lines(people, CLIENT), lines(people, PRACTITIONER)
    assert (mine.kind, mine.title) == ("booking.confirmed", "Confirmed: Deep tissue with Mara Sol")
    assert mine.message == "Tue 1 Dec 2026, 14:00 (Europe/Berlin), online."
    assert mine.action_url == "http://localhost:3000/dashboard/user/bookings/42"
    assert (mine.related_object_type, mine.related_object_id) == ("booking", "42")
    assert (theirs.kind, theirs.title) == ("booking.received", "New booking: Ana")
    assert "08:00 (America/New_York)" in theirs.message


def test_an_event_delivered_again_tells_nobody_twice(people: Database) -> None:
    confirmed = fact("booking.confirmed", by="payment")
    threads = [threading.Thread(target=tell, args=(people, confirmed)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kinds(people, CLIENT) == ["booking.confirmed"]
    assert kinds(people, PRACTITIONER) == ["booking.received"]


def test_a_reminder_with_a_new_id_is_still_one_reminder(people: Database) -> None:
    soon = (utc_now() + timedelta(hours=20)).isoformat()
    values = {"offset_minutes": 1440, "audience": "both", "start_time": soon}
    tell(people, fact("booking.reminder_due", **values), fact("booking.reminder_due", **values))

    assert kinds(people, CLIENT) == kinds(people, PRACTITIONER) == ["booking.reminder_day"]
    tell(people, fact("booking.reminder_due", **{**values, "start_time": "2020-01-01T00:00:00Z"}))
    assert len(lines(people, CLIENT)) == 1


@pytest.mark.parametrize(
    ("by", "told"),
    [("client", [PRACTITIONER]), ("practitioner", [CLIENT]), ("admin", [CLIENT, PRACTITIONER])],
)
def test_the_canceller_is_not_told_of_the_cancellation(people: Database, by: str, told: list[int]) -> None:
    tell(people, fact("booking.cancelled", canceled_by=by, reason="ill", refund_cents=8_000))

    assert [user for user in (CLIENT, PRACTITIONER) if kinds(people, user)] == told
    if CLIENT in told:
        assert "ill. $80.00 will be refunded." in lines(people, CLIENT)[0].message
    if PRACTITIONER in told:
        assert "$" not in lines(people, PRACTITIONER)[0].message


def test_sessions_of_a_cancelled_purchase_fold_into_one_line(people: Database) -> None:
    for child in (51, 52, 53):
        tell(people, fact("booking.cancelled", id=child, canceled_by="client", covered_by=50))

    [line] = lines(people, PRACTITIONER)
    assert (line.kind, line.count) == ("booking.sessions_cancelled", 3)


def test_money_is_told_to_the_payer(people: Database) -> None:
    refund = {"order_id": 5, "user_id": CLIENT, "booking_id": 42, "amount_cents": 8_000, "to_card_cents": 5_000}
    tell(people, message("payment.refunded", {**refund, "to_credits_cents": 3_000}))

    [line] = lines(people, CLIENT)
    assert (line.kind, line.related_object_id, line.title) == ("payment.refunded", "42", "$80.00 refunded")
    assert "$50.00 to your card" in line.message
    assert "$30.00 as credits" in line.message


def test_a_card_that_ends_is_told_where_it_would_be_charged(people: Database) -> None:
    card = {"user_id": CLIENT, "brand": "visa", "last4": "4242", "exp_month": 3, "exp_year": 2027}
    tell(people, message("payment_method.expiring", {**card, "payment_method_id": 8, "is_default": False}))
    assert kinds(people, CLIENT) == []
    tell(people, message("payment_method.expiring", {**card, "payment_method_id": 9, "renews": True}))

    [line] = lines(people, CLIENT)
    assert (line.kind, line.related_object_id) == ("payment.card_expiring", "9")
    assert line.message.startswith("Visa ending in 4242 is valid until 03/2027. Add another")


def test_the_last_word_about_a_booking_is_not_told_twice(people: Database) -> None:
    failed = {"order_id": 5, "user_id": CLIENT, "booking_id": 42, "message": "Card declined."}
    tell(people, message("payment.failed", {**failed, "final": True}))
    assert kinds(people, CLIENT) == []
    tell(people, message("payment.failed", {**failed, "final": False}))
    assert kinds(people, CLIENT) == ["payment.failed"]


def test_an_application_reaches_the_applicant_and_staff(people: Database) -> None:
    data = {"practitioner_id": 3, "user_id": PRACTITIONER, "display_name": "Mara Sol", "resubmission": True}
    tell(people, message("practitioner.application_submitted", data))

    assert kinds(people, PRACTITIONER) == ["practitioner.application_received"]
    assert lines(people, STAFF)[0].title == "Application handed in again: Mara Sol"


def test_somebody_unknown_is_waited_for_and_then_given_up(database: Database) -> None:
    with pytest.raises(NotYet):
        tell(database, fact("booking.confirmed", by="payment"))
    late = message("booking.confirmed", {**BOOKING, "by": "payment"}, occurred_at=utc_now() - timedelta(minutes=11))
    tell(database, late)

    assert kinds(database, CLIENT) == []


def test_somebody_inactive_is_not_told(people: Database) -> None:
    tell(people, message("user.deleted", {"user_id": CLIENT, "uuid": "u", "email": "a@b.c"}, subject=("user", 7)))
    tell(people, fact("booking.confirmed", by="payment"))

    assert kinds(people, CLIENT) == []
    assert kinds(people, PRACTITIONER) == ["booking.received"]


def test_names_that_are_templates_stay_names(people: Database) -> None:
    tell(people, fact("booking.confirmed", by="payment", service_name="{{ 7 * 7 }}<b>\r\nBcc: x"))

    assert lines(people, CLIENT)[0].title == "Confirmed: {{ 7 * 7 }}<b> Bcc: x with Mara Sol"


STREAM = {"live_stream_id": 4, "stream_id": 5, "practitioner_id": 3, "title": "Live", "user_ids": [7, 8, 999],
          "scheduled_start": START}  # fmt: skip
SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("booking.created", {"status": "pending_payment", "payment": {"mode": "in_person"}}),
    ("booking.created", {"status": "pending_payment", "payment": {"mode": "in_person"}, "start_time": None}),
    ("booking.rescheduled", {"previous_start_time": START, "by": "staff", "free_cancel_until": START}),
    ("booking.reschedule_requested", {"reason": "ill"}),
    ("booking.expired", {}),
    ("booking.started", {"by": "practitioner"}),
    ("booking.completed", {}),
    ("booking.no_show", {"no_show_by": "client", "refund_cents": 100}),
    ("booking.confirmed", {"kind": "package", "sessions_total": 3, "start_time": None}),
    ("booking.reminder_due", {"offset_minutes": 4320, "audience": "client", "sessions_remaining": 2,
                              "valid_until": START, "kind": "package"}),
    ("booking.rejected", {"order_uuid": "o", "code": "slot_taken", "message": "This time was just taken."}),
    ("waitlist.spot_opened", {"entry_id": "e", "service_id": 3, "offer_expires_at": START, "exclusive": True}),
    ("payment.succeeded", {"order_id": 5, "order_type": "direct", "description": "Deep tissue",
                           "subtotal_cents": 8_000}),
    ("payment.action_required", {"order_uuid": "o", "booking_id": 42, "expires_at": START}),
    ("earnings.available", {"amount_cents": 100, "available_balance_cents": 500}),
    ("payout.requested", {"payout_id": 1, "reference_number": "PO-000001", "amount_cents": 100}),
    ("payout.paid", {"payout_id": 1, "reference_number": "PO-000001", "amount_cents": 100}),
    ("payout.failed", {"payout_id": 1, "reference_number": "PO-000001", "amount_cents": 100, "message": "closed"}),
    ("practitioner.verified", {"practitioner_id": 3}),
    ("practitioner.verified", {"practitioner_id": 3, "reinstated": True}),
    ("practitioner.changes_requested", {"practitioner_id": 3, "message": "A photo, please."}),
    ("practitioner.rejected", {"practitioner_id": 3, "reason": "Incomplete.", "may_reapply_from": START}),
    ("practitioner.suspended", {"practitioner_id": 3, "message": "Complaints.", "until": START}),
    ("practitioner.document_reviewed", {"practitioner_id": 3, "type": "id_proof", "status": "rejected",
                                        "reason": "Blurred."}),
    ("practitioner.document_expiring", {"practitioner_id": 3, "type": "license", "days": 14}),
    ("practitioner.onboarding_reminder", {"practitioner_id": 3, "missing": ["profile_image"]}),
    ("user.registered", {}),
    ("password.changed", {"at": START, "device": "Firefox"}),
    ("review.published", {"review_uuid": "r", "display_name": "Ana", "rating": "4.50", "comment": "Lovely."}),
    ("review.responded", {"review_uuid": "r", "author_user_id": CLIENT, "response_text": "Thank you."}),
    ("review.removed", {"review_uuid": "r", "author_user_id": CLIENT, "cause": "hidden", "reason": None}),
    ("review.request_due", {"booking_id": 42, "number": 1}),
    ("review.reported", {"review_uuid": "r", "reason": "off_topic"}),
    ("media.failed", {"media_id": "m", "uploaded_by": CLIENT, "filename": "a.jpg", "message": "Broken."}),
    ("live_stream.ended", {"live_stream_id": 4, "title": "Live", "duration_minutes": 1, "unique_viewers": 2}),
    ("recording.ready", {"recording_id": 4, "title": "Live"}),
    *(("stream.notice_due", {**STREAM, "kind": kind}) for kind in streams.NOTICES),
    ("user.export_ready", {"export_id": str(uuid7()), "expires_at": START}),
    *(("account.security_alert", {"kind": kind, "device": "Firefox"}) for kind in accounts.ALERTS),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "values"), SAMPLES)
def test_every_event_can_be_put_into_words(
    people: Database, monkeypatch: pytest.MonkeyPatch, type_: str, values: dict[str, Any]
) -> None:
    def spy(session: Any, kind: str, channel: str, given: Any, **options: Any) -> Any:
        assert kind == "plain" or sorted(given) == variables(kind), kind
        return say(session, kind, channel, given, **options)

    for module in (telling, delivering):
        monkeypatch.setattr(module, "say", spy)
    tell(people, message(type_, {**BOOKING, **values}, event_id=uuid7()))

    told = [line for user in (CLIENT, PRACTITIONER, STAFF) for line in lines(people, user)]
    sent = mails(people)
    assert told or sent
    assert all(mail.status == "sent" and mail.subject for mail in sent)
    assert all(line.title and line.message and line.action_url for line in told)
    assert not any("None" in line.title + line.message or "{" in line.title for line in told)


def test_the_worker_can_be_made(database: Database) -> None:
    assert "booking.confirmed" in worker.create_worker().handlers.keys


def test_a_stream_s_notice_is_told_once_however_often_it_is_sent(people: Database) -> None:
    for _ in range(2):
        tell(people, message("stream.notice_due", {**STREAM, "kind": "started"}))

    assert kinds(people, CLIENT) == kinds(people, PRACTITIONER) == ["stream.started"]


def test_reports_of_one_review_fold_and_republished_ones_are_not_told(people: Database) -> None:
    for reason in ("spam", "hate"):
        tell(people, message("review.reported", {"review_uuid": "r", "reason": reason}))
    published = {"review_uuid": "r", "practitioner_user_id": PRACTITIONER, "display_name": "A", "rating": "5.00"}
    tell(people, message("review.published", {**published, "republished": True}))
    withdrawn = {"review_uuid": "r", "author_user_id": CLIENT, "cause": "withdrawn"}
    tell(people, message("review.removed", withdrawn))

    [line] = lines(people, STAFF)
    assert (line.count, line.message) == (2, "Reason: hate.")
    assert kinds(people, CLIENT) == kinds(people, PRACTITIONER) == []


def test_ten_deliveries_in_any_order_are_one_telling(people: Database) -> None:
    happened = [
        fact("booking.confirmed", by="payment"),
        fact("booking.reschedule_requested", reason="ill"),
        message("payment.refunded", {"order_id": 5, "user_id": CLIENT, "amount_cents": 1, "to_card_cents": 1}),
    ]
    again = happened * 10
    random.Random(7).shuffle(again)
    tell(people, *again)

    assert sorted(kinds(people, CLIENT)) == ["booking.confirmed", "booking.reschedule_requested", "payment.refunded"]
    assert len(mails(people)) == 4


def test_a_practitioner_who_books_another_is_a_client_there(people: Database) -> None:
    tell(people, fact("booking.confirmed", by="payment", user_id=PRACTITIONER, practitioner_user_id=STAFF))

    assert kinds(people, PRACTITIONER) == ["booking.confirmed"]
    assert kinds(people, STAFF) == ["booking.received"]


def test_late_news_bear_the_time_at_which_they_happened(people: Database) -> None:
    then = utc_now() - timedelta(hours=2)
    tell(people, message("booking.expired", BOOKING, occurred_at=then))

    assert lines(people, CLIENT)[0].created_at == then


def test_what_folds_counts_in_words(people: Database) -> None:
    for child in (51, 52, 53):
        tell(people, fact("booking.cancelled", id=child, canceled_by="client", covered_by=50))
    for reason in ("spam", "hate"):
        tell(people, message("review.reported", {"review_uuid": "r", "reason": reason, "score": 2.5}))

    assert lines(people, PRACTITIONER)[0].title == "3 sessions of Ana cancelled"
    [reported] = lines(people, STAFF)
    assert (reported.title, reported.message) == ("Reported review (2)", "Reason: hate, score 2.5.")


def test_suggested_times_are_told(people: Database) -> None:
    tell(people, fact("booking.reschedule_requested", reason=None, suggested_times=[START]))
    with TemporaryDirectory() as folder:
        send_due(FolderOutlet(Path(folder), clock=utc_now))
        [mail] = [path.read_text() for path in Path(folder).glob("*.eml")]
    assert "Suggested: Tue 1 Dec 2026, 14:00 (Europe/Berlin)" in mail.replace("=\n", "")


def test_a_change_that_staff_keep_quiet_tells_nobody_and_takes_mails_back(people: Database) -> None:
    tell(people, fact("booking.confirmed", by="payment"))
    tell(people, fact("booking.cancelled", canceled_by="admin", notify=False))
    tell(people, fact("booking.rescheduled", previous_start_time=START, by="staff", notify=False))

    assert kinds(people, CLIENT) == ["booking.confirmed"]
    assert {mail.reason for mail in mails(people)} == {"superseded"}


def test_a_line_costs_six_statements(people: Database) -> None:
    tell(people, fact("booking.expired"))
    asked: list[str] = []
    expired = News(kind="booking.expired", values=dict(samples.sample("booking.expired")), related=("booking", 43))

    with people.transaction() as session:
        sqlalchemy.event.listen(
            session.connection(), "before_cursor_execute", lambda *given: asked.append(str(given[2]))
        )
        telling.tell(session, CLIENT, expired, message=fact("booking.expired"), now=utc_now())
        session.flush()

    assert len([one for one in asked if "FROM templates" not in one]) <= 6, asked


def test_links_lead_where_something_can_be_done(people: Database) -> None:
    soon = {"offset_minutes": 30, "audience": "both", "start_time": (utc_now() + timedelta(minutes=30)).isoformat()}
    tell(people, fact("booking.reminder_due", **soon, id=1, location_type="virtual"))
    tell(people, fact("booking.reminder_due", **soon, id=2, location_type="in_person"))
    tell(people, fact("booking.expired", service_id=5))

    assert [line.action_url.removeprefix("http://localhost:3000") for line in lines(people, CLIENT)] == [
        "/room/booking/1/lobby",
        "/dashboard/user/bookings/2",
        "/services/5",
    ]
    assert lines(people, PRACTITIONER)[1].action_url.endswith("/dashboard/practitioner/bookings/2")
