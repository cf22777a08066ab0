"""Telling of changes, in the transaction of the change."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import LimitReached
from services.practitioners.events import (
    MediaClaimed,
    MediaReleased,
    PractitionerChanged,
    PractitionerFact,
    ScheduleChanged,
)
from services.practitioners.models import CalendarVersion, Practitioner
from services.practitioners.models.calendar import EXPANDED_DAYS, calendar_of
from services.practitioners.operations.queueing import queue_next_available
from shared.clock import utc_now
from shared.localtime import local_day
from shared.messaging import EventTooLarge, record
from shared.scheduling.zones import days_later

_SYNC_PLACES = text("""
    UPDATE places SET listed = practitioners.listed, tags = practitioners.tags, featured = practitioners.featured,
        since = practitioners.created_at
    FROM practitioners
    WHERE practitioners.id = places.practitioner_id AND places.practitioner_id = ANY(:ids)
      AND (places.listed, places.tags, places.featured, places.since)
          IS DISTINCT FROM (practitioners.listed, practitioners.tags, practitioners.featured, practitioners.created_at)
""")


def announce(session: Session, practitioner: Practitioner, *facts: PractitionerFact) -> None:
    """Record `practitioner.changed`, after `facts`, as one new version of the profile."""
    practitioner.touch()
    session.flush()
    for fact in facts:
        record(session, fact, subject=practitioner)
    record(session, PractitionerChanged.of(session, practitioner), subject=practitioner)
    sync_places(session, [practitioner.id])


def sync_places(session: Session, practitioner_ids: list[int]) -> None:
    """Copy what the place index needs from the practitioners to their places."""
    session.execute(_SYNC_PLACES, {"ids": practitioner_ids})


def lock_calendar(session: Session, practitioner_id: int) -> None:
    """Let changes of this practitioner's hours come one after another, so that overlaps are seen before they happen."""
    session.execute(insert(CalendarVersion).values(practitioner_id=practitioner_id, version=0).on_conflict_do_nothing())
    session.execute(
        text("SELECT version FROM calendars WHERE practitioner_id = :id FOR UPDATE"), {"id": practitioner_id}
    )


def announce_calendar(session: Session, practitioner: Practitioner) -> None:
    """Record `schedule.changed` as the calendar's next version, and let the next free time be computed again.

    Raises LimitReached if the calendar holds more than an event can carry.
    """
    session.flush()
    now = utc_now()
    told = ScheduleChanged.of(calendar_of(session, practitioner, now=now))
    kept: dict[Any, Any] = {
        "expanded_until": days_later(local_day(now, "UTC"), EXPANDED_DAYS),
        "data": asdict(told),
    }
    version = session.execute(
        insert(CalendarVersion)
        .values(practitioner_id=practitioner.id, version=1, **kept)
        .on_conflict_do_update(
            index_elements=["practitioner_id"], set_={"version": CalendarVersion.version + 1, **kept}
        )
        .returning(CalendarVersion.version)
    ).scalar_one()
    try:
        record(session, told, about=("calendar", practitioner.id, version))
    except EventTooLarge as large:
        raise LimitReached("Your calendar holds too many hours, dates and blocks.") from large
    queue_next_available(session, [practitioner.id])


def claim_media(session: Session, practitioner: Practitioner, media_id: UUID) -> None:
    """Tell that a file is in use."""
    record(session, MediaClaimed.of(media_id, practitioner), about=("media", media_id))


def release_media(session: Session, practitioner: Practitioner, media_id: UUID) -> None:
    """Tell that a file is not in use any more."""
    record(session, MediaReleased.of(media_id, practitioner), about=("media", media_id))
