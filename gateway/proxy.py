"""The way of a request through the gateway, step by step.

Most requests go straight: they are judged and passed on when they arrive, and answered when their answer does, with
no task between. Whatever has to be waited for (a body on its way, a connection, keys, another store) is a coroutine.
"""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from functools import partial
from time import perf_counter
from typing import Any

from gateway.addresses import ClientAddresses
from gateway.answers import Answers
from gateway.authentication import Authenticator, unauthorized
from gateway.bodies import Bodies
from gateway.client_request import ClientRequest
from gateway.cors import METHODS, Cors
from gateway.errors import Refusal
from gateway.exchange import Exchange
from gateway.incoming import Incoming
from gateway.limits import Limiter
from gateway.line import UpstreamRequest
from gateway.old_base import OldBase
from gateway.outgoing import Outgoing
from gateway.own import OwnPages
from gateway.paths import BASE, OLD_BASE
from gateway.places import Place, Places
from gateway.pool import Service
from gateway.responses import GatewayResponse, Response
from gateway.routes import GATEWAY, WRITES, Route
from gateway.settings import GatewaySettings
from gateway.sockets import Sockets
from gateway.upstream_answers import Answer, ClientGone, ConnectionDied, UpstreamError, make_whole
from shared.identity.claims import UnknownKey

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REFUSED_METHODS = frozenset({"TRACE", "CONNECT"})
_REPEATABLE = frozenset({"GET", "HEAD"})
log = logging.getLogger("gateway")


class Proxy:
    """Handles every request of one process."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        services: dict[str, Service],
        authenticator: Authenticator,
        limiter: Limiter,
        answers: Answers,
        cors: Cors,
        own: OwnPages,
        sockets: Sockets,
        places: Places,
    ) -> None:
        self._services = services
        self._authenticator = authenticator
        self._limiter = limiter
        self._answers = answers
        self._cors = cors
        self._own = own
        self._sockets = sockets
        self._places = places
        self._bodies = Bodies()
        self._addresses = ClientAddresses(settings.trusted_proxies)
        self._outgoing = Outgoing(settings, self._addresses)
        self._public_url = settings.public_url.rstrip("/")
        self._old_base = OldBase(settings)

    def __call__(self, request: ClientRequest) -> Coroutine[Any, Any, Response] | None:
        """Answer a request, or return what has to be awaited; whatever goes wrong is an error envelope."""
        exchange = Exchange(request)
        try:
            answer = self._enter(exchange)
            if answer is not None:
                request.reply(answer)
                return None
            admission = self._admit(exchange)
            if admission is None and self._goes_straight(exchange):
                return None
            return self._answer_later(self._serve(exchange, admission), exchange)
        except Exception as error:  # noqa: BLE001 - One request fails, not the connection.
            request.reply(self._failed(exchange, error))
            return None

    async def _answer_later(self, coming: Coroutine[Any, Any, Response], exchange: Exchange) -> Response:
        try:
            return await coming
        except ClientGone:
            raise ConnectionResetError("the client went away") from None
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - One request fails, not the connection.
            return self._failed(exchange, error)

    def _failed(self, exchange: Exchange, error: Exception) -> GatewayResponse:
        if isinstance(error, Refusal):
            return self._answers.refusal(exchange, error)
        log.error("request %s failed", exchange.request_id, exc_info=error)
        return self._answers.refusal(exchange, Refusal("internal_error"))

    def _enter(self, exchange: Exchange) -> GatewayResponse | None:
        """Read what is asked for, and where; returns an answer to what needs no more."""
        request, method = exchange.request, exchange.method
        if method in _REFUSED_METHODS:
            raise Refusal("bad_request", close=True)
        exchange.incoming = exchange.said = incoming = request.headers()
        exchange.request_id, exchange.traceparent = incoming.identify()
        exchange.place, exchange.query = place, _ = self._places.find(request.raw_path, incoming.said[b"host"])
        if method not in _METHODS:
            raise Refusal("method_not_allowed", headers=[("Allow", METHODS)])
        if place.base == OLD_BASE:
            exchange.lines += self._old_base.lines(place.public)
        route = place.route
        if route is None:
            return self._nowhere(exchange, place)
        exchange.pattern, exchange.service, exchange.cors = place.pattern, route.service, route.cors
        if method == "OPTIONS" and route.cors:
            return self._answers.own(exchange, *self._cors.preflight(incoming))
        if route.methods is not None and method not in route.methods:
            raise Refusal("method_not_allowed", headers=[("Allow", ", ".join(sorted(route.methods)))])
        exchange.route = route
        exchange.address = self._addresses.find(request.protocol.remote, incoming.said.get(b"x-forwarded-for", b""))
        return None

    def _nowhere(self, exchange: Exchange, place: Place) -> GatewayResponse:
        if place.path != "/" or place.base:
            raise Refusal("not_found")
        return self._answers.own(exchange, 302, f"Location: {self._public_url}{BASE}/docs/\r\n".encode())

    def _admit(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """Find out who calls and count the request; returns what has to be awaited for that."""
        try:
            refused = self._identify(exchange)
        except UnknownKey as unknown:
            return self._admit_with_fresh_keys(exchange, unknown)
        told = self._limiter.check(exchange.route, exchange.method, exchange.claims, exchange.address)
        if not isinstance(told, bytes):
            return self._admit_when_counted(exchange, refused, told)
        _admitted(exchange, refused, told)
        return None

    def _identify(self, exchange: Exchange) -> Refusal | None:
        """Find out who calls; a refusal waits until the request is counted, as its address's. Raises UnknownKey."""
        route, authorization = exchange.route, exchange.said.authorization
        if authorization and not route.raw:
            try:
                exchange.claims, exchange.token = self._authenticator.authenticate(authorization, route)
            except Refusal as refusal:
                return refusal
        return None

    async def _admit_with_fresh_keys(self, exchange: Exchange, unknown: UnknownKey) -> None:
        refused: Refusal | None = None
        try:
            await self._authenticator.refresh_keys(unknown)
            refused = self._identify(exchange)
        except UnknownKey:
            refused = unauthorized("authentication_failed")
        except Refusal as refusal:
            refused = refusal
        told = self._limiter.check(exchange.route, exchange.method, exchange.claims, exchange.address)
        _admitted(exchange, refused, told if isinstance(told, bytes) else await told)

    async def _admit_when_counted(self, exchange: Exchange, refused: Refusal | None, told: Awaitable[bytes]) -> None:
        _admitted(exchange, refused, await told)

    def _goes_straight(self, exchange: Exchange) -> bool:
        """Pass a request on at once, if all of it is here and its service can take it; say whether that was done."""
        request, route, incoming = exchange.request, exchange.route, exchange.said
        elsewhere = route.websocket or route.service == GATEWAY or (route.streamed and exchange.method in WRITES)
        if elsewhere or b"upgrade" in incoming.said or (request.has_body and not request.content.is_eof()):
            return False
        if request.has_body:
            exchange.body = self._bodies.at_hand(request, incoming, route)
        service = self._services[route.service]
        line = service.ready(exchange.method)
        if line is None:
            return False
        upstream = self._outgoing.request(exchange)
        request.abandon = line.desert
        exchange.asked = perf_counter()
        line.ask(upstream, partial(self._answered, exchange, service, upstream))
        return True

    def _answered(
        self, exchange: Exchange, service: Service, upstream: UpstreamRequest, outcome: Answer | UpstreamError
    ) -> None:
        """Take the outcome of a request that went straight."""
        request, connection = exchange.request, exchange.request.protocol
        request.abandon = None
        exchange.service_seconds = perf_counter() - exchange.asked
        if exchange.body:
            self._bodies.release(len(exchange.body))
        try:
            if not isinstance(outcome, Answer):
                if isinstance(outcome, ConnectionDied) and not outcome.answered and exchange.method in _REPEATABLE:
                    connection.await_answer(self._answer_later(self._again(exchange, service, upstream), exchange))
                    return
                connection.reply(self._answers.refusal(exchange, service.refusal(outcome)))
                return
            service.note(outcome)
            if outcome.stream is not None and outcome.status >= 400:
                connection.await_answer(self._answer_later(self._relay(exchange, outcome), exchange))
                return
            connection.reply(self._answers.relay(exchange, exchange.route, outcome))
        except ClientGone:
            connection.drop()
        except Exception as error:  # noqa: BLE001 - One request fails, not the service's connection.
            connection.reply(self._failed(exchange, error))

    async def _serve(self, exchange: Exchange, admission: Awaitable[None] | None) -> Response:
        """Do what a request needs that does not go straight."""
        if admission is not None:
            await admission
        route, incoming = exchange.route, exchange.said
        if route.websocket:
            return await self._sockets.serve(exchange, self._outgoing.headers(exchange))
        if b"upgrade" in incoming.said:
            raise Refusal("bad_request", "There is nothing to upgrade to here.", close=True)
        if route.service == GATEWAY:
            return await self._own.serve(exchange, exchange.place)
        if route.streamed and exchange.method in WRITES:
            return await self._upload(exchange, route, incoming)
        return await self._forward(exchange, route, incoming)

    async def _forward(self, exchange: Exchange, route: Route, incoming: Incoming) -> Response:
        if exchange.body is None and exchange.request.has_body:
            exchange.body = await self._bodies.read(exchange.request, incoming, route)
        try:
            upstream = self._outgoing.request(exchange)
            began = perf_counter()
            try:
                answer = await self._services[route.service].exchange(upstream)
            finally:
                exchange.service_seconds = perf_counter() - began
        finally:
            if exchange.body:
                self._bodies.release(len(exchange.body))
        return await self._relay(exchange, answer)

    async def _again(self, exchange: Exchange, service: Service, upstream: UpstreamRequest) -> Response:
        """Repeat a read whose connection had died while it lay idle."""
        answer = await service.repeat(upstream)
        exchange.service_seconds = perf_counter() - exchange.asked
        return await self._relay(exchange, answer)

    async def _relay(self, exchange: Exchange, answer: Answer) -> Response:
        if answer.stream is not None and answer.status >= 400 and not exchange.route.raw:
            await make_whole(answer)
        return self._answers.relay(exchange, exchange.route, answer)

    async def _upload(self, exchange: Exchange, route: Route, incoming: Incoming) -> Response:
        """Pass a large body on as it comes; an answer that comes before its end stands."""
        length, chunks = self._bodies.stream(exchange.request, incoming, route)
        upstream = self._outgoing.request(exchange, length=length)
        service = self._services[route.service]
        began = perf_counter()
        connection, coming = await service.begin(upstream)
        try:
            async for chunk in chunks:
                await connection.write(chunk)
                if coming.done():
                    break
            else:
                connection.end_body()
        except UpstreamError:
            if not coming.done():
                connection.abort(ClientGone())
        except BaseException:
            connection.abort(ClientGone())
            coming.exception()
            raise
        try:
            answer = await asyncio.shield(coming)
        except UpstreamError as error:
            raise service.refusal(error) from error
        exchange.service_seconds = perf_counter() - began
        return await self._relay(exchange, answer)


def _admitted(exchange: Exchange, refused: Refusal | None, lines: bytes) -> None:
    """Note how the caller stands; somebody who was refused is told so only now that it is counted. Raises Refusal."""
    if refused is not None:
        raise refused
    if lines:
        exchange.lines.append(lines)
