"""Names of people."""

import re
from zoneinfo import available_timezones

_LINK = re.compile(r"://|www\.", re.IGNORECASE)
_PHONE_NOISE = re.compile(r"[\s\-()]")
_PHONE = re.compile(r"\+?1?[0-9]{9,15}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def full_name(first: str, last: str) -> str:
    """Return both names with one blank between; empty when both are."""
    return f"{first} {last}".strip()


def contains_link(name: str) -> bool:
    """Say whether a name carries an address: names are printed in mails, which must not advertise."""
    return _LINK.search(name) is not None


def phone_number(typed: str) -> str | None:
    """Return the number without blanks, dashes and brackets; None when it is empty.

    Raises ValueError when it is no phone number.
    """
    number = _PHONE_NOISE.sub("", typed)
    if not number:
        return None
    if not _PHONE.fullmatch(number):
        raise ValueError("not a phone number")
    return number


def is_locale(name: str) -> bool:
    """Say whether the name has the form of a BCP 47 language tag."""
    return len(name) <= 35 and _LOCALE.fullmatch(name) is not None


def is_timezone(name: str) -> bool:
    """Say whether this is the name of an IANA time zone."""
    return name in available_timezones()
