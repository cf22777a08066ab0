"""Pages of practitioners: counted where few match, and where a crowd does as many as statistics let expect."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, cast, func

from services.practitioners.domain.geo import Circle
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from services.practitioners.queries.listing import FILTERS, ORDERED, PRACTITIONERS, asked_of
from services.practitioners.queries.parameters import Facets
from services.practitioners.queries.summaries import with_summaries
from services.practitioners.queries.there import page_there
from shared.identity import Identity
from shared.listing import COUNT_EXACT_MAX, Page

FEW: Final = 1_000
CROWD: Final = 2 * COUNT_EXACT_MAX
"""Surely more than are counted exactly."""
REMEMBERED_SECONDS: Final = 60.0


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

    Where statistics let expect so many as `crowd`, their number is answered as it is expected: counting rows that far
    would take longer than finding the page. Words that few say are found and sorted.
    """
    where, variant, parameters = asked_of(query, by, circle, bounds)
    if variant in ("listed", "listed+near"):
        there = page_there(connection, query, circle)
        if there is not None:
            return there
    listing, known = PRACTITIONERS, None
    if not query.get("cursor") and _is_foreseeable(query, variant):
        asked: dict[str, Any] = {"where": where, "variant": variant, "parameters": parameters}
        if query.get("search"):
            known = PRACTITIONERS.number(connection, query, most=few + 1, **asked)
        if known is not None and known <= few:
            listing = _OF_FEW
        else:
            guess = _ALL.guess(query, lambda: PRACTITIONERS.estimate(connection, query, **asked))
            known = guess if guess >= crowd else None
    if query.get("search") and listing is not _OF_FEW:
        listing = _AT_ONCE
    if known is None:
        page = listing.page(connection, query, where=where, variant=variant, parameters=parameters)
    else:
        told, exact = parameters | {"known": known}, listing is _OF_FEW
        page = listing.page(
            connection, query, where=where, variant=variant, parameters=told, count=_KNOWN, count_exact=exact
        )
    return page if listing is _AT_ONCE else with_summaries(connection, page)


class Everybody:
    """How many are listed at all, as statistics said within the last minute: that is asked most often."""

    def __init__(self) -> None:
        self._kept = (0, -math.inf)

    def guess(self, query: Mapping[str, Any], estimate: Callable[[], int]) -> int:
        """Return how many `query` asks for; where that is everybody, `estimate` of up to a minute ago."""
        if query.get("search") or any(query.get(name) is not None for name in FILTERS):
            return estimate()
        guess, at = self._kept
        if monotonic() - at >= REMEMBERED_SECONDS:
            guess = estimate()
            self._kept = (guess, monotonic())
        return guess


_ALL: Final = Everybody()
_KNOWN: Final = cast(bindparam("known"), Integer)


# A single argument's greatest is itself, but no index holds it: the few who match are read and sorted. PostgreSQL takes
# a word that its statistics do not know for more frequent than it is, and would look for it along an order's index.
_OF_FEW: Final = replace(
    PRACTITIONERS, orderings={name: func.greatest(column, type_=column.type) for name, column in ORDERED.items()}
)

# Where words have been counted and estimated, a page is one statement: a list takes three at most.
_AT_ONCE: Final = replace(PRACTITIONERS, columns=profiles(SUMMARY_COLUMNS))


def _is_foreseeable(query: Mapping[str, Any], variant: str) -> bool:
    """Whether nothing is asked for but what PostgreSQL's statistics tell the number of.

    They hold how values are spread, and the frequent facets, words and names of places.
    """
    return variant == "listed" and {name for name in FILTERS if query.get(name) is not None} <= _FORESEEABLE


_FORESEEABLE: Final = frozenset(
    name for name, one in FILTERS.items() if isinstance(one.field, Facets) and not one.field.slugs
) | {"city", "state", "country", "min_price", "max_price", "min_experience", "max_experience", "min_rating", "featured"}
