"""Lists over HTTP: the query parameters that every list takes, and the form in which pages are answered."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from marshmallow import ValidationError, validate

from shared.http import fields
from shared.http.schemas import QuerySchema, Schema
from shared.listing import PAGE_SIZE, Listing, Page

_BASES = ("/api/v1/drf", "/api/v1")


def page_schema(item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `item`."""
    name = f"{item.__name__}Page"
    return type(
        name,
        (Schema,),
        {
            "__doc__": f"A page of {item.__name__}.",
            "results": fields.List(fields.Nested(item), required=True),
            "count": fields.Integer(required=True),
            "count_exact": fields.Boolean(required=True, metadata={"description": "False: `count` is an estimate."}),
            "next": fields.String(required=True, allow_none=True, metadata={"format": "uri"}),
            "previous": fields.String(required=True, allow_none=True, metadata={"format": "uri"}),
            "page_size": fields.Integer(required=True),
            "total_pages": fields.Integer(required=True),
            "current_page": fields.Integer(required=True),
        },
    )


def query_schema(listing: Listing, name: str, **more: Any) -> type[QuerySchema]:
    """Return the schema of the parameters that `listing` takes; `more` adds fields of the operation's own."""
    declared: dict[str, Any] = {
        "page": fields.Integer(validate=validate.Range(min=1)),
        "page_size": fields.Integer(
            validate=validate.Range(min=1),
            metadata={"description": f"At most {listing.page_size_max}; default {PAGE_SIZE}."},
        ),
        "limit": fields.Integer(validate=validate.Range(min=1), metadata={"description": "The old `page_size`."}),
        "offset": fields.Integer(validate=validate.Range(min=0), metadata={"description": "The old `page`."}),
        "cursor": fields.String(metadata={"description": "From `next` of the page before."}),
        **{parameter: filter_.field for parameter, filter_ in listing.filters.items()},
    }
    if listing.orderings:
        names = tuple(listing.orderings)
        declared["ordering"] = fields.Names(
            (*names, *(f"-{name}" for name in names)),
            metadata={"description": f"Comma list of {', '.join(names)}; `-` descends."},
        )
    if listing.search is not None:
        declared["search"] = fields.String(validate=_search_length(listing.search_min))
    return type(name, (QuerySchema,), {"__doc__": "Parameters of the list.", **declared, **more})


def page_body(page: Page, results: list[Any] | None = None) -> dict[str, Any]:
    """Return what `page_schema` answers; `results` replaces the rows where the operation made more of them."""
    following = previous = None
    if page.by_cursor:
        following = _link(cursor=page.next_cursor) if page.next_cursor else None
    elif page.by_offset:
        following = _link(limit=page.size, offset=page.offset + page.size) if page.next_cursor else None
        previous = _link(limit=page.size, offset=max(page.offset - page.size, 0)) if page.offset else None
    else:
        step = {"cursor": page.next_cursor} if page.is_last_by_number else {"page": page.number + 1}
        following = _link(**step) if page.next_cursor else None
        previous = _link(page=page.previous_number) if page.previous_number else None
    return {
        "results": page.rows if results is None else results,
        "count": page.count,
        "count_exact": page.count_exact,
        "next": following,
        "previous": previous,
        "page_size": page.size,
        "total_pages": -(-page.count // page.size),
        "current_page": page.number,
    }


def _link(**changed: Any) -> str:
    """Return the public URL of this request with other place parameters."""
    places = {"page", "cursor", "offset", "limit"}
    kept = [(name, value) for name, value in parse_qsl(request.query_string.decode("latin-1")) if name not in places]
    base = request.headers.get("X-Estuary-Base", _BASES[0])
    origin = (
        f"{request.headers.get('X-Forwarded-Proto', 'http')}://{request.headers.get('X-Forwarded-Host', request.host)}"
    )
    return f"{origin}{base}{request.path}?{urlencode([*kept, *changed.items()])}"


def _search_length(least: int) -> Any:
    def check(value: str) -> None:
        if not least <= len(value) <= 100:
            raise ValidationError(f"Must be {least} to 100 characters.")

    return check
