"""What happens by itself, at the hours at which it is due."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.practitioners import jobs
from services.practitioners.models import Practitioner
from services.practitioners.operations import next_available
from services.practitioners.settings import settings
from services.practitioners.tests.people import PROFILE, applicant, newcomer, service, told, verified
from services.practitioners.worker import HANDLERS
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.messaging.testing import apply
from shared.testing.http import Caller


def run(database: Database, statement: str, **values: Any) -> Any:
    with database.transaction() as session:
        result: Any = session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else result.rowcount


def test_a_vacation_ends_on_its_day_where_the_practitioner_is(http: Caller, database: Database) -> None:
    _, east = verified(http, database, user_id=201, display_name="East", timezone="Pacific/Kiritimati")
    _, west = verified(http, database, user_id=202, display_name="West", timezone="Pacific/Pago_Pago")
    # There is always a day that has begun in the east, and a whole day later has not in the west.
    day = run(database, "SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date")
    run(database, "UPDATE practitioners SET activity = 'vacation', vacation_until = :day", day=day)

    jobs.end_vacations()

    with database.transaction() as session:
        assert session.get_one(Practitioner, east).activity == "active"
        assert session.get_one(Practitioner, east).vacation_until is None
        assert session.get_one(Practitioner, west).activity == "vacation"
    assert told(database, "practitioner.changed")[-1].data["status"] == "active"
    assert run(database, "SELECT count(*) FROM next_available_queue WHERE practitioner_id = :id", id=east) == 1


def test_featuring_ends(http: Caller, database: Database) -> None:
    verified(http, database, user_id=203)
    run(database, "UPDATE practitioners SET featured = true, featured_until = now() + interval '1 hour'")

    jobs.end_featuring()
    assert http.get("/practitioners/?featured=true").json["count"] == 1
    run(database, "UPDATE practitioners SET featured_until = now() - interval '1 second'")
    jobs.end_featuring()

    assert http.get("/practitioners/?featured=true").json["count"] == 0
    assert told(database, "practitioner.changed")[-1].data["featured"] is False


def test_documents_are_reminded_of_twice_and_then_expire(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=204)
    now = utc_now()
    expiry = "UPDATE verification_documents SET document_type = 'license', expires_at = :at"
    run(database, expiry, at=now + timedelta(days=40))

    for ahead in (5, 11, 12, 34, 35, 41, 42):
        with frozen_at(now + timedelta(days=ahead)):
            jobs.expire_documents()

    assert [one.data["days"] for one in told(database, "practitioner.document_expiring")] == [29, 6, 0]
    assert run(database, "SELECT status FROM verification_documents") == "expired"
    shown = http.get(f"/practitioners/{mine}/").json
    assert "licensed" not in shown["badges"]
    assert shown["practitioner_status"] == "active"


def test_an_expired_proof_suspends_where_that_is_asked_for(
    http: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mine = verified(http, database, user_id=205)
    run(database, "UPDATE verification_documents SET expires_at = now() - interval '1 second'")
    monkeypatch.setenv("PRACTITIONERS_SUSPEND_ON_EXPIRY", "1")
    settings.cache_clear()

    try:
        jobs.expire_documents()
    finally:
        monkeypatch.undo()
        settings.cache_clear()

    assert http.get(f"/practitioners/{mine}/").status == 404
    assert told(database, "practitioner.suspended")[-1].data["reason_code"] == "document_expired"


def test_applicants_are_reminded_three_times_and_then_stall(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=206)
    person.post("/practitioners/", {**PROFILE, "bio": ""})
    now = utc_now()

    for days in (0.5, 1.1, 1.5, 3.1, 5, 7.1, 9, 14.1, 20):
        with frozen_at(now + timedelta(days=days)):
            jobs.remind_applicants()

    reminders = told(database, "practitioner.onboarding_reminder")
    assert len(reminders) == 3
    assert "profile_completion" in reminders[0].data["missing"]
    assert run(database, "SELECT status FROM onboarding") == "stalled"
    person.post("/practitioner-applications/complete_step/", {"step": "training_modules"})
    assert run(database, "SELECT status FROM onboarding") == "in_progress"


def test_skipping_a_step_is_going_on(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=212)
    person.post("/practitioners/", PROFILE)
    run(database, "UPDATE onboarding SET status = 'stalled', stall_reason = 'no_progress', reminded_days = 14")

    person.post("/practitioner-applications/complete_step/", {"step": "training_modules", "skip": True})

    assert run(database, "SELECT status FROM onboarding") == "in_progress"


def test_a_deleted_profile_is_forgotten_after_thirty_days(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=213)
    person.delete(f"/practitioners/{mine}/")
    now = utc_now()

    with frozen_at(now + timedelta(days=29)):
        jobs.forget_deleted()
    assert run(database, "SELECT display_name FROM practitioners WHERE id = :id", id=mine) == "Mara Sol"
    with frozen_at(now + timedelta(days=31)):
        jobs.forget_deleted()
        jobs.forget_deleted()

    assert told(database, "practitioner.changed")[-1].data["bio"] is None
    assert verified(http, database, user_id=214)[0].get("/practitioners/my_profile/").json["slug"] == "mara-sol"
    assert person.post("/practitioners/", {"display_name": "Mara Sol"}).json["slug"] == "mara-sol-2"


def test_calendars_reach_far_enough_again(http: Caller, database: Database) -> None:
    verified(http, database, user_id=207)
    before = len(told(database, "schedule.changed"))

    jobs.extend_calendars()
    assert len(told(database, "schedule.changed")) == before
    run(database, "UPDATE calendars SET expanded_until = :day", day=utc_now().date() + timedelta(days=369))
    jobs.extend_calendars()

    assert len(told(database, "schedule.changed")) == before + 1
    assert run(database, "SELECT expanded_until FROM calendars") >= date.today() + timedelta(days=390)


def test_a_next_free_time_never_stays_in_the_past(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=208)
    week = [{"day": day, "start_time": "09:00", "end_time": "17:00"} for day in range(7)]
    person.post("/schedules/", {"name": "W", "time_slots": week, "timezone": "Europe/Berlin"})
    apply(database, "practitioners", HANDLERS, service(1, mine))
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    with frozen_at(now), database.transaction() as session:
        next_available.compute_next_available(session, session.get_one(Practitioner, mine), now=now)
        session.execute(text("DELETE FROM next_available_queue"))
    held = run(database, "SELECT next_available_at FROM practitioners")

    # The notice is a day: what was the next free time is none any more an hour later.
    with frozen_at(held - timedelta(hours=23)):
        jobs.queue_slipped_times()
        assert run(database, "SELECT count(*) FROM next_available_queue") == 1
    with frozen_at(held - timedelta(hours=22)):
        jobs.compute_next_available()

    assert run(database, "SELECT next_available_at FROM practitioners") > held
    assert run(database, "SELECT count(*) FROM next_available_queue") == 0


def test_a_demonstration_verifies_by_itself(http: Caller, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    person, mine = applicant(http, database, user_id=209)
    person.post("/practitioner-applications/submit/")
    jobs.verify_demonstration()
    assert http.get(f"/practitioners/{mine}/").status == 404

    monkeypatch.setenv("PRACTITIONERS_AUTO_VERIFY", "1")
    settings.cache_clear()
    try:
        with frozen_at(utc_now() + timedelta(seconds=4)):
            jobs.verify_demonstration()
        assert http.get(f"/practitioners/{mine}/").status == 404
        with frozen_at(utc_now() + timedelta(minutes=1)):
            jobs.verify_demonstration()
    finally:
        monkeypatch.undo()
        settings.cache_clear()

    assert http.get(f"/practitioners/{mine}/").json["is_verified"] is True
