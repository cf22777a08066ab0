"""What auth tells of people: who they are, ended sessions, deletions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.notifications.domain.words import CHANNELS
from services.notifications.models import (
    Delivery,
    InboxState,
    KindSetting,
    Notification,
    Schedule,
    Tombstone,
    TypeSetting,
    User,
)
from services.notifications.operations.mailing import forget_mails
from services.notifications.operations.tickets import end_tickets, revoke_person, revoke_sessions
from services.notifications.operations.timing import follow_zone
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """All that is needed to reach a person."""

    id: int
    uuid: str
    email: str
    email_verified: bool = False
    phone_number: str | None = None
    phone_number_verified: bool = False
    first_name: str = ""
    last_name: str = ""
    display_name: str = "Member"
    timezone: str = "UTC"
    locale: str = "en"
    is_active: bool = True
    is_staff: bool = False
    roles: list[str] = field(default_factory=list)


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest state of the person; mail that waits follows them into another zone."""
    before = session.scalar(select(User.timezone).where(User.id == event.id))
    values = {name: getattr(event, name) for name in UserChanged.__slots__ if name not in ("id", "roles")}
    values["is_practitioner"] = "practitioner" in event.roles
    is_newer = replace_replica(session, User, key={"id": event.id}, values=values, message=message)
    if is_newer and before not in (None, event.timezone):
        follow_zone(session, event.id, zone=event.timezone, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked:
    """Sessions that ended, or all of a person's; times are unix seconds."""

    kind: str
    user_id: int
    expires_at: int
    session_ids: list[str] | None = None
    not_before: int | None = None


@handles("session.revoked", SessionRevoked)
def refuse_tokens(session: Session, event: SessionRevoked, _message: Message) -> None:
    """Let nobody open a socket with a dead token; open ones are closed by the realtime processes, which listen too."""
    expires_at = datetime.fromtimestamp(event.expires_at, UTC)
    if event.kind == "user":
        revoke_person(session, user_id=event.user_id, not_before=event.not_before, expires_at=expires_at)
    else:
        revoke_sessions(session, session_ids=event.session_ids or [], expires_at=expires_at)


def erase_person(session: Session, user_id: int) -> None:
    """Delete the inbox and the settings, take back mails, and blank the copy."""
    for model in (Notification, InboxState, Tombstone, TypeSetting, KindSetting, Schedule):
        session.execute(delete(model).where(model.user_id == user_id))
    forget_mails(session, user_id=user_id, but="account.deleted", now=utc_now())
    end_tickets(session, user_id=user_id)
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            email="",
            phone_number=None,
            first_name="",
            last_name="",
            display_name="Member",
            is_active=False,
        )
    )


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield the inbox and the mails, oldest first, and the settings."""
    lines = session.execute(
        select(
            Notification.kind, Notification.title, Notification.message, Notification.created_at, Notification.is_read
        )
        .where(Notification.user_id == user_id)
        .order_by(Notification.seq)
    )
    for line in lines:
        yield {"kind": "notification", **line._mapping, "notification": line.kind}
    mails = session.execute(
        select(Delivery.kind, Delivery.subject, Delivery.status, Delivery.created_at, Delivery.sent_at)
        .where(Delivery.user_id == user_id)
        .order_by(Delivery.created_at)
    )
    for mail in mails:
        yield {"kind": "mail", **mail._mapping, "notification": mail.kind}
    for chosen in session.scalars(select(TypeSetting).where(TypeSetting.user_id == user_id)):
        channels = {name: getattr(chosen, f"{name}_enabled") for name in CHANNELS}
        yield {"kind": "setting", "notification_type": chosen.notification_type, **channels}


forget, tell_what_is_held = personal_data("notifications", erase=erase_person, export=exported)
