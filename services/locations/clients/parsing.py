"""Taking addresses apart: usaddress's model for the United States, lines and commas elsewhere."""

import logging
import re
from typing import Any, Final

from services.locations.domain.addresses import Components, Question
from services.locations.domain.text import normalised

_STREET: Final = (
    *("AddressNumberPrefix", "AddressNumber", "AddressNumberSuffix", "StreetNamePreModifier"),
    *("StreetNamePreDirectional", "StreetNamePreType", "StreetName", "StreetNamePostType"),
    *("StreetNamePostDirectional", "StreetNamePostModifier", "USPSBoxType", "USPSBoxID"),
)
_NUMBER: Final = _STREET[:3]
_UNIT: Final = ("OccupancyType", "OccupancyIdentifier", "SubaddressType", "SubaddressIdentifier")
_ZIP: Final = re.compile(r"\b[0-9]{5}(?:-[0-9]{4})?\b", re.ASCII)
_POSTAL: Final = re.compile(r"\b(?=\w*[0-9])[0-9A-Z]{2,8}(?:[ -][0-9][0-9A-Z]{2,4})?\b", re.ASCII | re.IGNORECASE)
log = logging.getLogger(__name__)


def parsed(question: Question) -> Components:
    """Return the parts of an address as they were written; what was given in parts stays as it was given."""
    if question.text:
        return _us_line(question) if question.country == "US" else _foreign_line(question)
    line = ", ".join(part for part in (question.line1, question.line2) if part)
    street = _us_street(line) if question.country == "US" else _street(question.line1, question.line2)
    return Components(
        street_number=street.street_number,
        street=street.street,
        unit=street.unit,
        city=normalised(question.city) or None,
        state=normalised(question.state) or None,
        postal_code=normalised(question.postal_code) or None,
        country=question.country,
    )


def _tagged(text: str) -> dict[str, str]:
    """Return what usaddress makes of a text; nothing where it can not decide."""
    import usaddress

    try:
        tags, _kind = usaddress.tag(text)
    except usaddress.RepeatedLabelError:
        return {}
    return dict(tags)


def _us_street(line: str) -> Components:
    if not line:
        return Components()
    tags = _tagged(line)
    street = _joined(tags, _STREET[3:])
    if not tags or not street:
        return _street(line, "")
    return Components(street_number=_joined(tags, _NUMBER), street=street, unit=_joined(tags, _UNIT))


def _us_line(question: Question) -> Components:
    text = normalised(question.text)
    tags = _tagged(text)
    if not tags or ("PlaceName" not in tags and "ZipCode" not in tags and "StateName" not in tags):
        return _by_commas(text, _ZIP, question.country)
    found = _ZIP.findall(text)
    return Components(
        street_number=_joined(tags, _NUMBER),
        street=_joined(tags, _STREET[3:]),
        unit=_joined(tags, _UNIT),
        city=tags.get("PlaceName"),
        state=tags.get("StateName"),
        postal_code=found[-1] if found else tags.get("ZipCode"),
        country=question.country,
    )


def _foreign_line(question: Question) -> Components:
    return _by_commas(normalised(question.text), _POSTAL, question.country)


def _by_commas(text: str, postal: re.Pattern[str], country: str) -> Components:
    """Take the last part for the place and the first for the street; a code of digits for the postal code."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    code, place, street = None, "", ""
    if len(parts) > 1:
        street, rest = parts[0], parts[1:]
    else:
        rest = parts
    remaining = []
    for part in rest:
        match = postal.search(part) if code is None else None
        if match and (len(parts) > 1 or match.group() != part or part.isascii()):
            code = match.group()
            part = (part[: match.start()] + part[match.end() :]).strip()  # noqa: PLW2901 - what is left of it.
        if part:
            remaining.append(part)
    place = remaining[0] if remaining else ""
    state = remaining[1] if len(remaining) > 1 else None
    own = _street(street, "")
    return Components(
        street_number=own.street_number,
        street=own.street,
        city=place or None,
        state=state,
        postal_code=code,
        country=country,
    )


def _street(line1: str, line2: str) -> Components:
    """Return number and street of a line; the number may come first or last."""
    line = normalised(line1)
    number = re.match(r"([0-9]+[a-zA-Z]?(?:[-/][0-9]+)?)\s+(.+)", line) or None
    if number:
        return Components(street_number=number.group(1), street=number.group(2), unit=normalised(line2) or None)
    last = re.fullmatch(r"(.+?)\s+([0-9]+\s?[a-zA-Z]?(?:[-/][0-9]+[a-zA-Z]?)?)", line)
    if last:
        return Components(street_number=last.group(2), street=last.group(1), unit=normalised(line2) or None)
    return Components(street=line or None, unit=normalised(line2) or None)


def _joined(tags: dict[str, Any], labels: tuple[str, ...]) -> str | None:
    """Return the tagged words in the order of writing."""
    return " ".join(tags[label] for label in tags if label in labels) or None
