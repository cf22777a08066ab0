"""R13 at size: whatever befalls the calls that charge, each paid order was charged once, and no other was charged."""

import random
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe as library
from sqlalchemy import text

from services.payments.clients.stripe import Stripe
from services.payments.operations import stripe_desk, upkeep
from services.payments.tests.factories import World
from shared.clock import shifted_by, utc_now
from shared.database import transaction
from shared.testing.proof import proof, sized

CHARGES, BATCH, DESKS = sized(50, full=1_000), 25, 4
TROUBLE: tuple[dict[str, Any], ...] = (
    {"when": "after", "drop": True},
    {"when": "before", "drop": True, "times": 3},
    {"when": "after", "status": 500},
    {"when": "before", "status": 500, "times": 4},
    {"when": "before", "status": 429, "times": 4},
    {"when": "before", "status": 409, "times": 4},
    {"when": "after", "delay_seconds": 0.5, "drop": True},
    {"when": "before", "delay_seconds": 0.5},
)


@pytest.mark.parametrize("seed", [20261123])
class TestTroubledCharges:
    pytestmark = proof

    def test_charges_equal_payments(self, world: World, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        # The library would wait half a second and more before it repeats a call.
        monkeypatch.setattr(library.HTTPClient, "INITIAL_DELAY", 0.005)
        monkeypatch.setattr(library.HTTPClient, "MAX_DELAY", 0.01)
        chance, hasty = random.Random(seed), world.sandbox.api(timeout=0.25)
        card = world.card()
        world.work()

        for first in range(0, CHARGES, BATCH):
            for number in range(first, min(first + BATCH, CHARGES)):
                if chance.random() < 0.8:
                    world.sandbox.fail(method="POST", path="/v1/payment_intents", **chance.choice(TROUBLE))
                world.book(1_000 + number, amount=1_000 + number, payment={"payment_method_id": card})
            self.die_after_some_calls(hasty, chance)
            desks = [threading.Thread(target=clear, args=(hasty,)) for _ in range(DESKS)]
            for desk in desks:
                desk.start()
            for desk in desks:
                desk.join()
        requests.delete(f"{world.sandbox.base}/_sandbox/faults", timeout=5)
        for minutes in (1, 5, 20, 70, 140):
            with shifted_by(timedelta(minutes=minutes)):
                clear(world.stripe)
                upkeep.sync_stale_orders(world.stripe, now=utc_now())
                clear(world.stripe)

        with transaction() as session:
            orders = session.execute(text("SELECT status, total_amount_cents FROM orders")).all()
        outcomes = Counter(order.status for order in orders)
        charged = sorted(
            one["amount"] for one in world.sandbox.listed("charges") if one["paid"] and not one["amount_refunded"]
        )
        paid = sorted(order.total_amount_cents for order in orders if order.status == "completed")
        assert charged == paid
        assert set(outcomes) <= {"completed", "failed"}
        assert sum(outcomes.values()) == CHARGES
        assert len(world.told("payment.succeeded")) == outcomes["completed"]
        assert world.balance("platform:stripe") == sum(paid)
        world.check_books()
        print(f"{CHARGES} troubled charges: {dict(outcomes)}, charged {len(charged)}")

    def die_after_some_calls(self, stripe: Stripe, chance: random.Random) -> None:
        """Make some of the calls and apply none of their answers, as a process does that is killed in between."""
        for number in stripe_desk.due_operations():
            if chance.random() < 0.1:
                job = stripe_desk._claim(number, owned=False)
                if job is not None:
                    try:
                        stripe.call(job.call, job.target, job.params, key=job.key)
                    except Exception:
                        continue


def clear(stripe: Stripe) -> None:
    """Let one desk make what is due."""
    while upkeep.clear_desk(stripe):
        pass
