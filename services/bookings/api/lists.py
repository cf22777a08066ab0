"""The declared lists of bookings."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import validate
from sqlalchemy import bindparam, or_, select

from services.bookings.api.fields import Id, Reference
from services.bookings.domain import words
from services.bookings.models import Booking, Practitioner, Service
from services.bookings.queries import lists, presenting
from services.bookings.queries.bookings import listed_for
from services.bookings.queries.rows import SUMMARY_ROWS
from shared.clock import utc_now
from shared.database import reading
from shared.http import fields
from shared.http.pages import page_body, query_schema
from shared.identity import Identity
from shared.listing import Filter, Listing


def _choice(*choices: str) -> fields.String:
    return fields.String(validate=validate.OneOf(choices))


BOOKINGS = Listing(
    columns=SUMMARY_ROWS,
    key=Booking.id,
    filters={
        "status": Filter(
            fields.Names(lists.STATUS_WORDS, aliases=lists.STATUS_ALIASES), lists.by_status, by_value=True
        ),
        "payment_status": Filter(fields.Names(words.PAYMENT_STATUSES), lists.by_payment_status, by_value=True),
        "booking_type": Filter(_choice(*lists.BOOKING_TYPES), lists.by_type, by_value=True),
        "is_upcoming": Filter(fields.Boolean(), lists.upcoming, by_value=True),
        "is_scheduled": Filter(fields.Boolean(), lists.scheduled, by_value=True),
        "location_type": Filter(
            _choice("virtual", "in_person", "hybrid"), lambda wanted: Booking.location_type == wanted
        ),
        "user": Filter(Id(), lambda wanted: Booking.client_id == wanted),
        "user_id": Filter(Id(), lambda wanted: Booking.client_id == wanted),
        "service_session": Filter(Id(), lambda wanted: Booking.service_session_id == wanted),
        "series": Filter(Id(), lambda wanted: Booking.series_id == wanted),
        "created_after": Filter(fields.DateTime(), lambda wanted: Booking.created_at >= wanted),
        "updated_after": Filter(fields.DateTime(), lambda wanted: Booking.updated_at >= wanted),
    },
    orderings={
        "start_time": Booking.start_time,
        "created_at": Booking.created_at,
        "price_charged_cents": Booking.price_charged_cents,
    },
    default_ordering="-start_time",
    nullable=frozenset({"start_time"}),
    search=lists.searched,
)

UPCOMING = Listing(
    columns=SUMMARY_ROWS.where(
        lists.among(Booking.status, (words.CONFIRMED, words.IN_PROGRESS)), Booking.end_time > bindparam("now")
    ),
    key=Booking.id,
    orderings={"start_time": Booking.start_time},
    default_ordering="start_time",
    nullable=frozenset({"start_time"}),
)

PAST = Listing(
    columns=SUMMARY_ROWS.where(or_(lists.among(Booking.status, words.TERMINAL), Booking.end_time <= bindparam("now"))),
    key=Booking.id,
    orderings={"start_time": Booking.start_time},
    default_ordering="-start_time",
    nullable=frozenset({"start_time"}),
)

BookingsQuery = query_schema(
    BOOKINGS,
    "BookingsQuery",
    start_date=fields.Date(),
    end_date=fields.Date(metadata={"description": "Included."}),
    timezone=fields.TimeZone(load_default="UTC"),
    practitioner=Reference(),
    practitioner_id=Reference(),
    service=Reference(),
    service_id=Reference(),
    parent_booking=Reference(),
    role=_choice(words.CLIENT, words.PRACTITIONER),
)
PlainQuery = query_schema(UPCOMING, "PlainBookingsQuery")


def page_of_bookings(listing: Listing, query: Mapping[str, Any], *, by: Identity) -> dict[str, Any]:
    """Return a page of what the caller may see, narrowed as asked."""
    now = utc_now()
    asked = dict(query)
    with reading() as connection:
        where, variant, parameters = listed_for(connection, by, role=asked.get("role"))
        more, names, values = _narrowed(asked)
        if "search" in asked:
            asked["search"] = lists.search_words(asked["search"])
        page = listing.page(
            connection,
            asked,
            where=[*where, *more],
            variant=f"{variant}:{names}",
            parameters={**parameters, **values, "now": now},
        )
    return page_body(page, presenting.each(page.rows, by=by, now=now))


def _narrowed(query: Mapping[str, Any]) -> tuple[list[Any], str, dict[str, Any]]:
    """Return the clauses, their name and their parameters for what depends on several parameters or on their form."""
    clauses: list[Any] = []
    names: list[str] = []
    values: dict[str, Any] = {}
    zone = ZoneInfo(query.get("timezone", "UTC"))
    start, end = lists.day_bounds(query.get("start_date"), query.get("end_date"), zone)
    for name, bound, clause in (
        ("day_from", start, Booking.start_time >= bindparam("day_from")),
        ("day_to", end, Booking.start_time < bindparam("day_to")),
    ):
        if bound is not None:
            clauses.append(clause)
            names.append(name)
            values[name] = bound
    for name, model, column in _NAMED:
        wanted = query.get(name)
        if wanted is None:
            continue
        key = f"n_{name}"
        if isinstance(wanted, int):
            clauses.append(column == bindparam(key))
        else:
            held = model.public_uuid if isinstance(wanted, UUID) or model is Booking else model.slug
            clauses.append(column == select(model.id).where(held == bindparam(key)).limit(1).scalar_subquery())
        names.append(f"{name}/{type(wanted).__name__}")
        values[key] = wanted if isinstance(wanted, int | UUID) or model is not Booking else NOBODY
    return clauses, ",".join(names), values


NOBODY = UUID(int=0)
_NAMED: tuple[tuple[str, Any, Any], ...] = (
    ("practitioner", Practitioner, Booking.practitioner_id),
    ("practitioner_id", Practitioner, Booking.practitioner_id),
    ("service", Service, Booking.service_id),
    ("service_id", Service, Booking.service_id),
    ("parent_booking", Booking, Booking.parent_id),
)
