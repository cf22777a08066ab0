"""Queueing e-mails, once each, and taking back those that time has overtaken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.models import Delivery
from shared.identity.action_tokens import Purpose
from shared.ids import uuid7

MAIL_MAX_AGE = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the link of a mail may do: the half of a token that is no secret."""

    token_id: UUID
    purpose: Purpose
    expires_at: datetime
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A mail to be sent. `link` is a path on the front end, where `{token}` becomes the token of `action`.

    Without `address` it goes to whatever address the person has when it is sent.
    """

    user_id: int
    kind: str
    occasion: str
    happened_at: datetime
    values: Mapping[str, Any]
    link: str
    label: str | None = None
    address: str | None = None
    action: Action | None = None
    related: tuple[str, str] = ("", "")
    notification_id: int | None = None
    event_id: UUID | None = None


def queue_mail(session: Session, post: Post, *, now: datetime, not_before: datetime | None = None) -> UUID | None:
    """Queue the mail, for `not_before` or at once, and return its id; None if it was queued before, or is too old."""
    if now - post.happened_at > MAIL_MAX_AGE:
        return None
    context: dict[str, Any] = {
        "values": {name: _plain(value) for name, value in post.values.items()},
        "link": post.link,
        "label": post.label,
    }
    if post.action is not None:
        context["action"] = {
            "token_id": str(post.action.token_id),
            "purpose": post.action.purpose,
            "expires_at": post.action.expires_at.isoformat(),
            "email": post.action.email,
        }
    statement = (
        insert(Delivery)
        .values(
            id=uuid7(),
            user_id=post.user_id,
            notification_id=post.notification_id,
            kind=post.kind,
            channel="email",
            status="queued",
            related=":".join(post.related).strip(":"),
            context=context,
            address=post.address,
            occasion=f"{post.user_id}:{post.occasion}:email",
            subject="",
            not_before=not_before or now,
            attempts=0,
            event_id=post.event_id,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Delivery.id)
    )
    return session.scalar(statement)


def supersede(session: Session, related: tuple[str, object], *, kinds: Sequence[str], now: datetime) -> None:
    """Take back queued mails of these kinds about something that has changed since."""
    session.execute(
        update(Delivery)
        .where(Delivery.related == f"{related[0]}:{related[1]}", Delivery.status == "queued", Delivery.kind.in_(kinds))
        .values(status="skipped", reason="superseded", context={}, address=None, updated_at=now)
    )


def forget_mails(session: Session, *, user_id: int, but: str, now: datetime) -> None:
    """Take back a person's queued mails but those of one kind, and blank what is kept of the sent ones."""
    own = (Delivery.user_id == user_id, Delivery.kind != but)
    session.execute(
        update(Delivery)
        .where(*own, Delivery.status.in_(("queued", "sending")))
        .values(status="skipped", reason="erased", updated_at=now)
    )
    session.execute(update(Delivery).where(*own).values(context={}, address=None, subject="", error=None))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
