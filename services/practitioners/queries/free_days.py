"""Lists of those who offer a start at a certain time of a certain day, by their own calendars."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam

from services.practitioners.domain.geo import Circle
from services.practitioners.queries.listing import PRACTITIONERS, asked_of, part_is_free, part_of_day
from services.practitioners.queries.previewing import free_at
from services.practitioners.queries.summaries import summary_rows
from shared.errors import NotFound
from shared.identity import Identity
from shared.listing import PAGE_SIZE_MAX, Page, window

CHECKED_EXACTLY: Final = 200
"""How many of the first are looked at; more would make a page slow."""
_WINDOW: Final = frozenset({"page", "page_size", "cursor", "limit", "offset"})
_IN_QUESTION: Final = replace(PRACTITIONERS, page_size_max=CHECKED_EXACTLY)


def free_page(
    connection: Connection,
    query: Mapping[str, Any],
    *,
    at: datetime,
    now: datetime,
    by: Identity | None = None,
    circle: Circle | None = None,
    bounds: Mapping[str, float] | None = None,
) -> Page:
    """Return a page of those who offer a start on the day and at the time of day of `at`, which has no zone.

    Looked at are the first 200 of the list who have a free time in that part of the day; `count_exact` False: there
    are more than these. Raises NotFound past the end.
    """
    where, variant, parameters = asked_of(query, by, circle, bounds)
    where.append(part_is_free(bindparam("f_available_on"), bindparam("part", type_=Integer)))
    asked = {name: value for name, value in query.items() if name not in _WINDOW} | {"limit": CHECKED_EXACTLY}
    found = _IN_QUESTION.page(
        connection,
        asked,
        where=where,
        variant=f"{variant}+part",
        parameters=parameters | {"part": part_of_day(at.hour)},
    )
    free = free_at(connection, [row["id"] for row in found.rows], at=at, now=now)
    ids = [row["id"] for row in found.rows if row["id"] in free]
    size, number, offset = window(query, PAGE_SIZE_MAX)
    shown = ids[offset : offset + size]
    if offset and not shown:
        raise NotFound("There is no such page.")
    return Page(
        rows=summary_rows(connection, shown),
        count=len(ids),
        count_exact=found.count <= CHECKED_EXACTLY,
        number=number,
        size=size,
        next_cursor="more" if offset + size < len(ids) else None,
        previous_number=number - 1 if number > 1 else None,
        by_offset="limit" in query or "offset" in query,
        offset=offset,
    )
