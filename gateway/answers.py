"""From a service's answer to the client's: headers sorted, body in its envelope, errors in one form."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
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
_BODYLESS = frozenset({204, 304})
_UNWRAPPED = frozenset({204, 206, *range(300, 400)})
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
class _Told:
    """A service's headers: lines to pass on, and what the gateway decides by."""

    lines: list[bytes]
    content_type: bytes = b""
    message: bytes | None = None
    caching: bool = False
    policy: bool = False
    coded: bool = False


class Answers:
    """Makes the responses; `finished` is told of every one when its last byte is written.

    While `draining`, every answer asks its client to connect anew, which leads to another process.
    """

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
        self._diagnostics = diagnostics
        self._instance = f"X-Estuary-Instance: {instance}\r\n".encode() if diagnostics else b""
        self._finished = finished
        self.draining = False
        # By whether the answer may be compressed, and whether its service (or its being public) sets the policy.
        self._tails = {
            (text, public): vary + (security.public_bytes if public else security.api)
            for text, vary in ((False, _VARY), (True, _VARY_CODED))
            for public in (False, True)
        }
        self._docs_tail = _VARY + security.docs

    def relay(self, exchange: Exchange, route: Route, answer: Answer) -> GatewayResponse:
        """Return the client's answer for a service's; an error's body must be whole."""
        told, status = _sort(answer.headers, untouched=route.raw), answer.status
        if route.raw:
            return self._relay_raw(exchange, route, answer, told)
        head_only = exchange.method == "HEAD"
        if status >= 400:
            body = wrap_error(answer.body, status, exchange.request_id)
            told.content_type, answer = b"application/json", Answer(status, answer.headers, body)
        elif status not in _UNWRAPPED and not told.coded:
            self._wrap(route, answer, told, head_only=head_only)
        lines = told.lines
        if told.content_type:
            lines += (b"Content-Type: ", told.content_type, b"\r\n")
        if exchange.claims is not None and not told.caching:
            lines.append(_NO_STORE)
        text = route.compress and not told.coded and is_text(told.content_type)
        if text and (len(answer.body) >= MIN_BYTES or answer.stream is not None):
            accepted = exchange.said.said.get(b"accept-encoding")
            if accepted:
                _compress(answer, choose(accepted), lines)
        lines += exchange.lines
        lines.append(self._tails[text, told.policy])
        if head_only:
            answer = Answer(status, answer.headers, b"")
        return self._finish(exchange, answer, lines, bodyless=head_only or status in _BODYLESS)

    def _relay_raw(self, exchange: Exchange, route: Route, answer: Answer, told: "_Told") -> GatewayResponse:
        """Return the answer byte for byte."""
        lines = told.lines
        if told.content_type:
            lines += (b"Content-Type: ", told.content_type, b"\r\n")
        head_only = exchange.method == "HEAD"
        if head_only and answer.length is not None:
            lines.append(b"Content-Length: %d\r\n" % answer.length)
        lines += exchange.lines
        lines.append(self._tails[False, route.public_bytes or told.policy])
        return self._finish(exchange, answer, lines, bodyless=head_only or answer.status in _BODYLESS)

    def _wrap(self, route: Route, answer: Answer, told: "_Told", *, head_only: bool) -> None:
        """Put a JSON answer, or an empty one, into its envelope; anything else stays as it is."""
        if not told.content_type.startswith(b"application/json"):
            if told.content_type or answer.body or answer.stream is not None or head_only:
                return
            told.content_type = b"application/json"
        if answer.stream is None:
            if not head_only:
                answer.body = wrap(answer.body, answer.status, told.message, route.flat)
            return
        wrapping = Wrapping(opening(answer.status, told.message))
        answer.stream = _around(wrapping, answer.stream)
        if answer.length is not None:
            answer.length += wrapping.size

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
        head = [lines, *exchange.lines, self._docs_tail if docs else self._tails[False, False]]
        answer = Answer(status, [], body)
        return self._finish(exchange, answer, head, bodyless=status in _BODYLESS, close=close)

    def refusal(self, exchange: Exchange, refusal: Refusal) -> GatewayResponse:
        """Return the error envelope of a refusal."""
        exchange.code = refusal.code
        body = error_envelope(message=refusal.message, code=refusal.code, request_id=exchange.request_id)
        lines = _JSON + _NO_STORE + header_lines(refusal.headers)
        return self.own(exchange, refusal.status, lines, body, close=refusal.close)

    def _finish(
        self, exchange: Exchange, answer: Answer, lines: list[bytes], *, bodyless: bool, close: bool = False
    ) -> GatewayResponse:
        """Add what every answer carries."""
        lines += (date_line(), b"X-Request-Id: ", exchange.request_id.encode(), b"\r\n")
        incoming = exchange.incoming
        if incoming is not None and exchange.cors and b"origin" in incoming.said:
            lines.append(self._cors.lines(incoming.said[b"origin"]))
        if self._diagnostics:
            own_ms = (perf_counter() - exchange.started - exchange.service_seconds) * 1000
            lines.append(
                b"Server-Timing: gw;dur=%.2f, svc;dur=%.2f\r\n%b"
                % (own_ms, exchange.service_seconds * 1000, self._instance)
            )
        return GatewayResponse(
            answer.status,
            b"".join(lines),
            answer.body,
            stream=answer.stream,
            length=answer.length,
            bodyless=bodyless,
            close=close or self.draining,
            sent=partial(self._finished, exchange, answer.status),
            abandon=answer.abandon,
        )


def _sort(headers: Headers, *, untouched: bool) -> _Told:
    lines: list[bytes] = []
    told = _Told(lines)
    for name, value in headers:
        if name not in _DROPPED:
            if name == b"etag" and not untouched:
                # Wrapped and compressed, the bytes are not those the service tagged.
                value = value if value.startswith(b"W/") else b"W/" + value  # noqa: PLW2901 (one name for one thing)
            elif name == b"cache-control":
                told.caching = True
            elif name == b"content-security-policy":
                told.policy = True
            elif name == b"content-encoding":
                told.coded = True
            lines += (name, b": ", value, b"\r\n")
        elif name == b"content-type":
            told.content_type = value
        elif name == b"estuary-message":
            told.message = value
    return told


def _compress(answer: Answer, coding: Coding, lines: list[bytes]) -> None:
    if not coding:
        return
    lines.append(f"Content-Encoding: {coding}\r\n".encode())
    if answer.stream is None:
        answer.body = compress(answer.body, coding)
    else:
        answer.stream, answer.length = compress_stream(answer.stream, coding), None


async def _around(wrapping: Wrapping, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield wrapping.opening
    async for chunk in chunks:
        yield chunk
    yield wrapping.closing
