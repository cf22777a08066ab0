"""Answering lists of practitioners: the place that is asked about, and who sees whom."""

from dataclasses import replace
from typing import Any

from services.practitioners.api.places import PLACE_NAMES, asked_bounds, asked_circle, asked_time, check_ranges
from services.practitioners.queries.free_days import free_page
from services.practitioners.queries.paging import practitioners_page
from services.practitioners.queries.presenting import summary
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Invalid
from shared.http.pages import page_body
from shared.identity import Identity

RADIUS_KM = 40.0


def list_page(query: dict[str, Any], *, by: Identity | None) -> dict[str, Any]:
    """Return a page of practitioners; `by` None is anybody."""
    check_ranges(query)
    circle, bounds = asked_circle(query, radius_km=RADIUS_KM), asked_bounds(query)
    if circle is None and any(name.lstrip("-") == "distance" for name in query.get("ordering", ())):
        raise Invalid.field("ordering", "Ordering by distance needs near, or latitude and longitude.")
    wanted = {name: value for name, value in query.items() if name not in PLACE_NAMES}
    with reading() as connection:
        at = asked_time(query)
        if at is None:
            page = practitioners_page(connection, wanted, by=by, circle=circle, bounds=bounds)
            return page_body(page, [summary(row) for row in page.rows])
        page = free_page(connection, wanted, at=at, now=utc_now(), by=by, circle=circle, bounds=bounds)
    # Such a list goes by page numbers, however many there are.
    body = page_body(replace(page, count_exact=True), [summary(row) for row in page.rows])
    return {**body, "count_exact": page.count_exact}
