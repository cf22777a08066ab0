"""Lists: one declaration of columns, filters, orderings and search; the pages follow from it.

A `Listing` is made once, at import. For each combination of filters and orderings that is asked for, the statement is
built and compiled once and kept; a request then costs one round trip for rows and count together. Every ordering
ends with the key, so that pages never overlap. Counts are exact up to 10,000; beyond that they are the planner's
estimate, marked `count_exact: false`, and deeper pages need `?cursor=`. Where a list keeps how many rows it has, that
is its count, and exact.

    BOOKINGS = Listing(
        select(Booking.id, Booking.status, …),
        key=Booking.id,
        filters={"status": Filter(Names(STATUSES), lambda value: Booking.status.in_(value)), …},
        orderings={"start_time": Booking.start_time, "created_at": Booking.created_at},
        default_ordering="-start_time",
    )
    page = BOOKINGS.page(connection, query, where=[Booking.client_id == bindparam("me")], parameters={"me": user_id})

Source of the rules: docs/api.md, "Pages".
"""

from shared.listing.declaration import COUNT_EXACT_MAX, PAGE_SIZE, PAGE_SIZE_MAX, Filter, Listing, Page, window
from shared.listing.statements import Row

__all__ = ["COUNT_EXACT_MAX", "PAGE_SIZE", "PAGE_SIZE_MAX", "Filter", "Listing", "Page", "Row", "window"]
