"""Small rules about texts: slugs, short forms, amounts."""

import re
import unicodedata

RESERVED_SLUGS = frozenset(
    {
        *("search", "apply", "my_profile", "my-profile", "stats", "clients", "featured", "facets", "autocomplete"),
        *("batch", "by-slug", "limits", "analytics", "earnings", "transactions", "balance", "payouts"),
        *("request_payout", "request-payout"),
    }
)
SLUG_MAX = 100


def slug_of(name: str, *, token: str) -> str:
    """Return the ASCII slug of a name; `token` (letters and digits) makes one up where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[: SLUG_MAX - 8].strip("-")
    if not slug:
        return f"practitioner-{token}"
    return f"{slug}-s" if slug.isdigit() or slug in RESERVED_SLUGS else slug


def is_slug(text: str) -> bool:
    """Tell whether somebody may choose this slug."""
    return (
        re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) is not None
        and len(text) <= SLUG_MAX
        and not text.isdigit()
        and text not in RESERVED_SLUGS
    )


def short_text(text: str | None, *, length: int = 150) -> str | None:
    """Return at most `length` characters, cut at a word."""
    if text is None or len(text) <= length:
        return text
    cut = text[: length + 1].rpartition(" ")[0] or text[:length]
    return f"{cut.rstrip(' ,.;:')[: length - 1]}…"


def dollars_text(cents: int) -> str:
    """Return `$1,234.56`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def full_name(first: str | None, last: str | None) -> str:
    """Return first and last name, without gaps."""
    return " ".join(part for part in (first, last) if part)


def percent_change(now: int, before: int) -> float:
    """Return the change in percent, one place; from nothing it is 100, or 0 if there is still nothing."""
    if before == 0:
        return 100.0 if now > 0 else 0.0
    tenths = (1000 * (now - before) * 2 + before) // (2 * before)
    return tenths / 10


def percentage(part: int, whole: int) -> float:
    """Return a share in percent, two places, half up; 0 of nothing."""
    return (10_000 * part * 2 + whole) // (2 * whole) / 100 if whole else 0.0


def place_key(name: str | None) -> str:
    """Return a place's name as it is compared: no accents, no case, single spaces."""
    plain = unicodedata.normalize("NFKD", (name or "").replace("ß", "ss"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).lower().split())
