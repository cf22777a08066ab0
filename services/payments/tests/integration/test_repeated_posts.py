"""R16: twenty requests with one key do one thing, and the same request later hears the same answer again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from services.payments.tests.factories import ANA, PAT, STAFF, World
from services.payments.tests.integration.test_payouts import earned, onboarded
from services.payments.tests.integration.test_plans_and_memberships import stream
from shared.database import transaction
from shared.testing.http import Answer, Caller

THREADS = 20
PAGE = {"success_url": "https://app.example/ok", "cancel_url": "https://app.example/no"}


@dataclass(frozen=True)
class Case:
    """A POST that makes or moves money, and where its one effect is counted."""

    path: str
    body: dict[str, Any]
    counted: str
    user: int = ANA
    prepare: Callable[[World, Caller], dict[str, Any] | None] = lambda _world, _http: None


PAY_ON_A_PAGE = {"booking_id": 100, "order_type": "direct", **PAGE}


def booked(world: World, _http: Caller) -> None:
    world.book(100)
    world.work()


def with_card(world: World, _http: Caller) -> dict[str, Any]:
    world.book(100)
    return {"payment_method_id": world.card()}


def stored_card(world: World, _http: Caller) -> dict[str, Any]:
    return {"payment_method_id": world.card()}


def rich(world: World, _http: Caller) -> None:
    world.grant(ANA, 10_000)


def paid(world: World, http: Caller) -> dict[str, Any]:
    world.grant(ANA, 10_000)
    return {"order": world.book(100, payment={"apply_credits": True}).id}


def payable(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world)


def streaming(world: World, _http: Caller) -> dict[str, Any]:
    return {"stream_id": stream(world), "payment_method_id": world.card()}


def subscribing(world: World, _http: Caller) -> dict[str, Any]:
    return {"payment_method_id": world.card(user_id=PAT)}


CASES = [
    Case("/checkout/create_session/", PAY_ON_A_PAGE, "open pages", prepare=booked),
    Case("/checkout/direct_payment/", {"booking_id": 100}, "charges", prepare=with_card),
    Case("/credits/purchase/", {"amount": "25.00"}, "charges", prepare=stored_card),
    Case("/credits/transfer/", {"recipient_email": "ben@x.com", "amount": "30.00"}, "transfer", prepare=rich),
    Case("/credits/adjust/", {"user_id": ANA, "amount": "10.00", "reason": "Sorry"}, "adjust", user=STAFF),
    Case("/payments/{order}/refund/", {"amount": "10.00"}, "refund", user=STAFF, prepare=paid),
    Case("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"}, "cards"),
    Case("/payouts/", {}, "payout_reserve", user=PAT, prepare=payable),
    Case("/payouts/request/", {}, "payout_reserve", user=PAT, prepare=payable),
    Case("/payouts/request_payout/", {"amount": "60.00"}, "payout_reserve", user=PAT, prepare=payable),
    Case("/practitioners/request_payout/", {}, "payout_reserve", user=PAT, prepare=payable),
    Case("/subscriptions/", {"tier_id": "professional"}, "plans", user=PAT, prepare=subscribing),
    Case("/memberships/", {"tier": "entry"}, "memberships", prepare=streaming),
]


def count(world: World, counted: str) -> int:
    """Return how often the effect is there: in the ledger by kind, in our tables, at Stripe."""
    tables = {"cards": "payment_methods WHERE is_active", "plans": "subscriptions", "memberships": "memberships"}
    if counted == "charges":
        return len([one for one in world.sandbox.listed("charges") if one["paid"]])
    if counted == "open pages":
        return len([one for one in world.sandbox.listed("checkout/sessions") if one["status"] == "open"])
    with transaction() as session:
        if counted in tables:
            return int(session.scalar(text(f"SELECT count(*) FROM {tables[counted]}")) or 0)
        made = text("SELECT count(*) FROM ledger_transactions WHERE kind = :kind AND description <> 'Welcome'")
        return int(session.scalar(made, {"kind": counted}) or 0)


def together(call: Callable[[], Answer]) -> list[Answer]:
    """Make the same call in threads that start at once."""
    barrier, answers = threading.Barrier(THREADS), []

    def run() -> None:
        barrier.wait()
        answers.append(call())

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture(params=CASES, ids=[case.path for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_twenty_at_once_do_one_thing(world: World, http: Caller, case: Case) -> None:
    given = case.prepare(world, http) or {}
    path = case.path.format(**given)
    body = {**case.body, **{name: value for name, value in given.items() if f"{{{name}}}" not in case.path}}
    who = http.as_staff(STAFF) if case.user == STAFF else http.as_user(case.user)
    caller = who.having(Idempotency_Key="the-same")

    answers = together(lambda: caller.post(path, body))
    world.work()

    done = [answer for answer in answers if answer.status < 300]
    assert done, [(answer.status, answer.json) for answer in answers]
    others = {(answer.status, answer.code) for answer in answers if answer.status >= 300}
    assert others <= {(409, "conflict")}, others
    assert count(world, case.counted) == 1
    later = caller.post(path, body)
    assert later.headers["Idempotent-Replayed"] == "true"
    assert {answer.raw.get_data() for answer in done} == {later.raw.get_data()}
    assert count(world, case.counted) == 1
    world.check_books()


def test_one_key_is_each_ones_own(world: World, http: Caller) -> None:
    """The same key of another person, or for another body, is not the same request."""
    world.grant(ANA, 5_000)
    world.grant(PAT, 5_000)
    body = {"recipient_email": "ben@x.com", "amount": "1.00"}

    answers = [
        http.as_user(user).having(Idempotency_Key="k").post("/credits/transfer/", {**body, **more})
        for user, more in ((ANA, {}), (PAT, {}), (ANA, {"amount": "2.00"}), (ANA, {}))
    ]

    assert [answer.status for answer in answers] == [200, 200, 409, 200]
    assert answers[2].code == "idempotency_conflict"
    assert answers[3].headers["Idempotent-Replayed"] == "true"
    assert count(world, "transfer") == 2
