"""Full-text search: the best of a capped set of candidates, so that its cost does not grow with the marketplace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from services.catalog.domain.figures import booking_weight
from services.catalog.settings import settings
from shared.clock import utc_now
from shared.database import bounded_reading, reading

CANDIDATES = 1_000
COUNT_MAX = 10_000
QUERY_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is searched for: words, conditions with their parameters, an order, and a page."""

    q: str
    conditions: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    typo: bool = True


@dataclass(frozen=True, slots=True)
class Hits:
    """The ids of a page in order, with their rows' stamps, and how many there are in all."""

    rows: list[tuple[int, int]]
    count: int
    exact: bool
    corrected: str | None


_QUERY = "websearch_to_tsquery('estuary', %(q)s)"
MATCHES = f"(numnode({_QUERY}) = 0 OR s.search @@ {_QUERY})"
_SCORE = f"""
    (CASE WHEN numnode({_QUERY}) = 0 THEN 1 ELSE ts_rank(s.search, {_QUERY}, 32) END)
    * (1 + 0.15 * ln(1 + s.popularity_sum / %(now_weight)s)) * (0.7 + 0.06 * s.rating_weighted)
    * (CASE WHEN s.is_featured THEN 1.1 ELSE 1 END) * (CASE WHEN lower(s.name) = lower(%(q)s) THEN 2 ELSE 1 END)
"""
_DISTANCE = (
    "2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(s.lat - %(near_lat)s) / 2), 2)"
    " + cos(radians(%(near_lat)s)) * cos(radians(s.lat)) * power(sin(radians(s.lng - %(near_lng)s) / 2), 2))))"
)
SORTS = {
    "relevance": f"{_SCORE} DESC, s.popularity_score DESC, s.id DESC",
    "created_at": "s.created_at, s.id DESC",
    "-created_at": "s.created_at DESC, s.id DESC",
    "price": "s.price_cents, s.id DESC",
    "-price": "s.price_cents DESC, s.id DESC",
    "rating": "s.rating_weighted, s.id DESC",
    "-rating": "s.rating_weighted DESC, s.id DESC",
    "popularity": "s.popularity_score DESC, s.id DESC",
    "distance": f"{_DISTANCE}, s.id DESC",
    "next_session": "s.next_session_at NULLS LAST, s.id DESC",
}


def search(wish: Wish) -> Hits:
    """Return a page of what matches; a misspelt word is replaced by a known one if nothing does."""
    hits = _search(wish)
    if hits.count or not wish.typo or not wish.q:
        return hits
    with reading() as connection:
        corrected = correct(connection, wish.q)
    if corrected is None:
        return hits
    again = _search(replace(wish, q=corrected))
    return replace(again, corrected=corrected) if again.count else hits


def _search(wish: Wish) -> Hits:
    """Look at all services, or where time runs out at the popular ones."""
    matching = " AND ".join(("s.listed", MATCHES, *wish.conditions))
    parameters = {**wish.parameters, "q": wish.q, "now_weight": booking_weight(utc_now(), 1)}
    parameters |= {"limit": wish.page_size, "offset": (wish.page - 1) * wish.page_size}
    try:
        rows, count = _page(matching, wish.sort, parameters)
    except OperationalError as slow:
        if getattr(slow.orig, "pgcode", None) != QUERY_CANCELED:
            raise
        rows, count = _page(f"s.hot AND {matching}", wish.sort, parameters)
        return Hits(rows, count, exact=False, corrected=None)
    return Hits(rows, min(count, COUNT_MAX), exact=count <= COUNT_MAX, corrected=None)


_POOLED = (
    "s.id, s.name, s.search, s.popularity_score, s.popularity_sum, s.rating_weighted, s.is_featured, s.created_at,"
    " s.price_cents, s.next_session_at, s.lat, s.lng, s.xmin::text::bigint AS stamp"
)


def _page(matching: str, sort: str, parameters: Mapping[str, Any]) -> tuple[list[tuple[int, int]], int]:
    """Rank at most a thousand candidates, the most popular ones that match; other orders take all of 10,000."""
    most = max(CANDIDATES, parameters["offset"] + parameters["limit"]) if sort == "relevance" else COUNT_MAX + 1
    statement = f"""
        WITH pool AS MATERIALIZED (
            SELECT {_POOLED} FROM services s WHERE {matching}
            ORDER BY s.popularity_score DESC, s.id DESC LIMIT {most}
        ),
        counted AS (
            SELECT count(*) AS number FROM (SELECT FROM services s WHERE {matching} LIMIT {COUNT_MAX + 1}) capped
        ),
        page AS (SELECT s.id, s.stamp FROM pool s ORDER BY {SORTS[sort]} LIMIT %(limit)s OFFSET %(offset)s)
        SELECT page.id, page.stamp, counted.number FROM counted LEFT JOIN page ON true
    """  # noqa: S608 - our own text; values are bound.
    with bounded_reading(timeout_ms=settings().catalog_search_timeout_ms) as connection:
        found = connection.exec_driver_sql(statement, dict(parameters)).all()
    return [(row.id, row.stamp) for row in found if row.id is not None], found[0].number


_MARK, _UNMARK = "\x02", "\x03"
"""Around what matches, until the rest is escaped; texts hold no control characters."""
_HEADLINE = f'\'StartSel="{_MARK}", StopSel="{_UNMARK}", HighlightAll=true\''
_MARKED = f"""
    SELECT s.id, ts_headline('estuary', s.name, {_QUERY}, {_HEADLINE}) AS name,
           ts_headline('estuary', coalesce(s.short_description, ''), {_QUERY}, {_HEADLINE}) AS short_description
    FROM services s WHERE s.id = ANY(%(ids)s)
"""  # noqa: S608 - our own text; values are bound.


def highlights(connection: Connection, ids: Sequence[int], q: str) -> dict[str, dict[str, str]]:
    """Return names and short descriptions by id, as HTML: what matches stands between <em> and </em>."""
    rows = connection.exec_driver_sql(_MARKED, {"ids": list(ids), "q": q})
    return {
        str(row.id): {"name": _marked(row.name), "short_description": _marked(row.short_description)} for row in rows
    }


def _marked(text: str) -> str:
    return escape(text).replace(_MARK, "<em>").replace(_UNMARK, "</em>")


_NEAREST = """
    WITH words AS (
        SELECT word, place FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given(word, place)
    )
    SELECT w.word, CASE WHEN length(w.word) < 4 OR EXISTS (SELECT FROM search_terms t WHERE t.term = w.word)
                        THEN w.word ELSE near.term END AS nearest
    FROM words w LEFT JOIN LATERAL (
        SELECT t.term FROM search_terms t
        WHERE t.term %% w.word AND levenshtein(t.term, w.word) <= CASE WHEN length(w.word) < 8 THEN 1 ELSE 2 END
        ORDER BY levenshtein(t.term, w.word), t.df DESC, t.term LIMIT 1
    ) near ON length(w.word) BETWEEN 4 AND 40
    ORDER BY w.place
"""


def correct(connection: Connection, q: str) -> str | None:
    """Return the words with misspelt ones replaced by the nearest known ones; None where none is near."""
    words = [word for word in q.lower().split() if word][:12]
    rows = connection.exec_driver_sql(_NEAREST, {"words": words}).all()
    if all(row.nearest is None or row.nearest == row.word for row in rows):
        return None
    return " ".join(row.nearest or row.word for row in rows)
