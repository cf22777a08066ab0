"""Webhooks: taken in once, whatever their order, number and sender."""

from typing import Any

from services.payments.operations import stripe_events
from services.payments.tests.factories import World
from services.payments.tests.sandbox import SECRET
from shared.clock import shifted_by
from shared.testing.http import Caller


class TestWebhooks:
    """R14, S18: kept once, believed only when signed, worked on from the object's present state."""

    def events(self, world: World) -> list[dict[str, Any]]:
        return world.sandbox.listed("events")

    def deliver(self, http: Caller, event: dict[str, Any], *, secret: str = SECRET, at: int | None = None) -> Any:
        import hashlib
        import hmac
        import time

        import orjson

        body, moment = orjson.dumps(event), at or int(time.time())
        signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return http.post(
            "/webhooks/stripe/",
            data=body,
            headers={"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"},
        )

    def test_a_webhook_completes_an_order_in_any_order_and_number(self, world: World, http: Caller) -> None:
        world.book(100)
        world.work()
        page = world.order(100).stripe_checkout_session_id
        world.sandbox.control(f"checkout/{page}/pay", card="4242424242424242")

        for event in [*self.events(world), *reversed(self.events(world))]:
            assert self.deliver(http, event).json == {"received": True}
        world.work()

        assert world.order(100).status == "completed"
        assert len(world.told("payment.succeeded")) == 1
        world.check_books()

    def test_stripes_own_fee_is_booked_once(self, world: World, http: Caller) -> None:
        world.book(100, payment={"payment_method_id": world.card()})
        world.work()
        world.sandbox.control("clock", advance_seconds=3600)
        charge = world.sandbox.listed("charges")[0]
        assert charge["balance_transaction"]
        event = {
            "id": "evt_fee",
            "object": "event",
            "type": "charge.updated",
            "created": charge["created"],
            "livemode": False,
            "data": {"object": charge},
        }

        self.deliver(http, event)
        self.deliver(http, {**event, "id": "evt_fee_2"})
        world.work()

        assert world.balance("platform:stripe_fees") > 0
        world.check_books()

    def test_forged_and_old_ones_are_refused_and_not_kept(self, world: World, http: Caller) -> None:
        import time

        world.card()
        event = self.events(world)[0]

        answers = [
            self.deliver(http, event, secret="whsec_other"),
            self.deliver(http, event, at=int(time.time()) - 3600),
            http.post("/webhooks/stripe/", event),
            http.post("/payments/webhooks/stripe/", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"}),
        ]

        assert [(answer.status, answer.code) for answer in answers] == [(400, "webhook_signature_invalid")] * 4
        assert stripe_events.due_events() == []

    def test_the_other_mode_and_unknown_types_are_ignored(self, world: World, http: Caller) -> None:
        world.card()
        event = self.events(world)[0]

        assert self.deliver(http, {**event, "id": "evt_live", "livemode": True}).status == 200
        assert self.deliver(http, {**event, "id": "evt_odd", "type": "some.thing"}).status == 200
        assert stripe_events.due_events() == []

    def test_an_event_before_our_own_commit_is_tried_again(self, world: World, http: Caller) -> None:
        from datetime import timedelta

        made = world.stripe.call(
            "payment_intents.create",
            None,
            {"amount": 10_000, "currency": "usd", "metadata": {"order_uuid": "0190a000-0000-7000-8000-000000000000"}},
        )
        world.stripe.call("payment_intents.cancel", made["id"], {})
        for event in self.events(world):
            self.deliver(http, event)
        world.work()
        assert stripe_events.due_events() == []

        with shifted_by(timedelta(seconds=30)):
            assert len(stripe_events.due_events()) == 1
        with shifted_by(timedelta(hours=30)):
            world.work()
            assert stripe_events.due_events() == []
