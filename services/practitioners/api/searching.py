"""Reading a search, and answering it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from services.practitioners.api.places import asked_circle, asked_time, check_ranges
from services.practitioners.domain.errors import PageTooDeep, PlaceNotFound
from services.practitioners.queries.candidates import Asked
from services.practitioners.queries.limits import bounded_reading
from services.practitioners.queries.listing import FILTERS
from services.practitioners.queries.places import resolved
from services.practitioners.queries.previewing import next_starts
from services.practitioners.queries.search import corrected, find
from shared.clock import utc_now
from shared.errors import Invalid
from shared.http.pages import page_body
from shared.listing import PAGE_SIZE, PAGE_SIZE_MAX, Page

RADIUS_KM = 10.0
DEEPEST = 10_000
_ALIASES = {
    "service_type_ids": "service_type",
    "category_ids": "service_category",
    "specialization_ids": "specialization",
    "style_ids": "style",
    "topic_ids": "topic",
    "modality_ids": "modality_id",
    "languages": "language",
    "min_experience_years": "min_experience",
    "featured_only": "featured",
}

Query = Mapping[str, Any]


def asked_by(query: Query) -> Asked:
    """Return the search that a query string describes. Raises Invalid, PageTooDeep."""
    check_ranges(query)
    size = min(query.get("limit") or query.get("page_size") or PAGE_SIZE, PAGE_SIZE_MAX)
    offset = query["offset"] if "offset" in query else (query.get("page", 1) - 1) * size
    if offset + size > DEEPEST:
        raise PageTooDeep(errors={"page": ["Only the first 10,000 results can be paged through."]})
    circle = asked_circle(query, radius_km=RADIUS_KM)
    sort_by = query.get("sort_by", "relevance")
    ordering = tuple(query.get("ordering") or ())
    if circle is None and "distance" in (sort_by, *(name.lstrip("-") for name in ordering)):
        raise Invalid.field("sort_by", "Sorting by distance needs near, or latitude and longitude.")
    filters = {name: query[name] for name in FILTERS if query.get(name) is not None}
    for alias, name in _ALIASES.items():
        value = query.get(alias)
        if value is not None and value is not False:
            filters[name] = value
    return Asked(
        filters=filters,
        words=query.get("q") or query.get("search") or None,
        circle=circle,
        service_id=query.get("service_id"),
        sort_by=sort_by,
        ordering=ordering,
        size=size,
        offset=offset,
        at=asked_time(query),
    )


def search_page(query: dict[str, Any]) -> dict[str, Any]:
    """Return a page of hits, with what was understood. Raises Invalid, PageTooDeep, PlaceNotFound."""
    asked, now = asked_by(query), utc_now()
    included, fixed = query.get("include", ()), None
    with bounded_reading() as connection:
        place = _place(connection, query, asked)
        found = find(connection, asked, now=now, counted="facets" in included)
        if not found.hits and asked.words and asked.offset == 0 and query.get("typo", True):
            fixed = corrected(connection, asked.words)
            if fixed is not None:
                asked = _with_words(asked, fixed)
                found = find(connection, asked, now=now, counted="facets" in included)
        if "slots" in included:
            starts = next_starts(connection, [hit["id"] for hit in found.hits], now=now)
            for hit in found.hits:
                hit["next_slots"] = starts.get(hit["id"], [])
    number = asked.offset // asked.size + 1
    page = Page(
        rows=[],
        count=found.count,
        count_exact=found.count_exact,
        number=number,
        size=asked.size,
        next_cursor="more" if asked.offset + asked.size < found.count else None,
        previous_number=number - 1 if number > 1 else None,
        by_offset="limit" in query or "offset" in query,
        offset=asked.offset,
    )
    return {
        **page_body(_exactly(page), found.hits),
        "count_exact": found.count_exact,
        "query": {"text": query.get("q") or query.get("search"), "corrected": fixed, "place": place},
        "facets": found.facets,
    }


def _exactly(page: Page) -> Page:
    """Return the page as one whose count is exact, so that its links go by page number: a search has no cursor."""
    return replace(page, count_exact=True)


def _with_words(asked: Asked, words: str) -> Asked:
    return replace(asked, words=words)


def _place(connection: Connection, query: Query, asked: Asked) -> dict[str, Any] | None:
    if asked.circle is not None:
        circle = asked.circle
        return {
            "name": f"{circle.latitude}, {circle.longitude}",
            "latitude": circle.latitude,
            "longitude": circle.longitude,
            "radius_km": round(circle.radius_km, 3),
            "type": "point",
        }
    box = query.get("location")
    if not box:
        return None
    if box.partition("|")[0] in ("virtual", "online"):
        return {"name": "Virtual", "latitude": None, "longitude": None, "radius_km": None, "type": "virtual"}
    place = resolved(connection, box)
    if place is None:
        raise PlaceNotFound(errors={"location": ["No practitioner works there."]})
    return place
