"""Which web pages may call, and the headers that every answer carries."""

from gateway.incoming import Incoming

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REQUEST_HEADERS = (
    "authorization, content-type, idempotency-key, if-match, if-none-match, prefer, x-request-id, traceparent, "
    "tracestate, x-csrftoken, x-requested-with, dnt, accept-language"
)
_EXPOSED = (
    "ETag, Link, Deprecation, Sunset, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, X-Request-Id, Idempotent-Replayed, Preference-Applied, Content-Disposition, Location"
)
MAX_AGE_SECONDS = 600
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
DOCS_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:"


class Cors:
    """Origins are compared exactly; anything else gets no CORS header, so the browser keeps the answer from it."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._lines = {
            origin.encode(): (
                f"Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"
            ).encode()
            for origin in origins
        }
        self._exposed = f"Access-Control-Expose-Headers: {_EXPOSED}\r\n".encode()
        self._preflight = (
            f"Access-Control-Allow-Methods: {METHODS}\r\nAccess-Control-Allow-Headers: {_REQUEST_HEADERS}\r\n"
            f"Access-Control-Max-Age: {MAX_AGE_SECONDS}\r\n"
        ).encode()

    def allows(self, origin: bytes) -> bool:
        """Say whether pages of that origin may call."""
        return origin in self._lines

    def lines(self, origin: bytes) -> bytes:
        """Return the header lines for an ordinary answer."""
        allowed = self._lines.get(origin) if origin else None
        return allowed + self._exposed if allowed else b""

    def preflight(self, incoming: Incoming) -> tuple[int, bytes]:
        """Return status and header lines of the answer to OPTIONS, beyond those of every answer (`lines`)."""
        origin = incoming.get(b"origin")
        if not origin:
            return 204, f"Allow: {METHODS}\r\n".encode()
        return (204, self._preflight) if self.allows(origin) else (403, b"")


class SecurityHeaders:
    """The lines that tell browsers what not to do with an answer."""

    def __init__(self, *, https: bool) -> None:
        strict = "Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n" if https else ""
        common = f"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n{strict}"
        framing = "X-Frame-Options: DENY\r\n"
        self.api = (
            f"{common}{framing}Cross-Origin-Resource-Policy: same-site\r\nContent-Security-Policy: {_API_POLICY}\r\n"
        ).encode()
        self.docs = (
            f"{common}{framing}Cross-Origin-Resource-Policy: same-site\r\nContent-Security-Policy: {DOCS_POLICY}\r\n"
        ).encode()
        # Public files are shown by other sites; their service says what may run in them.
        self.public_bytes = (f"{common}Cross-Origin-Resource-Policy: cross-origin\r\n").encode()
