"""Where a payer may be sent back to."""

from collections.abc import Sequence
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def may_lead_to(url: str, origins: Sequence[str]) -> bool:
    """Whether an address is on the web and of one of these origins; without any, on whichever host.

    Origins compare by scheme, host and port, however they are written.
    """
    origin = _origin(url)
    return origin is not None and (not origins or origin in {_origin(one) for one in origins})


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not host:
        return None
    return parts.scheme, host if host.isascii() else host.encode("idna").decode(), port or DEFAULT_PORTS[parts.scheme]
