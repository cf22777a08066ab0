"""Recurring live streams: made, changed, skipped."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import (
    InvalidTransition,
    NotYours,
    ScheduleLimit,
)
from services.streams.domain.occurrences import Occurrence, between, check_yields, next_start, place
from services.streams.domain.recurrence import Rule, read_rule
from services.streams.events import StreamScheduled
from services.streams.models import LiveStream, Practitioner, Schedule, Stream
from services.streams.models.schedule import rule_of
from services.streams.operations.announcing import announce_live
from services.streams.operations.callers import practitioner_in_business
from services.streams.operations.generating import generate, planned
from services.streams.operations.live import cancel_live, follow_next
from services.streams.operations.notices import notify_members, plan_reminders_anew
from shared.errors import Invalid
from shared.identity import Identity

SCHEDULES_MAX = 20


def create_schedule(session: Session, body: Mapping[str, Any], *, by: Identity, now: datetime) -> Schedule:
    """Make a schedule and its first live streams.

    Raises NotAPractitioner, PractitionerSuspended, NotYours, InvalidRecurrence, ScheduleLimit, Invalid.
    """
    values = dict(body)
    host = practitioner_in_business(session, by) if not by.is_staff else None
    stream = session.get(Stream, values.pop("stream"), with_for_update=True)
    if stream is None or stream.deleted_at is not None:
        raise Invalid.field("stream", "There is no such stream.")
    if host is not None and stream.practitioner_id != host.id:
        raise NotYours
    rule = _read(session, stream, values, now=now)
    schedule = Schedule(
        stream_id=stream.id,
        rule=rule.text,
        starts_at=rule.starts_at,
        timezone=rule.zone,
        exdates=sorted(rule.exdates),
        **values,
    )
    if schedule.is_active is not False:
        _check_limit(session, stream.id)
    session.add(schedule)
    session.flush()
    schedule.next_occurrence = next_start(rule, now)
    if schedule.is_active:
        made = generate(session, schedule, now=now)
        if made.made:
            # A series is one piece of news, not one a week.
            notify_members(session, session.get_one(LiveStream, made.made[0]), "scheduled")
    return schedule


def _read(session: Session, stream: Stream, values: dict[str, Any], *, now: datetime) -> Rule:
    """Take the rule's parts out of `values` and read them. Raises InvalidRecurrence, Invalid."""
    host = session.get(Practitioner, stream.practitioner_id)
    rule = read_rule(
        values.pop("recurrence_rule"),
        starts_at=values.pop("starts_at", None),
        zone=values.pop("timezone", None),
        default_zone=(host.timezone if host else None) or "UTC",
        now=now,
    )
    check_yields(rule)
    return rule


def _check_limit(session: Session, stream_id: int, *, besides: int = 0) -> None:
    count = session.scalar(
        select(func.count()).where(
            Schedule.stream_id == stream_id,
            Schedule.is_active,
            Schedule.deleted_at.is_(None),
            Schedule.id != besides,
        )
    )
    if (count or 0) >= SCHEDULES_MAX:
        raise ScheduleLimit


def change_schedule(
    session: Session, schedule: Schedule, body: Mapping[str, Any], *, by: Identity, now: datetime
) -> None:
    """Change what the body names, and its live streams that are to come and were not changed by hand.

    Kept ones are brought up to date, those that are no longer of the rule cancelled, new ones made.
    """
    values = {name: value for name, value in body.items() if name != "stream"}
    stream = session.get_one(Stream, schedule.stream_id, with_for_update=True)
    parts = {"recurrence_rule": schedule.rule, "starts_at": schedule.starts_at, "timezone": schedule.timezone}
    given = {name: values.pop(name) for name in parts if name in values}
    if given:
        fresh_rule = "recurrence_rule" in given and "DTSTART" in given["recurrence_rule"].upper()
        merged = {**({} if fresh_rule else parts), **given}
        rule = _read(session, stream, merged, now=now)
        schedule.rule, schedule.starts_at, schedule.timezone = rule.text, rule.starts_at, rule.zone
        if rule.exdates:
            schedule.exdates = sorted({*schedule.exdates, *rule.exdates})
    if values.get("is_active") and not schedule.is_active:
        _check_limit(session, stream.id, besides=schedule.id)
    for name, value in values.items():
        setattr(schedule, name, value)
    session.flush()
    _follow_rule(session, schedule, by=by, now=now)
    schedule.next_occurrence = next_start(rule_of(schedule), now)
    if schedule.is_active:
        generate(session, schedule, now=now)


def _follow_rule(session: Session, schedule: Schedule, *, by: Identity, now: datetime) -> None:
    """Bring what was generated in step with the rule."""
    rule = rule_of(schedule)
    upcoming = _untouched(session, schedule, now=now)
    until = max((live.scheduled_start for live in upcoming), default=now) + timedelta(days=2)
    wanted = {one.local: one for one in between(rule, now, until) if one.local not in rule.exdates}
    for live in upcoming:
        found = wanted.get(live.occurrence) if live.occurrence else None
        if found is None:
            cancel_live(session, live, reason="schedule changed", by=by)
            continue
        _update(session, live, schedule, found)


def _untouched(session: Session, schedule: Schedule, *, now: datetime) -> Sequence[LiveStream]:
    return session.scalars(
        select(LiveStream)
        .where(
            LiveStream.schedule_id == schedule.id,
            LiveStream.status == words.SCHEDULED,
            LiveStream.scheduled_start > now,
            ~LiveStream.touched,
            LiveStream.deleted_at.is_(None),
        )
        .order_by(LiveStream.scheduled_start)
        .with_for_update()
    ).all()


def _update(session: Session, live: LiveStream, schedule: Schedule, found: Occurrence) -> None:
    values = planned(schedule, found)
    before = {"start": live.scheduled_start, "end": live.scheduled_end}
    for name, value in values.items():
        if getattr(live, name) != value:
            setattr(live, name, value)
    if (live.scheduled_start, live.scheduled_end) != (before["start"], before["end"]):
        previous = {name: instant.isoformat().replace("+00:00", "Z") for name, instant in before.items()}
        announce_live(session, StreamScheduled, live, previous=previous, schedule_id=schedule.id)
        plan_reminders_anew(session, live)


def skip(session: Session, schedule: Schedule, occurrence: datetime, *, by: Identity, now: datetime) -> None:
    """Leave one occurrence out; its live stream is cancelled. Raises Invalid, InvalidTransition (it is on or over)."""
    _require_occurrence(schedule, occurrence)
    live = _live_of(session, schedule, occurrence)
    if live is not None and live.status in (words.LIVE, words.ENDED):
        raise InvalidTransition
    if occurrence not in schedule.exdates:
        schedule.exdates = sorted([*schedule.exdates, occurrence])
    if live is not None and live.status == words.SCHEDULED:
        cancel_live(session, live, reason="skipped", by=by)
    schedule.next_occurrence = next_start(rule_of(schedule), now)


def unskip(session: Session, schedule: Schedule, occurrence: datetime, *, now: datetime) -> None:
    """Take a skipped occurrence back in; its cancelled live stream stays cancelled, a new one is made."""
    if occurrence not in schedule.exdates:
        raise Invalid.field("occurrence", "This occurrence is not skipped.")
    schedule.exdates = [one for one in schedule.exdates if one != occurrence]
    live = _live_of(session, schedule, occurrence)
    if live is not None and live.status == words.CANCELLED:
        # It told its members that it is off; what takes its place is a live stream of its own.
        live.schedule_id = live.occurrence = None
        session.flush()
    if schedule.is_active:
        generate(session, schedule, now=now)
    schedule.next_occurrence = next_start(rule_of(schedule), now)


def _live_of(session: Session, schedule: Schedule, occurrence: datetime) -> LiveStream | None:
    return session.scalar(
        select(LiveStream)
        .where(LiveStream.schedule_id == schedule.id, LiveStream.occurrence == occurrence)
        .with_for_update()
    )


def _require_occurrence(schedule: Schedule, occurrence: datetime) -> None:
    rule = rule_of(schedule)
    start = place(occurrence, rule.tz).start
    near = between(rule, start - timedelta(minutes=1), start + timedelta(minutes=1))
    if occurrence not in {one.local for one in near}:
        raise Invalid.field("occurrence", "The rule has no such occurrence.")


def delete_schedule(session: Session, schedule: Schedule, *, keep_upcoming: bool, by: Identity, now: datetime) -> None:
    """End a schedule; what is to come of it and was not changed by hand is cancelled, unless it is to be kept."""
    if not keep_upcoming:
        for live in _untouched(session, schedule, now=now):
            cancel_live(session, live, reason="schedule deleted", by=by)
    schedule.is_active, schedule.deleted_at, schedule.next_occurrence = False, now, None
    follow_next(session, schedule.stream_id)
