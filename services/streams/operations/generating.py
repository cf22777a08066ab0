"""Turning schedules into live streams ahead of time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.streams.domain.errors import (
    InvalidTransition,
    LiveStreamOverlap,
)
from services.streams.domain.occurrences import Occurrence, between, next_start
from services.streams.events import StreamScheduled
from services.streams.models import LiveStream, Schedule, Stream
from services.streams.models.schedule import rule_of
from services.streams.operations.announcing import announce_live
from services.streams.operations.live import plan

AT_ONCE_MAX = 100


@dataclass(slots=True)
class Generated:
    """What became of a schedule's occurrences; `overlapping` are the local times that were taken."""

    made: list[int] = field(default_factory=list)
    existing: int = 0
    overlapping: list[datetime] = field(default_factory=list)


def generate(session: Session, schedule: Schedule, *, now: datetime, days: int | None = None) -> Generated:
    """Make the live streams of the coming days that are not there yet; any number of times, the same rows.

    Of two at once one waits for the other at the unique occurrence. Emits StreamScheduled for each.
    """
    rule = rule_of(schedule)
    until = now + timedelta(days=days or schedule.days_ahead)
    stream = session.get_one(Stream, schedule.stream_id)
    wanted = [one for one in between(rule, now, until) if one.local not in rule.exdates][:AT_ONCE_MAX]
    have = set(
        session.scalars(
            select(LiveStream.occurrence).where(
                LiveStream.schedule_id == schedule.id,
                LiveStream.occurrence.in_([one.local for one in wanted]),
            )
        )
    )
    told = Generated(existing=len(have))
    for one in wanted:
        if one.local in have:
            continue
        try:
            live = plan(
                session, stream, {**planned(schedule, one), "schedule_id": schedule.id, "occurrence": one.local}
            )
        except LiveStreamOverlap:
            told.overlapping.append(one.local)
            continue
        announce_live(session, StreamScheduled, live, previous=None, schedule_id=schedule.id)
        told.made.append(live.id)
    schedule.generated_until = max(until, schedule.generated_until or until)
    schedule.next_occurrence = next_start(rule, now)
    return told


def generate_by_hand(session: Session, schedule: Schedule, *, days: int | None, now: datetime) -> Generated:
    """Generate now. Raises InvalidTransition for one that is switched off."""
    if not schedule.is_active:
        raise InvalidTransition("This schedule is switched off.")
    return generate(session, schedule, now=now, days=days)


def generate_due(session: Session, *, now: datetime) -> int:
    """Generate for schedules whose time ahead is running short; return how many."""
    ahead = now + func.make_interval(0, 0, 0, Schedule.days_ahead)
    due = session.scalars(
        select(Schedule)
        .join(Stream, Stream.id == Schedule.stream_id)
        .where(
            Schedule.is_active,
            Schedule.deleted_at.is_(None),
            Stream.deleted_at.is_(None),
            Schedule.next_occurrence.is_not(None),
            or_(
                Schedule.generated_until.is_(None),
                Schedule.generated_until < ahead - timedelta(minutes=30),
                Schedule.next_occurrence <= now,
            ),
        )
        .order_by(Schedule.id)
        .limit(200)
        .with_for_update(of=Schedule, skip_locked=True)
    ).all()
    for schedule in due:
        generate(session, schedule, now=now)
    return len(due)


def planned(schedule: Schedule, found: Occurrence) -> dict[str, Any]:
    """Return what a live stream of this occurrence is like."""
    return {
        "title": schedule.title,
        "description": schedule.description,
        "tier_rank": schedule.tier_rank,
        "is_public": schedule.is_public,
        "allow_chat": schedule.allow_chat,
        "allow_reactions": schedule.allow_reactions,
        "record_stream": schedule.record_stream,
        "tags": list(schedule.tags),
        "timezone": schedule.timezone,
        "scheduled_start": found.start,
        "scheduled_end": found.start + timedelta(minutes=schedule.duration_minutes),
    }
