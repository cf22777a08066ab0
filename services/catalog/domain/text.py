"""Names and addresses of services."""

import re
import unicodedata
from secrets import token_hex

from services.catalog.domain.words import RESERVED_SLUGS

SLUG_MAX = 100


def slug_of(name: str, *, kind: str = "service") -> str:
    """Return the address that a name suggests: ascii, never all digits, empty or reserved."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: SLUG_MAX - 12].strip("-")
    if not slug:
        return f"{kind}-{token_hex(3)}"
    if slug.isdigit() or slug in RESERVED_SLUGS:
        return f"{slug}-s"
    return slug


def numbered(slug: str, number: int) -> str:
    """Return the slug with a number behind, for the second of the same name."""
    return slug if number < 2 else f"{slug[: SLUG_MAX - 8]}-{number}"


def copy_name(name: str) -> str:
    """Return the name of a duplicate."""
    return f"{name[:248]} (Copy)"


def duration_display(minutes: int) -> str:
    """Return `1h 30m`, `2h` or `45m`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}m"
    return f"{hours}h {rest}m" if rest else f"{hours}h"
