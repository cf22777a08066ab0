"""News of states: told when something changed, never because a state was published again."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from services.notifications.handlers import accounts, auth, bookings, payments, practitioners, standing
from services.notifications.tests.integration.test_mail import ANA, BOOKING, MARA, deliveries
from services.notifications.tests.integration.test_telling import kinds, lines
from shared.clock import utc_now
from shared.database import Database
from shared.messaging.testing import apply, message

PRACTITIONER = 3
END = (utc_now() + timedelta(days=20)).isoformat()
HANDLERS = [accounts, auth, bookings, payments, practitioners, standing]
_sequence = count(1)


@pytest.fixture(autouse=True)
def practitioner(people: Database) -> None:
    tell(people, "practitioner.changed", {"id": PRACTITIONER, "user_id": MARA, "display_name": "Mara Sol"})


def tell(database: Database, type_: str, data: dict[str, Any], **options: Any) -> None:
    options = {"sequence": next(_sequence), **options}
    apply(database, "notifications", HANDLERS, message(type_, data, **options))


def plan(database: Database, status: str, *, tier: str = "Professional", **more: Any) -> None:
    options = {name: more.pop(name) for name in ("snapshot", "occurred_at", "sequence") if name in more}
    data = {"practitioner_id": PRACTITIONER, "user_id": MARA, "subscription_id": 1, "tier_name": tier, "status": status,
            "is_active": True, "auto_renew": True, "current_period_end": END, **more}  # fmt: skip
    tell(database, "subscription.changed", data, **options)


def membership(database: Database, status: str, *, member: int = ANA, **more: Any) -> None:
    data = {"membership_id": member, "user_id": member, "practitioner_id": PRACTITIONER, "stream_id": 5,
            "stream_title": "Morning flow", "tier_name": "Entry", "status": status, "is_active": True,
            "access_until": END, "price_cents": 1_500, **more}  # fmt: skip
    tell(database, "membership.changed", data)


def account(database: Database, *due: str, able: bool = False, **options: Any) -> None:
    data = {"practitioner_id": PRACTITIONER, "user_id": MARA, "can_receive_payouts": able, "requirements_due": due}
    tell(database, "connect_account.changed", {**data, "requirements_due": list(due)}, **options)


def test_a_plan_s_life(people: Database) -> None:
    plan(people, "incomplete", is_active=False)
    plan(people, "active")
    plan(people, "active")
    plan(people, "active", tier="Studio")
    plan(people, "past_due", tier="Studio", grace_until=(utc_now() + timedelta(days=6, minutes=1)).isoformat())
    plan(people, "active", tier="Studio")
    plan(people, "active", tier="Studio", auto_renew=False, end_date=END)
    plan(people, "canceled", tier="Studio", is_active=False)

    told = lines(people, MARA)
    assert [line.kind for line in told] == [
        f"subscription.{word}" for word in ("active", "tier_changed", "past_due", "cancelled", "ended")
    ]
    assert "replaces Professional" in told[1].message
    assert "6 days left" in told[2].message
    assert told[3].title.startswith("Your Studio plan ends on ")
    assert len(deliveries(people)) == 5


def test_republishing_tells_nobody(people: Database) -> None:
    plan(people, "active", snapshot=True)
    plan(people, "past_due", snapshot=True)
    account(people, "external_account", snapshot=True)
    tell(people, "credits.changed", moved_credits("bonus", 500, 1), snapshot=True)
    assert kinds(people, MARA) == kinds(people, ANA) == []

    plan(people, "past_due")
    assert kinds(people, MARA) == []


def test_old_and_overtaken_states_are_not_told(people: Database) -> None:
    plan(people, "active", occurred_at=utc_now() - timedelta(hours=25))
    newest = next(_sequence)
    plan(people, "canceled", is_active=False, sequence=newest)
    plan(people, "past_due", sequence=newest - 1)

    assert kinds(people, MARA) == ["subscription.ended"]


def test_memberships_are_told_to_both_and_members_fold(people: Database) -> None:
    membership(people, "active")
    membership(people, "active", member=MARA)
    [mine] = lines(people, ANA)
    assert (mine.title, "$15.00 a month" in mine.message) == ("You joined Morning flow", True)
    theirs = [line for line in lines(people, MARA) if line.kind == "membership.new_member"]
    assert [(line.title, line.count) for line in theirs] == [("2 new members of Morning flow", 2)]

    membership(people, "past_due")
    membership(people, "active", tier_name="Premium")
    membership(people, "active", tier_name="Gold")
    membership(people, "canceled", tier_name="Gold")
    membership(people, "canceled", tier_name="Gold", is_active=False)
    assert kinds(people, ANA)[1:] == ["membership.past_due", "membership.tier_changed", "membership.cancelled"]
    assert "membership.lost_member" in kinds(people, MARA)


def moved_credits(transaction: str, cents: int, number: int) -> dict[str, Any]:
    return {"user_id": ANA, "balance_cents": 4_000, "held_cents": 0, "change_cents": cents,
            "transaction_type": transaction, "transaction_id": number}  # fmt: skip


def test_credits_are_told_where_nothing_else_tells_of_them(people: Database) -> None:
    moved = [
        ("purchase", 9),
        ("usage", -5),
        ("refund", 5),
        ("transfer", -5),
        ("transfer", 5),
        ("bonus", 1),
        ("expiry", -1),
    ]
    for number, (transaction, dollars) in enumerate(moved):
        tell(people, "credits.changed", moved_credits(transaction, dollars * 100, number))
    tell(people, "credits.changed", moved_credits("expiry", -100, len(moved) - 1))

    assert [line.title for line in lines(people, ANA)] == [
        "Credits received: $5.00",
        "Bonus credits: $1.00",
        "Credits expired: -$1.00",
    ]


def test_payout_accounts(people: Database) -> None:
    account(people, "individual.verification.document")
    account(people, "individual.verification.document")
    account(people, able=True)
    account(people, "external_account", able=True)
    account(people)

    told = lines(people, MARA)
    assert [line.kind for line in told] == ["connect.action_needed", "connect.ready", *["connect.action_needed"] * 2]
    assert told[0].message == "Before we can pay you: an identity document."
    assert told[3].message == "Before we can pay you: a look at your account."


def test_what_ended_before_it_was_heard_of_is_not_confirmed(people: Database) -> None:
    tell(people, "booking.cancelled", {**BOOKING, "canceled_by": "client"}, sequence=5)
    tell(people, "booking.confirmed", BOOKING, sequence=4)
    tell(people, "booking.confirmed", {**BOOKING, "id": 43}, sequence=4)

    assert [line.related_object_id for line in lines(people, MARA) if line.kind == "booking.received"] == ["43"]
