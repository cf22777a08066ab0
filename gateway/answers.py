"""From a service's answer to the client's: headers sorted, body in its envelope, errors in one form."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import perf_counter

from gateway.compression import MIN_BYTES, Coding, choose, compress, compress_stream, is_text
from gateway.cors import Cors, SecurityHeaders
from gateway.envelope import Wrapping, opening, wrap, wrap_error
from gateway.errors import Refusal, error_envelope
from gateway.exchange import Exchange
from gateway.responses import GatewayResponse, date_line, header_lines
from gateway.routes import Route
from gateway.upstream_answers import Answer, Headers

MAX_ERROR_BYTES = 64 * 1024
_JSON = b"Content-Type: application/json\r\n"
_NO_STORE = b"Cache-Control: no-store\r\n"
_VARY = b"Vary: Origin\r\n"
_VARY_CODED = b"Vary: Origin, Accept-Encoding\r\n"
_DROPPED = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"content-length", b"upgrade",
        b"trailer", b"server", b"date", b"x-powered-by", b"x-request-id", b"estuary-message", b"content-type",
        b"x-content-type-options", b"x-frame-options", b"referrer-policy", b"cross-origin-resource-policy",
        b"strict-transport-security", b"access-control-allow-origin", b"access-control-allow-credentials",
        b"proxy-authenticate", b"set-cookie2", b"estuary-edge", b"traceparent",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Sorted:
    """A service's headers: lines to pass on, and what the gateway decides by."""

    lines: list[bytes]
    content_type: bytes = b""
    message: bytes | None = None
    caching: bool = False
    policy: bool = False
    coded: bool = False


class Answers:
    """Makes the responses; `finished` is told of every one when its last byte is written."""

    def __init__(
        self,
        cors: Cors,
        security: SecurityHeaders,
        *,
        diagnostics: bool,
        instance: str,
        finished: Callable[[Exchange, int, int], None],
    ) -> None:
        self._cors = cors
        self._security = security
        self._diagnostics = diagnostics
        self._instance = f"X-Estuary-Instance: {instance}\r\n".encode() if diagnostics else b""
        self._finished = finished

    def relay(self, exchange: Exchange, route: Route, answer: Answer) -> GatewayResponse:
        """Return the client's answer for a service's one, apart from error answers that stream (`error`)."""
        sorted_, abandon = _sort(answer.headers), answer.abandon
        status = answer.status
        head_only = exchange.request.method == "HEAD"
        json = sorted_.content_type.startswith(b"application/json")
        empty = not answer.body and answer.stream is None
        wraps = not route.raw and 200 <= status < 300 and status not in {204, 206}
        if not route.raw and status >= 400:
            body = wrap_error(answer.body, status, exchange.request_id)
            sorted_.content_type, answer = b"application/json", Answer(status, answer.headers, body)
        elif wraps and (json or (empty and not head_only and not sorted_.content_type)):
            sorted_.content_type = b"application/json"
            if answer.stream is None and not head_only:
                answer.body = wrap(answer.body, status, sorted_.message, route.flat)
            elif answer.stream is not None:
                self._wrap_stream(answer, sorted_.message)
        response = self._respond(exchange, route, sorted_, answer, head_only=head_only, wraps=wraps and json)
        response.abandon = abandon
        return response

    def own(
        self,
        exchange: Exchange,
        status: int,
        lines: bytes,
        body: bytes = b"",
        *,
        close: bool = False,
        docs: bool = False,
    ) -> GatewayResponse:
        """Return an answer of the gateway's own."""
        head = [lines, _VARY, *exchange.lines, self._security.docs if docs else self._security.api]
        return self._finish(exchange, status, head, body, bodyless=status in {204, 304}, close=close)

    def refusal(self, exchange: Exchange, refusal: Refusal) -> GatewayResponse:
        """Return the error envelope of a refusal."""
        exchange.code = refusal.code
        body = error_envelope(message=refusal.message, code=refusal.code, request_id=exchange.request_id)
        lines = _JSON + _NO_STORE + header_lines(refusal.headers)
        return self.own(exchange, refusal.status, lines, body, close=refusal.close)

    def _respond(
        self, exchange: Exchange, route: Route, sorted_: _Sorted, answer: Answer, *, head_only: bool, wraps: bool
    ) -> GatewayResponse:
        lines = sorted_.lines
        if sorted_.content_type:
            lines += (b"Content-Type: ", sorted_.content_type, b"\r\n")
        if exchange.claims is not None and not sorted_.caching:
            lines.append(_NO_STORE)
        text = route.compress and not route.raw and not sorted_.coded and is_text(sorted_.content_type)
        if text and not head_only:
            self._compress(exchange, answer, lines)
        lines.append(_VARY_CODED if text else _VARY)
        lines += exchange.lines
        lines.append(self._security.public_bytes if route.public_bytes or sorted_.policy else self._security.api)
        if head_only:
            if answer.length is not None and not wraps and not text:
                lines.append(b"Content-Length: %d\r\n" % answer.length)
            return self._finish(exchange, answer.status, lines, bodyless=True)
        bodyless = answer.status in {204, 304}
        return self._finish(
            exchange, answer.status, lines, answer.body, stream=answer.stream, length=answer.length, bodyless=bodyless
        )

    def _compress(self, exchange: Exchange, answer: Answer, lines: list[bytes]) -> None:
        large = len(answer.body) >= MIN_BYTES or answer.stream is not None
        coding: Coding = ""
        if large and exchange.incoming is not None:
            coding = choose(exchange.incoming.get(b"accept-encoding"))
        if not coding:
            return
        lines.append(b"Content-Encoding: br\r\n" if coding == "br" else b"Content-Encoding: gzip\r\n")
        if answer.stream is None:
            answer.body = compress(answer.body, coding)
        else:
            answer.stream, answer.length = compress_stream(answer.stream, coding), None

    def _wrap_stream(self, answer: Answer, message: bytes | None) -> None:
        assert answer.stream is not None
        wrapping = Wrapping(opening(answer.status, message))
        answer.stream = _around(wrapping, answer.stream)
        if answer.length is not None:
            answer.length += wrapping.size

    def _finish(
        self,
        exchange: Exchange,
        status: int,
        lines: list[bytes],
        body: bytes = b"",
        *,
        stream: AsyncIterator[bytes] | None = None,
        length: int | None = None,
        bodyless: bool = False,
        close: bool = False,
    ) -> GatewayResponse:
        lines.append(date_line())
        if exchange.incoming is not None:
            lines += (b"X-Request-Id: ", exchange.incoming.request_id.encode(), b"\r\n")
            origin = exchange.incoming.get(b"origin")
            if origin and (exchange.route is None or exchange.route.cors):
                lines.append(self._cors.lines(origin))
        if self._diagnostics:
            own_ms = (perf_counter() - exchange.started - exchange.service_seconds) * 1000
            lines.append(
                b"Server-Timing: gw;dur=%.2f, svc;dur=%.2f\r\n%b"
                % (own_ms, exchange.service_seconds * 1000, self._instance)
            )
        return GatewayResponse(
            status,
            b"".join(lines),
            body,
            stream=stream,
            length=length,
            bodyless=bodyless,
            close=close,
            sent=lambda size: self._finished(exchange, status, size),
        )


def _sort(headers: Headers) -> _Sorted:
    lines: list[bytes] = []
    sorted_ = _Sorted(lines)
    for name, value in headers:
        if name not in _DROPPED:
            if name == b"etag":
                # Wrapped and compressed, the bytes are not those the service tagged.
                value = value if value.startswith(b"W/") else b"W/" + value  # noqa: PLW2901 (one name for one thing)
            elif name == b"cache-control":
                sorted_.caching = True
            elif name == b"content-security-policy":
                sorted_.policy = True
            elif name == b"content-encoding":
                sorted_.coded = True
            lines += (name, b": ", value, b"\r\n")
        elif name == b"content-type":
            sorted_.content_type = value
        elif name == b"estuary-message":
            sorted_.message = value
    return sorted_


async def _around(wrapping: Wrapping, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield wrapping.opening
    async for chunk in chunks:
        yield chunk
    yield wrapping.closing
