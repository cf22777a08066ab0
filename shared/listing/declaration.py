"""What a list is made of, and its pages."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from shared.errors import Invalid, NotFound
from shared.listing.cursors import Cursor, read_cursor, write_cursor
from shared.listing.statements import Compiled, Row, compiled, countable, run

PAGE_SIZE = 20
PAGE_SIZE_MAX = 100
COUNT_EXACT_MAX = 10_000
_STATEMENTS_KEPT = 512

Clause = ColumnElement[bool]
Clauses = Callable[[], list[Clause]]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter: `field` reads it (a marshmallow field), `clause(bound)` is what it asks of a row.

    `clause` gets a bound parameter that carries the read value, and must not depend on the value itself; where it
    must, `by_value=True` hands it the value and the statement is kept per value (for flags and short choices only).
    """

    field: Any
    clause: Callable[[Any], Clause]
    by_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of rows as dicts of the declared columns, with what is needed to say where it lies."""

    rows: list[Row]
    count: int
    count_exact: bool
    number: int
    size: int
    next_cursor: str | None = None
    previous_number: int | None = None
    by_cursor: bool = False
    by_offset: bool = False
    offset: int = 0

    @property
    def is_last_by_number(self) -> bool:
        """Whether what follows needs a cursor: its number is unknown, or too deep to count to."""
        return not self.count_exact or self.offset + self.size >= COUNT_EXACT_MAX


@dataclass(eq=False, kw_only=True)
class Listing:
    """A list that a service offers. `columns` is a select of labelled columns with its joins, no filters or order."""

    columns: Select[*tuple[Any, ...]]
    key: Column
    filters: Mapping[str, Filter] = field(default_factory=dict)
    orderings: Mapping[str, Column] = field(default_factory=dict)
    default_ordering: str = ""
    search: Callable[[Any], Clause] | None = None
    search_min: int = 2
    nullable: frozenset[str] = frozenset()
    page_size_max: int = PAGE_SIZE_MAX
    _kept: dict[Any, Compiled] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def page(
        self,
        connection: Connection,
        query: Mapping[str, Any],
        *,
        where: Sequence[Clause] = (),
        variant: str = "",
        parameters: Mapping[str, Any] | None = None,
        count: ColumnElement[int] | None = None,
        count_exact: bool = True,
    ) -> Page:
        """Return the page that `query` asks for.

        `query` holds what `query_schema()` read. `where` narrows to what the caller may see; its bound parameters are
        named in `parameters`, and `variant` names this choice of `where` (each variant has statements of its own).
        `count` is how many rows `query` and `where` leave, where that is kept, or estimated (`count_exact` False): the
        rows are then not counted.
        Raises NotFound past the end, Invalid for a broken cursor or a page too deep to count to.
        """
        order = self._order(query.get("ordering") or self.default_ordering)
        size, number, offset = window(query, self.page_size_max)
        cursor = read_cursor(query["cursor"], order) if query.get("cursor") else None
        if cursor is None and offset + size > COUNT_EXACT_MAX + self.page_size_max:
            raise Invalid.field("page", f"Pages beyond row {COUNT_EXACT_MAX} need ?cursor=.")
        names, values = self._asked(query, variant, parameters)
        if count is not None:
            names.append("count")
        values |= {"p_limit": size + 1, "p_offset": 0 if cursor else offset}
        if cursor:
            names.append("cursor:" + "".join("0" if value is None else "1" for value in cursor.values))
            values |= {f"c_{position}": value for position, value in enumerate(cursor.values)}

        def clauses() -> list[Clause]:
            after = [self._after(order, cursor.values)] if cursor else []
            return [*self._clauses(query, where), *after]

        statement = self._statement((*names, *order), clauses, order, counted=cursor is None, count=count)
        rows = run(connection, statement, values)
        told = count_exact if count is not None else None
        return self._as_page(connection, rows, query, order, (clauses, values), size, number, offset, cursor, told=told)

    def estimate(
        self,
        connection: Connection,
        query: Mapping[str, Any],
        *,
        where: Sequence[Clause] = (),
        variant: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many rows the planner expects, from statistics: quick, and far off for what these do not tell."""
        names, values = self._asked(query, variant, parameters)
        return self._estimate(connection, lambda: self._clauses(query, where), values, key=tuple(names))

    def number(
        self,
        connection: Connection,
        query: Mapping[str, Any],
        *,
        most: int,
        where: Sequence[Clause] = (),
        variant: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many rows there are, at most `most`: no more are looked at."""
        names, values = self._asked(query, variant, parameters)
        key = ("number", *names)
        counted = self._kept.get(key)
        if counted is None:
            capped = countable(self.columns, self._clauses(query, where)).limit(bindparam("p_most")).subquery()
            counted = self._kept[key] = compiled(select(func.count().label("number")).select_from(capped))
        return int(run(connection, counted, {**values, "p_most": most})[0]["number"])

    def _asked(
        self, query: Mapping[str, Any], variant: str, parameters: Mapping[str, Any] | None
    ) -> tuple[list[str], dict[str, Any]]:
        """Return the names of the clauses that a query stands for, and the values of their parameters."""
        values: dict[str, Any] = dict(parameters or {})
        names = [variant]
        for name, wanted in self.filters.items():
            if name in query and query[name] is not None:
                value = query[name]
                names.append(f"{name}={value}" if wanted.by_value else name)
                if not wanted.by_value:
                    values[f"f_{name}"] = list(value) if isinstance(value, tuple) else value
        if query.get("search") and self.search is not None:
            names.append("search")
            values["f_search"] = query["search"]
        return names, values

    def _clauses(self, query: Mapping[str, Any], where: Sequence[Clause]) -> list[Clause]:
        """Return the clauses that a query stands for: made for a new statement only, as making them costs much."""
        clauses = list(where)
        for name, wanted in self.filters.items():
            if name in query and query[name] is not None:
                clauses.append(wanted.clause(query[name] if wanted.by_value else bindparam(f"f_{name}")))
        if query.get("search") and self.search is not None:
            clauses.append(self.search(bindparam("f_search")))
        return clauses

    def all(
        self,
        connection: Connection,
        *,
        where: Sequence[Clause],
        variant: str,
        parameters: Mapping[str, Any],
        limit: int,
    ) -> list[Row]:
        """Return up to `limit` rows in the default order, without pages or a count."""
        order = self._order(self.default_ordering)
        statement = self._statement((variant, "all", *order), lambda: list(where), order, counted=False)
        return run(connection, statement, {**parameters, "p_limit": limit, "p_offset": 0})

    def _as_page(
        self,
        connection: Connection,
        rows: list[Row],
        query: Mapping[str, Any],
        order: tuple[str, ...],
        counted: tuple[Clauses, dict[str, Any]],
        size: int,
        number: int,
        offset: int,
        cursor: Cursor | None,
        *,
        told: bool | None,
    ) -> Page:
        more, rows = len(rows) > size, rows[:size]
        if not rows and offset and cursor is None:
            raise NotFound("There is no such page.")
        if cursor is not None:
            count, exact = cursor.count, cursor.count_exact
        else:
            count = rows[0]["page_count"] if rows else 0
            exact = count <= COUNT_EXACT_MAX if told is None else told
            if told is None and not exact:
                count = max(count, self._estimate(connection, *counted))
        next_cursor = None
        if more:
            last = rows[-1]
            values = [last[f"order_{position}"] for position in range(len(order))]
            next_cursor = write_cursor(order, values, count, exact=exact)
        return Page(
            rows=rows,
            count=count,
            count_exact=exact,
            number=number,
            size=size,
            next_cursor=next_cursor,
            previous_number=number - 1 if number > 1 and cursor is None else None,
            by_cursor=cursor is not None,
            by_offset="limit" in query or "offset" in query,
            offset=offset,
        )

    def _order(self, asked: Any) -> tuple[str, ...]:
        parts = asked if isinstance(asked, tuple) else tuple(part for part in str(asked).split(",") if part)
        return (*parts, "-key" if parts and parts[-1].startswith("-") else "key")

    def _column(self, name: str) -> ColumnElement[Any]:
        bare = name.lstrip("-")
        column: Any = self.key if bare == "key" else self.orderings[bare]
        found: ColumnElement[Any] = column
        return found

    def _sorted(self, order: tuple[str, ...]) -> list[ColumnElement[Any]]:
        result: list[ColumnElement[Any]] = []
        for name in order:
            column = self._column(name)
            directed = column.desc() if name.startswith("-") else column.asc()
            result.append(directed.nulls_last() if name.lstrip("-") in self.nullable else directed)
        return result

    def _after(self, order: tuple[str, ...], cursor: Sequence[Any]) -> Clause:
        """Return the clause for rows behind the cursor: lexicographic, nulls last."""
        alternatives: list[Clause] = []
        equal: list[Clause] = []
        for position, name in enumerate(order):
            column: ColumnElement[Any] = self._column(name)
            bound: ColumnElement[Any] = bindparam(f"c_{position}")
            if cursor[position] is None:
                equal.append(column.is_(None))
                continue
            behind: Clause = column < bound if name.startswith("-") else column > bound
            if name.lstrip("-") in self.nullable:
                behind = or_(behind, column.is_(None))
            alternatives.append(and_(*equal, behind))
            equal.append(column == bound)
        return or_(*alternatives)

    def _statement(
        self,
        key: tuple[str, ...],
        asked: Clauses,
        order: tuple[str, ...],
        *,
        counted: bool,
        count: ColumnElement[int] | None = None,
    ) -> Compiled:
        kept_as = (key, counted)
        found = self._kept.get(kept_as)
        if found is not None:
            return found
        clauses = asked()
        page = self.columns.where(*clauses)
        page = page.add_columns(*(self._column(name).label(f"order_{i}") for i, name in enumerate(order)))
        if counted and count is not None:
            page = page.add_columns(count.label("page_count"))
        elif counted:
            capped = countable(self.columns, clauses).limit(COUNT_EXACT_MAX + 1).subquery()
            page = page.add_columns(select(func.count()).select_from(capped).scalar_subquery().label("page_count"))
        page = page.order_by(*self._sorted(order)).limit(bindparam("p_limit")).offset(bindparam("p_offset"))
        # How many rows a text finds differs too much from word to word for one plan.
        made = compiled(page, is_preparable="search" not in key)
        with self._lock:
            if len(self._kept) >= _STATEMENTS_KEPT:
                self._kept.clear()
            self._kept[kept_as] = made
        return made

    def _estimate(
        self,
        connection: Connection,
        clauses: Clauses,
        values: dict[str, Any],
        *,
        key: tuple[str, ...] | None = None,
    ) -> int:
        """Return the planner's guess of how many rows there are; `key` keeps the statement."""
        kept = self._kept.get(("estimate", key)) if key else None
        counted = kept or compiled(countable(self.columns, clauses()))
        if key and kept is None:
            self._kept["estimate", key] = counted
        explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {counted.sql}", {**counted.literal, **values})
        plan = explained.scalar_one()
        plan = orjson.loads(plan) if isinstance(plan, str) else plan
        return int(plan[0]["Plan"]["Plan Rows"])


def window(query: Mapping[str, Any], most: int) -> tuple[int, int, int]:
    """Return size, page number and offset of the page that `query` asks for, with `most` rows.

    `limit` and `offset` are the old clients' spelling.
    """
    if "limit" in query or "offset" in query:
        size, offset = min(query.get("limit", PAGE_SIZE), most), query.get("offset", 0)
        return size, offset // size + 1, offset
    size, number = min(query.get("page_size", PAGE_SIZE), most), query.get("page", 1)
    return size, number, (number - 1) * size
