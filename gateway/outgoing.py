"""What a service is sent: the client's request, and what only the gateway may say about it."""

import re
import time

from gateway.addresses import ClientAddresses
from gateway.exchange import Exchange
from gateway.incoming import Incoming
from gateway.line import UpstreamRequest
from gateway.paths import BASE
from gateway.routes import WRITES, Route
from gateway.settings import GatewaySettings
from shared.identity.edge import sign_edge

_COUNTRY = re.compile(r"[A-Z]{2}")


class Outgoing:
    """Makes requests to services."""

    def __init__(self, settings: GatewaySettings, addresses: ClientAddresses) -> None:
        self._addresses = addresses
        self._edge_key = settings.edge_key.encode()
        self._country_header = settings.country_header.lower().encode()
        scheme, _, host = settings.public_url.rstrip("/").partition("://")
        self._forwarded = f"X-Forwarded-Proto: {scheme}\r\nX-Forwarded-Host: {host}\r\n"

    def request(self, exchange: Exchange, *, length: int | None = None) -> UpstreamRequest:
        """Return what goes to the service; `length` is that of a body that follows."""
        method, place, body = exchange.method, exchange.place, exchange.body
        query = f"?{exchange.query}" if exchange.query else ""
        if body is not None:
            length = len(body)
        framing = "" if length is None else f"Content-Length: {length}\r\n"
        head = f"{method} {place.encoded}{query} HTTP/1.1\r\n{framing}{self._said(exchange)}".encode("latin-1")
        return UpstreamRequest(
            method,
            head + exchange.said.passed,
            body or b"",
            _answer_seconds(exchange.route, method, exchange.said),
        )

    def headers(self, exchange: Exchange) -> bytes:
        """Return the header lines for the service: what only the gateway may say, and the client's own."""
        return self._said(exchange).encode("latin-1") + exchange.said.passed

    def _said(self, exchange: Exchange) -> str:
        """Return the header lines that only the gateway may write."""
        place, request_id, address = exchange.place, exchange.request_id, exchange.address
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
        elif exchange.route.raw and not exchange.route.ignore_token:
            given = exchange.said.authorization
            authorization = "".join(f"Authorization: {value.decode('latin-1')}\r\n" for value in given)
        if self._country_header:
            authorization += self._country(exchange, exchange.said)
        return (
            f"{authorization}X-Request-Id: {request_id}\r\ntraceparent: {exchange.traceparent}\r\n"
            f"X-Forwarded-For: {address}\r\n{self._forwarded}X-Estuary-Base: {place.base or BASE}\r\n"
            f"Estuary-Edge: {edge}\r\nAccept-Encoding: identity\r\n"
        )

    def _country(self, exchange: Exchange, incoming: Incoming) -> str:
        """Return the header line that tells the client's country, when a proxy of ours says it."""
        country = incoming.get(self._country_header).decode("latin-1").upper()
        trusted = self._addresses.is_trusted(exchange.request.remote)
        return f"X-Estuary-Country: {country}\r\n" if trusted and _COUNTRY.fullmatch(country) else ""


def _answer_seconds(route: Route, method: str, incoming: Incoming) -> float:
    """Return how long the service may take."""
    if route.waits and b"prefer" in incoming.said:
        return route.answer_seconds(method, incoming.wait_seconds)
    return route.write_seconds if method in WRITES else route.seconds
