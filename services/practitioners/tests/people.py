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
