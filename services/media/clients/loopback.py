"""Fetching from a recorder on this very host. Nothing else is ever fetched by address."""

import http.client
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = 20.0


def is_loopback(url: str) -> bool:
    """Whether an address is plain HTTP of this host, by number: a name could mean another one tomorrow."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def fetch_from_loopback(url: str, to: Path, *, bytes_max: int) -> None:
    """Write what the address answers into `to`; redirects are not followed. Raises OSError for anything but that."""
    parts = urlsplit(url)
    if not is_loopback(url) or parts.hostname is None:
        raise OSError("only this host is asked")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=SECONDS)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f"the recorder answered {answer.status}")
        size = 0
        with to.open("wb") as target:
            while chunk := answer.read(1 << 20):
                size += len(chunk)
                if size > bytes_max:
                    raise OSError("the recording is too large")
                target.write(chunk)
    except http.client.HTTPException as broken:
        raise OSError("the recorder answered something broken") from broken
    finally:
        connection.close()
