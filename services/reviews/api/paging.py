"""Pages of reviews: counted where that is quick, and where a crowd matches as many as statistics let expect."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, cast

from services.reviews.api.lists import REVIEWS
from services.reviews.api.narrowing import TARGETS, narrowed
from services.reviews.queries.targets import numbered
from shared.identity import Identity
from shared.listing import COUNT_EXACT_MAX, Page

CROWD = 2 * COUNT_EXACT_MAX
"""Surely more than are counted exactly."""

_KNOWN = cast(bindparam("known"), BigInteger)


def reviews_page(connection: Connection, query: Mapping[str, Any], *, by: Identity, crowd: int = CROWD) -> Page:
    """Return a page of the reviews that `query` asks for, as `by` may see them.

    How many there are is read from the numbers of whom they are about, or counted. Where they may be a crowd and
    statistics let expect one, it is answered as it is expected: counting that far would take longer than all the rest.
    Raises Invalid, NotFound past the end.
    """
    found = narrowed(query, by=by)
    if found.count is None and not query.get("cursor"):
        about = {name: query[name] for name in TARGETS if query.get(name) is not None}
        most = crowd
        if about:
            # Statistics know how frequent an id is, and nothing of a slug.
            ids, most = numbered(connection, about)
            query = {**query, **ids}
            found = narrowed(query, by=by)
        asked: dict[str, Any] = {"where": found.where, "variant": found.variant}
        if most >= crowd:
            guess = REVIEWS.estimate(connection, query, **asked, parameters=found.parameters)
            if guess >= crowd:
                told = found.parameters | {"known": guess}
                return REVIEWS.page(connection, query, **asked, parameters=told, count=_KNOWN, count_exact=False)
    return REVIEWS.page(
        connection,
        query,
        where=found.where,
        variant=found.variant,
        parameters=found.parameters,
        count=found.count,
    )
