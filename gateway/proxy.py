"""The way of a request through the gateway, step by step."""

import asyncio
import logging
import re
import time
from time import perf_counter

from aiohttp.web import StreamResponse

from gateway.addresses import ClientAddresses
from gateway.answers import MAX_ERROR_BYTES, Answers
from gateway.authentication import Authenticator
from gateway.bodies import Bodies
from gateway.client_request import ClientRequest
from gateway.cors import METHODS, Cors
from gateway.errors import Refusal
from gateway.exchange import Exchange
from gateway.incoming import Incoming, read_headers
from gateway.limits import Limiter
from gateway.own import OwnPages
from gateway.paths import BASE, OLD_BASE
from gateway.places import Place, Places
from gateway.pool import Service, UpstreamRequest
from gateway.routes import GATEWAY, WRITES, Route
from gateway.settings import GatewaySettings, unix_seconds
from gateway.sockets import Sockets
from gateway.upstream_answers import Answer, ClientGone, UpstreamError
from shared.identity.edge import sign_edge

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_COUNTRY = re.compile(r"[A-Z]{2}")
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
        self._edge_key = settings.edge_key.encode()
        self._country_header = settings.country_header.lower().encode()
        public = settings.public_url.rstrip("/")
        self._public_url = public
        scheme, _, host = public.partition("://")
        self._forwarded = f"X-Forwarded-Proto: {scheme}\r\nX-Forwarded-Host: {host}\r\n"
        self._deprecated_at = unix_seconds(settings.api_v1_deprecated_at)
        self._sunset_at = unix_seconds(settings.api_v1_sunset)

    async def __call__(self, request: ClientRequest) -> StreamResponse:
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
        request, method = exchange.request, exchange.method
        if method in _REFUSED_METHODS:
            raise Refusal("bad_request", close=True)
        exchange.incoming = incoming = read_headers(request.raw_headers)
        exchange.request_id = incoming.request_id
        host = incoming.said[b"host"].decode("latin-1")
        exchange.place, exchange.query = place, _ = self._places.find(request.raw_path, host)
        if method not in _METHODS:
            raise Refusal("method_not_allowed", headers=[("Allow", METHODS)])
        if place.base == OLD_BASE:
            self._mark_old_base(exchange, place)
        route = place.route
        if route is None:
            return self._nowhere(exchange, place)
        exchange.pattern, exchange.service, exchange.cors = place.pattern, route.service, route.cors
        if method == "OPTIONS" and route.cors:
            return self._answers.own(exchange, *self._cors.preflight(incoming))
        if route.methods is not None and method not in route.methods:
            raise Refusal("method_not_allowed", headers=[("Allow", ", ".join(sorted(route.methods)))])
        exchange.address = self._addresses.find(request.remote, incoming.get(b"x-forwarded-for"))
        await self._admit(exchange, route, incoming)
        if route.websocket:
            return await self._sockets.serve(exchange, place, self._headers(exchange, place, route, incoming))
        if b"upgrade" in incoming.said:
            raise Refusal("bad_request", "There is nothing to upgrade to here.", close=True)
        if route.service == GATEWAY:
            return await self._own.serve(exchange, place)
        if route.streamed and method in WRITES:
            return await self._upload(exchange, place, route, incoming)
        return await self._forward(exchange, place, route, incoming)

    def _nowhere(self, exchange: Exchange, place: Place) -> StreamResponse:
        if place.path != "/" or place.base:
            raise Refusal("not_found")
        return self._answers.own(exchange, 302, f"Location: {self._public_url}{BASE}/docs/\r\n".encode())

    def _mark_old_base(self, exchange: Exchange, place: Place) -> None:
        """Say on every answer that the base is old and which address replaces it. Source: RFC 9745, RFC 8594."""
        if self._sunset_at is not None and time.time() >= self._sunset_at:
            raise Refusal("gone")
        if self._deprecated_at is not None:
            exchange.lines.append(b"Deprecation: @%d\r\n" % self._deprecated_at)
        if self._sunset_at is not None:
            stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._sunset_at))
            exchange.lines.append(f"Sunset: {stamp}\r\n".encode())
        successor = f'Link: <{self._public_url}{BASE}{place.public}>; rel="successor-version"\r\n'
        exchange.lines.append(successor.encode())

    async def _admit(self, exchange: Exchange, route: Route, incoming: Incoming) -> None:
        """Find out who calls and count the request; a bad token is counted as the address's."""
        refused: Refusal | None = None
        if incoming.authorization and not route.raw:
            try:
                exchange.claims, exchange.token = await self._authenticator.authenticate(incoming.authorization, route)
            except Refusal as refusal:
                refused = refusal
        told = self._limiter.check(route, exchange.method, exchange.claims, exchange.address)
        lines = told if isinstance(told, bytes) else await told
        if refused is not None:
            raise refused
        if lines:
            exchange.lines.append(lines)

    async def _forward(self, exchange: Exchange, place: Place, route: Route, incoming: Incoming) -> StreamResponse:
        body, length = b"", None
        if exchange.request.can_read_body:
            body = await self._bodies.read(exchange.request, incoming, route)
            length = len(body)
        try:
            upstream = self._upstream_request(exchange, place, route, incoming, body=body, length=length)
            began = perf_counter()
            try:
                answer = await self._services[route.service].exchange(upstream)
            finally:
                exchange.service_seconds = perf_counter() - began
        finally:
            if body:
                self._bodies.release(len(body))
        if answer.stream is not None and answer.status >= 400 and not route.raw:
            await _make_whole(answer)
        return self._answers.relay(exchange, route, answer)

    async def _upload(self, exchange: Exchange, place: Place, route: Route, incoming: Incoming) -> StreamResponse:
        """Pass a large body on as it comes; an answer that comes before its end stands."""
        length, chunks = self._bodies.stream(exchange.request, incoming, route)
        upstream = self._upstream_request(exchange, place, route, incoming, length=length)
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
        if answer.stream is not None and answer.status >= 400 and not route.raw:
            await _make_whole(answer)
        return self._answers.relay(exchange, route, answer)

    def _upstream_request(
        self,
        exchange: Exchange,
        place: Place,
        route: Route,
        incoming: Incoming,
        *,
        body: bytes = b"",
        length: int | None = None,
    ) -> UpstreamRequest:
        """Return what goes to the service; `length` is the body's, None when there is none."""
        method = exchange.method
        query = f"?{exchange.query}" if exchange.query else ""
        headers = self._headers(exchange, place, route, incoming)
        if length is not None:
            headers += b"Content-Length: %d\r\n" % length
        return UpstreamRequest(
            method,
            f"{method} {place.encoded}{query} HTTP/1.1\r\n".encode() + headers,
            body,
            route.answer_seconds(method, incoming.wait_seconds) if route.waits else route.usual_seconds(method),
        )

    def _headers(self, exchange: Exchange, place: Place, route: Route, incoming: Incoming) -> bytes:
        """Return the header lines for the service: the client's own, then what only the gateway may say."""
        request_id, address = exchange.request_id, exchange.address
        edge = sign_edge(
            self._edge_key,
            method=exchange.method,
            path=place.path,
            ip=address,
            request_id=request_id,
            now=int(time.time()),
        )
        authorization = ""
        if exchange.token:
            authorization = f"Authorization: Bearer {exchange.token}\r\n"
        elif route.raw and not route.ignore_token:
            authorization = "".join(f"Authorization: {value.decode('latin-1')}\r\n" for value in incoming.authorization)
        if self._country_header:
            authorization += self._country(exchange, incoming)
        said = (
            f"{authorization}X-Request-Id: {request_id}\r\ntraceparent: {incoming.traceparent}\r\n"
            f"X-Forwarded-For: {address}\r\n{self._forwarded}X-Estuary-Base: {place.base or BASE}\r\n"
            f"Estuary-Edge: {edge}\r\nAccept-Encoding: identity\r\n"
        )
        return b"".join((*incoming.passed, said.encode("latin-1")))

    def _country(self, exchange: Exchange, incoming: Incoming) -> str:
        """Return the header line that tells the client's country, when a proxy of ours says it."""
        country = incoming.get(self._country_header).decode("latin-1").upper()
        trusted = self._addresses.is_trusted(exchange.request.remote)
        return f"X-Estuary-Country: {country}\r\n" if trusted and _COUNTRY.fullmatch(country) else ""


async def _make_whole(answer: Answer) -> None:
    """Read an error's body that did not come whole; a huge one is nothing that we could show."""
    assert answer.stream is not None
    chunks, size = [], 0
    try:
        async for chunk in answer.stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ERROR_BYTES:
                chunks = []
                break
    except UpstreamError:
        chunks = []
    finally:
        if answer.abandon is not None:
            answer.abandon()
    answer.body, answer.stream = b"".join(chunks), None
