"""Telling people: choosing words, language and zone, and writing the line once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.domain.rendering import render
from services.notifications.models import User
from services.notifications.operations.choosing import wanted
from services.notifications.operations.inbox import Line, add_line
from services.notifications.operations.mailing import Action, Post, queue_mail
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
    in_app: bool = True
    by_mail: bool = True


def tell(session: Session, user_id: int, news: News, *, message: Message, now: datetime) -> int | None:
    """Tell a person, as the kind has it and they want it, each only once: a line of the inbox and a mail.

    Returns the line's id, None if there is no new one. Somebody unknown may be announced a moment later: raises NotYet
    until ten minutes after the event. Emits InboxHint.
    """
    person = session.get(User, user_id)
    if person is None:
        if (now - message.occurred_at).total_seconds() < PEOPLE_KNOWN_AFTER_SECONDS:
            raise NotYet(f"user {user_id} is not known yet")
        return None
    if person.deleted_at is not None or not person.is_active:
        return None
    kind = KINDS[news.kind]
    where = wanted(session, user_id=user_id, kind=kind)
    written = None
    if kind.in_app and news.in_app and where.in_app:
        written = _write(session, person, kind, news, message=message, now=now)
    if kind.by_mail and news.by_mail and where.email:
        post = Post(
            user_id=user_id,
            kind=kind.name,
            occasion=_occasion(kind, news, message),
            happened_at=message.occurred_at,
            values=news.values,
            link=news.link or kind.path(str(news.related[1])),
            related=_related(news),
            notification_id=written,
            event_id=message.id,
        )
        queue_mail(session, post, now=now)
    return written


def tell_address(
    session: Session,
    address: str,
    news: News,
    *,
    user_id: int,
    message: Message,
    now: datetime,
    action: Action | None = None,
    label: str | None = None,
) -> None:
    """Write to an address that the event brought, whoever it belongs to and whether we know them or not."""
    kind = KINDS[news.kind]
    post = Post(
        user_id=user_id,
        kind=kind.name,
        occasion=_occasion(kind, news, message),
        happened_at=message.occurred_at,
        values=news.values,
        link=news.link or kind.link,
        label=label,
        address=address,
        action=action,
        event_id=message.id,
    )
    queue_mail(session, post, now=now)


def _write(session: Session, person: User, kind: Kind, news: News, *, message: Message, now: datetime) -> int | None:
    title, text = render(kind.name, news.values, zone=person.timezone, locale=person.locale)
    related = _related(news)
    line = Line(
        user_id=person.id,
        kind=kind.name,
        notification_type=kind.type,
        title=title,
        message=text,
        dedupe_key=_occasion(kind, news, message),
        priority=kind.priority,
        action_url=settings().frontend_url + (news.link or kind.path(related[1])),
        action_label=kind.label,
        related=related,
        collapse_key=news.fold_into if kind.folds else None,
        event_id=message.id,
    )
    return add_line(session, line, now=now)


def _occasion(kind: Kind, news: News, message: Message) -> str:
    return f"{news.occasion or message.id}:{kind.name}"


def _related(news: News) -> tuple[str, str]:
    return news.related[0], str(news.related[1])


def name_of(session: Session, user_id: int) -> str:
    """Return how others see a person."""
    return session.scalar(select(User.display_name).where(User.id == user_id)) or MEMBER


def staff_ids(session: Session) -> list[int]:
    """Return everybody who works for the marketplace."""
    return list(session.scalars(select(User.id).where(User.is_staff, User.is_active).order_by(User.id)))
