"""Accounts that staff asked to prove their address first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.auth import jobs
from services.auth.models import ActionToken, User
from services.auth.operations import deletion
from services.auth.operations.action_tokens import formed
from services.auth.settings import settings
from services.auth.tests.conftest import PASSWORD, Person, with_token
from shared.clock import shifted_by
from shared.database import Database
from shared.identity.claims import Claims
from shared.identity.keyset import KeySet
from shared.identity.verifying import TokenVerifier
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]
REASON = {"reason": "the address bounces"}


@pytest.fixture
def staff(http: Caller, enrol: Enrol, database: Database) -> Caller:
    """A member of staff who is signed in."""
    person = enrol()
    with database.transaction() as session:
        session.get_one(User, person.id).is_staff = True
    return with_token(http, sign_in(http, person).json["access_token"])


def sign_in(http: Caller, person: Person) -> Answer:
    return http.post("/auth/login/", {"email": person.email, "password": PASSWORD})


def claims(http: Caller, token: str) -> Claims:
    return TokenVerifier(KeySet(http.get("/auth/jwks/").json), issuer=http.issuer).verify(token)


def mailed(database: Database) -> str:
    with database.transaction() as session:
        told = announced(session, "email.verification_requested")[-1].data
        return formed(session.get_one(ActionToken, told["action_token_id"]))


def test_a_pending_account_signs_in_and_its_tokens_say_so(
    http: Caller, enrol: Enrol, staff: Caller, database: Database
) -> None:
    person = enrol()

    asked = staff.post(f"/users/{person.id}/require_verification/", REASON)
    signed_in = sign_in(http, person).json

    assert (asked.status, asked.json["account_status"], asked.json["email_verified"]) == (200, "pending", False)
    assert asked.json["status_reason"] == REASON["reason"]
    assert person.http.get("/auth/me/").code == "token_revoked"
    assert (signed_in["user"]["account_status"], signed_in["user"]["is_active"]) == ("pending", True)
    assert claims(http, signed_in["access_token"]).is_pending is True
    with database.transaction() as session:
        told = announced(session, "user.changed")[-1].data
        assert [one.data["user_id"] for one in announced(session, "email.verification_requested")].count(person.id) == 2
    assert (told["id"], told["account_status"], told["is_active"]) == (person.id, "pending", True)


def test_a_pending_account_looks_after_itself_and_changes_nobody_else(
    http: Caller, enrol: Enrol, staff: Caller, database: Database
) -> None:
    colleague, person = enrol(), enrol()
    with database.transaction() as session:
        session.get_one(User, person.id).is_staff = True
        session.get_one(User, person.id).account_status = "pending"
    pending = with_token(http, sign_in(http, person).json["access_token"])

    assert pending.patch("/auth/me/", {"first_name": "Anna"}).status == 200
    assert pending.post("/auth/email/verify/resend/").status == 200
    assert pending.get(f"/users/{colleague.id}/").status == 200
    assert pending.post(f"/users/{colleague.id}/suspend/", REASON).code == "account_pending"


def test_the_mailed_link_makes_it_active_and_older_links_do_not(
    http: Caller, enrol: Enrol, staff: Caller, database: Database
) -> None:
    person = enrol()
    older = mailed(database)
    staff.post(f"/users/{person.id}/require_verification/", REASON)
    signed_in = sign_in(http, person).json

    refused = http.post("/auth/email/verify/", {"token": older})
    taken = http.post("/auth/email/verify/", {"token": mailed(database)})
    refreshed = http.post("/auth/token/refresh/", {"refresh": signed_in["refresh_token"]}).json

    assert (refused.status, refused.code, taken.status) == (400, "invalid_token", 200)
    me = with_token(http, refreshed["access_token"]).get("/auth/me/").json
    assert (me["account_status"], me["email_verified"]) == ("active", True)
    assert claims(http, refreshed["access_token"]).is_pending is False


@pytest.mark.parametrize("how", ["reset", "staff"])
def test_other_ways_out(http: Caller, enrol: Enrol, staff: Caller, database: Database, how: str) -> None:
    person = enrol()
    staff.post(f"/users/{person.id}/require_verification/", REASON)

    if how == "staff":
        assert staff.post(f"/users/{person.id}/reactivate/", REASON).status == 200
    else:
        http.post("/auth/password/reset/", {"email": person.email})
        with database.transaction() as session:
            told = announced(session, "password.reset_requested")[-1].data
            token = formed(session.get_one(ActionToken, told["action_token_id"]))
        body = {"token": token, "new_password": PASSWORD}
        assert http.post("/auth/password/reset/confirm/", body).status == 200

    assert sign_in(http, person).json["user"]["account_status"] == "active"


def test_only_an_active_account_is_asked_and_staff_only_by_a_superuser(enrol: Enrol, staff: Caller) -> None:
    person = enrol()
    staff_id = staff.get("/auth/me/").json["id"]
    staff.post(f"/users/{person.id}/suspend/", REASON)

    suspended = staff.post(f"/users/{person.id}/require_verification/", REASON)

    assert (suspended.status, suspended.code) == (409, "invalid_transition")
    assert staff.post(f"/users/{staff_id}/require_verification/", REASON).code == "permission_denied"
    assert staff.post(f"/users/{person.id}/require_verification/", {}).status == 400


def test_unverified_accounts_are_cleaned_up_where_that_is_wished_and_pending_ones_are_not(
    enrol: Enrol, staff: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten, pending = enrol(), enrol()
    staff.post(f"/users/{pending.id}/require_verification/", REASON)
    wished: Any = replace(settings(), unverified_days=30)
    monkeypatch.setattr(deletion, "settings", lambda: wished)

    with shifted_by(timedelta(days=120)):
        jobs.erase_people_unverified()

    with database.transaction() as session:
        statuses = [session.get_one(User, one.id).account_status for one in (forgotten, pending)]
    assert statuses == ["deleted", "pending"]
