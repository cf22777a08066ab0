"""Adding to a person's inbox, reading, unreading and deleting; counters, order and hints move with each change.

Every change takes the row of `inbox_states` first. So one person's changes follow each other, `seq` grows in the order
of commits, and the counters are exact. Each changed inbox leaves one hint for the processes that hold its sockets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.notifications.domain.errors import NotificationNotFound
from services.notifications.domain.words import Priority
from services.notifications.events import InboxHint
from services.notifications.models import InboxState, Notification, Tombstone
from shared.clock import utc_now
from shared.messaging import record

COLLAPSES_FOR = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be written into a person's inbox.

    `dedupe_key` names the occasion: a second line of the same person and key is not written. A line with a
    `collapse_key` folds into the person's unread line of the same key, if that is younger than six hours. One that is
    `scheduled_for` later is neither shown nor counted until `show_line`.
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
    created_by: int | None = None
    event_id: UUID | None = None
    scheduled_for: datetime | None = None


def add_line(session: Session, line: Line, *, now: datetime) -> int | None:
    """Write `line` and return its id; None if the occasion was told before. Emits InboxHint."""
    state = lock_inbox(session, line.user_id)
    known = session.scalar(
        select(Notification.id).where(
            Notification.user_id == line.user_id, Notification.dedupe_key == line.dedupe_key[:120]
        )
    )
    if known is not None:
        return None
    state.version += 1
    folded = _fold(session, state, line, now=now)
    if folded is not None:
        _hint(session, state)
        return folded
    state.last_seq += 1
    is_shown = line.scheduled_for is None
    if is_shown:
        _count(state, line.notification_type, total=1, unread=1)
    written = session.execute(
        insert(Notification)
        .values(
            user_id=line.user_id,
            seq=state.last_seq,
            inbox_version=state.version,
            kind=line.kind,
            notification_type=line.notification_type,
            priority=int(line.priority),
            title=line.title[:255],
            message=line.message,
            action_url=line.action_url,
            action_label=line.action_label,
            related_object_type=line.related[0],
            related_object_id=line.related[1],
            details=line.details,
            dedupe_key=line.dedupe_key[:120],
            collapse_key=line.collapse_key,
            created_by=line.created_by,
            event_id=line.event_id,
            status="sent" if is_shown else "pending",
            scheduled_for=line.scheduled_for,
            sent_at=now if is_shown else None,
            created_at=now,
            updated_at=now,
        )
        .returning(Notification.id)
    ).scalar_one()
    _hint(session, state)
    return written


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
        _hint(session, state)
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
        _hint(session, state)
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
        _hint(session, state)
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
    _hint(session, state)


def lock_inbox(session: Session, user_id: int) -> InboxState:
    """Return the person's state, made if need be, locked until the end of the transaction."""
    session.execute(
        upsert(InboxState)
        .values(
            user_id=user_id,
            last_seq=0,
            unread_count=0,
            total_count=0,
            unread_by_type={},
            total_by_type={},
            version=0,
        )
        .on_conflict_do_nothing()
    )
    return session.scalars(
        select(InboxState)
        .where(InboxState.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _fold(session: Session, state: InboxState, line: Line, *, now: datetime) -> int | None:
    """Fold `line` into the unread one of its collapse key: newest text, new place at the top, one more counted."""
    if line.collapse_key is None:
        return None
    older = session.scalar(
        select(Notification.id)
        .where(
            Notification.user_id == line.user_id,
            Notification.collapse_key == line.collapse_key,
            ~Notification.is_read,
            Notification.created_at > now - COLLAPSES_FOR,
        )
        .order_by(Notification.seq.desc())
        .limit(1)
    )
    if older is None:
        return None
    state.last_seq += 1
    session.execute(
        update(Notification)
        .where(Notification.user_id == line.user_id, Notification.id == older)
        .values(
            seq=state.last_seq,
            inbox_version=state.version,
            count=Notification.count + 1,
            title=line.title[:255],
            message=line.message,
            action_url=line.action_url,
            action_label=line.action_label,
            details=line.details,
            dedupe_key=line.dedupe_key[:120],
            updated_at=now,
        )
    )
    return older


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


def _hint(session: Session, state: InboxState) -> None:
    """Leave the hint for open sockets."""
    record(
        session,
        InboxHint(user_id=state.user_id, last_seq=state.last_seq, at=utc_now()),
        about=("inbox", state.user_id, state.version),
    )
