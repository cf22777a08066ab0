"""What auth tells: people, ended sessions, deletions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.notifications.models import InboxState, Notification, Tombstone, User
from services.notifications.operations.telling import News, tell
from services.notifications.operations.tickets import end_tickets, revoke_person, revoke_sessions
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


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest state of the person."""
    values = {name: getattr(event, name) for name in UserChanged.__slots__ if name != "id"}
    replace_replica(session, User, key={"id": event.id}, values=values, message=message)


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
    """Delete the inbox and blank the copy."""
    for model in (Notification, InboxState, Tombstone):
        session.execute(delete(model).where(model.user_id == user_id))
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
    """Yield the inbox, oldest first."""
    lines = session.execute(
        select(
            Notification.kind, Notification.title, Notification.message, Notification.created_at, Notification.is_read
        )
        .where(Notification.user_id == user_id)
        .order_by(Notification.seq)
    )
    for line in lines:
        yield {"kind": "notification", **line._mapping, "notification": line.kind}


forget, tell_what_is_held = personal_data("notifications", erase=erase_person, export=exported)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new account."""

    user_id: int


@handles("user.registered", Registered)
def welcome(session: Session, event: Registered, message: Message) -> None:
    """Say what to do first."""
    tell(session, event.user_id, News(kind="account.welcome"), message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    """A password was changed."""

    user_id: int
    at: datetime
    device: str | None = None


@handles("password.changed", PasswordChanged)
def warn_of_the_new_password(session: Session, event: PasswordChanged, message: Message) -> None:
    """Tell the owner, whatever their settings."""
    news = News(kind="account.password_changed", values={"at": event.at, "device": event.device})
    tell(session, event.user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAlert:
    """Something happened to an account that its owner should know."""

    user_id: int
    kind: str
    device: str | None = None


ALERTS = {
    "new_device": ("New sign-in", "Somebody signed in{from_device}. If that was not you, change your password."),
    "refresh_reuse": ("A session was ended", "An old key of yours was used again{from_device}; we ended that session."),
    "email_changed": ("Your e-mail address was changed", "If that was not you, contact support."),
    "mfa_enabled": ("Second factor switched on", "Keep your recovery codes in a safe place."),
    "mfa_disabled": ("Second factor switched off", "If that was not you, change your password."),
    "recovery_code_used": ("A recovery code was used", "Somebody signed in with it{from_device}."),
    "identity_linked": ("A sign-in was linked", "You can use it to sign in from now on."),
    "identity_unlinked": ("A sign-in was removed", "It no longer opens your account."),
    "registration_attempt": ("Somebody tried to register with your address", "You have an account already."),
    "impersonated": ("Staff looked into your account", "A member of our team acted for you to help."),
    "deletion_requested": ("Your account will be deleted", "Sign in within 14 days if you change your mind."),
}


@handles("account.security_alert", SecurityAlert)
def warn_the_owner(session: Session, event: SecurityAlert, message: Message) -> None:
    """Tell the owner, whatever their settings."""
    headline, explanation = ALERTS.get(event.kind, ("Security notice", "Check the activity of your account."))
    from_device = f" from {event.device}" if event.device else ""
    values = {"headline": headline, "explanation": explanation.format(from_device=from_device)}
    tell(session, event.user_id, News(kind="account.security", values=values), message=message, now=utc_now())
