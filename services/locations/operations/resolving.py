"""From what somebody writes of an address to the places that we know, without inventing any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from services.locations.clients import formats
from services.locations.domain.addresses import Question
from services.locations.domain.text import normalised, zip_digits
from services.locations.models import lookups
from shared.errors import Invalid

REQUIRED: Final = "Required in person."
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address whose places are known as far as they can be; `postal` is the row of its postal code."""

    line1: str = ""
    line2: str | None = None
    country: Row | None = None
    state: Row | None = None
    city: Row | None = None
    city_name: str | None = None
    postal_code: str = ""
    postal: Row | None = field(default=None, compare=False)

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a location that hold it."""
        return {
            "address_line1": self.line1,
            "address_line2": self.line2,
            "city_id": self.city["id"] if self.city else None,
            "state_id": self.state["id"] if self.state else None,
            "country_id": self.country["id"] if self.country else None,
            "city_name": self.city_name,
            "state_code": self.state["code"] if self.state else None,
            "country_code": self.country["code"] if self.country else None,
            "postal_code": self.postal_code,
        }

    @property
    def question(self) -> Question:
        """What is asked of geocoders."""
        return Question(
            line1=self.line1,
            line2=self.line2 or "",
            city=self.city_name or "",
            state=self.state["code"] if self.state else "",
            postal_code=self.postal_code,
            country=self.country["code"] if self.country else "US",
        )


def resolve_address(
    connection: Connection, given: Mapping[str, Any], *, is_in_person: bool, default_country: str
) -> Address:
    """Return the address that a request means.

    `given` has ids (`city`, `state`, `country`) or names (`input_city_name` …). Cities are never made from a client's
    words: an unknown one stays a name. Raises Invalid, naming every field that is missing or does not fit.
    """
    country, state = _country(connection, given, is_in_person=is_in_person, default=default_country)
    city = _city_by_id(connection, given, country)
    if city is not None and country is None:
        country = lookups.country(connection, city["country_id"])
    state = _state(connection, given, country, state, city)
    city_name = normalised(given.get("input_city_name") or "") or None
    if city is None and city_name and country is not None:
        city = lookups.city(connection, country["id"], state["id"] if state else None, city_name)
        state = state or (lookups.state_by_id(connection, city["state_id"]) if city else None)
    code, postal = _postal(connection, given, country, state)
    address = Address(
        line1=given.get("address_line1") or "",
        line2=given.get("address_line2") or None,
        country=country,
        state=state,
        city=city,
        city_name=city_name or (city["name"] if city else None),
        postal_code=code,
        postal=postal,
    )
    if is_in_person:
        _require(address)
    return address


def _country(
    connection: Connection, given: Mapping[str, Any], *, is_in_person: bool, default: str
) -> tuple[Row | None, Row | None]:
    for name in ("country", "input_country_code", "input_country_name"):
        asked = given.get(name)
        if asked not in (None, ""):
            country, state = lookups.country_and_state(connection, asked)
            if country is None:
                raise Invalid.field(name, "There is no such country.")
            return country, state
    if given.get("city") is not None or not (is_in_person or given.get("address_line1") or given.get("state")):
        return None, None
    return lookups.country_and_state(connection, default)


def _city_by_id(connection: Connection, given: Mapping[str, Any], country: Row | None) -> Row | None:
    if given.get("city") is None:
        return None
    city = lookups.city_by_id(connection, given["city"])
    if city is None:
        raise Invalid.field("city", "There is no such city.")
    if country is not None and city["country_id"] != country["id"]:
        raise Invalid.field("city", "This city does not lie in the country.")
    return city


def _state(
    connection: Connection, given: Mapping[str, Any], country: Row | None, implied: Row | None, city: Row | None
) -> Row | None:
    """Return the state, which must hold the city and lie in the country."""
    state = implied
    if given.get("state") is not None:
        state = lookups.state_by_id(connection, given["state"])
        if state is None:
            raise Invalid.field("state", "There is no such state.")
        if country is not None and state["country_id"] != country["id"]:
            raise Invalid.field("state", "This state does not lie in the country.")
    elif country is not None:
        for name in ("input_state_code", "input_state_name"):
            if given.get(name) and state is None:
                state = lookups.state(connection, country["id"], given[name])
    if city is None:
        return state
    if state is not None and city["state_id"] != state["id"]:
        raise Invalid.field("city", "This city does not lie in the state.")
    return state or lookups.state_by_id(connection, city["state_id"])


def _postal(
    connection: Connection, given: Mapping[str, Any], country: Row | None, state: Row | None
) -> tuple[str, Row | None]:
    """Return the postal code as it is kept, and its row; it must have the country's form and fit the state."""
    written = normalised(given.get("postal_code") or "")
    if not written or country is None:
        return written, None
    code = formats.spaced(country["code"], zip_digits(written, country["code"]))
    if not formats.fits_pattern(country["code"], code):
        raise Invalid.field("postal_code", f"Not a postal code of {country['name']}.")
    postal = lookups.zipcode(connection, country["id"], code)
    if state is not None:
        fits = (
            postal["state_id"] == state["id"]
            if postal is not None
            else formats.fits_state(country["code"], state["code"], code)
        )
        if not fits:
            raise Invalid.field("postal_code", f"Not a postal code of {state['name']}.")
    return code, postal


def _require(address: Address) -> None:
    """Refuse an address that nobody could come to, naming all that is missing."""
    country = address.country["code"] if address.country else ""
    missing = {
        "address_line1": not address.line1,
        "city": not address.city_name,
        "state": address.state is None and formats.needs(country, "state"),
        "postal_code": not address.postal_code and formats.needs(country, "postal_code"),
    }
    if any(missing.values()):
        raise Invalid(errors={name: [REQUIRED] for name, is_missing in missing.items() if is_missing})
