"""Who may move an application where, and that two at once are not two."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.practitioners import jobs
from services.practitioners.tests.people import (
    PROFILE,
    PROOF,
    STAFF,
    applicant,
    approve_documents,
    newcomer,
    told,
    verified,
)
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.testing.http import Caller


def test_of_two_applications_at_once_one_is_made(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=11)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: person.post("/practitioners/apply/", PROFILE), range(4)))

    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"already_practitioner"}
    assert len(told(database, "practitioner.changed")) == 1


def test_two_people_of_one_name_get_two_addresses(http: Caller, database: Database) -> None:
    people = [newcomer(http, database, user_id=21 + number) for number in range(3)]

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda one: one.post("/practitioners/", {"display_name": "Jane Smith"}), people))

    assert sorted(answer.json["slug"] for answer in answers) == ["jane-smith", "jane-smith-2", "jane-smith-3"]


def test_submitting_needs_the_required_steps(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=31)
    person.post("/practitioners/", {"display_name": "Ann"})

    refused = person.post("/practitioner-applications/submit/")

    assert (refused.status, refused.code) == (409, "step_incomplete")
    assert refused.errors["document_verification"] == ["id_proof"]
    assert "bio" in refused.errors["profile_completion"]


def test_approval_needs_an_approved_document(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=32)
    staff = http.as_staff(STAFF)
    assert staff.post(f"/practitioner-applications/{mine}/approve/").code == "invalid_transition"
    person.post("/practitioner-applications/submit/")

    refused = staff.post(f"/practitioner-applications/{mine}/approve/")

    assert (refused.status, refused.code) == (409, "documents_missing")
    assert refused.errors["documents"] == ["id_proof"]


def test_two_staff_approve_at_once_and_one_event_tells_it(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=33)
    person.post("/practitioner-applications/submit/")
    approve_documents(http, mine)

    with ThreadPoolExecutor(2) as threads:
        staff = [http.as_staff(1), http.as_staff(2)]
        answers = list(threads.map(lambda one: one.post(f"/practitioner-applications/{mine}/approve/"), staff))

    assert [answer.status for answer in answers] == [200, 200]
    assert len(told(database, "practitioner.verified")) == 1
    state = told(database, "practitioner.changed")[-1].data
    assert (state["status"], state["is_listed"], state["user_id"]) == ("active", True, 33)
    assert state["limits"] == {"max_services": -1, "max_locations": -1, "max_monthly_bookings": -1}


def test_a_claimed_application_is_left_to_who_claimed_it(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=34)
    person.post("/practitioner-applications/submit/")
    path = f"/practitioner-applications/{mine}/start_review/"
    assert http.as_staff(1).post(path).json["assigned_to"] == 1

    assert http.as_staff(2).post(path).code == "claimed_by_other"
    assert person.post("/practitioner-applications/withdraw/").code == "invalid_transition"
    with frozen_at(utc_now() + timedelta(minutes=31)):
        assert http.as_staff(2).post(path).status == 200


def test_the_rejected_may_try_again_after_a_week(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=35)
    person.post("/practitioner-applications/submit/")
    staff = http.as_staff(STAFF)
    rejected = staff.post(f"/practitioner-applications/{mine}/reject/", {"reason": "The photo is unreadable."})
    assert (rejected.status, rejected.json["practitioner_status"]) == (200, "rejected")

    assert person.post("/practitioner-applications/submit/").code == "invalid_transition"
    with frozen_at(utc_now() + timedelta(days=8)):
        assert person.post("/practitioner-applications/submit/").json["verification_status"] == "submitted"
    assert told(database, "practitioner.application_submitted")[-1].data["resubmission"] is True


def test_changes_are_asked_for_and_made(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=36)
    person.post("/practitioner-applications/submit/")
    wish = {"message": "A larger photo, please.", "fields": ["profile_image_url"]}
    http.as_staff(STAFF).post(f"/practitioner-applications/{mine}/request_changes/", wish)

    status = person.get("/practitioner-applications/status/").json

    assert (status["message"], status["requested_changes"]) == ("A larger photo, please.", ["profile_image_url"])
    assert person.post("/practitioner-applications/submit/").json["message"] is None


def test_the_suspended_vanish_at_once_and_come_back_by_the_clock(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=37)
    staff = http.as_staff(STAFF)
    until = (utc_now() + timedelta(hours=1)).isoformat()
    staff.post(f"/practitioners/{mine}/suspend/", {"reason": "Complaint", "until": until, "message": "We are looking."})

    assert http.get("/practitioners/").json["count"] == 0
    assert http.get(f"/practitioners/{mine}/").status == 404
    assert person.post("/schedules/", {"name": "A"}).code == "practitioner_suspended"
    assert person.get("/practitioners/my_profile/").json["status_message"] == "We are looking."
    assert person.patch(f"/practitioners/{mine}/", {"bio": "x"}).code == "practitioner_suspended"
    with database.transaction() as session:
        session.execute(text("UPDATE practitioners SET suspended_until = now() - interval '1 second'"))
    jobs.end_suspensions()
    assert http.get("/practitioners/").json["count"] == 1
    assert told(database, "practitioner.verified")[-1].data["reinstated"] is True


def test_staff_do_not_decide_about_themselves(http: Caller, database: Database) -> None:
    person, mine = applicant(http, database, user_id=38)
    person.post("/practitioner-applications/submit/")

    assert http.as_staff(38).post(f"/practitioner-applications/{mine}/approve/").status == 403


@pytest.mark.parametrize("field", ["is_verified", "featured", "verification_status"])
def test_owners_cannot_promote_themselves(http: Caller, database: Database, field: str) -> None:
    person, mine = applicant(http, database, user_id=39)

    answer = person.patch(f"/practitioners/{mine}/", {field: True})

    assert answer.status == 200
    assert answer.json["is_verified"] is False
    assert answer.json["featured"] is False


def test_activity_is_chosen_by_the_verified_only(http: Caller, database: Database) -> None:
    draft, mine = applicant(http, database, user_id=40)
    assert draft.patch(f"/practitioners/{mine}/", {"practitioner_status": "active"}).code == "invalid_transition"

    person, other = verified(http, database, user_id=41, display_name="Vera")
    away = person.patch(f"/practitioners/{other}/", {"practitioner_status": "vacation", "vacation_until": "2199-01-01"})

    assert away.status == 200, away
    assert away.json["practitioner_status"] == "vacation"
    assert http.get("/practitioners/").json["count"] == 0
    assert http.get(f"/practitioners/{other}/").status == 200


def test_others_see_less_and_change_nothing(http: Caller, database: Database) -> None:
    draft, hidden = applicant(http, database, user_id=42)
    owner, shown = verified(http, database, user_id=43, display_name="Vera")
    stranger = newcomer(http, database, user_id=44)

    assert stranger.patch(f"/practitioners/{shown}/", {"bio": "x"}).status == 403
    assert stranger.patch(f"/practitioners/{hidden}/", {"bio": "x"}).status == 404
    assert stranger.get(f"/practitioners/{hidden}/").status == 404
    assert stranger.get(f"/practitioners/{shown}/documents/").status == 404
    seen = stranger.get(f"/practitioners/{shown}/").json
    assert "email" not in seen
    assert seen["user"]["last_name"] == "T."
    assert owner.get(f"/practitioners/{shown}/").json["email"] == "person43@example.org"
    assert draft.get("/practitioners/my_profile/").status == 200
    assert stranger.get("/practitioners/my_profile/").status == 404
    assert http.get("/practitioners/my_profile/").status == 401


def test_a_deleted_profile_comes_back_with_its_id(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=45)
    assert person.delete(f"/practitioners/{mine}/").status == 204
    assert told(database, "practitioner.changed")[-1].data["deleted"] is True
    assert http.get(f"/practitioners/{mine}/").status == 404

    again = person.post("/practitioners/", {})

    assert (again.status, again.json["id"], again.json["practitioner_status"]) == (201, mine, "pending")


@pytest.mark.parametrize(
    "body",
    [
        {**PROOF, "document_url": "http://files.example.org/a.pdf"},
        {**PROOF, "document_url": "javascript:alert(1)"},
        {**PROOF, "document_url": "https://" + "a" * 500},
        {**PROOF, "document_type": "passport"},
        {"document_type": "id_proof"},
        {**PROOF, "expires_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_documents_that_are_refused(http: Caller, database: Database, body: dict[str, str]) -> None:
    person = newcomer(http, database, user_id=46)
    mine = person.post("/practitioners/", PROFILE).json["id"]

    assert person.post(f"/practitioners/{mine}/upload_document/", body).status == 400


def test_files_go_to_media_first(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=47)
    mine = person.post("/practitioners/", PROFILE).json["id"]

    answer = person.post(
        f"/practitioners/{mine}/upload_document/",
        data={"document_type": "id_proof"},
        content_type="multipart/form-data",
    )

    assert (answer.status, answer.code) == (415, "upload_via_media")


def test_steps(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=48)
    person.post("/practitioner-applications/start/", PROFILE)
    path = "/practitioner-applications/complete_step/"

    assert person.post(path, {"step": "foo"}).status == 400
    assert person.post(path, {}).status == 400
    assert person.post(path, {"step": "profile_completion", "skip": True}).code == "step_required"
    assert person.post(path, {"step": "service_configuration"}).errors == {
        "service_configuration": ["schedule", "service"]
    }
    first = person.post(path, {"step": "training_modules"}).json
    assert (
        person.post(path, {"step": "training_modules"}).json["completion_percentage"] == first["completion_percentage"]
    )
    assert first["current_step"] == "profile_completion"
    assert person.post(path, {"step": "background_check", "skip": True}).json["completion_percentage"] == 33
