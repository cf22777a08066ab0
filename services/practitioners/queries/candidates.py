"""Among whom a search ranks: at most so many, found by index in an order that does not depend on how many match.

Without a place they are the best rated who match. Where words or facets are asked for, one index meets them with the
bands of rating (domain/bands.py): band after band is read, the best first, until there are enough. With a place they
are the nearest who match, in the order of the index of points.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    SmallInteger,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array, distinct_on

from services.practitioners.domain.bands import LAST_BAND
from services.practitioners.domain.geo import Circle
from services.practitioners.models import Place, Practitioner, Service
from services.practitioners.models.referring import LISTED
from services.practitioners.queries.listing import FILTERS, at, part_is_free, part_of_day, point, words_of
from services.practitioners.queries.parameters import Facets

CANDIDATES: Final = 1_000
ONLINE: Final = ("virtual", "hybrid")
Clause = ColumnElement[bool]

_BY_FACETS: Final = {name for name, wanted in FILTERS.items() if isinstance(wanted.field, Facets)} | {"location_type"}
_CARRIED: Final = frozenset(
    name for name in _BY_FACETS if name == "location_type" or not getattr(FILTERS[name].field, "slugs", False)
)
# Few enough match these for their own indexes to be the way in.
_BY_PLACE: Final = {"city", "state", "country", "location"}
_P = Practitioner
_COLUMNS: Final = (
    *(_P.id, _P.display_name, _P.featured, _P.created_at, _P.years_of_experience, _P.rating_average, _P.rating_count),
    *(_P.rating_weighted, _P.min_price_cents, _P.max_price_cents, _P.next_available_at, _P.new_until),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search: filters by the names of lists, a text, a place, a sort word, a window.

    `at` is a day and time, without a zone, at which a start is wanted by each practitioner's own calendar.
    """

    filters: Mapping[str, Any]
    words: str | None
    circle: Circle | None
    service_id: int | None
    sort_by: str
    ordering: tuple[str, ...]
    size: int
    offset: int
    at: datetime | None = None

    def page(self, *, size: int, offset: int) -> "Asked":
        """Return the same search with another window."""
        return replace(self, size=size, offset=offset)


def candidates(asked: Asked, *more: Any) -> tuple[CTE, ColumnElement[bool]]:
    """Return those among whom is ranked, and whether there are others.

    They bring what the rank follows from, `more` columns, their distance and their nearest place.
    """
    columns = [*_COLUMNS, *([_P.search] if asked.words else []), *more]
    if asked.circle is not None:
        return _nearest(asked, columns)
    among = _best_rated(asked, columns)
    return among, _size(among) > CANDIDATES


def _best_rated(asked: Asked, columns: list[Any]) -> CTE:
    nowhere = (cast(null(), Float).label("distance"), cast(null(), Place.id.type).label("nearest"))
    found = select(*columns, *nowhere).where(*_conditions(asked)).limit(CANDIDATES + 1)
    asks_index = bool(asked.words) or bool(_BY_FACETS & asked.filters.keys())
    if not asks_index or asked.service_id is not None or _BY_PLACE & asked.filters.keys():
        return found.order_by(_P.rating_weighted.desc(), _P.id.desc()).cte("candidates")
    bands = func.generate_series(0, LAST_BAND).table_valued("number").render_derived(name="bands")
    in_band = array([_P.band]).op("@>")(array([cast(bands.c.number, SmallInteger)]))
    # Not the bare column: else PostgreSQL may walk the index by rating instead, past all who do not match.
    of_band = found.where(in_band).order_by((_P.rating_weighted + 0).desc(), _P.id.desc()).lateral("of_band")
    return select(of_band).select_from(bands.join(of_band, true())).limit(CANDIDATES + 1).cte("candidates")


def _nearest(asked: Asked, columns: list[Any]) -> tuple[CTE, ColumnElement[bool]]:
    # Places have what facets need. For other conditions their practitioners are looked at: hence some more.
    most = 2 * CANDIDATES if asked.words or asked.filters.keys() - _CARRIED or asked.service_id else CANDIDATES
    chord = func.cube_distance(Place.geo, point())
    # The index hands out the nearest in order, and the radius cuts behind: a condition on it inside would let
    # PostgreSQL fetch and sort all that lies in a large one.
    ordered = (
        select(Place.id.label("nearest"), Place.practitioner_id, chord.label("distance"))
        .where(Place.deleted_at.is_(None), Place.listed == true(), Place.geo.is_not(None), *_carried(asked))
        .order_by(Place.geo.op("<->")(point()))
        .limit(most + 1)
        .cte("ordered")
    )
    inside = select(ordered).where(ordered.c.distance <= bindparam("chord", type_=Float)).cte("inside")
    # Who works at several places stands there several times.
    once = (
        select(*columns, inside.c.distance, inside.c.nearest)
        .join(inside, inside.c.practitioner_id == _P.id)
        .where(*_conditions(asked))
        .ext(distinct_on(_P.id))
        .order_by(_P.id, inside.c.distance, inside.c.nearest)
    )
    found: Any = once
    if set(asked.filters.get("location_type", ())) & set(ONLINE):
        # Who works nowhere but online is near everywhere, behind whoever is near.
        online = select(*columns, cast(null(), Float).label("distance"), cast(null(), Place.id.type).label("nearest"))
        online = online.where(*_conditions(asked), ~at(Place.is_in_person == true(), Place.geo.is_not(None)))
        online = online.order_by(_P.rating_weighted.desc(), _P.id.desc()).limit(CANDIDATES + 1)
        found = select(once.subquery("near")).union_all(select(online.subquery("online")))
    among = select(found.subquery("found")).limit(2 * CANDIDATES).cte("candidates")
    return among, or_(_size(inside) > most, _size(among) > CANDIDATES)


def _size(of: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(of).scalar_subquery()


def _conditions(asked: Asked) -> list[Clause]:
    """Return what a hit must satisfy, wherever it is."""
    clauses: list[Clause] = [LISTED]
    for name, value in asked.filters.items():
        wanted = FILTERS[name]
        bound = value if wanted.by_value else bindparam(f"f_{name}", list(value) if isinstance(value, tuple) else value)
        clauses.append(wanted.clause(bound))
    if asked.words:
        clauses.append(words_of(bindparam("words", asked.words, String)))
    if asked.at is not None:
        clauses.append(part_is_free(literal(asked.at.date()), literal(part_of_day(asked.at.hour))))
    if asked.service_id is not None:
        giving = select(func.unnest(Service.practitioner_ids)).where(
            Service.id == asked.service_id, Service.deleted_at.is_(None)
        )
        clauses.append(_P.id.in_(giving))
    return clauses


def _carried(asked: Asked) -> list[Clause]:
    """Return the facets as places carry them, so that others' profiles are not looked up."""
    found: list[Clause] = []
    for name in sorted(_CARRIED & asked.filters.keys()):
        wanted = [f"v:{one}" if name == "location_type" else one for one in asked.filters[name]]
        found.append(Place.tags.op("&&")(literal(wanted, ARRAY(Text))))
    return found


def place_parameters(asked: Asked) -> dict[str, Any]:
    """Return the bound values of the asked place."""
    return {} if asked.circle is None else dict(asked.circle.parameters)
