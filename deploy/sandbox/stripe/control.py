"""The control calls below /_sandbox/: trouble, time, and what banks and people would do. JSON in, JSON out."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from . import timers
from .api import Api
from .errors import Body, CardDeclined, InvalidRequest, StripeError
from .faults import Fault
from .resources import (
    accounts,
    balance,
    checkout_sessions,
    disputes,
    payment_methods,
    payments,
    payouts,
    refunds,
    setup_intents,
)
from .sandbox import Sandbox, public
from .webhooks import WebhookPolicy

Wish = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CARD_VALID_MONTH = 12
CARD_VALID_YEARS = 5


class Control:
    """The calls, each a transaction unless it makes its own."""

    def __init__(self, sandbox: Sandbox, api: Api) -> None:
        self.sandbox = sandbox
        self.api = api

    def routes(self) -> list[web.RouteDef]:
        """Return all of them."""
        changing = self._changing
        return [
            web.get("/_sandbox/", self._plain(self.status)),
            web.post("/_sandbox/reset", self._settled(changing(self.reset))),
            web.get("/_sandbox/faults", self._plain(self.faults)),
            web.post("/_sandbox/faults", self._plain(self.add_fault)),
            web.delete("/_sandbox/faults", self._plain(self.clear_faults)),
            web.get("/_sandbox/webhooks", self._plain(self.webhooks)),
            web.put("/_sandbox/webhooks/policy", self._plain(self.set_policy)),
            web.delete("/_sandbox/webhooks/policy", self._plain(self.set_policy)),
            web.post("/_sandbox/webhooks/resend", changing(self.resend)),
            web.get("/_sandbox/clock", self._plain(self.clock)),
            web.post("/_sandbox/clock", self._plain(self.advance)),
            web.post("/_sandbox/balance", changing(self.set_balance)),
            web.post("/_sandbox/checkout/{id}/pay", changing(self.pay_checkout)),
            web.post("/_sandbox/intents/{id}/confirm", changing(self.confirm_intent)),
            web.post("/_sandbox/intents/{id}/authenticate", changing(self.authenticate)),
            web.post("/_sandbox/refunds/{id}/fail", changing(self.fail_refund)),
            web.post("/_sandbox/disputes", changing(self.open_dispute)),
            web.post("/_sandbox/disputes/{id}/close", changing(self.close_dispute)),
            web.post("/_sandbox/accounts/{id}/onboard", changing(self.onboard)),
            web.post("/_sandbox/accounts/{id}/restrict", changing(self.restrict)),
            web.post("/_sandbox/accounts/{id}/deauthorize", changing(self.deauthorize)),
            web.post("/_sandbox/payouts/{id}/fail", changing(self.fail_payout)),
            web.post("/_sandbox/payment_methods/{id}/renew", changing(self.renew_card)),
        ]

    def _plain(self, answer: Callable[[Wish, str], Any]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                told = answer(await _wish(request), request.match_info.get("id", ""))
            except StripeError as refused:
                return web.json_response({"error": refused.body()}, status=refused.status)
            except (TypeError, ValueError) as wrong:
                return web.json_response({"error": {"message": str(wrong)}}, status=400)
            self.api.deliverer.wake()
            return web.json_response(told)

        return handle

    def _settled(self, handle: Handler) -> Handler:
        """Answer after the webhooks that were under way, so that none of before comes afterwards."""

        async def handle_then_settle(request: web.Request) -> web.StreamResponse:
            response = await handle(request)
            await self.api.deliverer.settle()
            return response

        return handle_then_settle

    def _changing(self, answer: Callable[[Wish, str], Any]) -> Handler:
        def in_transaction(wish: Wish, object_id: str) -> Any:
            with self.sandbox.store.transaction():
                self.sandbox.cause = {"id": None, "idempotency_key": None}
                self.sandbox.account = None
                try:
                    return public(answer(wish, object_id))
                except CardDeclined as declined:
                    return {"error": declined.body()}

        return self._plain(in_transaction)

    def status(self, _: Wish, __: str) -> Body:
        """What the sandbox holds."""
        rows = self.sandbox.store.connection.execute("SELECT kind, count(*) AS number FROM objects GROUP BY kind")
        return {
            "objects": {row["kind"]: row["number"] for row in rows},
            "now": self.sandbox.now(),
            "faults": self.api.faults.shown(),
            "webhook_policy": asdict(self.sandbox.policy),
        }

    def reset(self, _: Wish, __: str) -> Body:
        """Forget everything: objects, time, trouble. No webhook of before comes after the answer."""
        self.sandbox.store.clear()
        self.sandbox.policy = WebhookPolicy()
        self.api.faults.clear()
        return {"reset": True}

    def faults(self, _: Wish, __: str) -> Body:
        """The trouble still to come."""
        return {"faults": self.api.faults.shown()}

    def add_fault(self, wish: Wish, __: str) -> Body:
        """Let the next calls that fit fail, hang or lose their answer."""
        self.api.faults.add(Fault.of(wish))
        return self.faults({}, "")

    def clear_faults(self, _: Wish, __: str) -> Body:
        """Make no more trouble."""
        self.api.faults.clear()
        return self.faults({}, "")

    def webhooks(self, wish: Wish, __: str) -> Body:
        """The deliveries, newest first; `type`, `state` and `event` narrow them."""
        rows = self.sandbox.store.connection.execute(
            "SELECT * FROM deliveries WHERE event_type LIKE coalesce(:type, '%') AND state LIKE coalesce(:state, '%')"
            " AND event_id LIKE coalesce(:event, '%') ORDER BY number DESC LIMIT :limit",
            {
                "type": wish.get("type"),
                "state": wish.get("state"),
                "event": wish.get("event"),
                "limit": int(wish.get("limit", 500)),
            },
        )
        hidden = {"secret", "number"}
        return {"webhooks": [{name: row[name] for name in row.keys() if name not in hidden} for row in rows]}  # noqa: SIM118

    def set_policy(self, wish: Wish, __: str) -> Body:
        """Lose, repeat, delay or shuffle the webhooks of the events to come; nothing: send them all, once, at once."""
        self.sandbox.policy = WebhookPolicy(**wish)
        return asdict(self.sandbox.policy)

    def resend(self, wish: Wish, __: str) -> Body:
        """Send an event's webhooks once more, now."""
        event = self.sandbox.store.get("event", str(wish.get("event")), param="event")
        sent = self.sandbox.store.connection.execute(
            "INSERT INTO deliveries (event_id, event_type, url, secret, due_at)"
            " SELECT DISTINCT event_id, event_type, url, secret, 0 FROM deliveries WHERE event_id = ?",
            (event["id"],),
        )
        return {"sent": sent.rowcount}

    def clock(self, _: Wish, __: str) -> Body:
        """The sandbox's time, and what happens next."""
        rows = self.sandbox.store.connection.execute(
            "SELECT due_at, name, object_id FROM timers ORDER BY due_at LIMIT 50"
        )
        return {"now": self.sandbox.now(), "next": [dict(row) for row in rows]}

    def advance(self, wish: Wish, __: str) -> Body:
        """Move the clock on; whatever falls due on the way happens, in order."""
        seconds = wish.get("advance_seconds")
        if not isinstance(seconds, int) or seconds < 0:
            raise InvalidRequest("`advance_seconds` is a whole number, not below 0.", param="advance_seconds")
        ran = timers.advance(self.sandbox, seconds)
        return {"now": self.sandbox.now(), "ran": ran}

    def set_balance(self, wish: Wish, __: str) -> Body:
        """Make the available balance of the platform, or of an account, so many cents."""
        balance.set_available(
            self.sandbox,
            amount=int(wish.get("amount", 0)),
            currency=wish.get("currency", "usd"),
            account=wish.get("account"),
        )
        return balance.totals(self.sandbox, wish.get("account"))

    def pay_checkout(self, wish: Wish, session_id: str) -> Body:
        """Pay a session's page with a card number."""
        session = self.sandbox.store.get("checkout.session", session_id)
        if session["status"] != "open":
            raise InvalidRequest(f"This session is {session['status']}.")
        email = wish.get("email", "payer@example.com")
        intent = checkout_sessions.pay(self.sandbox, session, self._card(wish), email=email, name="Test Payer")
        return {"session": public(session), "intent": public(intent)}

    def confirm_intent(self, wish: Wish, intent_id: str) -> Body:
        """Do what a browser with the client_secret would: confirm an intent with a card number."""
        intent = self._intent(intent_id)
        if intent["object"] == "setup_intent":
            setup_intents.confirm_with(self.sandbox, intent, self._card(wish), return_url=None)
        else:
            payments.confirm_with(self.sandbox, intent, self._card(wish), return_url=self.sandbox.settings.frontend_url)
        return intent

    def authenticate(self, wish: Wish, intent_id: str) -> Body:
        """Accept (or refuse: `{"accept": false}`) on the bank's page."""
        intent = self._intent(intent_id)
        authenticate(self.sandbox, intent, accepted=wish.get("accept", True))
        return intent

    def fail_refund(self, _: Wish, refund_id: str) -> Body:
        """The payer's bank sends a refund back."""
        refunds.fail(self.sandbox, refund_id)
        return self.sandbox.store.get("refund", refund_id)

    def open_dispute(self, wish: Wish, __: str) -> Body:
        """The payer disputes a charge."""
        return disputes.open_for(
            self.sandbox, self.sandbox.store.get("charge", str(wish.get("charge")), param="charge")
        )

    def close_dispute(self, wish: Wish, dispute_id: str) -> Body:
        """The bank decides: `won` or `lost`."""
        if wish.get("status") not in {"won", "lost"}:
            raise InvalidRequest("`status` is `won` or `lost`.", param="status")
        dispute = self.sandbox.store.get("dispute", dispute_id)
        return disputes.decide(self.sandbox, dispute, status=wish["status"])

    def onboard(self, _: Wish, account_id: str) -> Body:
        """Finish onboarding."""
        account = accounts.live(self.sandbox, account_id)
        accounts.finish_onboarding(self.sandbox, account)
        return account

    def restrict(self, wish: Wish, account_id: str) -> Body:
        """Ask an account for more; an empty `due` lifts the restriction."""
        account = accounts.live(self.sandbox, account_id)
        accounts.restrict(self.sandbox, account, due=wish.get("due", ["individual.verification.document"]))
        return account

    def deauthorize(self, _: Wish, account_id: str) -> Body:
        """The account's owner disconnects."""
        account = accounts.live(self.sandbox, account_id)
        accounts.deauthorize(self.sandbox, account)
        return {"id": account_id, "deauthorized": True}

    def fail_payout(self, _: Wish, payout_id: str) -> Body:
        """The bank sends a payout back."""
        return payouts.fail(self.sandbox, self.sandbox.store.get("payout", payout_id))

    def renew_card(self, wish: Wish, method_id: str) -> Body:
        """The card's bank reports a new expiry (`exp_month`, `exp_year`) or `last4`."""
        method = self.sandbox.store.get("payment_method", method_id)
        method["card"].update({name: wish[name] for name in ("exp_month", "exp_year", "last4") if name in wish})
        return self.sandbox.save(method, "payment_method.automatically_updated")

    def _card(self, wish: Wish) -> Body:
        number = str(wish.get("card", "4242424242424242"))
        if number.startswith(("pm_", "tok_")):
            return payment_methods.use(self.sandbox, number)
        year = datetime.fromtimestamp(self.sandbox.now(), UTC).year + CARD_VALID_YEARS
        return payment_methods.of_number(self.sandbox, number, exp_month=CARD_VALID_MONTH, exp_year=year)

    def _intent(self, intent_id: str) -> Body:
        kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
        return self.sandbox.store.get(kind, intent_id)


def authenticate(sandbox: Sandbox, intent: Body, *, accepted: bool) -> None:
    """Carry on an intent that waits for its payer. Raises InvalidRequest if it does not wait."""
    if intent["status"] != "requires_action":
        raise InvalidRequest(f"This intent is {intent['status']}; nobody has to authenticate.")
    resume = setup_intents.authenticate if intent["object"] == "setup_intent" else payments.authenticate
    resume(sandbox, intent, accepted=accepted)


async def _wish(request: web.Request) -> Wish:
    if request.method == "GET":
        return dict(request.query)
    text = await request.text()
    if not text:
        return {}
    try:
        wish = json.loads(text)
    except ValueError as wrong:
        raise InvalidRequest(f"The body is not JSON: {wrong}") from wrong
    if not isinstance(wish, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return wish
