"""Full-text search whose cost does not grow with the marketplace.

How frequent the words are is gauged first, in an index of one service in 64. Rare ones are found all. Of
frequent ones only the popular services (`hot`) are ranked, before the others; any other order is walked along its
index until the page is full, or until that turns out to take too long.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from services.catalog.domain.figures import booking_weight
from services.catalog.queries import gauging
from services.catalog.queries.gauging import BOUNDS, COUNT_MAX, MATCHES, QUERY, Bounds
from services.catalog.queries.spelling import corrected
from services.catalog.settings import settings
from shared.clock import utc_now
from shared.database import bounded_reading, reading

_QUERY_CANCELED = "57014"
# Of a million services a frequent word and a frequent condition name some hundred thousand each. Remembered exactly,
# they need not be read again.
_MEMORY = "32MB"


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


_SCORE = f"""
    (CASE WHEN numnode({QUERY}) = 0 THEN 1 ELSE ts_rank(s.search, {QUERY}, 32) END)
    * (1 + 0.15 * ln(1 + s.popularity_sum / %(now_weight)s)) * (0.7 + 0.06 * s.rating_weighted)
    * (CASE WHEN s.is_featured THEN 1.1 ELSE 1 END) * (CASE WHEN lower(s.name) = lower(%(q)s) THEN 2 ELSE 1 END)
"""
_DISTANCE = (
    "2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(s.lat - %(near_lat)s) / 2), 2)"
    " + cos(radians(%(near_lat)s)) * cos(radians(s.lat)) * power(sin(radians(s.lng - %(near_lng)s) / 2), 2))))"
)
AROUND = (
    "point(s.lng, s.lat) <@ box(point(%(near_west)s, %(near_south)s), point(%(near_east)s, %(near_north)s))"
    f" AND {_DISTANCE} <= %(near_km)s"
)
"""The condition for services near a point: a box that the index finds, then the circle."""


def of_categories(slugs: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the condition for services of these categories, with its parameters.

    The planner sees how many are named, and each is looked up before the search.
    """
    named = {f"category_{place}": slug for place, slug in enumerate(slugs)}
    ids = ", ".join(
        f"(SELECT id FROM service_categories WHERE slug = %({name})s)"  # noqa: S608 - our own text; values are bound.
        for name in named
    )
    return f"s.category_id = ANY(ARRAY[{ids}])", named


PRICED = ("s.price_cents >= %(min_price)s", "s.price_cents <= %(max_price)s")
"""The conditions for prices, in cents."""

_POPULAR = "s.popularity_score DESC, s.id DESC"
_WALKED = {
    "created_at": "s.created_at, s.id",
    "-created_at": "s.created_at DESC, s.id DESC",
    "price": "s.price_cents, s.id",
    "-price": "s.price_cents DESC, s.id DESC",
    "rating": "s.rating_weighted, s.id",
    "-rating": "s.rating_weighted DESC, s.id DESC",
    "popularity": _POPULAR,
    "next_session": "s.next_session_at, s.id",
}
"""Orders that an index of listed services holds, forwards or backwards."""
SORTS = {"relevance": f"{_SCORE} DESC, {_POPULAR}", "distance": f"{_DISTANCE}, s.id DESC", **_WALKED}

_STAMPED = "s.id, s.xmin::text::bigint AS stamp, s.popularity_score"
_SCORED = f"{_STAMPED}, s.name, s.search, s.popularity_sum, s.rating_weighted, s.is_featured"
_SORTED = f"{_STAMPED}, s.created_at, s.price_cents, s.rating_weighted, s.next_session_at, s.lat, s.lng"

Rows = list[tuple[int, int]]


def search(wish: Wish, bounds: Bounds = BOUNDS) -> Hits:
    """Return a page of what matches; a misspelt word is replaced by a known one if nothing does."""
    hits = _search(wish, bounds)
    if hits.count or not wish.typo or not wish.q:
        return hits
    with reading() as connection:
        better = corrected(connection, wish.q)
    if better is None:
        return hits
    again = _search(replace(wish, q=better), bounds)
    return replace(again, corrected=better) if again.count else hits


def looking() -> AbstractContextManager[Connection]:
    """Yield a connection for looking at services, each time no longer than the settings say."""
    return bounded_reading(timeout_ms=settings().catalog_search_timeout_ms, memory=_MEMORY)


def took_too_long(failure: OperationalError) -> bool:
    """Whether looking ended because its time was over."""
    return getattr(failure.orig, "pgcode", None) == _QUERY_CANCELED


def _search(wish: Wish, bounds: Bounds) -> Hits:
    """Look at all services, or where time runs out at the popular ones."""
    parameters = {**wish.parameters, "q": wish.q, "now_weight": booking_weight(utc_now(), 1)}
    parameters |= {"limit": wish.page_size, "offset": (wish.page - 1) * wish.page_size}
    try:
        with looking() as connection:
            rows, count = _Look(connection, (MATCHES, *wish.conditions), wish.sort, parameters, bounds).page()
    except OperationalError as slow:
        if not took_too_long(slow):
            raise
        with looking() as connection:
            popular = ("s.hot", MATCHES, *wish.conditions)
            rows, count = _Look(connection, popular, wish.sort, parameters, bounds).found()
        return Hits(rows, min(count, COUNT_MAX), exact=False, corrected=None)
    return Hits(rows, min(count, COUNT_MAX), exact=count <= COUNT_MAX, corrected=None)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the services, within one transaction."""

    connection: Connection
    each_condition: tuple[str, ...]
    sort: str
    parameters: Mapping[str, Any]
    bounds: Bounds

    @property
    def conditions(self) -> str:
        """What a service must meet."""
        return " AND ".join(self.each_condition)

    @property
    def stretch(self) -> str:
        """The conditions that say where a walk along the index of the order begins and ends."""
        bounding = [one for one in self.each_condition if one in PRICED] if self.sort.endswith("price") else []
        return " AND ".join(("s.listed", *bounding))

    def page(self) -> tuple[Rows, int]:
        """Return a page in order, and how many there are; more than `COUNT_MAX` says no more than that."""
        matches, services, has_words = gauging.gauge(self.connection, self.conditions, self.parameters, self.bounds)
        if matches < self.bounds.few:
            return self.found()
        if self.sort == "distance":
            return self.found()
        count = matches
        if matches >= self.bounds.many:
            count = COUNT_MAX + 1
        elif has_words:
            matches = count = gauging.count(self.connection, self.conditions, self.parameters)
        if self.sort == "relevance":
            return self._ranked(f"s.hot AND {self.conditions}" if has_words else None)[0], count
        if not has_words:
            return self._walked(), count
        wanted = self.parameters["offset"] + self.parameters["limit"]
        if count > COUNT_MAX and wanted * services > matches**2:
            # So deep a page is worth knowing how many there are beyond what is counted.
            matches = gauging.gauge(self.connection, self.conditions, self.parameters, self.bounds, whole=True).matches
        expected = wanted * services / max(matches, 1)
        # Words may avoid the beginning of the order: then the walk ends at three times what was expected.
        rows = self._walked(int(3 * expected) + 1_000) if expected <= matches else []
        is_full = len(rows) == self.parameters["limit"]
        return (rows if is_full else self.found()[0]), count

    def found(self) -> tuple[Rows, int]:
        """Find all that match, and sort them."""
        if self.sort == "relevance":
            return self._ranked(self.conditions)
        return self._ask(f"""
            WITH pool AS MATERIALIZED (
                SELECT {_SORTED} FROM services s WHERE s.listed AND {self.conditions}
            ), page AS (SELECT s.id, s.stamp FROM pool s ORDER BY {SORTS[self.sort]} LIMIT %(limit)s OFFSET %(offset)s)
        """)  # noqa: S608 - our own text; values are bound.

    def _ranked(self, among: str | None) -> tuple[Rows, int]:
        """Rank the most popular of those among which is looked (None: of all that match), then by popularity alone.

        The number is of those among which was looked.
        """
        pool = f"SELECT {_SCORED} FROM services s WHERE s.listed AND {among or self.conditions}"  # noqa: S608 - our own text; values are bound.
        if among is None:
            pool += f" ORDER BY {_POPULAR} LIMIT {self.bounds.ranked}"
        best = f"""
            WITH pool AS MATERIALIZED ({pool}),
            best AS MATERIALIZED (SELECT * FROM pool s ORDER BY {_POPULAR} LIMIT {self.bounds.ranked})
        """  # noqa: S608 - our own text; values are bound.
        rows, count = self._ask(f"""{best}, page AS (
                SELECT s.id, s.stamp FROM best s ORDER BY {SORTS["relevance"]} LIMIT %(limit)s OFFSET %(offset)s
            )
        """)  # noqa: S608 - our own text; values are bound.
        missing = self.parameters["limit"] - len(rows)
        if missing and (among != self.conditions or count > self.bounds.ranked):
            more = self.connection.exec_driver_sql(
                f"""
                {best} SELECT s.id, s.xmin::text::bigint AS stamp FROM services s
                WHERE s.listed AND {self.conditions} AND s.id NOT IN (SELECT id FROM best)
                ORDER BY {_POPULAR} LIMIT {missing}
                OFFSET greatest(0, %(offset)s - (SELECT count(*) FROM best))
                """,  # noqa: S608 - our own text; values are bound.
                dict(self.parameters),
            )
            rows += [(row.id, row.stamp) for row in more]
        return rows, count

    def _walked(self, most: int | None = None) -> Rows:
        """Walk along the index of the order, past `most` services at most, until the page is full."""
        order = SORTS[self.sort]
        found = self.connection.exec_driver_sql(
            f"""
            SELECT s.id, s.stamp FROM (
                SELECT s.*, s.xmin::text::bigint AS stamp FROM services s WHERE {self.stretch}
                {f"ORDER BY {order} LIMIT {most}" if most else ""}
            ) s WHERE {self.conditions} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
            """,  # noqa: S608 - our own text; values are bound.
            dict(self.parameters),
        )
        return [(row.id, row.stamp) for row in found]

    def _ask(self, statement: str) -> tuple[Rows, int]:
        """Return the rows of `page`, and the size of `pool`."""
        found = self.connection.exec_driver_sql(
            f"""{statement}, numbered AS (SELECT id, stamp, row_number() OVER () AS place FROM page)
            SELECT numbered.id, numbered.stamp, counted.number
            FROM (SELECT count(*) AS number FROM pool) counted LEFT JOIN numbered ON true
            ORDER BY numbered.place""",  # noqa: S608 - our own text; values are bound.
            dict(self.parameters),
        ).all()
        return [(row.id, row.stamp) for row in found if row.id is not None], found[0].number
