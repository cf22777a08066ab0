"""Reading reference data: the columns that are answered, and what finds a place by a name."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from services.locations.domain.errors import PlaceNotFound
from services.locations.domain.sphere import Point, chord_of, metres_of, miles
from services.locations.domain.text import flag_of, folded
from services.locations.models import City, Country, State, Zipcode, naming
from services.locations.models.cube import Cube

Clause = ColumnElement[bool]
Row = dict[str, Any]

# Bare: the partial index is not used for "is_active IS TRUE".
ACTIVE_COUNTRY = cast("Clause", Country.is_active)
ACTIVE_STATE = cast("Clause", State.is_active)
ACTIVE_CITY = cast("Clause", City.is_active)

COUNTRY_COLUMNS = select(
    Country.id,
    Country.name,
    Country.code,
    Country.code_3,
    Country.numeric_code,
    Country.slug,
    Country.phone_code,
    Country.currency_code,
    Country.timezones,
    Country.is_active,
)
STATE_COLUMNS = (
    select(
        *(State.id, State.name, State.code, State.slug, State.is_active, State.meta_title, State.meta_description),
        State.country_id.label("country"),
        Country.name.label("country_name"),
        Country.code.label("country_code"),
        State.iso_code,
        State.kind.label("type"),
        State.city_count,
    )
    .select_from(State)
    .join(Country, Country.id == State.country_id)
)
CITY_COLUMNS = (
    select(
        *(City.id, City.name, City.slug, City.population, City.latitude, City.longitude, City.metro_area),
        *(City.is_major, City.is_active, City.service_count, City.practitioner_count, City.timezone),
        *(City.meta_title, City.meta_description, City.seo_url),
        City.state_id.label("state"),
        State.name.label("state_name"),
        State.code.label("state_code"),
        City.country_id.label("country"),
        Country.name.label("country_name"),
        Country.code.label("country_code"),
    )
    .select_from(City)
    .join(State, State.id == City.state_id)
    .join(Country, Country.id == City.country_id)
)
ZIP_COLUMNS = (
    select(
        *(Zipcode.id, Zipcode.code, Zipcode.latitude, Zipcode.longitude, Zipcode.timezone, Zipcode.kind),
        *(Zipcode.is_active, Zipcode.other_city_names),
        Zipcode.city_id.label("city"),
        City.name.label("city_name"),
        State.code.label("state_code"),
        Zipcode.country_id.label("country"),
        Country.code.label("country_code"),
    )
    .select_from(Zipcode)
    .join(Country, Country.id == Zipcode.country_id)
    .outerjoin(City, City.id == Zipcode.city_id)
    .outerjoin(State, State.id == Zipcode.state_id)
)


def chord(geo: Any) -> ColumnElement[float]:
    """Return the chord from a column to the point that is bound as `near`; orders by the index."""
    found: ColumnElement[float] = geo.op("<->")(bindparam("near", type_=Cube()))
    return found


def within(geo: Any) -> list[Clause]:
    """Return the conditions that a column lies within `near_chord` of the point `near`: the index's box, the circle."""
    box = func.cube_enlarge(bindparam("near", type_=Cube()), bindparam("near_chord"), 3)
    return [geo.op("<@", is_comparison=True)(box), chord(geo) <= bindparam("near_chord")]


def near_parameters(point: Point, metres: float) -> dict[str, Any]:
    """Return the parameters of `within` and `chord`."""
    return {"near": point.cube, "near_chord": chord_of(metres)}


def shown_country(row: Row) -> Row:
    """Return a country as it is answered."""
    return {**row, "flag": flag_of(row["code"])}


def shown_distance(row: Row) -> Row:
    """Return a place with its distance, where it was measured."""
    measured = row.get("chord")
    return {**row, "distance_miles": None if measured is None else miles(metres_of(measured))}


def one(connection: Connection, columns: Any, *where: Clause) -> Row:
    """Return the one row. Raises PlaceNotFound."""
    row = connection.execute(columns.where(*where).limit(1)).first()
    if row is None:
        raise PlaceNotFound
    return dict(row._mapping)


def country_id(connection: Connection, reference: str | int) -> int | None:
    """Return the id of a country by number, code, slug or name; None if there is none."""
    found = connection.execute(
        select(Country.id)
        .where(or_(naming.country_named(str(reference)), Country.name == str(reference).strip()))
        .limit(1)
    ).scalar()
    return None if found is None else int(found)


def state_id(connection: Connection, reference: str | int) -> int | None:
    """Return the id of a state by id or `US-CA`; None if there is none."""
    found = connection.execute(
        select(State.id)
        .join(Country, Country.id == State.country_id)
        .where(naming.state_named(str(reference)))
        .limit(1)
    ).scalar()
    return None if found is None else int(found)


def cities_in_metro(connection: Connection, metro: str, country: int | None) -> Sequence[Row]:
    """Return at most 500 cities of metropolitan areas that are called so, by population."""
    where = [ACTIVE_CITY, City.metro_area.ilike(like_part(metro))]
    if country is not None:
        where.append(City.country_id == country)
    rows = connection.execute(CITY_COLUMNS.where(*where).order_by(*_BY_POPULATION).limit(500))
    return [dict(row._mapping) for row in rows]


def major_cities(connection: Connection, country: int | None, limit: int) -> Sequence[Row]:
    """Return the most populous of the major cities."""
    where: list[Any] = [ACTIVE_CITY, City.is_major]
    if country is not None:
        where.append(City.country_id == country)
    rows = connection.execute(CITY_COLUMNS.where(*where).order_by(*_BY_POPULATION).limit(limit))
    return [dict(row._mapping) for row in rows]


_BY_POPULATION = (City.population.desc().nulls_last(), City.id)


def like_part(text: str) -> str:
    """Return the LIKE pattern of a text anywhere, its own wildcards taken literally."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def search_pattern(bound: Any) -> Any:
    """Return the LIKE pattern that a folded search stands for."""
    return func.concat("% ", bound, "%")


def folded_search(query: dict[str, Any]) -> dict[str, Any]:
    """Return the query with its search as names are compared; what folds to nothing finds nothing."""
    if query.get("search"):
        query = {**query, "search": folded(query["search"]) or "\x01"}
    return query
