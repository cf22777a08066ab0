"""The way of a request through the gateway, step by step."""

import asyncio
import logging
import time
from time import perf_counter

from aiohttp.web import BaseRequest, StreamResponse

from gateway.addresses import ClientAddresses
from gateway.answers import MAX_ERROR_BYTES, Answers
from gateway.authentication import Authenticator
from gateway.bodies import Bodies
from gateway.cors import METHODS, Cors
from gateway.errors import Refusal
from gateway.exchange import Exchange
from gateway.incoming import Incoming, read_headers
from gateway.limits import Limiter
from gateway.own import OwnPages
from gateway.paths import BASE, OLD_BASE, Target, read_target
from gateway.patterns import Patterns
from gateway.pool import Service, UpstreamRequest
from gateway.responses import GatewayResponse
from gateway.routes import GATEWAY, OUTSIDE, WRITES, Route, RouteTable
from gateway.settings import GatewaySettings, unix_seconds
from gateway.sockets import Sockets
from gateway.upstream_answers import Answer, ClientGone, UpstreamError
from shared.identity.edge import sign_edge

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REFUSED_METHODS = frozenset({"TRACE", "CONNECT"})
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
        patterns: Patterns,
    ) -> None:
        self._services = services
        self._authenticator = authenticator
        self._limiter = limiter
        self._answers = answers
        self._cors = cors
        self._own = own
        self._sockets = sockets
        self._patterns = patterns
        self._bodies = Bodies()
        self._routes = RouteTable()
        self._addresses = ClientAddresses(settings.trusted_proxies)
        self._edge_key = settings.edge_key.encode()
        self._country_header = settings.country_header.lower().encode()
        public = settings.public_url.rstrip("/")
        self._public_url = public
        scheme, _, host = public.partition("://")
        self._forwarded = f"X-Forwarded-Proto: {scheme}\r\nX-Forwarded-Host: {host}\r\n".encode()
        self._deprecated_at = unix_seconds(settings.api_v1_deprecated_at)
        self._sunset_at = unix_seconds(settings.api_v1_sunset)

    async def __call__(self, request: BaseRequest) -> StreamResponse:
        """Answer a request; whatever goes wrong is an error envelope."""
        exchange = Exchange(request)
        try:
            return await self._serve(exchange)
        except Refusal as refusal:
            return self._answers.refusal(exchange, refusal)
        except ClientGone:
            raise ConnectionResetError("the client went away") from None
        except ConnectionError:
            raise
        except Exception:
            # The last line: a fault of ours is an answer to one request, not the end of a connection.
            log.exception("request %s failed", exchange.request_id)
            return self._answers.refusal(exchange, Refusal("internal_error"))

    async def _serve(self, exchange: Exchange) -> StreamResponse:
        request = exchange.request
        method = request.method
        if method in _REFUSED_METHODS:
            raise Refusal("bad_request", close=True)
        exchange.incoming = incoming = read_headers(request.raw_headers)
        exchange.target = target = read_target(request.raw_path, incoming.get(b"host").decode("latin-1"))
        if method not in _METHODS:
            raise Refusal("method_not_allowed", headers=[("Allow", METHODS)])
        if target.path == "/" and not target.base:
            return self._answers.own(exchange, 302, f"Location: {self._public_url}{BASE}/docs/\r\n".encode())
        exchange.route = route = self._find_route(exchange, target)
        exchange.pattern = self._patterns.match(route, target.path)
        if method == "OPTIONS" and route.cors:
            return self._answers.own(exchange, *self._cors.preflight(incoming))
        if route.methods is not None and method not in route.methods:
            raise Refusal("method_not_allowed", headers=[("Allow", ", ".join(sorted(route.methods)))])
        peer = request.remote or ""
        exchange.address = self._addresses.find(peer, incoming.get(b"x-forwarded-for"))
        await self._admit(exchange, route)
        if route.websocket:
            return await self._sockets.serve(
                exchange, route, self._headers(exchange, target, route, route.target or target.path)
            )
        if incoming.get(b"upgrade"):
            raise Refusal("bad_request", "There is nothing to upgrade to here.", close=True)
        if route.service == GATEWAY:
            return await self._own.serve(exchange, target)
        if route.streamed and method in WRITES:
            return await self._upload(exchange, route, target)
        return await self._forward(exchange, route, target)

    def _find_route(self, exchange: Exchange, target: Target) -> Route:
        if not target.base:
            route = OUTSIDE.get(target.path)
        else:
            if target.base == OLD_BASE:
                self._mark_old_base(exchange, target)
            route = self._routes.find(target.path)
        if route is None:
            raise Refusal("not_found")
        return route

    def _mark_old_base(self, exchange: Exchange, target: Target) -> None:
        """Say on every answer that the base is old and which address replaces it. Source: RFC 9745, RFC 8594."""
        if self._sunset_at is not None and time.time() >= self._sunset_at:
            raise Refusal("gone")
        if self._deprecated_at is not None:
            exchange.lines.append(b"Deprecation: @%d\r\n" % self._deprecated_at)
        if self._sunset_at is not None:
            stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._sunset_at))
            exchange.lines.append(f"Sunset: {stamp}\r\n".encode())
        successor = f'Link: <{self._public_url}{BASE}{target.encoded}>; rel="successor-version"\r\n'
        exchange.lines.append(successor.encode())

    async def _admit(self, exchange: Exchange, route: Route) -> None:
        """Find out who calls and count the request; a bad token is counted as the address's."""
        assert exchange.incoming is not None
        method = exchange.request.method
        refused: Refusal | None = None
        if not route.raw:
            try:
                exchange.claims, exchange.token = await self._authenticator.authenticate(
                    exchange.incoming.authorization, route
                )
            except Refusal as refusal:
                refused = refusal
        told = self._limiter.check(route, method, exchange.claims, exchange.address)
        lines = told if isinstance(told, bytes) else await told
        if refused is not None:
            raise refused
        if lines:
            exchange.lines.append(lines)

    async def _forward(self, exchange: Exchange, route: Route, target: Target) -> StreamResponse:
        assert exchange.incoming is not None
        request, incoming = exchange.request, exchange.incoming
        has_body = request.can_read_body
        body = await self._bodies.read(request, incoming, route) if has_body else b""
        try:
            upstream = self._upstream_request(exchange, incoming, route, target, body, has_body=has_body)
            began = perf_counter()
            try:
                answer = await self._services[route.service].exchange(upstream)
            finally:
                exchange.service_seconds = perf_counter() - began
        finally:
            self._bodies.release(len(body))
        return await self._relay(exchange, route, answer)

    async def _upload(self, exchange: Exchange, route: Route, target: Target) -> StreamResponse:
        """Pass a large body on as it comes; an answer that comes before its end stands."""
        assert exchange.incoming is not None
        length, chunks = self._bodies.stream(exchange.request, exchange.incoming, route)
        upstream = self._upstream_request(exchange, exchange.incoming, route, target, b"", length=length, has_body=True)
        service = self._services[route.service]
        began = perf_counter()
        connection, coming = await service.begin(upstream)
        try:
            async for chunk in chunks:
                await connection.write(chunk)
                if coming.done():
                    break
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
        return await self._relay(exchange, route, answer)

    async def _relay(self, exchange: Exchange, route: Route, answer: Answer) -> GatewayResponse:
        if answer.stream is not None and answer.status >= 400 and not route.raw:
            answer.body = await _small_body(answer)
            answer.stream = None
        return self._answers.relay(exchange, route, answer)

    def _upstream_request(
        self,
        exchange: Exchange,
        incoming: Incoming,
        route: Route,
        target: Target,
        body: bytes,
        *,
        has_body: bool,
        length: int | None = None,
    ) -> UpstreamRequest:
        method = exchange.request.method
        path = route.target or target.path
        encoded = route.target or target.encoded
        query = f"?{target.query}" if target.query else ""
        headers = self._headers(exchange, target, route, path)
        if has_body:
            headers += b"Content-Length: %d\r\n" % (len(body) if length is None else length)
        return UpstreamRequest(
            method,
            f"{method} {encoded}{query} HTTP/1.1\r\n".encode(),
            headers + b"\r\n",
            body,
            route.answer_seconds(method, incoming.wait_seconds if route.waits else 0),
        )

    def _headers(self, exchange: Exchange, target: Target, route: Route, path: str) -> bytes:
        """Return the header lines for the service: the client's own, then what only the gateway may say."""
        incoming = exchange.incoming
        assert incoming is not None
        request_id, address = incoming.request_id, exchange.address
        edge = sign_edge(
            self._edge_key,
            method=exchange.request.method,
            path=path,
            ip=address,
            request_id=request_id,
            now=int(time.time()),
        )
        lines = incoming.passed
        if route.raw and not route.ignore_token:
            for value in incoming.authorization:
                lines += (b"Authorization: ", value, b"\r\n")
        elif exchange.token:
            lines += (b"Authorization: Bearer ", exchange.token.encode(), b"\r\n")
        lines.append(
            f"X-Request-Id: {request_id}\r\ntraceparent: {incoming.traceparent}\r\nX-Forwarded-For: {address}\r\n"
            f"X-Estuary-Base: {target.base or BASE}\r\nEstuary-Edge: {edge}\r\n"
            "Accept-Encoding: identity\r\n".encode()
        )
        lines.append(self._forwarded)
        if self._country_header and self._addresses.is_trusted(exchange.request.remote or ""):
            country = incoming.get(self._country_header)
            if len(country) == 2 and country.isalpha():
                lines += (b"X-Estuary-Country: ", country.upper(), b"\r\n")
        return b"".join(lines)


async def _small_body(answer: Answer) -> bytes:
    """Read an error's body that did not come whole; a huge one is nothing that we could show."""
    assert answer.stream is not None
    chunks, size = [], 0
    try:
        async for chunk in answer.stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ERROR_BYTES * 4:
                return b""
    except UpstreamError:
        return b""
    finally:
        if answer.abandon is not None:
            answer.abandon()
    return b"".join(chunks)
