"""Adding to a person's inbox, reading, unreading and deleting; counters, order and hints move with each change.

Every change takes the row of `inbox_states` first. So one person's changes follow each other, `seq` grows in the order
of commits, and the counters are exact. Each changed inbox leaves one hint for the processes that hold its sockets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.notifications.domain.errors import NotificationNotFound
from services.notifications.domain.words import Priority
from services.notifications.events import InboxesHint, InboxHint
from services.notifications.models import InboxState, Notification, Tombstone
from services.notifications.operations.locking import lock_inbox, lock_inboxes
from shared.clock import utc_now
from shared.ids import uuid7
from shared.messaging import record

COLLAPSES_FOR = timedelta(hours=6)
TITLE_MAX, DEDUPE_KEY_MAX = 255, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be written into a person's inbox.

    `dedupe_key` names the occasion: a second line of the same person and key is not written. A line with a
    `collapse_key` folds into the person's unread line of the same key, if that is younger than six hours; `worded(n)`
    then returns title and message of n in one. One that is `scheduled_for` later is neither shown nor counted until
    `show_line`. What was heard of late bears the time at which it `happened_at`.
    """

    user_id: int
    kind: str
    notification_type: str
    title: str
    message: str
    dedupe_key: str
    priority: Priority = Priority.NORMAL
    action_url: str | None = None
    action_label: str | None = None
    related: tuple[str, str] = ("", "")
    details: dict[str, Any] = field(default_factory=dict)
    collapse_key: str | None = None
    worded: Callable[[int], tuple[str, str]] | None = None
    created_by: int | None = None
    event_id: UUID | None = None
    scheduled_for: datetime | None = None
    happened_at: datetime | None = None


def add_line(session: Session, line: Line, *, now: datetime) -> int | None:
    """Write `line` and return its id; None if the occasion was told before. Emits InboxHint."""
    return add_lines(session, [line], now=now).get(line.user_id)


def add_lines(session: Session, lines: Sequence[Line], *, now: datetime) -> dict[int, int]:
    """Write a line to each of several people, and return the lines' ids by person; who was told before is left out.

    The statements are the same number for one person and for hundreds. Emits InboxHint, InboxesHint.
    """
    states = lock_inboxes(session, [line.user_id for line in lines])
    if len(states) < len(lines):
        raise ValueError("one line a person at a time")
    told: dict[int, int] = {}
    fresh: dict[int, Line] = {}
    for line in lines:
        if line.collapse_key is None:
            fresh[line.user_id] = line
        elif not _was_told(session, line):
            folded = _fold(session, states[line.user_id], line, now=now)
            if folded is None:
                fresh[line.user_id] = line
            else:
                told[line.user_id] = folded
    for user_id, key in _insert(session, states, list(fresh.values()), now=now):
        told[user_id] = key
        state, line = states[user_id], fresh[user_id]
        state.last_seq += 1
        state.version += 1
        if line.scheduled_for is None:
            _count(state, line.notification_type, total=1, unread=1)
    _hint(session, [states[user_id] for user_id in told])
    return told


def _insert(
    session: Session, states: Mapping[int, InboxState], lines: Sequence[Line], *, now: datetime
) -> list[tuple[int, int]]:
    """Insert at the next place of each inbox, and return person and id of those that were not there."""
    if not lines:
        return []
    statement = upsert(Notification).on_conflict_do_nothing(
        index_elements=[Notification.user_id, Notification.dedupe_key]
    )
    rows = session.execute(
        statement.returning(Notification.user_id, Notification.id),
        [_row(states[line.user_id], line, now=now) for line in lines],
    )
    return [(row.user_id, row.id) for row in rows]


def _row(state: InboxState, line: Line, *, now: datetime) -> dict[str, Any]:
    is_shown = line.scheduled_for is None
    return {
        "user_id": line.user_id,
        "seq": state.last_seq + 1,
        "inbox_version": state.version + 1,
        "kind": line.kind,
        "notification_type": line.notification_type,
        "priority": int(line.priority),
        "title": line.title[:TITLE_MAX],
        "message": line.message,
        "action_url": line.action_url,
        "action_label": line.action_label,
        "related_object_type": line.related[0],
        "related_object_id": line.related[1],
        "details": line.details,
        "dedupe_key": line.dedupe_key[:DEDUPE_KEY_MAX],
        "collapse_key": line.collapse_key,
        "count": 1,
        "is_read": False,
        "created_by": line.created_by,
        "event_id": line.event_id,
        "status": "sent" if is_shown else "pending",
        "scheduled_for": line.scheduled_for,
        "sent_at": now if is_shown else None,
        "created_at": min(line.happened_at or now, now),
        "updated_at": now,
    }


def _was_told(session: Session, line: Line) -> bool:
    known = select(Notification.id).where(
        Notification.user_id == line.user_id, Notification.dedupe_key == line.dedupe_key[:DEDUPE_KEY_MAX]
    )
    return session.scalar(known) is not None


def set_read(session: Session, *, user_id: int, notification_id: int, is_read: bool, now: datetime) -> InboxState:
    """Mark one line read or unread; nothing happens when it is. Raises NotificationNotFound. Emits InboxHint."""
    state = lock_inbox(session, user_id)
    line = session.execute(
        select(Notification.is_read, Notification.notification_type).where(
            Notification.user_id == user_id, Notification.id == notification_id, Notification.status == "sent"
        )
    ).one_or_none()
    if line is None:
        raise NotificationNotFound
    if line.is_read != is_read:
        _write_read(session, state, [notification_id], is_read=is_read, now=now)
        _count(state, line.notification_type, unread=-1 if is_read else 1)
        _hint(session, [state])
    return state


def set_all_read(
    session: Session,
    *,
    user_id: int,
    is_read: bool,
    now: datetime,
    ids: Sequence[int] | None = None,
    notification_type: str | None = None,
    up_to_seq: int | None = None,
) -> tuple[int, InboxState]:
    """Mark lines read or unread and return how many changed: those of `ids`, or all, of a type, up to a `seq`.

    Ids of others are passed over. Emits InboxHint if anything changed.
    """
    state = lock_inbox(session, user_id)
    wanted = select(Notification.id, Notification.notification_type).where(
        Notification.user_id == user_id, Notification.is_read != is_read, Notification.status == "sent"
    )
    if ids is not None:
        wanted = wanted.where(Notification.id.in_(ids))
    if notification_type is not None:
        wanted = wanted.where(Notification.notification_type == notification_type)
    if up_to_seq is not None:
        wanted = wanted.where(Notification.seq <= up_to_seq)
    lines = session.execute(wanted).all()
    if lines:
        _write_read(session, state, [line.id for line in lines], is_read=is_read, now=now)
        for line in lines:
            _count(state, line.notification_type, unread=-1 if is_read else 1)
        _hint(session, [state])
    return len(lines), state


def delete_lines(session: Session, *, user_id: int, ids: Sequence[int], now: datetime) -> tuple[int, InboxState]:
    """Delete the person's lines among `ids`, leave tombstones, and return how many there were. Emits InboxHint."""
    state = lock_inbox(session, user_id)
    gone = session.execute(
        delete(Notification)
        .where(Notification.user_id == user_id, Notification.id.in_(ids))
        .returning(Notification.id, Notification.notification_type, Notification.is_read, Notification.status)
    ).all()
    for line in gone:
        state.last_seq += 1
        session.add(Tombstone(user_id=user_id, seq=state.last_seq, notification_id=line.id, deleted_at=now))
        if line.status == "sent":
            _count(state, line.notification_type, total=-1, unread=0 if line.is_read else -1)
    if gone:
        state.version += 1
        _hint(session, [state])
    return len(gone), state


def show_line(session: Session, *, user_id: int, notification_id: int, now: datetime) -> None:
    """Show a line that waited for its time, as the newest one, unless it no longer waits. Emits InboxHint."""
    state = lock_inbox(session, user_id)
    notification_type = session.scalar(
        update(Notification)
        .where(
            Notification.user_id == user_id,
            Notification.id == notification_id,
            Notification.status == "pending",
            Notification.scheduled_for <= now,
        )
        .values(
            status="sent",
            seq=state.last_seq + 1,
            inbox_version=state.version + 1,
            sent_at=now,
            created_at=now,
            updated_at=now,
        )
        .returning(Notification.notification_type)
    )
    if notification_type is None:
        return
    state.last_seq += 1
    state.version += 1
    _count(state, notification_type, total=1, unread=1)
    _hint(session, [state])


def _fold(session: Session, state: InboxState, line: Line, *, now: datetime) -> int | None:
    """Fold `line` into the unread one of its collapse key: newest text, new place at the top, one more counted."""
    older = session.execute(
        select(Notification.id, Notification.count.label("folded"))
        .where(
            Notification.user_id == line.user_id,
            Notification.collapse_key == line.collapse_key,
            ~Notification.is_read,
            Notification.created_at > now - COLLAPSES_FOR,
        )
        .order_by(Notification.seq.desc())
        .limit(1)
    ).one_or_none()
    if older is None:
        return None
    title, message = line.worded(older.folded + 1) if line.worded else (line.title, line.message)
    state.last_seq += 1
    state.version += 1
    session.execute(
        update(Notification)
        .where(Notification.user_id == line.user_id, Notification.id == older.id)
        .values(
            seq=state.last_seq,
            inbox_version=state.version,
            count=older.folded + 1,
            title=title[:TITLE_MAX],
            message=message,
            action_url=line.action_url,
            action_label=line.action_label,
            details=line.details,
            dedupe_key=line.dedupe_key[:DEDUPE_KEY_MAX],
            updated_at=now,
        )
    )
    return int(older.id)


def _write_read(session: Session, state: InboxState, ids: list[int], *, is_read: bool, now: datetime) -> None:
    state.version += 1
    session.execute(
        update(Notification)
        .where(Notification.user_id == state.user_id, Notification.id.in_(ids))
        .values(is_read=is_read, read_at=now if is_read else None, updated_at=now, inbox_version=state.version)
    )


def _count(state: InboxState, notification_type: str, *, total: int = 0, unread: int = 0) -> None:
    state.total_count += total
    state.unread_count += unread
    for name, change in (("total_by_type", total), ("unread_by_type", unread)):
        counts: dict[str, Any] = getattr(state, name)
        setattr(state, name, {**counts, notification_type: counts.get(notification_type, 0) + change})


def _hint(session: Session, states: Sequence[InboxState]) -> None:
    """Leave a hint for open sockets: one for all who changed."""
    if len(states) == 1:
        [state] = states
        hint = InboxHint(user_id=state.user_id, last_seq=state.last_seq, at=utc_now())
        record(session, hint, about=("inbox", state.user_id, state.version))
    elif states:
        everybody = InboxesHint(user_ids=[state.user_id for state in states], at=utc_now())
        record(session, everybody, about=("inboxes", uuid7()))
