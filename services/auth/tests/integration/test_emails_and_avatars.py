"""Changing one's address, and one's picture."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.auth.handlers import media
from services.auth.models import ActionToken
from services.auth.operations.action_tokens import formed
from services.auth.tests.conftest import PASSWORD, Person
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller

Enrol = Callable[..., Person]
PICTURE = "0190b7a4-7e0a-7c3e-9d2e-222222222222"


def mailed(database: Database, type_: str) -> str:
    with database.transaction() as session:
        told = announced(session, type_)[-1].data
        return formed(session.get_one(ActionToken, told["action_token_id"]))


def test_the_new_address_counts_when_its_link_is_used(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    old_link = mailed(database, "email.verification_requested")

    asked = person.http.post("/auth/email/change/", {"new_email": "New@example.org", "password": PASSWORD})
    pending = person.http.get("/auth/me/").json
    link = mailed(database, "email.change_requested")
    answers = [http.post("/auth/email/change/confirm/", {"token": link}) for _ in range(2)]

    assert asked.status == 202, asked
    assert (pending["email"], pending["pending_email"]) == (person.email, "New@example.org")
    assert [answer.status for answer in answers] == [200, 400]
    assert person.http.get("/auth/me/").code == "token_revoked"
    assert http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).status == 401
    signed_in = http.post("/auth/login/", {"email": "new@example.org", "password": PASSWORD}).json["user"]
    assert (signed_in["email_verified"], signed_in["pending_email"]) == (True, None)
    assert http.post("/auth/email/verify/", {"token": old_link}).code == "invalid_token"


def test_a_taken_address_is_not_given_away(enrol: Enrol, database: Database) -> None:
    person, owner = enrol(), enrol()

    free = person.http.post("/auth/email/change/", {"new_email": "free@example.org", "password": PASSWORD})
    with shifted_by(timedelta(minutes=2)):
        taken = person.http.post("/auth/email/change/", {"new_email": owner.email, "password": PASSWORD})

    assert (free.status, free.json) == (taken.status, taken.json)
    assert person.http.get("/auth/me/").json["pending_email"] == "free@example.org"
    with database.transaction() as session:
        assert len(announced(session, "email.change_requested")) == 1
        assert announced(session, "account.security_alert")[-1].data["user_id"] == owner.id


def test_an_address_that_was_taken_meanwhile(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    person.http.post("/auth/email/change/", {"new_email": "soon@example.org", "password": PASSWORD})
    link = mailed(database, "email.change_requested")
    enrol("soon@example.org")

    answer = http.post("/auth/email/change/confirm/", {"token": link})

    assert (answer.status, answer.code) == (409, "conflict")


def ready(user_id: int, *, sequence: int = 1) -> Any:
    told = {
        "media_id": PICTURE,
        "url": f"https://media.example/{sequence}",
        "media_type": "image",
        "entity_type": "user",
        "uploaded_by": user_id,
    }
    return message("media.ready", told, subject=("media", PICTURE), sequence=sequence)


def gone(*, sequence: int) -> Any:
    told = {"media_id": PICTURE, "entity_type": "user"}
    return message("media.deleted", told, subject=("media", PICTURE), sequence=sequence)


def test_a_picture_shows_when_it_is_ready(enrol: Enrol, database: Database) -> None:
    person = enrol()

    chosen = person.http.put("/auth/me/avatar/", {"media_id": PICTURE})
    apply(database, "auth", [media], ready(person.id))
    shown = person.http.get("/auth/me/").json["avatar_url"]
    apply(database, "auth", [media], gone(sequence=3), ready(person.id, sequence=2))

    assert (chosen.status, chosen.json["avatar_url"]) == (200, None)
    assert shown == "https://media.example/1"
    assert person.http.get("/auth/me/").json["avatar_url"] is None
    with database.transaction() as session:
        claimed = announced(session, "media.claimed")[0].data
    assert claimed == {"media_id": PICTURE, "service": "auth", "entity_type": "user", "entity_id": str(person.id)}


def test_a_picture_that_was_ready_before_and_is_taken_off(enrol: Enrol, database: Database) -> None:
    person = enrol()
    apply(database, "auth", [media], ready(person.id))

    assert person.http.put("/auth/me/avatar/", {"media_id": PICTURE}).json["avatar_url"] == "https://media.example/1"
    assert person.http.delete("/auth/me/avatar/").status == 204

    assert person.http.get("/auth/me/").json["avatar_url"] is None
    with database.transaction() as session:
        assert len(announced(session, "media.released")) == 1


def test_another_person_s_picture_is_not_shown(enrol: Enrol, database: Database) -> None:
    person, other = enrol(), enrol()
    apply(database, "auth", [media], ready(other.id))

    assert person.http.put("/auth/me/avatar/", {"media_id": PICTURE}).json["avatar_url"] is None
