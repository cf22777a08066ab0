"""Reading schedules, their occurrences and next live streams."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import ScheduleNotFound
from services.streams.domain.occurrences import Occurrence, between
from services.streams.domain.rule_words import in_words
from services.streams.models import LiveStream, Schedule, Stream
from services.streams.models.schedule import rule_of
from services.streams.queries.live import local_text
from services.streams.queries.shown import binds, schedules_shown_to
from shared.identity import Identity

NEXT_SHOWN = 5
OCCURRENCES_MAX = 1000

SCHEDULE_IDS = select(Schedule.id).select_from(Schedule).join(Stream, Stream.id == Schedule.stream_id)


def schedules_shown(session: Session, ids: Sequence[int], *, now: datetime) -> list[dict[str, Any]]:
    """Return schedules in the order of `ids`, each with its next five live streams: two statements."""
    session.flush()
    rows = {
        schedule.id: (schedule, title)
        for schedule, title in session.execute(
            select(Schedule, Stream.title).join(Stream, Stream.id == Schedule.stream_id).where(Schedule.id.in_(ids))
        )
    }
    numbered = (
        select(
            *(LiveStream.id, LiveStream.title, LiveStream.scheduled_start, LiveStream.scheduled_end),
            LiveStream.schedule_id,
            func.row_number()
            .over(partition_by=LiveStream.schedule_id, order_by=LiveStream.scheduled_start)
            .label("place"),
        )
        .where(
            LiveStream.schedule_id.in_(ids),
            LiveStream.status == words.SCHEDULED,
            LiveStream.scheduled_start > now,
            LiveStream.deleted_at.is_(None),
        )
        .subquery()
    )
    upcoming: dict[int, list[dict[str, Any]]] = {number: [] for number in ids}
    for row in session.execute(
        select(numbered).where(numbered.c.place <= NEXT_SHOWN).order_by(numbered.c.scheduled_start)
    ).mappings():
        upcoming[row["schedule_id"]].append(dict(row))
    return [_shown(*rows[number], upcoming[number]) for number in ids if number in rows]


def _shown(schedule: Schedule, stream_title: str, upcoming: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **{name: getattr(schedule, name) for name in _COPIED},
        "stream": schedule.stream_id,
        "stream_title": stream_title,
        "recurrence_rule": schedule.rule,
        "tier_level": words.TIERS[schedule.tier_rank],
        "auto_create_days_ahead": schedule.days_ahead,
        "upcoming_streams": upcoming,
        "starts_at": local_text(schedule.starts_at),
        "exdates": [local_text(one) for one in schedule.exdates],
        "description_text": in_words(rule_of(schedule)),
    }


_COPIED = (
    *("id", "title", "description", "duration_minutes", "is_active", "next_occurrence", "created_at", "updated_at"),
    *("timezone", "is_public", "allow_chat", "allow_reactions", "record_stream", "tags", "version"),
)


def one_schedule(session: Session, schedule_id: int, by: Identity, *, now: datetime) -> dict[str, Any]:
    """Return a schedule that the caller may see. Raises ScheduleNotFound."""
    clauses, _variant = schedules_shown_to(by)
    if session.scalar(SCHEDULE_IDS.where(Schedule.id == schedule_id, *clauses), binds(by, now)) is None:
        raise ScheduleNotFound
    return schedules_shown(session, [schedule_id], now=now)[0]


def occurrences_of(session: Session, schedule: Schedule, *, after: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return a schedule's occurrences of a span of time, skipped ones marked, with their live streams."""
    rule = rule_of(schedule)
    found = between(rule, after, until, limit=OCCURRENCES_MAX)
    made = {
        row.occurrence: row.id
        for row in session.execute(
            select(LiveStream.occurrence, LiveStream.id).where(
                LiveStream.schedule_id == schedule.id,
                LiveStream.deleted_at.is_(None),
                LiveStream.occurrence.in_([one.local for one in found]),
            )
        )
    }
    skipped = set(schedule.exdates)
    return [
        occurrence_shown(
            one, minutes=schedule.duration_minutes, skipped=one.local in skipped, live_id=made.get(one.local)
        )
        for one in found
    ]


def occurrence_shown(
    one: Occurrence, *, minutes: int, skipped: bool = False, live_id: int | None = None
) -> dict[str, Any]:
    """Return an occurrence; its key is the local time."""
    return {
        "occurrence": local_text(one.local),
        "start": one.start,
        "end": one.start + timedelta(minutes=minutes),
        "skipped": skipped,
        "live_stream": live_id,
        "note": one.note,
    }
