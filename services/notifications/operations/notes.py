"""Notes that people leave for themselves, messages that staff write, and showing what was meant for later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.notifications.domain.errors import ForStaffOnly, NotificationNotFound, TooManyNotes
from services.notifications.domain.words import Priority
from services.notifications.models import Notification, User
from services.notifications.operations.inbox import set_read, show_line
from services.notifications.operations.lines import Line, add_line
from services.notifications.operations.locking import lock_inbox
from services.notifications.operations.mailing import Post, queue_mail
from shared.errors import Invalid
from shared.identity import Identity
from shared.ids import uuid7

NOTES_A_DAY, NOTES_PENDING = 100, 200
FARTHEST = timedelta(days=366)
NOTE, STAFF_MESSAGE = "note", "staff_message"
EDITABLE = ("title", "message", "metadata", "scheduled_for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be written. `action_path` is a path on the front end."""

    title: str
    message: str
    notification_type: str
    channel: str = "in_app"
    user_id: int | None = None
    is_read: bool = False
    scheduled_for: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    related: tuple[str, str] = ("", "")
    action_url: str | None = None
    priority: Priority = Priority.NORMAL


def write_note(session: Session, note: Note, *, by: Identity, now: datetime) -> tuple[int, int]:
    """Write a note to oneself, or as staff to anybody; return whose inbox it is in, and its id.

    By staff through email it is mailed too; one by push or sms, which nobody carries yet, is noted as skipped. What is
    meant for later is shown then. Raises ForStaffOnly, TooManyNotes,
    Invalid. Emits InboxHint.
    """
    if not by.is_staff and (note.channel != "in_app" or note.user_id is not None):
        raise ForStaffOnly
    later = _later(note.scheduled_for, now)
    reader = by.user_id if note.user_id is None else note.user_id
    is_message = note.user_id is not None or note.channel != "in_app"
    if is_message:
        _require_person(session, reader)
    lock_inbox(session, reader)
    if not is_message:
        _require_room(session, reader, now=now)
    key = uuid7()
    line = Line(
        user_id=reader,
        kind=STAFF_MESSAGE if is_message else NOTE,
        notification_type=note.notification_type,
        title=note.title,
        message=note.message,
        dedupe_key=f"note:{key}",
        priority=note.priority,
        action_url=note.action_url,
        related=note.related,
        details=dict(note.metadata),
        created_by=by.user_id,
        scheduled_for=later,
    )
    written = add_line(session, line, now=now)
    if written is None:
        raise AssertionError("a new key was used before")
    if note.is_read and later is None:
        set_read(session, user_id=reader, notification_id=written, is_read=True, now=now)
    if note.channel != "in_app":
        post = Post(
            user_id=reader,
            channel=note.channel,
            kind=STAFF_MESSAGE,
            occasion=f"note:{key}",
            happened_at=now,
            values={"staff_title": note.title, "staff_message": note.message},
            link="",
            notification_id=written,
            not_before=later,
        )
        queue_mail(session, post, now=now)
    return reader, written


def edit_note(
    session: Session, *, user_id: int, notification_id: int, changes: Mapping[str, Any], now: datetime
) -> None:
    """Mark a line read or unread; of an own note that is not shown yet change the words or the time.

    What cannot be changed is passed over. Raises NotificationNotFound, Invalid. Emits InboxHint.
    """
    lock_inbox(session, user_id)
    line = session.execute(
        select(Notification.kind, Notification.status).where(
            Notification.user_id == user_id, Notification.id == notification_id
        )
    ).one_or_none()
    if line is None:
        raise NotificationNotFound
    if line.status == "sent":
        if "is_read" in changes:
            set_read(session, user_id=user_id, notification_id=notification_id, is_read=changes["is_read"], now=now)
        return
    values = {name: changes[name] for name in EDITABLE if name in changes} if line.kind == NOTE else {}
    if "scheduled_for" in values:
        values["scheduled_for"] = _later(values["scheduled_for"], now) or now
    if "metadata" in values:
        values["details"] = values.pop("metadata")
    if values:
        session.execute(
            update(Notification)
            .where(Notification.user_id == user_id, Notification.id == notification_id)
            .values(**values, updated_at=now)
        )


def show_due(session: Session, *, now: datetime, limit: int = 100) -> int:
    """Show what was meant for later and is due by now, and return how many lines that was. Emits InboxHint."""
    due = session.execute(
        select(Notification.user_id, Notification.id)
        .where(Notification.status == "pending", Notification.scheduled_for <= now)
        .order_by(Notification.scheduled_for)
        .limit(limit)
    ).all()
    for user_id, key in sorted((row.user_id, row.id) for row in due):
        show_line(session, user_id=user_id, notification_id=key, now=now)
    return len(due)


def _later(wanted: datetime | None, now: datetime) -> datetime | None:
    """Return the time if it lies ahead; a past one is now. Raises Invalid if it is too far off."""
    if wanted is None or wanted <= now:
        return None
    if wanted > now + FARTHEST:
        raise Invalid(errors={"scheduled_for": ["At most a year ahead."]})
    return wanted


def _require_person(session: Session, user_id: int) -> None:
    person = session.get(User, user_id)
    if person is None or not person.is_active or person.deleted_at is not None:
        raise Invalid(errors={"user_id": ["There is no such person."]})


def _require_room(session: Session, user_id: int, *, now: datetime) -> None:
    notes = (Notification.user_id == user_id, Notification.kind == NOTE)
    today = select(func.count()).where(*notes, Notification.created_at > now - timedelta(days=1))
    pending = select(func.count()).where(*notes, Notification.status == "pending")
    if (session.scalar(today) or 0) >= NOTES_A_DAY or (session.scalar(pending) or 0) >= NOTES_PENDING:
        raise TooManyNotes
