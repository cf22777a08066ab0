"""The hosted pages a person sees: checkout, the bank's authentication, onboarding, and a list of what happened."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .cards import CARDS
from .control import authenticate
from .errors import Body, CardDeclined, InvalidRequest, StripeError
from .resources import accounts, balance, checkout_sessions, payment_methods, payments, setup_intents
from .sandbox import Sandbox
from .ways_back import returning, see_other, success_url
from .webhooks import Deliverer

HERE = Path(__file__).parent
CSP = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
TYPED = ("email", "number", "expiry", "cvc", "name")
OPEN = ("requires_payment_method", "requires_confirmation")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def money(cents: int, currency: str) -> str:
    """Return an amount as people write it."""
    sign = {"usd": "$", "eur": "€", "gbp": "£"}.get(currency, f"{currency.upper()} ")
    return f"{sign}{cents / 100:,.2f}"


class Pages:
    """The pages, each request a transaction."""

    def __init__(self, sandbox: Sandbox, deliverer: Deliverer) -> None:
        self.sandbox = sandbox
        self.deliverer = deliverer
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters["money"] = money

    def routes(self) -> list[web.RouteDef]:
        """Return all of them."""
        return [
            web.get("/", self._serve(self.home)),
            web.get("/assets/style.css", _stylesheet),
            web.get("/c/pay/{id}", self._serve(self.checkout)),
            web.post("/c/pay/{id}", self._serve(self.pay_checkout)),
            web.get("/pay/{secret}", self._serve(self.intent_form)),
            web.post("/pay/{secret}", self._serve(self.pay_intent)),
            web.get("/authenticate/{id}", self._serve(self.bank)),
            web.post("/authenticate/{id}", self._serve(self.decide)),
            web.get("/setup/{account}/{link}", self._serve(self.onboarding)),
            web.post("/setup/{account}/{link}", self._serve(self.onboard)),
            web.get("/express/{account}", self._serve(self.dashboard)),
        ]

    def _serve(self, answer: Callable[[web.Request, dict[str, str]], web.Response]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            form = {name: str(value).strip() for name, value in (await request.post()).items()}
            try:
                with self.sandbox.store.transaction():
                    self.sandbox.cause = {"id": None, "idempotency_key": None}
                    self.sandbox.account = None
                    response = answer(request, form)
            except StripeError as refused:
                response = self._show(
                    "message.html", title="That did not work", text=refused.message, status=refused.status
                )
            self.deliverer.wake()
            return response

        return handle

    def home(self, _: web.Request, __: dict[str, str]) -> web.Response:
        """What happened lately."""
        store = self.sandbox.store
        return self._show(
            "home.html",
            intents=store.select("payment_intent", limit=10),
            sessions=store.select("checkout.session", {"status": "open"}, limit=10),
            events=store.select("event", limit=15),
            balances=balance.totals(self.sandbox, None) or {"usd": 0},
            cards=CARDS,
            frontend_url=self.sandbox.settings.frontend_url,
        )

    def checkout(self, request: web.Request, _: dict[str, str]) -> web.Response:
        """The session's page; one that is paid sends the payer on."""
        session = self.sandbox.store.get("checkout.session", request.match_info["id"])
        if session["status"] == "complete":
            return see_other(success_url(session))
        if session["status"] == "expired":
            return self._show(
                "message.html",
                title="This page has expired",
                text="Nothing was charged. Go back and start again.",
                link=session["cancel_url"] or self.sandbox.settings.frontend_url,
                status=410,
            )
        return self._checkout_form(session, {"number": request.query.get("card", "")}, self._last_error(session))

    def pay_checkout(self, request: web.Request, form: dict[str, str]) -> web.Response:
        """Pay with the card typed in."""
        session = self.sandbox.store.get("checkout.session", request.match_info["id"])
        if session["status"] != "open":
            return see_other(checkout_sessions.page_url(self.sandbox, session["id"]))
        try:
            method = self._typed_card(form)
            email = form.get("email") or session["customer_details"]["email"]
            intent = checkout_sessions.pay(self.sandbox, session, method, email=email, name=form.get("name") or None)
        except CardDeclined as declined:
            return self._checkout_form(session, form, declined, status=402)
        if intent["status"] == "requires_action":
            return see_other(self._bank_url(intent))
        return see_other(success_url(session))

    def intent_form(self, request: web.Request, _: dict[str, str]) -> web.Response:
        """A card form for an intent, found by its client_secret: what a browser with Stripe's script would show."""
        intent = self._by_secret(request.match_info["secret"])
        return self._intent_form(intent, {"number": request.query.get("card", "")}, None)

    def pay_intent(self, request: web.Request, form: dict[str, str]) -> web.Response:
        """Confirm an intent with the card typed in."""
        intent = self._by_secret(request.match_info["secret"])
        back = form.get("return_url") or request.query.get("return_url") or self.sandbox.settings.frontend_url
        is_setup = intent["object"] == "setup_intent"
        confirm = setup_intents.confirm_with if is_setup else payments.confirm_with
        try:
            confirm(self.sandbox, intent, self._typed_card(form), return_url=back)
        except CardDeclined as declined:
            return self._intent_form(intent, form, declined, status=402)
        if intent["status"] == "requires_action":
            return see_other(self._bank_url(intent))
        return see_other(returning(back, intent))

    def bank(self, request: web.Request, _: dict[str, str]) -> web.Response:
        """The bank's page: is it you?"""
        intent = self._waiting_intent(request)
        if intent["status"] != "requires_action":
            return self._after_bank(intent)
        amount = money(intent["amount"], intent["currency"]) if intent["object"] == "payment_intent" else None
        method = self.sandbox.store.get("payment_method", intent["payment_method"])
        return self._show("authenticate.html", amount=amount, card=method["card"])

    def decide(self, request: web.Request, form: dict[str, str]) -> web.Response:
        """Accept or refuse."""
        intent = self._waiting_intent(request)
        if intent["status"] == "requires_action":
            authenticate(self.sandbox, intent, accepted=form.get("decision") == "accept")
        return self._after_bank(intent)

    def onboarding(self, request: web.Request, _: dict[str, str]) -> web.Response:
        """The onboarding page of a link; a link that is used or over leads back for a new one."""
        account, link = self._link(request)
        if link["state"] != "unused" or link["expires_at"] < self.sandbox.now():
            return see_other(link["refresh_url"])
        return self._show("onboarding.html", account=account)

    def onboard(self, request: web.Request, form: dict[str, str]) -> web.Response:
        """Finish, or leave it incomplete."""
        account, link = self._link(request)
        if link["state"] == "unused":
            link["state"] = "used"
            self.sandbox.store.save(link)
            if form.get("decision") == "finish":
                accounts.finish_onboarding(self.sandbox, account)
        return see_other(link["return_url"])

    def dashboard(self, request: web.Request, _: dict[str, str]) -> web.Response:
        """A connected account's own view."""
        account = accounts.live(self.sandbox, request.match_info["account"])
        return self._show(
            "dashboard.html",
            account=account,
            balances=balance.totals(self.sandbox, account["id"]) or {"usd": 0},
            transfers=self.sandbox.store.select("transfer", {"destination": account["id"]}, limit=20),
            payouts=self.sandbox.store.select("payout", {"_account": account["id"]}, limit=20),
        )

    def _show(self, template: str, *, status: int = 200, **told: Any) -> web.Response:
        text = self._templates.get_template(template).render(**told)
        headers = {"Content-Security-Policy": CSP, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)

    def _checkout_form(self, session: Body, typed: dict[str, str], error: Any, *, status: int = 200) -> web.Response:
        items = [
            {"name": item["description"], "details": item["_details"], "quantity": item["quantity"],
             "amount": item["amount_total"], "recurring": item["price"]["recurring"]}
            for item in session["_line_items"]
        ]  # fmt: skip
        total = session["amount_total"]
        customer = session["customer"] and self.sandbox.store.get("customer", session["customer"])
        actions = {"payment": "Pay", "subscription": "Subscribe and pay", "setup": "Save card"}
        return self._show(
            "checkout.html",
            status=status,
            items=items,
            total=None if total is None else money(total, session["currency"]),
            currency=session["currency"],
            action=actions[session["mode"]],
            email=typed.get("email") or (customer or {}).get("email") or session["customer_details"]["email"] or "",
            asks_email=not customer,
            typed=dict.fromkeys(TYPED, "") | typed,
            error=error,
            cancel_url=session["cancel_url"],
            cards=CARDS,
        )

    def _intent_form(self, intent: Body, typed: dict[str, str], error: Any, *, status: int = 200) -> web.Response:
        if intent["status"] not in OPEN:
            return self._show("message.html", title="Nothing to pay", text=f"This intent is {intent['status']}.")
        amount = intent.get("amount")
        return self._show(
            "checkout.html",
            status=status,
            items=[],
            total=None if amount is None else money(amount, intent["currency"]),
            currency=intent.get("currency"),
            action="Save card" if amount is None else "Pay",
            email="",
            asks_email=False,
            typed=dict.fromkeys(TYPED, "") | typed,
            error=error,
            cancel_url=None,
            cards=CARDS,
        )

    def _last_error(self, session: Body) -> Any:
        intent_id = session["payment_intent"] or session["setup_intent"]
        if intent_id is None:
            return None
        kind = "setup_intent" if session["setup_intent"] else "payment_intent"
        intent = self.sandbox.store.get(kind, intent_id)
        return intent.get("last_payment_error") or intent.get("last_setup_error")

    def _typed_card(self, form: dict[str, str]) -> Body:
        month, _, year = form.get("expiry", "").replace(" ", "").partition("/")
        if not (month.isdigit() and year.isdigit() and len(month) <= 2 and len(year) in {2, 4}):
            raise CardDeclined("Your card's expiration date is incomplete.", code="invalid_expiry", param="expiry")
        cvc = form.get("cvc", "")
        if not (cvc.isdigit() and 3 <= len(cvc) <= 4):
            raise CardDeclined("Your card's security code is incomplete.", code="invalid_cvc", param="cvc")
        return payment_methods.of_number(self.sandbox, form.get("number", ""), exp_month=int(month), exp_year=int(year))

    def _bank_url(self, intent: Body) -> str:
        action = intent["next_action"]
        url: str = (
            action["redirect_to_url"]["url"] if "redirect_to_url" in action else action["use_stripe_sdk"]["stripe_js"]
        )
        return url

    def _by_secret(self, secret: str) -> Body:
        intent_id = secret.partition("_secret_")[0]
        kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
        intent = self.sandbox.store.get(kind, intent_id)
        if intent["client_secret"] != secret:
            raise InvalidRequest("This address is not valid.", status=404)
        return intent

    def _waiting_intent(self, request: web.Request) -> Body:
        return self._by_secret(request.query.get("client_secret", ""))

    def _after_bank(self, intent: Body) -> web.Response:
        if intent["_return_url"]:
            return see_other(returning(intent["_return_url"], intent))
        text = (
            "You can close this window and go back." if intent["status"] == "succeeded" else "The card was not charged."
        )
        return self._show("message.html", title="Thank you", text=text, link=self.sandbox.settings.frontend_url)

    def _link(self, request: web.Request) -> tuple[Body, Body]:
        link = self.sandbox.store.get("account_link", request.match_info["link"])
        if link["account"] != request.match_info["account"]:
            raise InvalidRequest("This address is not valid.", status=404)
        return accounts.live(self.sandbox, link["account"]), link


async def _stylesheet(_: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "static" / "style.css", headers={"Cache-Control": "max-age=60"})
