"""Telling people: choosing words, language and zone, and writing the line once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.rendering import render
from services.notifications.models import User
from services.notifications.operations.inbox import Line, add_line
from services.notifications.settings import settings
from shared.messaging import Message, NotYet

PEOPLE_KNOWN_AFTER_SECONDS = 600
MEMBER = "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell. `occasion` makes it one telling, however often it is announced; by default the event."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    related: tuple[str, object] = ("", "")
    occasion: str | None = None
    fold_into: str | None = None
    link: str | None = None


def tell(session: Session, user_id: int, news: News, *, message: Message, now: datetime) -> int | None:
    """Write `news` into a person's inbox and return the line's id; None if it was told, or there is nobody to tell.

    Somebody unknown may be announced a moment later: raises NotYet until ten minutes after the event. Emits InboxHint.
    """
    person = session.get(User, user_id)
    if person is None:
        if (now - message.occurred_at).total_seconds() < PEOPLE_KNOWN_AFTER_SECONDS:
            raise NotYet(f"user {user_id} is not known yet")
        return None
    if person.deleted_at is not None or not person.is_active:
        return None
    kind = KINDS[news.kind]
    title, text = render(kind.name, news.values, zone=person.timezone, locale=person.locale)
    related = (news.related[0], str(news.related[1]))
    line = Line(
        user_id=user_id,
        kind=kind.name,
        notification_type=kind.type,
        title=title,
        message=text,
        dedupe_key=f"{news.occasion or message.id}:{kind.name}",
        priority=kind.priority,
        action_url=settings().frontend_url + (news.link or kind.link.format(id=related[1])),
        action_label=kind.label,
        related=related,
        collapse_key=news.fold_into if kind.folds else None,
        event_id=message.id,
    )
    return add_line(session, line, now=now)


def name_of(session: Session, user_id: int) -> str:
    """Return how others see a person."""
    return session.scalar(select(User.display_name).where(User.id == user_id)) or MEMBER


def staff_ids(session: Session) -> list[int]:
    """Return everybody who works for the marketplace."""
    return list(session.scalars(select(User.id).where(User.is_staff, User.is_active)))
