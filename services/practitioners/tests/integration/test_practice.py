"""From an account to a bookable practice, as people walk the road."""

from services.practitioners.tests.people import STAFF, announced_types, newcomer
from shared.database import Database
from shared.testing.http import Caller


def test_a_newcomer_becomes_a_listed_practitioner(http: Caller, database: Database) -> None:
    person = newcomer(http, database, user_id=71)
    staff = http.as_staff(STAFF)
    profile = {
        "display_name": "Mara Sol",
        "professional_title": "Massage therapist",
        "bio": "Fifteen years of hands-on work with runners, desk workers and new parents in Berlin.",
        "years_of_experience": 15,
        "timezone": "Europe/Berlin",
        "profile_image_url": "https://images.example.org/mara.jpg",
    }

    applied = person.post("/practitioners/", profile)
    assert applied.status == 201, applied
    mine = applied.json["id"]
    assert person.patch(f"/practitioners/{mine}/", {"buffer_time": 20}).status == 200
    assert person.post("/certifications/", {"certificate": "Diploma", "institution": "School"}).status == 201
    proof = {"document_type": "id_proof", "document_url": "https://files.example.org/passport.pdf"}
    document = person.post(f"/practitioners/{mine}/upload_document/", proof)
    assert document.status == 201, document
    submitted = person.post("/practitioner-applications/submit/", {})
    assert submitted.status == 200, submitted
    reviewed = staff.post(f"/practitioners/{mine}/documents/{document.json['id']}/review/", {"decision": "approved"})
    assert reviewed.status == 200, reviewed
    approved = staff.post(f"/practitioner-applications/{mine}/approve/", {})
    assert approved.status == 200, approved
    slots = [{"day": day, "start_time": "08:00", "end_time": "20:00"} for day in range(7)]
    schedule = person.post("/schedules/", {"name": "Every day", "timezone": "Europe/Berlin", "time_slots": slots})
    assert schedule.status == 201, schedule

    assert schedule.json["is_default"] is True
    assert schedule.json["weekly_hours"] == "84.00"
    assert approved.json["practitioner_status"] == "active"
    listed = http.get("/public-practitioners/?search=mara")
    assert listed.status == 200, listed
    assert [row["slug"] for row in listed.json["results"]] == ["mara-sol"]
    assert http.get("/practitioners/mara-sol/").json["badges"] == ["verified", "new"]
    told = announced_types(database)
    assert told.count("practitioner.verified") == 1
    assert told.count("practitioner.application_submitted") == 1
    assert told[-1] == "schedule.changed"
