"""Pages of reviews: counted where that is quick, and where a crowd matches as many as statistics let expect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, cast, func

from services.reviews.api.lists import REVIEWS
from services.reviews.api.narrowing import TARGETS, Narrowed, narrowed
from services.reviews.queries.targets import numbered
from shared.identity import Identity
from shared.listing import COUNT_EXACT_MAX, Listing, Page

FEW = 1_000
CROWD = 2 * COUNT_EXACT_MAX
"""Surely more than are counted exactly."""

_KNOWN = cast(bindparam("known"), BigInteger)

# A single argument's greatest is itself, but no index holds it: the few who match are read and sorted. PostgreSQL takes
# a word that its statistics do not know for more frequent than it is, and would look for it along an order's index.
_OF_FEW = replace(
    REVIEWS,
    orderings={name: func.greatest(column, type_=column.type) for name, column in REVIEWS.orderings.items()},
)


def reviews_page(
    connection: Connection, query: Mapping[str, Any], *, by: Identity, few: int = FEW, crowd: int = CROWD
) -> Page:
    """Return a page of the reviews that `query` asks for, as `by` may see them.

    How many there are is read from the numbers of whom they are about, or counted. Where they may be a crowd and
    statistics let expect one, it is answered as it is expected: counting that far would take longer than all the rest.
    Words that few reviews hold are found and sorted. Raises Invalid, NotFound past the end.
    """
    found = narrowed(query, by=by)
    if found.count is not None or query.get("cursor"):
        return _page(connection, query, found)
    about = {name: query[name] for name in TARGETS if query.get(name) is not None}
    most = crowd
    if about:
        # Statistics know how frequent an id is, and nothing of a slug.
        ids, most = numbered(connection, about)
        query = {**query, **ids}
        found = narrowed(query, by=by)
    asked: dict[str, Any] = {"where": found.where, "variant": found.variant, "parameters": found.parameters}
    guess = REVIEWS.estimate(connection, query, **asked) if most >= crowd else 0
    if guess >= crowd:
        return _known(connection, query, found, guess, exact=False)
    if query.get("search") and most > few:
        number = REVIEWS.number(connection, query, most=COUNT_EXACT_MAX + 1, **asked)
        if number <= COUNT_EXACT_MAX:
            listing = _OF_FEW if number <= few else REVIEWS
            return _known(connection, query, found, number, exact=True, listing=listing)
    return _page(connection, query, found)


def _page(connection: Connection, query: Mapping[str, Any], found: Narrowed) -> Page:
    return REVIEWS.page(
        connection, query, where=found.where, variant=found.variant, parameters=found.parameters, count=found.count
    )


def _known(
    connection: Connection,
    query: Mapping[str, Any],
    found: Narrowed,
    number: int,
    *,
    exact: bool,
    listing: Listing = REVIEWS,
) -> Page:
    """Return a page of a list of which the number is known, or estimated."""
    return listing.page(
        connection,
        query,
        where=found.where,
        variant=found.variant,
        parameters=found.parameters | {"known": number},
        count=_KNOWN,
        count_exact=exact,
    )
