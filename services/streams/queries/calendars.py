"""Live streams as calendar entries. Source: RFC 5545."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import LiveStream, Stream
from services.streams.models.links import join_url

AHEAD = timedelta(days=90)
CANCELLED_KEPT = timedelta(days=30)


def stream_calendar(session: Session, stream: Stream, *, now: datetime) -> bytes:
    """Return a stream's live streams of the coming ninety days; cancelled ones stay for thirty."""
    rows = session.scalars(
        select(LiveStream)
        .where(
            LiveStream.stream_id == stream.id,
            LiveStream.deleted_at.is_(None),
            LiveStream.scheduled_start <= now + AHEAD,
            or_(
                LiveStream.status == words.LIVE,
                (LiveStream.status == words.SCHEDULED) & (LiveStream.scheduled_end > now),
                (LiveStream.status == words.CANCELLED) & (LiveStream.updated_at > now - CANCELLED_KEPT),
            ),
        )
        .order_by(LiveStream.scheduled_start)
        .limit(500)
    ).all()
    return written(rows, title=stream.title)


def written(rows: Iterable[LiveStream], *, title: str) -> bytes:
    """Return live streams as a calendar, times in UTC."""
    calendar = Calendar()
    calendar.add("prodid", "-//Estuary//Streams//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for live in rows:
        calendar.add_component(_event(live))
    return bytes(calendar.to_ical())


def _event(live: LiveStream) -> Event:
    event = Event()
    event.add("uid", str(live.public_uuid))
    event.add("sequence", live.version)
    event.add("dtstamp", live.updated_at)
    event.add("dtstart", live.scheduled_start)
    event.add("dtend", live.scheduled_end)
    event.add("summary", live.title)
    if live.description:
        event.add("description", live.description)
    event.add("url", join_url(live.public_uuid))
    event.add("status", "CANCELLED" if live.status == words.CANCELLED else "CONFIRMED")
    return event
