"""From a service's answer to the client's: headers sorted, body in its envelope, errors in one form."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from time import perf_counter

from gateway.compression import MIN_BYTES, Coding, choose, compress, compress_stream, is_text
from gateway.cors import Cors, SecurityHeaders
from gateway.envelope import Wrapping, opening, wrap, wrap_error
from gateway.errors import Refusal, error_envelope
from gateway.exchange import Exchange
from gateway.responses import GatewayResponse, date_line, header_lines
from gateway.routes import Route
from gateway.upstream_answers import BODYLESS, Answer

_JSON = b"application/json"
_JSON_LINE = b"Content-Type: application/json\r\n"
_NO_STORE = b"Cache-Control: no-store\r\n"
_UNWRAPPED = frozenset({204, 206, *range(300, 400)})
_VARY = b"Vary: Origin\r\n"
_VARY_CODED = b"Vary: Origin, Accept-Encoding\r\n"


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
        if route.raw:
            return self._relay_raw(exchange, route, answer)
        said, status, lines = answer.said, answer.status, answer.lines
        content_type, coded = said.get(b"content-type", b""), b"content-encoding" in said
        head_only = exchange.method == "HEAD"
        if status >= 400:
            body = wrap_error(answer.body, status, exchange.request_id)
            content_type, answer = _JSON, Answer(status, said, lines, body)
        elif status not in _UNWRAPPED and not coded:
            content_type = self._wrap(route, answer, content_type, head_only=head_only)
        etag = said.get(b"etag")
        if etag is not None:
            # Wrapped and compressed, the bytes are not those the service tagged.
            lines += (b"ETag: ", etag if etag[:2] == b"W/" else b"W/" + etag, b"\r\n")
        if content_type:
            lines += (b"Content-Type: ", content_type, b"\r\n")
        if exchange.claims is not None and b"cache-control" not in said:
            lines.append(_NO_STORE)
        text = route.compress and not coded and is_text(content_type)
        if text and (len(answer.body) >= MIN_BYTES or answer.stream is not None):
            accepted = exchange.said.said.get(b"accept-encoding")
            if accepted:
                _compress(answer, choose(accepted), lines)
        lines += exchange.lines
        lines.append(self._tails[text, b"content-security-policy" in said])
        if head_only:
            answer = Answer(status, said, lines, b"")
        return self._finish(exchange, answer, lines, bodyless=head_only or status in BODYLESS)

    def _relay_raw(self, exchange: Exchange, route: Route, answer: Answer) -> GatewayResponse:
        """Return the answer byte for byte."""
        said, lines = answer.said, answer.lines
        for name, key in ((b"ETag: ", b"etag"), (b"Content-Type: ", b"content-type")):
            if key in said:
                lines += (name, said[key], b"\r\n")
        head_only = exchange.method == "HEAD"
        if head_only and answer.length is not None:
            lines.append(b"Content-Length: %d\r\n" % answer.length)
        lines += exchange.lines
        lines.append(self._tails[False, route.public_bytes or b"content-security-policy" in said])
        return self._finish(exchange, answer, lines, bodyless=head_only or answer.status in BODYLESS)

    def _wrap(self, route: Route, answer: Answer, content_type: bytes, *, head_only: bool) -> bytes:
        """Put a JSON answer, or an empty one, into its envelope; anything else stays as it is. Return its type."""
        if not content_type.startswith(_JSON):
            if content_type or answer.body or answer.stream is not None or head_only:
                return content_type
            content_type = _JSON
        message = answer.said.get(b"estuary-message")
        if answer.stream is None:
            if not head_only:
                answer.body = wrap(answer.body, answer.status, message, route.flat)
            return content_type
        wrapping = Wrapping(opening(answer.status, message))
        answer.stream = _around(wrapping, answer.stream)
        if answer.length is not None:
            answer.length += wrapping.size
        return content_type

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
        answer = Answer(status, {}, [], body)
        return self._finish(exchange, answer, head, bodyless=status in BODYLESS, close=close)

    def refusal(self, exchange: Exchange, refusal: Refusal) -> GatewayResponse:
        """Return the error envelope of a refusal."""
        exchange.code = refusal.code
        body = error_envelope(message=refusal.message, code=refusal.code, request_id=exchange.request_id)
        lines = _JSON_LINE + _NO_STORE + header_lines(refusal.headers)
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
            lines,
            answer.body,
            stream=answer.stream,
            length=answer.length,
            bodyless=bodyless,
            close=close or self.draining,
            sent=partial(self._finished, exchange, answer.status),
            abandon=answer.abandon,
        )


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
