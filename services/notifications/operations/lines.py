"""Adding to people's inboxes, one person or hundreds, in the same few statements.

The rows of `inbox_states` are taken first, so one person's changes follow each other; see `inbox.py`. What moves on is
moved by one statement for everybody, whatever it was that happened.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.notifications.domain.words import Priority
from services.notifications.models import Notification
from services.notifications.operations.hinting import leave_hint
from services.notifications.operations.locking import Place, lock_inboxes
from services.notifications.operations.rows import insert_new

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
    places = lock_inboxes(session, [line.user_id for line in lines])
    if len(places) < len(lines):
        raise ValueError("one line a person at a time")
    folded: dict[int, int] = {}
    fresh: dict[int, Line] = {}
    for line in lines:
        if line.collapse_key is None:
            fresh[line.user_id] = line
        elif not _was_told(session, line):
            older = _fold(session, places[line.user_id], line, now=now)
            if older is None:
                fresh[line.user_id] = line
            else:
                folded[line.user_id] = older
    rows = [_row(places[line.user_id], line, now=now) for line in fresh.values()]
    written = {row.user_id: row.id for row in insert_new(session, Notification, rows, returning=("user_id", "id"))}
    uncounted, counted = list(folded), dict[str, list[int]]()
    for user_id in written:
        line = fresh[user_id]
        if line.scheduled_for is None:
            counted.setdefault(line.notification_type, []).append(user_id)
        else:
            uncounted.append(user_id)
    moved = _move_on(session, uncounted)
    for notification_type, people in counted.items():
        moved += _move_on(session, people, counting=notification_type)
    leave_hint(session, moved)
    return folded | written


_MOVE_ON = text(
    """
    UPDATE inbox_states SET last_seq = last_seq + 1, version = version + 1
     WHERE user_id = ANY(:people) RETURNING user_id, last_seq, version
    """
).bindparams(bindparam("people", type_=ARRAY(BigInteger)))
_MOVE_ON_COUNTING = text(
    """
    UPDATE inbox_states
       SET last_seq = last_seq + 1,
           version = version + 1,
           total_count = total_count + 1,
           unread_count = unread_count + 1,
           total_by_type = total_by_type
               || jsonb_build_object(CAST(:type AS text), coalesce((total_by_type ->> :type)::bigint, 0) + 1),
           unread_by_type = unread_by_type
               || jsonb_build_object(CAST(:type AS text), coalesce((unread_by_type ->> :type)::bigint, 0) + 1)
     WHERE user_id = ANY(:people) RETURNING user_id, last_seq, version
    """
).bindparams(bindparam("people", type_=ARRAY(BigInteger)))


def _move_on(session: Session, people: Collection[int], *, counting: str | None = None) -> list[Place]:
    """Give these inboxes one more place, and one more unread line of a type; return where they stand then."""
    if not people:
        return []
    values = {"people": list(people)} if counting is None else {"people": list(people), "type": counting}
    return [Place(*row) for row in session.execute(_MOVE_ON if counting is None else _MOVE_ON_COUNTING, values)]


def _row(place: Place, line: Line, *, now: datetime) -> Mapping[str, Any]:
    is_shown = line.scheduled_for is None
    return {
        "user_id": line.user_id,
        "seq": place.last_seq + 1,
        "inbox_version": place.version + 1,
        "kind": line.kind,
        "notification_type": line.notification_type,
        "priority": int(line.priority),
        "title": line.title[:TITLE_MAX],
        "message": line.message,
        "action_url": line.action_url,
        "action_label": line.action_label,
        "related_object_type": line.related[0],
        "related_object_id": line.related[1],
        "metadata": line.details,
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


def _fold(session: Session, place: Place, line: Line, *, now: datetime) -> int | None:
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
    session.execute(
        update(Notification)
        .where(Notification.user_id == line.user_id, Notification.id == older.id)
        .values(
            seq=place.last_seq + 1,
            inbox_version=place.version + 1,
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
