"""When a person's mail may come, and what becomes of mail that waits when they change their mind or their zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from services.notifications.domain.hours import ALWAYS, Hours, next_digest, waits_until
from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.models import Delivery, Schedule, User
from services.notifications.operations.choosing import wanted
from services.notifications.operations.mailing import DIGEST, QUIET, Wait
from shared.errors import Invalid

PAUSE_MAX = timedelta(days=30)
BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A person's rules, and when their next digest goes out."""

    hours: Hours
    next_digest_at: datetime | None

    def wait(self, kind: Kind, *, zone: str, now: datetime, before: datetime | None) -> Wait | None:
        """Return what mail of `kind` waits for; None if it may go at once."""
        if kind.passes:
            return None
        if kind.is_digestible and self.next_digest_at is not None:
            return Wait(reason=DIGEST, until=self.next_digest_at)
        until = waits_until(self.hours, zone=zone, now=now, is_quiet=kind.waits, before=before)
        return Wait(reason=QUIET, until=until) if until is not None else None


def timetable(session: Session, user_ids: Sequence[int]) -> dict[int, Timetable]:
    """Return the rules of those of these people who have any."""
    rows = session.scalars(select(Schedule).where(Schedule.user_id == any_(literal(list(user_ids), ARRAY(BigInteger)))))
    return {row.user_id: Timetable(hours=row.hours, next_digest_at=row.next_digest_at) for row in rows}


def choose_hours(session: Session, *, user_id: int, zone: str, changes: Mapping[str, Any], now: datetime) -> Schedule:
    """Change when mail may come; waiting mail is looked at again. Raises Invalid for a pause that is too long."""
    paused_until = changes.get("paused_until")
    if paused_until is not None and paused_until > now + PAUSE_MAX:
        raise Invalid.field("paused_until", "At most 30 days ahead.")
    schedule = lock_schedule(session, user_id)
    for name in Hours.__slots__:
        if name in changes:
            setattr(schedule, name, changes[name])
    schedule.next_digest_at = next_digest(schedule.hours, zone=zone, after=now)
    session.flush()
    _look_again(session, user_id, is_digest_off=schedule.next_digest_at is None, now=now)
    return schedule


def follow_zone(session: Session, user_id: int, *, zone: str, now: datetime) -> None:
    """Let waiting mail and the next digest follow the person into another zone."""
    schedule = session.get(Schedule, user_id, with_for_update=True)
    if schedule is None:
        return
    schedule.next_digest_at = next_digest(schedule.hours, zone=zone, after=now)
    session.flush()
    _look_again(session, user_id, is_digest_off=False, now=now)


def release_held(session: Session, *, now: datetime) -> int:
    """Look at waiting mail whose time has come: queue it, or let it wait on; return how much that was."""
    due = session.execute(
        select(Delivery.id, Delivery.user_id, Delivery.kind, Delivery.context)
        .where(Delivery.status == "held", Delivery.reason == QUIET, Delivery.not_before <= now)
        .order_by(Delivery.not_before)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    times = timetable(session, [row.user_id for row in due])
    for row in due:
        person, kind = session.get(User, row.user_id), KINDS[row.kind]
        before = row.context.get("before")
        wait = waits_until(
            times[row.user_id].hours if row.user_id in times else ALWAYS,
            zone=person.timezone if person is not None else "UTC",
            now=now,
            is_quiet=kind.waits,
            before=datetime.fromisoformat(before) if before else None,
        )
        values: dict[str, Any] = {"status": "queued", "reason": None, "not_before": now}
        if wait is not None:
            values = {"not_before": wait}
        elif not wanted(session, user_id=row.user_id, kind=kind).email:
            values = {"status": "skipped", "reason": "unwanted", "context": {}}
        session.execute(update(Delivery).where(Delivery.id == row.id).values(**values, updated_at=now))
    return len(due)


def lock_schedule(session: Session, user_id: int) -> Schedule:
    """Return the person's rules, the default ones if they have none, locked until the end of the transaction."""
    default = {name: getattr(ALWAYS, name) for name in Hours.__slots__} | {"quiet_days": []}
    session.execute(insert(Schedule).values(user_id=user_id, version=1, **default).on_conflict_do_nothing())
    return session.get_one(Schedule, user_id, with_for_update=True, populate_existing=True)


def _look_again(session: Session, user_id: int, *, is_digest_off: bool, now: datetime) -> None:
    held = (Delivery.user_id == user_id, Delivery.status == "held")
    session.execute(update(Delivery).where(*held, Delivery.reason == QUIET).values(not_before=now))
    if is_digest_off:
        session.execute(update(Delivery).where(*held, Delivery.reason == DIGEST).values(reason=QUIET, not_before=now))
