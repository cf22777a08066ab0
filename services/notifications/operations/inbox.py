"""Reading, unreading, showing and deleting the lines of a person's inbox; counters, order and hints move with each.

Every change takes the row of `inbox_states` first. So one person's changes follow each other, `seq` grows in the order
of commits, and the counters are exact. Each changed inbox leaves one hint for the processes that hold its sockets.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.notifications.domain.errors import NotificationNotFound
from services.notifications.models import InboxState, Notification, Tombstone
from services.notifications.operations.hinting import leave_hint
from services.notifications.operations.locking import lock_inbox


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
        leave_hint(session, [state])
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
        leave_hint(session, [state])
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
        leave_hint(session, [state])
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
    leave_hint(session, [state])


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
