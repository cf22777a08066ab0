"""Telling others what changed."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from services.streams.events import LiveStreamFact, MediaClaimed, MediaReleased, StreamChanged
from services.streams.models import LiveStream, Practitioner, Stream
from services.streams.models.links import join_url
from shared.clock import utc_now
from shared.messaging import record

F = TypeVar("F", bound=LiveStreamFact)


def announce_stream(session: Session, stream: Stream) -> None:
    """Tell a stream's present state; called after every change that it shows."""
    stream.updated_at = utc_now()
    record(session, StreamChanged.of(stream), subject=stream)


def fact(session: Session, event: type[F], live: LiveStream, /, **facts: Any) -> F:
    """Return the event of that class about a live stream."""
    stream = session.get_one(Stream, live.stream_id)
    host = session.get(Practitioner, live.practitioner_id)
    return event.about(live, stream, host, join_url=join_url(live.public_uuid), **facts)


def announce_live(session: Session, event: type[LiveStreamFact], live: LiveStream, /, **facts: Any) -> None:
    """Tell what happened to a live stream. The row is changed, so that each telling has a version of its own."""
    live.updated_at = utc_now()
    session.flush()
    record(session, fact(session, event, live, **facts), subject=live)


def claim_media(session: Session, media_id: UUID, *, kind: str, entity_id: object) -> None:
    """Tell media that a file is in use."""
    told = MediaClaimed(media_id=media_id, service="streams", entity_type=kind, entity_id=str(entity_id))
    record(session, told, about=("media", media_id))


def release_media(session: Session, media_id: UUID, *, kind: str, entity_id: object) -> None:
    """Tell media that a file is no longer in use."""
    told = MediaReleased(media_id=media_id, service="streams", entity_type=kind, entity_id=str(entity_id))
    record(session, told, about=("media", media_id))
