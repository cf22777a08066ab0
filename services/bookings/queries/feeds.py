"""Bookings as iCalendar. Source: RFC 5545; `icalendar` escapes and folds, so no text can add properties."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import icalendar
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import BookingNotFound
from services.bookings.models import Booking, CalendarFeed
from services.bookings.queries import presenting
from services.bookings.queries.bookings import naming, visible_to
from services.bookings.queries.rows import SUMMARY_ROWS
from shared.errors import NotFound
from shared.identity import Identity

EVENTS_MAX = 2_000
PAST, FUTURE, CANCELED_FOR = timedelta(days=90), timedelta(days=365), timedelta(days=30)

_STATUS = {words.PENDING: "TENTATIVE", words.CANCELED: "CANCELLED"}


class FeedNotFound(NotFound):
    """No feed has this address."""


def feed_state(session: Session, user_id: int) -> dict[str, Any]:
    """Return whether somebody has a feed, and what it tells; never its address."""
    feed = session.scalar(select(CalendarFeed).where(CalendarFeed.user_id == user_id))
    return {
        "url": None,
        "webcal_url": None,
        "enabled": feed is not None,
        "created_at": feed.created_at if feed else None,
        "last_fetched_at": feed.last_fetched_at if feed else None,
        "include": feed.include if feed else "both",
        "show_names": feed.show_names if feed else True,
    }


def feed_of(session: Session, token: str, *, now: datetime) -> tuple[int, bytes]:
    """Return a feed's id and its calendar. Raises FeedNotFound."""
    digest = hashlib.sha256(token.encode()).digest()
    feed = session.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == digest))
    if feed is None:
        raise FeedNotFound
    mine = {
        "client": Booking.client_id == feed.user_id,
        "practitioner": Booking.practitioner_user_id == feed.user_id,
    }
    whose = or_(*mine.values()) if feed.include == "both" else mine[feed.include]
    rows = session.execute(
        SUMMARY_ROWS.where(
            whose,
            Booking.start_time >= now - PAST,
            Booking.start_time <= now + FUTURE,
            (Booking.sessions_total.is_(None)) | (Booking.parent_id.is_not(None)),
            (Booking.status != words.CANCELED) | (Booking.status_changed_at >= now - CANCELED_FOR),
        )
        .order_by(Booking.start_time, Booking.id)
        .limit(EVENTS_MAX)
    )
    calendar = _calendar([dict(row) for row in rows.mappings()], viewer=feed.user_id, show_names=feed.show_names)
    return feed.id, calendar


def one_event(session: Session, reference: str, *, by: Identity) -> bytes:
    """Return one booking as a calendar. Raises BookingNotFound, also while it has no time."""
    row = session.execute(SUMMARY_ROWS.where(naming(reference), visible_to(by))).mappings().first()
    if row is None or row["start_time"] is None:
        raise BookingNotFound
    return _calendar([dict(row)], viewer=by.user_id, show_names=True)


def _calendar(rows: Iterable[Mapping[str, Any]], *, viewer: int, show_names: bool) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Estuary//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Estuary")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for row in rows:
        calendar.add_component(_event(row, viewer=viewer, show_names=show_names))
    written: bytes = calendar.to_ical()
    return written


def _event(row: Mapping[str, Any], *, viewer: int, show_names: bool) -> icalendar.Event:
    event = icalendar.Event()
    is_client = row["client_id"] == viewer
    service = row["title"] or row["service_name"] or row["service_name_snapshot"]
    other = presenting.practitioner(row)["name"] if is_client else row["user_full_name"]
    event.add("uid", f"{row['public_uuid']}@estuary")
    event.add("sequence", row["version"])
    event.add("dtstamp", row["updated_at"])
    event.add("dtstart", row["start_time"])
    event.add("dtend", row["end_time"])
    event.add("status", _STATUS.get(row["status"], "CONFIRMED"))
    event.add("summary", f"{service} · {other}" if show_names and other else service)
    if show_names:
        _add_person(event, "organizer", presenting.practitioner(row)["name"])
        _add_person(event, "attendee", row["user_full_name"])
    if row["location_name"] and row["location_type"] != "virtual":
        event.add("location", ", ".join(part for part in (row["location_name"], row["location_city"]) if part))
    return event


def _add_person(event: icalendar.Event, name: str, full_name: str | None) -> None:
    """Name a person; the address says that there is none to write to."""
    if not full_name:
        return
    person = icalendar.vCalAddress("invalid:nomail")
    person.params["cn"] = icalendar.vText(full_name.replace('"', "'"))
    event.add(name, person, encode=False)
