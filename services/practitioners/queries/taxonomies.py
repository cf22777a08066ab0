"""The words that practitioners describe themselves with."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from services.practitioners.models import TAXONOMY
from services.practitioners.queries.texts import holds
from shared.listing import Listing, Page

DEFAULT_SIZE: Final = 100


def _listing(model: type[Any]) -> Listing:
    return Listing(
        columns=select(model.id, model.content, model.slug, model.order, model.practitioner_count),
        key=model.id,
        orderings={"content": model.content, "order": model.order},
        default_ordering="content",
        search=lambda value: holds(model.content, value),
        search_min=1,
    )


LISTINGS: Final = {kind: _listing(model) for kind, model in TAXONOMY.items()}


def items_page(connection: Connection, kind: str, query: Mapping[str, Any]) -> Page:
    """Return a page of words, a hundred unless asked otherwise."""
    if not {"limit", "offset"} & query.keys():
        query = {"page_size": DEFAULT_SIZE, **query}
    return LISTINGS[kind].page(connection, query)
