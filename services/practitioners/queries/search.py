"""Searching: candidates within bounds, one score that is written down, facets over the candidates.

    score = text × (0.7 + 0.06·rating) × 1.15 if free within 72 h × (0.6 + 0.4·e^(−distance/radius)) with a place
            × 1.1 featured × 1.1 new × 2 if the name equals the query

`text` is ts_rank with its own length normalised (1 without a query). Candidates are at most 2,000: the nearest with a
place, else the best rated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
)

from services.practitioners.domain.geo import Circle, kilometres
from services.practitioners.models import Place, Practitioner, Service
from services.practitioners.models.referring import LISTED
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from services.practitioners.queries.listing import FILTERS, ORDERED, around, near, point, words_of
from services.practitioners.queries.presenting import summary

CANDIDATES: Final = 2_000
Clause = ColumnElement[bool]

_DISTANCE = (
    select(func.min(func.cube_distance(Place.geo, point())))
    .where(Place.practitioner_id == Practitioner.id, Place.deleted_at.is_(None))
    .correlate(Practitioner)
    .scalar_subquery()
)
_NEAREST = (
    select(Place.id)
    .where(Place.practitioner_id == Practitioner.id, Place.deleted_at.is_(None), Place.geo.is_not(None))
    .order_by(func.cube_distance(Place.geo, point()), Place.id)
    .limit(1)
    .correlate(Practitioner)
    .scalar_subquery()
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search: filters by the names of lists, a text, a place, a sort word, a window."""

    filters: Mapping[str, Any]
    words: str | None
    circle: Circle | None
    service_id: int | None
    sort_by: str
    ordering: tuple[str, ...]
    size: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of hits, and how many there are; `count_exact` False: there are more."""

    hits: list[dict[str, Any]]
    count: int
    count_exact: bool


def find(connection: Connection, asked: Asked, *, now: datetime) -> Found:
    """Return a page of hits."""
    among = candidates(asked)
    score = _score(asked, now=now)
    distance = _DISTANCE if asked.circle else cast(null(), Float)
    nearest = _NEAREST if asked.circle else cast(null(), Float)
    order = _ordered(asked.ordering, distance) or _order(asked.sort_by, score, distance)
    statement = (
        profiles(SUMMARY_COLUMNS)
        .add_columns(
            score.label("score"),
            distance.label("distance"),
            nearest.label("nearest"),
            Practitioner.search_extra.label("search_extra"),
            select(func.count()).select_from(among).scalar_subquery().label("found"),
        )
        .join(among, among.c.id == Practitioner.id)
        .order_by(*order)
        .limit(asked.size)
        .offset(asked.offset)
    )
    rows = [dict(row) for row in connection.execute(statement, place_parameters(asked)).mappings()]
    count = rows[0]["found"] if rows else 0
    return Found(
        hits=[_hit(row, asked.words) for row in rows],
        count=min(count, CANDIDATES),
        count_exact=count <= CANDIDATES,
    )


def _conditions(asked: Asked) -> list[Clause]:
    """Return what a hit must satisfy, wherever it is."""
    clauses: list[Clause] = [LISTED]
    for name, value in asked.filters.items():
        wanted = FILTERS[name]
        bound = value if wanted.by_value else bindparam(f"f_{name}", list(value) if isinstance(value, tuple) else value)
        clauses.append(wanted.clause(bound))
    if asked.words:
        clauses.append(words_of(bindparam("words", asked.words, String)))
    if asked.service_id is not None:
        giving = select(func.unnest(Service.practitioner_ids)).where(
            Service.id == asked.service_id, Service.deleted_at.is_(None)
        )
        clauses.append(Practitioner.id.in_(giving))
    return clauses


def candidates(asked: Asked) -> Any:
    """Return the ids among which is ranked: the nearest that match, in the order of the index, else the best rated."""
    found = select(Practitioner.id).where(*_conditions(asked)).limit(CANDIDATES + 1)
    if asked.circle is None:
        return found.order_by(Practitioner.rating_weighted.desc(), Practitioner.id.desc()).cte("candidates")
    nearest = (
        found.join(Place, Place.practitioner_id == Practitioner.id)
        .where(Place.deleted_at.is_(None), around())
        .order_by(Place.geo.op("<->")(point()))
        .subquery("nearest")
    )
    # Who works at several places stands there several times.
    return select(nearest.c.id).distinct().cte("candidates")


def place_parameters(asked: Asked) -> dict[str, Any]:
    """Return the bound values of the asked place."""
    if asked.circle is None:
        return {}
    return dict(zip(("px", "py", "pz"), asked.circle.point, strict=True)) | {"chord": asked.circle.chord}


def _score(asked: Asked, *, now: datetime) -> ColumnElement[float]:
    one = literal(1.0, Float)
    score: ColumnElement[Any] = literal(0.7, Float) + 0.06 * cast(Practitioner.rating_weighted, Float)
    score = score * case(
        (Practitioner.next_available_at <= func.now() + literal_column("interval '72 hours'"), 1.15), else_=one
    )
    score = score * case((Practitioner.featured, 1.1), else_=one) * case((Practitioner.new_until > now, 1.1), else_=one)
    if asked.words:
        query = func.websearch_to_tsquery("estuary", bindparam("words", asked.words, String))
        rank = case((func.numnode(query) == 0, one), else_=func.ts_rank(Practitioner.search, query, 32))
        same = func.lower(Practitioner.display_name) == func.lower(bindparam("words", asked.words, String))
        score = score * rank * case((same, 2.0), else_=one)
    if asked.circle is not None:
        reach = bindparam("chord", type_=Float)
        score = score * (0.6 + 0.4 * func.exp(-_DISTANCE / reach))
    return cast(score, Float)


def _order(sort_by: str, score: ColumnElement[Any], distance: Any) -> list[Any]:
    orders: dict[str, Any] = {
        "relevance": score.desc(),
        "rating": Practitioner.rating_weighted.desc(),
        "price_low": Practitioner.min_price_cents.asc().nulls_last(),
        "price_high": Practitioner.max_price_cents.desc().nulls_last(),
        "experience": Practitioner.years_of_experience.desc().nulls_last(),
        "distance": distance.asc().nulls_last(),
        "availability": Practitioner.next_available_at.asc().nulls_last(),
    }
    return [orders[sort_by], Practitioner.id.desc()]


def _ordered(names: Sequence[str], distance: Any) -> list[Any]:
    """Return the order by the names of lists; none for none."""
    columns = [(name, distance if name.lstrip("-") == "distance" else ORDERED[name.lstrip("-")]) for name in names]
    found = [column.desc() if name.startswith("-") else column.asc() for name, column in columns]
    return [*(one.nulls_last() for one in found), Practitioner.id.desc()] if found else []


def _hit(row: dict[str, Any], words: str | None) -> dict[str, Any]:
    km = None if row["distance"] is None else kilometres(row["distance"])
    return {
        **summary(row),
        "distance_km": None if km is None else round(km, 1),
        "distance_miles": None if km is None else round(km / 1.609344, 1),
        "nearest_location_id": row["nearest"],
        "score": round(row["score"], 6),
        "matched": _matched(row, words),
        "next_slots": [],
    }


def _matched(row: Mapping[str, Any], words: str | None) -> list[str]:
    """Return in which parts of a profile the words stand."""
    asked = [word for word in (words or "").lower().replace('"', " ").split() if len(word) > 1]
    texts = {
        "name": f"{row['display_name'] or ''} {row['full_name']}",
        "title": row["professional_title"] or "",
        "specialization": " ".join(item["content"] for item in row["specializations"]),
        "modality": " ".join(item["name"] for item in row["modalities"]),
        "bio": row["bio"] or "",
    }
    found = [name for name, said in texts.items() if any(word in said.lower() for word in asked)]
    if not {"specialization", "modality"} & set(found) and any(word in row["search_extra"].lower() for word in asked):
        found.append("service")
    return found


def corrected(connection: Connection, words: str) -> str | None:
    """Return the words with misspelt ones replaced by the nearest that profiles use; None if nothing is near."""
    parts = words.lower().split()
    fixed = [_nearest(connection, part) if len(part) >= 4 else part for part in parts]
    return " ".join(fixed) if fixed != parts else None


def _nearest(connection: Connection, word: str) -> str:
    most = 1 if len(word) < 8 else 2
    found = connection.execute(_VOCABULARY, {"word": word[:60], "most": most}).scalar()
    return str(found) if found else word


_VOCABULARY: Final = text("""
    SELECT word FROM (
        SELECT DISTINCT regexp_split_to_table(lower(said), '[^[:alnum:]]+') AS word FROM (
            SELECT content AS said FROM specializations UNION ALL SELECT content FROM styles
            UNION ALL SELECT content FROM topics UNION ALL SELECT name FROM modalities
            UNION ALL (SELECT display_name FROM practitioners WHERE listed AND display_name % :word LIMIT 50)
        ) AS vocabulary) AS words
    WHERE length(word) >= 4 AND levenshtein(word, :word) <= :most
    ORDER BY levenshtein(word, :word), word LIMIT 1
""")


def similar(connection: Connection, row: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
    """Return listed practitioners that share most facets with a profile."""
    facets: Sequence[str] = [tag for tag in row["tags"] if tag[0] in "stmMc"]
    if not facets:
        return []
    shared = func.cardinality(
        func.array(
            select(literal_column("tag"))
            .select_from(func.unnest(Practitioner.tags).alias("tag"))
            .where(literal_column("tag").in_(facets))
            .correlate(Practitioner)
            .scalar_subquery()
        )
    )
    statement = (
        profiles(SUMMARY_COLUMNS)
        .where(Practitioner.listed, Practitioner.id != row["id"], Practitioner.tags.overlap(facets))
        .order_by(shared.desc(), Practitioner.rating_weighted.desc(), Practitioner.id.desc())
        .limit(limit)
    )
    return [summary(dict(one)) for one in connection.execute(statement).mappings()]


def featured(connection: Connection, *, limit: int, circle: Circle | None) -> list[dict[str, Any]]:
    """Return featured practitioners, the best rated first; near a place if one is named."""
    statement = profiles(SUMMARY_COLUMNS).where(Practitioner.listed, Practitioner.featured)
    parameters: dict[str, Any] = {}
    if circle is not None:
        statement = statement.where(near())
        parameters = dict(zip(("px", "py", "pz"), circle.point, strict=True)) | {"chord": circle.chord}
    statement = statement.order_by(Practitioner.rating_weighted.desc(), Practitioner.id.desc()).limit(limit)
    return [summary(dict(one)) for one in connection.execute(statement, parameters).mappings()]


def by_ids(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return listed practitioners in the asked order."""
    statement = profiles(SUMMARY_COLUMNS).where(Practitioner.listed, Practitioner.id.in_(ids))
    found = {row["id"]: summary(dict(row)) for row in connection.execute(statement).mappings()}
    return [found[one] for one in ids if one in found]
