"""One API call from bytes to bytes: key, parameters, idempotency, transaction, answer."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .errors import Body, IdempotencyInUse, IdempotencyMismatch, InvalidRequest, StripeError, Unauthorized
from .expansion import shown
from .faults import Fault, Faults
from .parameters import Params, decode, read_members
from .resources import accounts
from .routing import Route
from .sandbox import API_VERSION, Sandbox, new_id
from .table import route_of
from .webhooks import Deliverer

KEY_KEPT_SECONDS = 24 * 3600
FOR_CONNECTED_ACCOUNTS = ("/v1/balance", "/v1/balance_transactions", "/v1/payouts")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as it came in."""

    method: str
    path: str
    form: str
    authorization: str
    version: str | None
    account: str | None
    key: str | None
    """Its idempotency key; only a POST has one."""
    request_id: str

    @classmethod
    async def of(cls, request: web.Request) -> "Call":
        """Read a request."""
        in_query = request.method in {"GET", "DELETE"}
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        return cls(
            method=request.method,
            path=request.path.rstrip("/"),
            form=request.rel_url.raw_query_string if in_query else await request.text(),
            authorization=request.headers.get("Authorization", ""),
            version=request.headers.get("Stripe-Version"),
            account=request.headers.get("Stripe-Account"),
            key=key,
            request_id=new_id("req", 14),
        )

    def told(self) -> str:
        """Return what is the same in every repetition of a call."""
        return f"{self.path} {json.dumps(decode(self.form), sort_keys=True)}"


@dataclass(frozen=True)
class Answer:
    """What a call is told."""

    status: int
    body: str
    original_request: str | None = None
    """The request whose answer is repeated."""


class Api:
    """Answers calls, one after the other, and makes the trouble that was asked for."""

    def __init__(self, sandbox: Sandbox, deliverer: Deliverer) -> None:
        self.sandbox = sandbox
        self.deliverer = deliverer
        self.faults = Faults()
        self._running: set[str] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve everything below /v1/."""
        call = await Call.of(request)
        fault = self.faults.take(call.method, call.path)
        running = call.key is not None and call.key in self._running
        if call.key and not running:
            self._running.add(call.key)
        try:
            answer = self._in_use(call) if running else await self._serve(request, call, fault)
        finally:
            if call.key and not running:
                self._running.discard(call.key)
        return self._respond(call, answer)

    async def _serve(self, request: web.Request, call: Call, fault: Fault | None) -> Answer:
        if fault and fault.when == "before":
            refused = await self._suffer(request, fault)
            if refused:
                return refused
        answer = self.answer(call)
        self.deliverer.wake()
        if fault and fault.when == "after":
            refused = await self._suffer(request, fault)
            if refused:
                with self.sandbox.store.transaction():
                    self._remember(call, refused)
                return refused
        return answer

    async def _suffer(self, request: web.Request, fault: Fault) -> Answer | None:
        await asyncio.sleep(fault.delay_seconds)
        if fault.drop and request.transport is not None:
            request.transport.abort()
        if fault.status is None:
            return None
        kind = "rate_limit_error" if fault.status == 429 else "api_error"
        error = StripeError("The sandbox was told to fail this call.", status=fault.status)
        return Answer(fault.status, json.dumps({"error": {**error.body(), "type": kind}}))

    def _in_use(self, call: Call) -> Answer:
        return _refusal(
            IdempotencyInUse(
                "There is currently another in-progress request using this Idempotency Key (that probably means you "
                f"submitted twice, and the other request is still going through): {call.key}. Please try again later.",
                code="idempotency_key_in_use",
            )
        )

    def _respond(self, call: Call, answer: Answer) -> web.Response:
        headers = {"Request-Id": call.request_id, "Stripe-Version": API_VERSION, "Cache-Control": "no-cache, no-store"}
        if call.key:
            headers["Idempotency-Key"] = call.key
            headers["Original-Request"] = answer.original_request or call.request_id
        if answer.original_request:
            headers["Idempotent-Replayed"] = "true"
        return web.Response(status=answer.status, text=answer.body, content_type="application/json", headers=headers)

    def answer(self, call: Call) -> Answer:
        """Check a call and carry it out, or repeat what was answered to its idempotency key."""
        try:
            self._check_caller(call)
            route, ids = route_of(call.method, call.path)
            params = read_members(route.parameters, decode(call.form))
            route.check(params)
            repeated = self._repeated(call)
        except StripeError as refused:
            return _refusal(refused)
        return repeated or self._carry_out(call, route, ids, params)

    def _check_caller(self, call: Call) -> None:
        scheme, _, key = call.authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.startswith("sk_test_"):
            hidden = f"{key[:8]}…" if key else "none"
            raise Unauthorized(
                f"Invalid API Key provided: {hidden}. The sandbox takes any key that begins with sk_test_."
            )
        if call.version not in {None, API_VERSION}:
            raise InvalidRequest(f"Invalid Stripe API version: {call.version}. The sandbox speaks {API_VERSION}.")
        if call.account is not None:
            if not call.path.startswith(FOR_CONNECTED_ACCOUNTS):
                raise InvalidRequest(
                    f"The sandbox acts for connected accounts only in {', '.join(FOR_CONNECTED_ACCOUNTS)}.",
                    param="Stripe-Account",
                )
            accounts.live(self.sandbox, call.account)

    def _carry_out(self, call: Call, route: Route, ids: tuple[str, ...], params: Params) -> Answer:
        store = self.sandbox.store
        expand = params.pop("expand", [])
        try:
            with store.transaction():
                self.sandbox.cause = {"id": call.request_id, "idempotency_key": call.key}
                self.sandbox.account = call.account
                try:
                    body = route.answer(self.sandbox, params, *ids)
                    answer = Answer(200, json.dumps(shown(self.sandbox, body, expand), indent=2))
                except StripeError as refused:
                    if not refused.keeps_effects:
                        raise
                    answer = _refusal(refused)
                self._remember(call, answer)
        except StripeError as refused:
            answer = _refusal(refused)
            with store.transaction():
                self._remember(call, answer)
        return answer

    def _repeated(self, call: Call) -> Answer | None:
        if call.key is None:
            return None
        row = self.sandbox.store.connection.execute(
            "SELECT * FROM answers WHERE key = ? AND created > ?",
            (_slot(call), self.sandbox.now() - KEY_KEPT_SECONDS),
        ).fetchone()
        if row is None:
            return None
        path = row["request"].partition(" ")[0]
        if path != call.path:
            raise IdempotencyMismatch(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{call.path}' vs '{path}'). Try using a key other than '{call.key}' if you meant to execute a "
                "different request."
            )
        if row["request"] != call.told():
            raise IdempotencyMismatch(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{call.key}' if you meant to execute a different request."
            )
        return Answer(row["status"], row["body"], row["request_id"])

    def _remember(self, call: Call, answer: Answer) -> None:
        if call.key is None:
            return
        self.sandbox.store.connection.execute(
            "INSERT OR REPLACE INTO answers (key, request, request_id, status, body, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_slot(call), call.told(), call.request_id, answer.status, answer.body, self.sandbox.now()),
        )


def _slot(call: Call) -> str:
    return f"{call.account or 'platform'} {call.key}"


def _refusal(error: StripeError) -> Answer:
    body: dict[str, Any] | Body = {"error": error.body()}
    return Answer(error.status, json.dumps(body, indent=2))
