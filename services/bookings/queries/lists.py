"""The lists of bookings: what they can be narrowed by, and in which orders they come."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, bindparam, func, literal, not_, or_

from services.bookings.domain import words
from services.bookings.domain.text import folded, like_escaped
from services.bookings.models import Booking

SEARCH_WORDS = 6

STATUS_WORDS = (*words.STATUSES, words.EXPIRED, words.RESCHEDULED)
STATUS_ALIASES = {"cancelled": words.CANCELED, "no-show": words.NO_SHOW}
BOOKING_TYPES = ("individual", "group", "package", "course", "bundle")


def among(column: Any, wanted: Sequence[str]) -> ColumnElement[bool]:
    """Return the clause for any of these values, as one array: a list of them would be expanded at every use."""
    clause: ColumnElement[bool] = column == any_(literal(list(wanted), ARRAY(Text)))
    return clause


def by_payment_status(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the clause for any of these payment statuses."""
    return among(Booking.payment_status, wanted)


def by_status(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the clause for any of these statuses; expired and rescheduled are kinds of canceled."""
    details = [word for word in wanted if word in (words.EXPIRED, words.RESCHEDULED)]
    statuses = [word for word in wanted if word not in details]
    clauses: list[ColumnElement[bool]] = []
    if statuses:
        clauses.append(among(Booking.status, statuses))
    if details:
        clauses.append(and_(Booking.status == words.CANCELED, among(Booking.status_detail, details)))
    return or_(*clauses)


def by_type(wanted: str) -> ColumnElement[bool]:
    """Return the clause for a type of booking."""
    course = Booking.service_type == words.COURSE
    bought = among(Booking.kind, words.CREDIT_KINDS)
    group = and_(not_(course), not_(bought), Booking.service_session_id.is_not(None))
    if wanted == words.COURSE:
        return course
    if wanted in words.CREDIT_KINDS:
        return Booking.kind == wanted
    if wanted == "group":
        return group
    return and_(not_(course), not_(bought), Booking.service_session_id.is_(None))


def upcoming(value: bool) -> ColumnElement[bool]:  # noqa: FBT001 - the value of a filter.
    """Return the clause for what is confirmed and to come at `now`, or for the rest."""
    clause = and_(Booking.status == words.CONFIRMED, Booking.start_time > bindparam("now"))
    return clause if value else not_(func.coalesce(clause, literal(value=False)))


def scheduled(value: bool) -> ColumnElement[bool]:  # noqa: FBT001 - the value of a filter.
    """Return the clause for what has a time, or has none."""
    return Booking.start_time.is_not(None) if value else Booking.start_time.is_(None)


def searched(bound: Any) -> ColumnElement[bool]:
    """Return the clause for bookings whose words contain each word that is searched for."""
    parts = [func.split_part(bound, " ", number) for number in range(1, SEARCH_WORDS + 1)]
    return and_(*(Booking.search_text.like(func.concat("%", part, "%")) for part in parts))


def search_words(text: str) -> str:
    """Return what is searched for in the form that `searched` compares."""
    return " ".join(like_escaped(word) for word in folded(text).split()[:SEARCH_WORDS])


def day_bounds(first: date | None, last: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the instants between which the days from `first` to `last` of a zone lie."""
    start = datetime.combine(first, time(), tzinfo=zone).astimezone(UTC) if first else None
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC) if last else None
    return start, end
