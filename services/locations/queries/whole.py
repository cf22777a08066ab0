"""Pages of whole reference lists, whose rows are counted once in a while instead of on every page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, bindparam, cast, func

from shared.listing import COUNT_EXACT_MAX, Listing, Page

KEPT_SECONDS: Final = 600
_FRESH: Final = frozenset({"search", "cursor"})
_counts: dict[Listing, tuple[int, float]] = {}


def whole_page(listing: Listing, connection: Connection, query: Mapping[str, Any], *, where: Sequence[Any]) -> Page:
    """Return a page of what everybody may see of a list.

    A list without filters is counted by this process at most every ten minutes; what seeding or staff change of it
    meanwhile shows in the rows at once, in the count then.
    """
    if any(query.get(name) is not None for name in (*listing.filters, *_FRESH)):
        return listing.page(connection, query, where=where, variant="active")
    number = _number(listing, connection, where)
    page = listing.page(
        connection,
        query,
        where=where,
        variant="active, counted",
        parameters={"whole_count": number},
        count=_KNOWN,
    )
    # Pages behind the exact ones go by cursor, as everywhere.
    return replace(page, count_exact=number <= COUNT_EXACT_MAX)


_KNOWN: Final[ColumnElement[int]] = cast(bindparam("whole_count"), Integer)


def _number(listing: Listing, connection: Connection, where: Sequence[Any]) -> int:
    number, until = _counts.get(listing, (0, 0.0))
    if monotonic() >= until:
        counted = listing.columns.with_only_columns(func.count(), maintain_column_froms=True).where(*where)
        number = connection.execute(counted).scalar_one()
        _counts[listing] = number, monotonic() + KEPT_SECONDS
    return number


def forget_counts() -> None:
    """Count every list again when it is asked for next."""
    _counts.clear()
