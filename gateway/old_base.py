"""What is said about the base that is old."""

import time

from gateway.errors import Refusal
from gateway.paths import BASE
from gateway.settings import GatewaySettings, unix_seconds


class OldBase:
    """Tells on every answer that the base is old and which address replaces it. Source: RFC 9745, RFC 8594."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._deprecated_at = unix_seconds(settings.api_v1_deprecated_at)
        self._sunset_at = unix_seconds(settings.api_v1_sunset)

    def lines(self, public: str) -> list[bytes]:
        """Return the header lines for an answer to that encoded path. Raises Refusal: gone, once it is."""
        if self._sunset_at is not None and time.time() >= self._sunset_at:
            raise Refusal("gone")
        lines = [f'Link: <{self._public_url}{BASE}{public}>; rel="successor-version"\r\n'.encode()]
        if self._deprecated_at is not None:
            lines.append(b"Deprecation: @%d\r\n" % self._deprecated_at)
        if self._sunset_at is not None:
            stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._sunset_at))
            lines.append(f"Sunset: {stamp}\r\n".encode())
        return lines
