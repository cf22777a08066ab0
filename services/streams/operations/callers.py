"""Who calls, and what they may change."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.streams.domain.errors import (
    LiveStreamNotFound,
    NotAPractitioner,
    NotYours,
    PractitionerSuspended,
    ScheduleNotFound,
    StreamNotFound,
)
from services.streams.models import LiveStream, Practitioner, Schedule, Stream
from services.streams.models.naming import named
from shared.clock import utc_now
from shared.identity import Identity


def profile_of(session: Session, by: Identity) -> Practitioner | None:
    """Return the caller's practitioner profile, by user id and not by the token alone; None without one."""
    if not by.is_signed_in:
        return None
    return session.scalar(
        select(Practitioner).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    )


def practitioner_in_business(session: Session, by: Identity) -> Practitioner:
    """Return the caller's profile, which is not suspended. Raises NotAPractitioner, PractitionerSuspended."""
    found = profile_of(session, by)
    if found is None:
        raise NotAPractitioner
    if found.is_suspended:
        raise PractitionerSuspended
    return found


def is_host(session: Session, practitioner_id: int, by: Identity) -> bool:
    """Whether the caller is that practitioner."""
    host = session.get(Practitioner, practitioner_id)
    return by.is_signed_in and host is not None and host.user_id == by.user_id


def stream_seen(session: Session, reference: str | int, by: Identity, *, now: datetime | None = None) -> Stream:
    """Return a stream that the caller may see. Raises StreamNotFound."""
    stream = session.scalar(select(Stream).where(named(Stream, reference), Stream.deleted_at.is_(None)))
    if stream is None:
        raise StreamNotFound
    if stream.is_shown(now or utc_now()) or by.is_staff or is_host(session, stream.practitioner_id, by):
        return stream
    raise StreamNotFound


def stream_to_change(session: Session, reference: str | int, by: Identity) -> Stream:
    """Return a stream, locked, for its owner or staff. Raises StreamNotFound, NotYours."""
    stream = session.scalar(
        select(Stream).where(named(Stream, reference), Stream.deleted_at.is_(None)).with_for_update()
    )
    if stream is None:
        raise StreamNotFound
    if by.is_staff or is_host(session, stream.practitioner_id, by):
        return stream
    raise NotYours if stream.is_shown(utc_now()) else StreamNotFound


def live_seen(session: Session, reference: str | int, by: Identity, *, now: datetime | None = None) -> LiveStream:
    """Return a live stream whose stream the caller may see. Raises LiveStreamNotFound."""
    live = session.scalar(select(LiveStream).where(named(LiveStream, reference), LiveStream.deleted_at.is_(None)))
    if live is None:
        raise LiveStreamNotFound
    stream = session.get_one(Stream, live.stream_id)
    if stream.is_shown(now or utc_now()) or by.is_staff or is_host(session, live.practitioner_id, by):
        return live
    raise LiveStreamNotFound


def live_to_change(session: Session, reference: str | int, by: Identity) -> LiveStream:
    """Return a live stream, locked, for its host or staff. Raises LiveStreamNotFound, NotYours."""
    live = session.scalar(
        select(LiveStream)
        .where(named(LiveStream, reference), LiveStream.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if live is None:
        raise LiveStreamNotFound
    if by.is_staff or is_host(session, live.practitioner_id, by):
        return live
    stream = session.get_one(Stream, live.stream_id)
    raise NotYours if stream.is_shown(utc_now()) else LiveStreamNotFound


def schedule_to_change(session: Session, schedule_id: int, by: Identity) -> Schedule:
    """Return a schedule, locked, for its owner or staff. Raises ScheduleNotFound, NotYours."""
    schedule = session.scalar(
        select(Schedule).where(Schedule.id == schedule_id, Schedule.deleted_at.is_(None)).with_for_update()
    )
    if schedule is None:
        raise ScheduleNotFound
    stream = session.get_one(Stream, schedule.stream_id)
    if by.is_staff or is_host(session, stream.practitioner_id, by):
        return schedule
    raise NotYours if stream.is_shown(utc_now()) and schedule.is_active else ScheduleNotFound
