"""Addresses: what is asked, what is found, and how they are written."""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self

from services.locations.domain.sphere import Point
from services.locations.domain.text import folded, normalised

GRANULARITIES: Final = ("unit", "building", "street", "postal_code", "city", "state", "country", "none")

NUMBER_FIRST: Final = frozenset(
    {
        *("US", "CA", "GB", "IE", "FR", "LU", "AU", "NZ", "ZA", "SG", "HK", "IN", "PK", "LK", "MY", "PH", "TH", "VN"),
        *("JP", "KR", "TW", "IL", "KE", "NG", "GH", "MT", "MA", "TN", "DZ", "FJ", "JM", "TT", "BB", "BS", "BM"),
    }
)
"""Countries that write the number before the street."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The parts of an address; `state` is a code where it is known, `country` ISO's two letters."""

    street_number: str | None = None
    street: str | None = None
    unit: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None

    @property
    def line(self) -> str:
        """The street with its number and unit, in the order of the country."""
        parts = (self.street_number, self.street) if self.country in NUMBER_FIRST else (self.street, self.street_number)
        street = " ".join(part for part in parts if part)
        return ", ".join(part for part in (street, self.unit) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An address to find: one line, or its parts; `country` is ISO's two letters."""

    text: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = "US"

    @property
    def one_line(self) -> str:
        """The whole in one line, without the country."""
        if self.text:
            return self.text
        place = " ".join(part for part in (self.state, self.postal_code) if part)
        return ", ".join(part for part in (self.line1, self.line2, self.city, place) if part)

    @property
    def key(self) -> str:
        """What equal questions have in common, however they are typed."""
        return f"{folded(normalised(self.one_line))}|{self.country}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place that an address means. The ids name our own reference data, where it has the place."""

    point: Point
    precision: str
    components: Components
    formatted_address: str
    partial_match: bool = False
    place_id: str | None = None
    bounds: str | None = None
    city_id: int | None = None
    state_id: int | None = None
    country_id: int | None = None
    timezone: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Self:
        """Read what `as_json` gave."""
        return cls(**{**kept, "point": Point(**kept["point"]), "components": Components(**kept["components"])})

    def with_place(self, **names: Any) -> Self:
        """Return the same with other fields."""
        return replace(self, **names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was written otherwise than it is called."""

    component: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an address can be used, and what is sure about it."""

    valid: bool
    error: str | None = None
    formatted_address: str | None = None
    point: Point | None = None
    components: Components = field(default_factory=Components)
    granularity: str = "none"
    confirmed: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    missing: tuple[str, ...] = ()
    city_id: int | None = None
    state_id: int | None = None
    country_id: int | None = None
    timezone: str | None = None
    place_id: str | None = None


def full_address(
    *, line1: str, line2: str | None, city: str | None, state: str | None, postal_code: str, country: str | None
) -> str:
    """Return line 1, line 2, "City, ST zip" and country in one line; empty parts leave no comma."""
    place = " ".join(part for part in (state, postal_code) if part)
    return ", ".join(part for part in (line1, line2, city, place, country) if part)


def country_in_address(code: str, name: str) -> str:
    """Return what stands on the last line of an address."""
    return {"US": "USA", "GB": "UK"}.get(code, name)


_STATE_WORDS: Final = {
    "fla": "FL",
    "ga": "GA",
    "ky": "KY",
    "la": "LA",
    "md": "MD",
    "miss": "MS",
    "mo": "MO",
    "pa": "PA",
    "penna": "PA",
    "va": "VA",
    "vt": "VT",
    "dc": "DC",
    "d c": "DC",
    "n y": "NY",
    "n j": "NJ",
    "w va": "WV",
    "n c": "NC",
    "s c": "SC",
    "n m": "NM",
    "n d": "ND",
    "s d": "SD",
    "r i": "RI",
    "n h": "NH",
    "kans": "KS",
}


def us_state_code(text: str) -> str | None:
    """Return the code of a US state's old abbreviation, such as "Fla." or "N.Y."."""
    return _STATE_WORDS.get(folded(text.replace(".", " ")))


def is_nothing(text: str) -> bool:
    """Tell whether a text has no letter and no digit to look for."""
    return re.search(r"\w", normalised(text)) is None
