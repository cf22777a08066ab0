"""Searching: candidates within bounds, one score that is written down, facets over the candidates.

    score = text × (0.7 + 0.06·rating) × 1.15 if free within 72 h × (0.6 + 0.4·e^(−distance/radius)) with a place
            × 1.1 featured × 1.1 new × 2 if the name equals the query

`text` is ts_rank with its own length normalised (1 without a query). Candidates are at most 1,000: the nearest with a
place, else the best rated (queries/candidates.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
)

from services.practitioners.domain.geo import Circle, kilometres
from services.practitioners.models import Practitioner
from services.practitioners.queries.candidates import CANDIDATES, Asked, candidates, place_parameters
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from services.practitioners.queries.facets import facet_columns, facets, told_facets
from services.practitioners.queries.free_days import CHECKED_EXACTLY
from services.practitioners.queries.listing import ORDERED, near
from services.practitioners.queries.presenting import summary
from services.practitioners.queries.previewing import free_at
from services.practitioners.queries.summaries import summary_rows
from shared.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of hits, how many there are, and facets if asked for; `count_exact` False: there are more."""

    hits: list[dict[str, Any]]
    count: int
    count_exact: bool
    facets: dict[str, Any] | None = None


def find(connection: Connection, asked: Asked, *, now: datetime, counted: bool = False) -> Found:
    """Return a page of hits, `counted` with the facets of the whole search. Raises NotFound past the end."""
    look = _ranked if asked.at is None else _free_then
    found = look(connection, asked, now=now, counted=counted)
    if asked.offset and not found.hits:
        raise NotFound("There is no such page.")
    return found


def _free_then(connection: Connection, asked: Asked, *, now: datetime, counted: bool) -> Found:
    """Return a page of those among the first who offer a start at the asked time, by their own calendar."""
    assert asked.at is not None, "a time is asked for"
    first = _ranked(connection, asked.page(size=CHECKED_EXACTLY, offset=0), now=now, counted=counted)
    free = free_at(connection, [hit["id"] for hit in first.hits], at=asked.at, now=now)
    hits = [hit for hit in first.hits if hit["id"] in free]
    return Found(
        hits=hits[asked.offset : asked.offset + asked.size],
        count=len(hits),
        count_exact=first.count <= CHECKED_EXACTLY,
        facets=first.facets,
    )


def _ranked(connection: Connection, asked: Asked, *, now: datetime, counted: bool) -> Found:
    statement = ranking(asked, now=now, counted=counted)
    rows = [dict(row) for row in connection.execute(statement, place_parameters(asked)).mappings()]
    told = None
    if counted:
        told = told_facets(rows[0]) if rows else facets(connection, asked)
    shown = {row["id"]: row for row in summary_rows(connection, [row["id"] for row in rows])}
    return Found(
        hits=[_hit({**row, **shown[row["id"]]}, asked.words) for row in rows if row["id"] in shown],
        count=min(rows[0]["found"], CANDIDATES) if rows else 0,
        count_exact=not rows or not rows[0]["cut"],
        facets=told,
    )


def ranking(asked: Asked, *, now: datetime, counted: bool = False) -> Select[Any]:
    """Return the statement of a page: candidates, their score, and who is on the page.

    `counted`: with the columns of facets, which are of all candidates and stand in the first row.
    """
    among, is_cut = candidates(asked, *([Practitioner.tags] if counted else []))
    score = _score(asked, among.c, now=now)
    order = _ordered(asked.ordering, among.c) or _order(asked.sort_by, score, among.c)
    page = (
        select(
            among.c.id,
            among.c.distance,
            among.c.nearest,
            score.label("score"),
            func.row_number().over(order_by=order).label("place"),
        )
        .order_by(*order)
        .limit(asked.size)
        .offset(asked.offset)
        .cte("page")
    )
    return (
        select(
            *(page.c.id, page.c.score, page.c.distance, page.c.nearest, Practitioner.search_extra),
            select(func.count()).select_from(among).scalar_subquery().label("found"),
            is_cut.label("cut"),
            *(
                case((page.c.place == asked.offset + 1, column)).label(column.name)
                for column in (facet_columns(among) if counted else [])
            ),
        )
        .select_from(page)
        .join(Practitioner, Practitioner.id == page.c.id)
        .order_by(page.c.place)
    )


def _score(asked: Asked, one: Any, *, now: datetime) -> ColumnElement[float]:
    same = literal(1.0, Float)
    score: ColumnElement[Any] = literal(0.7, Float) + 0.06 * cast(one.rating_weighted, Float)
    soon = one.next_available_at <= literal(now) + literal_column("interval '72 hours'")
    score = score * case((soon, 1.15), else_=same)
    score = score * case((one.featured, 1.1), else_=same) * case((one.new_until > now, 1.1), else_=same)
    if asked.words:
        query = func.websearch_to_tsquery("estuary", bindparam("words", asked.words, String))
        rank = case((func.numnode(query) == 0, same), else_=func.ts_rank(one.search, query, 32))
        is_named = func.lower(one.display_name) == func.lower(bindparam("words", asked.words, String))
        score = score * rank * case((is_named, 2.0), else_=same)
    if asked.circle is not None:
        reach = bindparam("chord", type_=Float)
        score = score * (0.6 + 0.4 * func.coalesce(func.exp(-one.distance / reach), 0.0))
    return cast(score, Float)


def _order(sort_by: str, score: ColumnElement[Any], one: Any) -> list[Any]:
    orders: dict[str, Any] = {
        "relevance": score.desc(),
        "rating": one.rating_weighted.desc(),
        "price_low": one.min_price_cents.asc().nulls_last(),
        "price_high": one.max_price_cents.desc().nulls_last(),
        "experience": one.years_of_experience.desc().nulls_last(),
        "distance": one.distance.asc().nulls_last(),
        "availability": one.next_available_at.asc().nulls_last(),
    }
    return [orders[sort_by], one.id.desc()]


def _ordered(names: Sequence[str], one: Any) -> list[Any]:
    """Return the order by the names of lists; none for none."""
    bare = [name.lstrip("-") for name in names]
    columns = [one.distance if name == "distance" else one[ORDERED[name].key] for name in bare]
    found = [
        column.desc() if name.startswith("-") else column.asc() for name, column in zip(names, columns, strict=True)
    ]
    return [*(column.nulls_last() for column in found), one.id.desc()] if found else []


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
        parameters = circle.parameters
    statement = statement.order_by(Practitioner.rating_weighted.desc(), Practitioner.id.desc()).limit(limit)
    return [summary(dict(one)) for one in connection.execute(statement, parameters).mappings()]


def by_ids(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return listed practitioners in the asked order."""
    statement = profiles(SUMMARY_COLUMNS).where(Practitioner.listed, Practitioner.id.in_(ids))
    found = {row["id"]: summary(dict(row)) for row in connection.execute(statement).mappings()}
    return [found[one] for one in ids if one in found]
