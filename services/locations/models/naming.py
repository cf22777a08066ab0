"""How places are named from outside."""

from sqlalchemy import ColumnElement, and_, or_

from services.locations.domain.text import slug_of
from services.locations.models.places import City, Country, State

Clause = ColumnElement[bool]


def country_named(reference: str) -> Clause:
    """Return the condition for a country by ISO number, two or three letters, or slug."""
    asked = reference.strip()
    if asked.isascii() and asked.isdigit():
        return Country.id == int(asked[:9])
    return or_(Country.code == asked.upper()[:3], Country.code_3 == asked.upper()[:4], Country.slug == slug_of(asked))


def state_named(reference: str) -> Clause:
    """Return the condition for a state by id or by `US-CA`; needs the country joined."""
    asked = reference.strip()
    if asked.isascii() and asked.isdigit():
        return State.id == min(int(asked[:19]), 2**63 - 1)
    country, _, code = asked.upper().partition("-")
    return and_(Country.code == country[:3], State.code == code[:11])


def city_named(reference: str) -> Clause:
    """Return the condition for a city by id or by its page's address."""
    asked = reference.strip()
    if asked.isascii() and asked.isdigit():
        return City.id == min(int(asked[:19]), 2**63 - 1)
    return City.seo_url == asked.lower()[:131]
