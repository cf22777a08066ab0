"""People of the tests."""

from typing import Any

from services.practitioners.handlers import auth
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller

STAFF = 1


def newcomer(http: Caller, database: Database, *, user_id: int, **more: Any) -> Caller:
    """Return somebody whose account is known here, without a profile."""
    data = {
        "id": user_id,
        "email": f"person{user_id}@example.org",
        "first_name": "Pat",
        "last_name": f"Tester{user_id}",
        "timezone": "Europe/Berlin",
        "email_verified": True,
        **more,
    }
    apply(database, "practitioners", [auth], message("user.changed", data, subject=("user", user_id)))
    return http.as_user(user_id)


def announced_types(database: Database) -> list[str]:
    """Return the types of what was announced, oldest first."""
    with database.transaction() as session:
        return [one.type for one in announced(session)]


PROFILE = {
    "display_name": "Mara Sol",
    "professional_title": "Massage therapist",
    "bio": "Fifteen years of hands-on work with runners, desk workers and new parents in Berlin.",
    "years_of_experience": 15,
    "timezone": "Europe/Berlin",
    "profile_image_url": "https://images.example.org/mara.jpg",
}
PROOF = {"document_type": "id_proof", "document_url": "https://files.example.org/passport.pdf"}


def applicant(http: Caller, database: Database, *, user_id: int, **more: Any) -> tuple[Caller, int]:
    """Return somebody with a draft whose required steps are done, and the practitioner's id."""
    person = newcomer(http, database, user_id=user_id)
    answer = person.post("/practitioners/", {**PROFILE, **more})
    assert answer.status == 201, answer
    assert person.post("/certifications/", {"certificate": "Diploma"}).status == 201
    assert person.post(f"/practitioners/{answer.json['id']}/upload_document/", PROOF).status == 201
    return person, answer.json["id"]


def approve_documents(http: Caller, practitioner_id: int) -> None:
    """Let staff approve every document."""
    staff = http.as_staff(STAFF)
    for document in staff.get(f"/practitioners/{practitioner_id}/documents/").json:
        path = f"/practitioners/{practitioner_id}/documents/{document['id']}/review/"
        assert staff.post(path, {"decision": "approved"}).status == 200


def verified(http: Caller, database: Database, *, user_id: int, **more: Any) -> tuple[Caller, int]:
    """Return a verified practitioner and the practitioner's id."""
    person, practitioner_id = applicant(http, database, user_id=user_id, **more)
    assert person.post("/practitioner-applications/submit/").status == 200
    approve_documents(http, practitioner_id)
    answer = http.as_staff(STAFF).post(f"/practitioner-applications/{practitioner_id}/approve/")
    assert answer.status == 200, answer
    return person, practitioner_id


def told(database: Database, type_: str) -> list[Any]:
    """Return what was announced of a type, oldest first."""
    with database.transaction() as session:
        return announced(session, type_)


def event(type_: str, subject: object, sequence: int, **data: Any) -> Any:
    """Return an event as another service would send it."""
    return message(type_, data, subject=(type_.partition(".")[0], subject), sequence=sequence)


def service(sequence: int, practitioner_id: int, *, service_id: int = 500, **more: Any) -> Any:
    """Return a `service.changed`."""
    data = {
        "id": service_id,
        "name": "Deep tissue",
        "status": "active",
        "is_visible": True,
        "practitioner_id": practitioner_id,
        "practitioners": [{"practitioner_id": practitioner_id, "is_primary": True, "role": "owner", "share_bp": 10000}],
        "service_type": "session",
        "category": {"id": 4, "slug": "massage", "name": "Massage"},
        "price_cents": 8000,
        "duration_minutes": 60,
        "location_type": "in_person",
        "modality_ids": [3],
        "languages": ["en"],
        **more,
    }
    return event("service.changed", service_id, sequence, **data)


def place(sequence: int, practitioner_id: int, *, place_id: int = 70, **more: Any) -> Any:
    """Return a `location.changed` in Austin."""
    data = {
        "id": place_id,
        "public_uuid": "01900000-0000-7000-8000-000000000070",
        "practitioner_id": practitioner_id,
        "name": "Studio",
        "location_types": ["in_person"],
        "is_primary": True,
        "is_in_person": True,
        "public": {
            "line1": "",
            "postal_code": "78701",
            "full_address": "Austin, TX",
            "latitude": "30.27",
            "longitude": "-97.74",
        },
        "city_id": 1,
        "city_name": "Austin",
        "city_slug": "austin-tx",
        "state_id": 2,
        "state_code": "TX",
        "state_name": "Texas",
        "country_id": 840,
        "country_code": "US",
        "country_name": "United States",
        "timezone": "America/Chicago",
        **more,
    }
    return event("location.changed", place_id, sequence, **data)


def booking(sequence: int, practitioner_id: int, *, booking_id: int = 900, **more: Any) -> Any:
    """Return a `booking.changed` of a session."""
    data = {
        "id": booking_id,
        "kind": "session",
        "status": "confirmed",
        "status_detail": None,
        "user_id": 8,
        "practitioner_id": practitioner_id,
        "service_id": 500,
        "service_type": "session",
        "parent_booking_id": None,
        "start_time": "2026-12-01T09:00:00Z",
        "end_time": "2026-12-01T10:00:00Z",
        "buffer_minutes": 15,
        "amount_cents": 8000,
        "booked_at": "2026-11-20T09:00:00Z",
        "completed_at": None,
        **more,
    }
    return event("booking.changed", booking_id, sequence, **data)
