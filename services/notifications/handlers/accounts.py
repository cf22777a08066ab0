"""What auth tells of accounts: links to mail, warnings, welcome and farewell."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.notifications.operations.mailing import Action
from services.notifications.operations.telling import News, tell, tell_address
from shared.clock import utc_now
from shared.identity.action_tokens import CHANGE_EMAIL, RESET_PASSWORD, RESTORE, VERIFY_EMAIL, Purpose
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWanted:
    """A link is to be mailed; `action_token_id` is the half of its token that is no secret."""

    action_token_id: UUID
    user_id: int
    email: str
    expires_at: datetime

    def action(self, purpose: Purpose) -> Action:
        """Return what the link may do."""
        return Action(token_id=self.action_token_id, purpose=purpose, expires_at=self.expires_at, email=self.email)


def _mail_link(
    session: Session, event: LinkWanted, kind: str, purpose: Purpose, message: Message, **values: object
) -> None:
    tell_address(
        session,
        event.email,
        News(kind=kind, values={"until": event.expires_at, **values}),
        user_id=event.user_id,
        message=message,
        now=utc_now(),
        action=event.action(purpose),
    )


@handles("email.verification_requested", LinkWanted)
def mail_the_verification(session: Session, event: LinkWanted, message: Message) -> None:
    """Mail the link that proves an address."""
    _mail_link(session, event, "account.verify_email", VERIFY_EMAIL, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLinkWanted(LinkWanted):
    """A link that sets a new password."""

    has_password: bool = True


@handles("password.reset_requested", PasswordLinkWanted)
def mail_the_reset(session: Session, event: PasswordLinkWanted, message: Message) -> None:
    """Mail the link that sets a new password."""
    _mail_link(session, event, "account.reset_password", RESET_PASSWORD, message, first=not event.has_password)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeWanted(LinkWanted):
    """A link to the new address."""

    old_email: str


@handles("email.change_requested", EmailChangeWanted)
def mail_both_addresses(session: Session, event: EmailChangeWanted, message: Message) -> None:
    """Mail the link to the new address, and a warning to the old one."""
    _mail_link(session, event, "account.confirm_new_email", CHANGE_EMAIL, message)
    warning = News(kind="account.email_change_notice")
    tell_address(session, event.old_email, warning, user_id=event.user_id, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReady:
    """What is held about a person can be fetched."""

    export_id: UUID
    user_id: int
    expires_at: datetime


@handles("user.export_ready", ExportReady)
def tell_of_the_export(session: Session, event: ExportReady, message: Message) -> None:
    """Tell the person until when."""
    news = News(kind="account.export_ready", values={"until": event.expires_at}, related=("export", event.export_id))
    tell(session, event.user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An account is gone; `email` is for the farewell only, empty when that was said before."""

    user_id: int
    email: str = ""


@handles("user.deleted", Deleted)
def say_farewell(session: Session, event: Deleted, message: Message) -> None:
    """Mail the address that the account had."""
    if event.email:
        news = News(kind="account.deleted", occasion="farewell")
        tell_address(session, event.email, news, user_id=event.user_id, message=message, now=utc_now())


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
    email: str | None = None
    action_token_id: UUID | None = None
    expires_at: datetime | None = None


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
    "deletion_requested": ("Your account will be deleted", "If you change your mind, restore it within 14 days."),
}


@handles("account.security_alert", SecurityAlert)
def warn_the_owner(session: Session, event: SecurityAlert, message: Message) -> None:
    """Tell the owner, whatever their settings."""
    headline, explanation = ALERTS.get(event.kind, ("Security notice", "Check the activity of your account."))
    from_device = f" from {event.device}" if event.device else ""
    values = {"headline": headline, "explanation": explanation.format(from_device=from_device)}
    has_link = event.email is not None and event.action_token_id is not None and event.expires_at is not None
    news = News(kind="account.security", values=values, by_mail=not has_link)
    if event.email is not None and event.action_token_id is not None and event.expires_at is not None:
        wanted = LinkWanted(
            action_token_id=event.action_token_id, user_id=event.user_id, email=event.email, expires_at=event.expires_at
        )
        tell_address(
            session,
            event.email,
            replace(news, link="/restore?token={token}"),
            user_id=event.user_id,
            message=message,
            now=utc_now(),
            action=wanted.action(RESTORE),
            label="Keep my account",
        )
    tell(session, event.user_id, news, message=message, now=utc_now())
