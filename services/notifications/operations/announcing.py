"""Announcements of staff to many: counted before, told in bounded steps, stopped when staff say so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from services.notifications.domain.errors import BroadcastNotFound, InvalidTransition
from services.notifications.models import Broadcast, User
from services.notifications.operations.telling import News, tell_all
from shared.ids import uuid7

PEOPLE_A_STEP = 500
AUDIENCES: dict[str, ColumnElement[bool]] = {
    "everyone": true(),
    "clients": and_(~User.is_practitioner, ~User.is_staff),
    "practitioners": User.is_practitioner.is_(True),
    "staff": User.is_staff.is_(True),
}
OPEN = ("scheduled", "running")


def announce(session: Session, body: Mapping[str, Any], *, by: int, now: datetime, is_trial: bool) -> Broadcast:
    """Return a new announcement, with the number of people it is for; a trial is not kept."""
    later = body.get("scheduled_for")
    announcement = Broadcast(
        id=uuid7(),
        title=body["title"],
        message=body["message"],
        audience=body["audience"],
        channels=list(dict.fromkeys(body["channels"])),
        action_url=body.get("action_url"),
        status="scheduled",
        total=session.scalar(select(func.count()).select_from(User).where(*_among(body["audience"]))) or 0,
        sent=0,
        cursor=0,
        created_by=by,
        scheduled_for=later if later is not None and later > now else None,
        created_at=now,
        updated_at=now,
    )
    if not is_trial:
        session.add(announcement)
        session.flush()
    return announcement


def cancel_broadcast(session: Session, broadcast_id: UUID, *, now: datetime) -> Broadcast:
    """Stop what has not gone out yet. Raises BroadcastNotFound, InvalidTransition."""
    found = session.get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise BroadcastNotFound
    if found.status not in OPEN:
        raise InvalidTransition
    found.status, found.updated_at = "cancelled", now
    session.flush()
    return found


def spread(session: Session, *, now: datetime) -> bool:
    """Tell the next people of an announcement that is due; return whether there was one. Emits InboxesHint.

    A step that dies is rolled back and done again, and an occasion is told to nobody twice.
    """
    due = session.scalar(
        select(Broadcast)
        .where(
            Broadcast.status.in_(OPEN),
            or_(Broadcast.scheduled_for.is_(None), Broadcast.scheduled_for <= now),
        )
        .order_by(Broadcast.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if due is None:
        return False
    people = session.scalars(
        select(User.id).where(*_among(due.audience), User.id > due.cursor).order_by(User.id).limit(PEOPLE_A_STEP)
    ).all()
    news = News(
        kind="announcement",
        values={"staff_title": due.title, "staff_message": due.message},
        related=("broadcast", due.id),
        occasion=f"broadcast:{due.id}",
        link=due.action_url,
        in_app="in_app" in due.channels,
        by_mail="email" in due.channels,
        created_by=due.created_by,
    )
    if people:
        tell_all(session, people, news, now=now)
        due.cursor = people[-1]
    due.sent += len(people)
    due.status = "running" if len(people) == PEOPLE_A_STEP else "done"
    due.updated_at = now
    session.flush()
    return True


def _among(audience: str) -> list[ColumnElement[bool]]:
    return [User.is_active.is_(True), User.deleted_at.is_(None), AUDIENCES[audience]]
