"""S7: nobody writes what is not theirs to say, and no answer shows what nobody should see."""

import re
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.people import PASSWORD, Person, Practitioner, register
from tests.security.operations import call_all, document, operations

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PRIVILEGED: dict[str, Any] = {
    "id": 1,
    "uuid": "00000000-0000-7000-8000-000000000000",
    "role": "staff",
    "roles": ["staff"],
    "is_staff": True,
    "is_superuser": True,
    "is_verified": True,
    "email_verified": True,
    "account_status": "suspended",
    "practitioner_id": 1,
    "balance_cents": 1_000_000,
    "tier": "premium",
    "is_featured": True,
    "featured": True,
    "average_rating": "5.00",
    "commission_rate": "0.00",
    "email": "taken-over@evil.example",
    "password": "lavender-teapot-43",
    "password_hash": "x",
}
SECRET = re.compile(r"(password|hash|salt|secret|private_key|encrypt)")
# Written by clients, or made for them to keep: an OTP secret when it is set up, a payment's client half.
MEANT_FOR_ITS_OWNER = frozenset(
    {
        "password", "password_confirm", "current_password", "new_password", "new_password_confirm", "has_password",
        "client_secret", "secret", "password_changed_at", "key_hash", "password_scheme", "block_hash",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return register(stack, "property")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_account_is_not_made_more_than_it_is(person: Person, method: str) -> None:
    before = person.api.get("/auth/me/")

    person.api.call(method, "/auth/me/", {**before, **PRIVILEGED})

    after = person.api.get("/auth/me/")
    kept = {name: before[name] for name in PRIVILEGED if name in before}
    assert {name: after[name] for name in kept} == kept
    assert person.api.raw("GET", "/users/").status_code == 403


def test_a_registration_makes_a_plain_user(stack: Stack) -> None:
    email = f"plain-{uuid4().hex[:10]}@e2e.estuary.local"
    own = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD, "first_name": "P", "last_name": "L"}

    user = Api(stack.base_url).post("/auth/register/", {**PRIVILEGED, **own}, expect=201)["user"]

    assert (user["is_staff"], user["email_verified"], user["id"] > 1) == (False, False, True)


def test_a_practitioner_does_not_feature_or_rate_themselves(practitioner: Practitioner) -> None:
    for path in (f"/practitioners/{practitioner.practitioner_id}/", f"/services/{practitioner.service_id}/"):
        before = practitioner.api.get(path)

        answer = practitioner.api.raw("PATCH", path, {**PRIVILEGED, "user_id": 1, "total_bookings": 999})

        after = practitioner.api.get(path)
        watched = [name for name in (*PRIVILEGED, "user_id", "total_bookings") if name in before]
        assert {name: after[name] for name in watched} == {name: before[name] for name in watched}, answer.text[:300]


def test_no_schema_holds_what_nobody_should_see(stack: Stack) -> None:
    """Answers are dumped by their schemas and hold nothing else, so this holds for every answer."""
    named = {
        f"{schema}.{name}"
        for schema, told in document(stack.base_url)["components"]["schemas"].items()
        for name in told.get("properties", {})
        if SECRET.search(name) and name not in MEANT_FOR_ITS_OWNER
    }

    assert named == set()


def test_no_list_tells_strangers_addresses(stack: Stack, person: Person, practitioner: Practitioner) -> None:
    """What a newcomer sees of others is names: neither e-mail nor telephone."""
    reads = [(one, one.path) for one in operations(stack) if one.method == "GET" and not one.places]
    details = [f"/practitioners/{practitioner.practitioner_id}/", f"/public-services/{practitioner.service_id}/"]

    answers = [answer.text for _, _, answer in call_all(stack, person.api.token, reads)]
    answers += [person.api.raw("GET", path).text for path in details]

    leaked = [
        text[:200] for text in answers if re.search(r"@(?:demo|e2e)\.estuary\.local", text.replace(person.email, ""))
    ]
    assert leaked == []
