"""Pages of practitioners: counted where few match, and where a crowd does as many as statistics let expect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, cast, func

from services.practitioners.domain.geo import Circle
from services.practitioners.queries.listing import FILTERS, ORDERED, PRACTITIONERS, asked_of
from services.practitioners.queries.parameters import Facets
from shared.identity import Identity
from shared.listing import COUNT_EXACT_MAX, Page

FEW: Final = 1_000
CROWD: Final = 2 * COUNT_EXACT_MAX
"""Surely more than are counted exactly."""


def practitioners_page(
    connection: Connection,
    query: Mapping[str, Any],
    *,
    by: Identity | None = None,
    circle: Circle | None = None,
    bounds: Mapping[str, float] | None = None,
    crowd: int = CROWD,
    few: int = FEW,
) -> Page:
    """Return a page of practitioners as `by` may see them; None is anybody.

    Where facets or words let expect so many as `crowd`, their number is answered as it is expected: counting rows that
    far would take longer than finding the page. Words that few say are found and sorted.
    """
    where, variant, parameters = asked_of(query, by, circle, bounds)
    listing, known = PRACTITIONERS, None
    if not query.get("cursor") and _is_by_words(query, variant):
        asked: dict[str, Any] = {"where": where, "variant": variant, "parameters": parameters}
        if query.get("search"):
            known = PRACTITIONERS.number(connection, query, most=few + 1, **asked)
        if known is not None and known <= few:
            listing = _OF_FEW
        else:
            guess = PRACTITIONERS.estimate(connection, query, **asked)
            known = guess if guess >= crowd else None
    if known is None:
        return listing.page(connection, query, where=where, variant=variant, parameters=parameters)
    told = parameters | {"known": known}
    exact = listing is _OF_FEW
    return listing.page(
        connection, query, where=where, variant=variant, parameters=told, count=_KNOWN, count_exact=exact
    )


_KNOWN: Final = cast(bindparam("known"), Integer)


# A single argument's greatest is itself, but no index holds it: the few who match are read and sorted. PostgreSQL takes
# a word that its statistics do not know for more frequent than it is, and would look for it along an order's index.
_OF_FEW: Final = replace(
    PRACTITIONERS, orderings={name: func.greatest(column, type_=column.type) for name, column in ORDERED.items()}
)


def _is_by_words(query: Mapping[str, Any], variant: str) -> bool:
    """Whether nothing but facets and words are asked for, of which PostgreSQL's statistics hold the frequent ones."""
    used = {name for name in FILTERS if query.get(name) is not None}
    return variant == "listed" and used <= _TAGGED and bool(used or query.get("search"))


_TAGGED: Final = frozenset(
    name for name, one in FILTERS.items() if isinstance(one.field, Facets) and not one.field.slugs
)
