"""Finding addresses in the service's own tables: never better than a postal code's middle, and it says so."""

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from services.locations.clients import formats
from services.locations.clients.parsing import parsed
from services.locations.domain.addresses import (
    Components,
    Found,
    Question,
    country_in_address,
    is_nothing,
)
from services.locations.domain.sphere import Point, metres_between
from services.locations.domain.text import folded, zip_digits
from services.locations.models import lookups

CONFLICT_METRES: Final = 80_000
REVERSE_ZIP_METRES: Final = 30_000
REVERSE_CITY_METRES: Final = 100_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What our tables know of an address: each row is None where its part is missing or unknown."""

    written: Components
    country: Row | None = None
    state: Row | None = None
    city: Row | None = None
    is_corrected: bool = False
    postal: Row | None = None
    postal_code: str | None = None

    @property
    def point(self) -> Point | None:
        """The middle of the postal code, else of the city."""
        return lookups.point_of(self.postal) or lookups.point_of(self.city)

    @property
    def is_torn(self) -> bool:
        """Whether parts that were written do not belong together."""
        postal, city = lookups.point_of(self.postal), lookups.point_of(self.city)
        if postal and city and metres_between(postal, city) > CONFLICT_METRES:
            return True
        if self.postal and self.state and self.postal["state_id"] != self.state["id"]:
            return True
        lost = (self.written.postal_code and self.country_has_codes and not self.postal) or (
            self.written.city and not self.city
        )
        return bool(lost)

    @property
    def state_name(self) -> str | None:
        """The state's name."""
        row = self.state or self.postal or self.city
        return row.get("state_name") or row["name"] if row else None

    @property
    def country_has_codes(self) -> bool:
        """Whether our tables have the country's postal codes."""
        return self.country is not None and self.country["code"] == "US"

    @property
    def components(self) -> Components:
        """The parts as they are written, mended where we know better."""
        place, state = self.written.city, self.state["code"] if self.state else self.written.state
        if self.city and (place is None or self.is_corrected):
            place = self.city["name"]
        if place is None and self.postal:
            place = self.postal["city_name"]
        if state is None and (self.postal or self.city):
            state = (self.postal or self.city or {})["state_code"]
        return replace(
            self.written,
            city=place,
            state=state,
            postal_code=self.postal_code,
            country=self.country["code"] if self.country else None,
        )


def understood(connection: Connection, question: Question) -> Understood:
    """Return what our tables know of an address."""
    written = parsed(question)
    country, state = lookups.country_and_state(connection, question.country)
    if country is None:
        return Understood(written=written, postal_code=written.postal_code)
    code, postal = written.postal_code, None
    if code:
        code = formats.spaced(country["code"], zip_digits(code, country["code"]))
        postal = lookups.zipcode(connection, country["id"], code)
    if written.state and state is None:
        state = lookups.state(connection, country["id"], written.state)
    if question.text and state is None and not (postal and written.city):
        written, state = _untangled(connection, country, written)
    city, is_corrected = _city(connection, country, state, postal, written)
    if question.text and state is None and city is not None and not city["is_called_so"]:
        called = lookups.state(connection, country["id"], written.city or "", whole=True)
        if called is not None:
            written, state, city = replace(written, city=None, state=written.city), called, None
    if state is None and written.state is None and city is not None:
        state = lookups.state_by_id(connection, city["state_id"])
    return Understood(
        written=written,
        country=country,
        state=state,
        city=city,
        is_corrected=is_corrected,
        postal=postal,
        postal_code=code,
    )


def _untangled(connection: Connection, country: Row, written: Components) -> tuple[Components, Row | None]:
    """Return the parts of a line whose place was written without commas: "austin tx"."""
    named = None if written.street_number else written.street
    place = " ".join(part for part in (named, written.city, written.state) if part)
    split = lookups.city_and_state(connection, country["id"], place)
    if split is None:
        return written, None
    name, state = split
    return replace(
        written, street=None if named else written.street, city=name, state=place[len(name) :].strip(" ,")
    ), state


def _city(
    connection: Connection, country: Row, state: Row | None, postal: Row | None, written: Components
) -> tuple[Row | None, bool]:
    """Return the city that is meant, and whether it was misspelt."""
    if not written.city:
        return None, False
    within = state["id"] if state else (postal["state_id"] if postal and not written.state else None)
    found = lookups.city(connection, country["id"], within, written.city)
    if found is not None:
        return found, False
    if postal and postal["city_id"] and lookups.zip_knows_city(postal, written.city):
        return lookups.city_by_id(connection, postal["city_id"]), False
    found = lookups.city_spelt_like(connection, within, written.city) if within is not None else None
    return found, found is not None


def formatted(components: Components, country: Row | None, state_name: str | None = None) -> str:
    """Return an address in one line in its country's order; the state by its code where mail uses codes."""
    code = components.country or ""
    state = components.state or ""
    parts = {
        "address_line1": components.line,
        "city": components.city or "",
        "state": state if formats.writes_code(code, state) else state_name or state,
        "postal_code": components.postal_code or "",
    }
    line = formats.one_line(code, parts)
    last = country_in_address(country["code"], country["name"]) if country else components.country
    return ", ".join(part for part in (line, last) if part)


def geocode(connection: Connection, question: Question) -> list[Found]:
    """Return the place that an address means, at most one, with the precision that our tables have."""
    if is_nothing(question.one_line):
        return []
    known = understood(connection, question)
    if known.country is None:
        return []
    place: tuple[str, Row | None] = ("", None)
    if lookups.point_of(known.postal):
        place = ("postal_code", known.postal)
    elif lookups.point_of(known.city):
        place = ("city", known.city)
    elif known.state is not None:
        place = ("state", lookups.largest_city(connection, state_id=known.state["id"]))
    elif folded(question.one_line) in {folded(known.country["name"]), known.country["code"].lower()}:
        place = ("country", lookups.city_by_id(connection, known.country["capital_id"] or 0))
    precision, row = place
    point = lookups.point_of(row)
    if row is None or point is None:
        return []
    return [_found(known, precision, row, point)]


def _found(known: Understood, precision: str, row: Row, point: Point) -> Found:
    assert known.country is not None
    city_id = row.get("city_id") if precision == "postal_code" else (row["id"] if precision == "city" else None)
    if precision == "postal_code" and known.city is not None and not known.is_torn:
        city_id = known.city["id"]
    state_id = known.state["id"] if known.state and not known.is_torn else row["state_id"]
    return Found(
        point=point,
        precision=precision,
        components=known.components,
        formatted_address=formatted(known.components, known.country, known.state_name),
        partial_match=known.is_torn,
        city_id=city_id,
        state_id=state_id,
        country_id=known.country["id"],
        timezone=row["timezone"] or (known.city["timezone"] if known.city else None),
    )


def reverse(connection: Connection, point: Point) -> Found | None:
    """Return the nearest postal code within 30 km, else the nearest city within 100 km."""
    postal = lookups.nearest_zip(connection, point, REVERSE_ZIP_METRES)
    city = lookups.nearest_city(connection, point, REVERSE_CITY_METRES)
    if city is not None and (postal is None or city["metres"] < postal["metres"] / 4):
        postal = None
    row = postal or city
    if row is None:
        return None
    country = lookups.country(connection, row["country_id"])
    name = row["city_name"] if postal else row["name"]
    components = Components(
        city=name,
        state=row["state_code"],
        postal_code=postal["code"] if postal else None,
        country=country["code"] if country else None,
    )
    found_at = lookups.point_of(row)
    assert found_at is not None
    return Found(
        point=found_at,
        precision="postal_code" if postal else "city",
        components=components,
        formatted_address=formatted(components, country, row["state_name"]),
        city_id=row["city_id"] if postal else row["id"],
        state_id=row["state_id"],
        country_id=row["country_id"],
        timezone=row["timezone"],
    )
