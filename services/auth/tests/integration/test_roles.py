"""Roles and plans that other services decide on."""

from collections.abc import Callable
from typing import Any

import pytest

from services.auth.handlers import payments, practitioners
from services.auth.tests.conftest import Person
from shared.database import Database
from shared.messaging import Message, NotYet
from shared.messaging.testing import announced, apply, message

Enrol = Callable[..., Person]
UUID_7 = "0190b7a4-7e0a-7c3e-9d2e-111111111111"


def profile(user_id: int, *, sequence: int, **data: Any) -> Message:
    told = {"id": user_id + 5_000, "public_uuid": UUID_7, "user_id": user_id, "slug": "ana", "deleted": False, **data}
    return message("practitioner.changed", told, subject=("practitioner", told["id"]), sequence=sequence)


def plan(practitioner_id: int, *, sequence: int, tier: str = "premium", is_active: bool = True) -> Message:
    told = {"tier_code": tier, "is_active": is_active}
    return message("subscription.changed", told, subject=("practitioner", practitioner_id), sequence=sequence)


def test_a_profile_gives_the_role_and_its_end_takes_it(enrol: Enrol, database: Database) -> None:
    person = enrol()

    apply(database, "auth", [practitioners], profile(person.id, sequence=1))
    gained = person.http.get("/auth/me/").json
    apply(database, "auth", [practitioners], profile(person.id, sequence=3, deleted=True))
    apply(database, "auth", [practitioners], profile(person.id, sequence=2))
    lost = person.http.get("/auth/me/").json

    assert (gained["roles"], gained["practitioner_slug"], gained["tier"]) == (["user", "practitioner"], "ana", "basic")
    assert gained["practitioner_public_id"] == UUID_7
    assert (lost["roles"], lost["practitioner_id"], lost["tier"]) == (["user"], None, None)


def test_what_changes_no_role_is_not_announced(enrol: Enrol, database: Database) -> None:
    person = enrol()

    for sequence in (1, 2, 2, 3):
        apply(database, "auth", [practitioners], profile(person.id, sequence=sequence))

    with database.transaction() as session:
        assert len(announced(session, "user.changed")) == 2


def test_a_plan_counts_while_it_is_paid_for(enrol: Enrol, database: Database) -> None:
    person = enrol()
    with pytest.raises(NotYet):
        apply(database, "auth", [payments], plan(person.id + 5_000, sequence=1))
    apply(database, "auth", [practitioners], profile(person.id, sequence=1))

    tiers = []
    for event in (
        plan(person.id + 5_000, sequence=1),
        plan(person.id + 5_000, sequence=3, is_active=False),
        plan(person.id + 5_000, sequence=2),
    ):
        apply(database, "auth", [payments], event)
        tiers.append(person.http.get("/auth/me/").json["tier"])

    assert tiers == ["premium", "basic", "basic"]


def test_profiles_of_strangers_are_passed_over(database: Database) -> None:
    assert apply(database, "auth", [practitioners], profile(987_654, sequence=1)) == 1


def test_a_practitioner_asks_for_the_mail(enrol: Enrol, database: Database) -> None:
    person = enrol()

    asked = message("practitioner.email_verification_requested", {"user_id": person.id, "practitioner_id": 1})
    apply(database, "auth", [practitioners], asked)

    with database.transaction() as session:
        assert len(announced(session, "email.verification_requested")) == 2
