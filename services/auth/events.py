"""Every fact that auth announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.models import ActionToken, KeySet, User
from services.auth.models.keys import public_keys
from shared.clock import utc_now
from shared.messaging import Snapshot, event


@event("user.registered")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered:
    """Somebody opened an account; `via` is password or the provider's name."""

    user_id: int
    uuid: UUID
    email: str
    first_name: str
    last_name: str
    locale: str
    timezone: str
    via: str

    @classmethod
    def of(cls, user: User, *, via: str) -> Self:
        """Tell of a new account."""
        return cls(
            user_id=user.id,
            uuid=user.uuid,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            locale=user.locale,
            timezone=user.timezone,
            via=via,
        )


@event("user.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """All that others may know of a person. `display_name` never falls back to the e-mail: it is shown to strangers."""

    id: int
    uuid: UUID
    email: str
    first_name: str
    last_name: str
    full_name: str
    display_name: str
    phone_number: str | None
    phone_number_verified: bool
    timezone: str
    locale: str
    avatar_url: str | None
    account_status: str
    is_active: bool
    is_staff: bool
    roles: list[str]
    practitioner_id: int | None
    email_verified: bool
    date_joined: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        """Tell a person's present state."""
        return cls(
            id=user.id,
            uuid=user.uuid,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            full_name=user.full_name,
            display_name=user.public_name,
            phone_number=user.phone_number,
            phone_number_verified=user.phone_number_verified,
            timezone=user.timezone,
            locale=user.locale,
            avatar_url=user.avatar_url,
            account_status=user.account_status,
            is_active=user.is_active,
            is_staff=user.is_staff,
            roles=user.roles,
            practitioner_id=user.practitioner_id,
            email_verified=user.email_verified,
            date_joined=user.date_joined,
        )


@event("user.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted:
    """A person is gone: everybody erases them. `email` is for the farewell only and must not be kept."""

    user_id: int
    uuid: UUID
    email: str
    requested_by: int | None

    @classmethod
    def of(cls, user: User, *, email: str) -> Self:
        """Tell of a person who has just been erased; `email` is where the farewell goes."""
        return cls(user_id=user.id, uuid=user.uuid, email=email, requested_by=user.deletion_requested_by)

    @classmethod
    def again(cls, user: User) -> Self:
        """Tell once more of a person who is gone, to whoever has not erased them yet."""
        return cls.of(user, email="")


@event("session.revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked:
    """Access tokens are refused before they expire.

    `kind` session: those of `session_ids` (at most 200). `kind` user: those of `user_id` issued before `not_before`
    (unix seconds). Both can be forgotten after `expires_at` (unix seconds).
    """

    kind: str
    session_ids: list[str]
    user_id: int
    not_before: int | None
    reason: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTokenIssued:
    """A link to mail; only its id travels, notifications forms the secret half."""

    action_token_id: UUID
    user_id: int
    email: str
    expires_at: datetime

    @classmethod
    def of(cls, token: ActionToken, user: User, **more: object) -> Self:
        """Tell of the link; `more` are the fields that only this event has."""
        return cls(action_token_id=token.id, user_id=user.id, email=token.email, expires_at=token.expires_at, **more)


@event("email.verification_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerificationRequested(ActionTokenIssued):
    """The address is to be proven by a link."""


@event("password.reset_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(ActionTokenIssued):
    """A link that sets a new password; `has_password` False: the first one."""

    has_password: bool


@event("email.change_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeRequested(ActionTokenIssued):
    """A link to the new address (`email`); the old one is told."""

    old_email: str


@event("password.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    """The password is another one; `how` is changed or reset."""

    user_id: int
    how: str
    device: str
    at: datetime


@event("signing_keys.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeysChanged:
    """The whole public set, as JWKs."""

    keys: list[dict[str, Any]]

    @classmethod
    def of(cls, session: Session) -> Self:
        """Tell the present set."""
        return cls(keys=public_keys(session, now=utc_now()))


@event("account.security_alert")
@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAlert:
    """Something the owner of an account should know of.

    `ip_hint` hides the address's last part. The last three are for `deletion_requested`: the link that undoes it.
    """

    user_id: int
    kind: str
    at: datetime
    device: str
    ip_hint: str
    email: str | None = None
    action_token_id: UUID | None = None
    expires_at: datetime | None = None


@event("user.export_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested:
    """Every service sends what it keeps about the person, as `user.export_part`."""

    export_id: UUID
    user_id: int
    uuid: UUID


@event("user.export_ready")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReady:
    """The archive can be fetched."""

    export_id: UUID
    user_id: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaUse:
    """Whether a file is in use."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str

    @classmethod
    def as_avatar(cls, user: User, media_id: UUID) -> Self:
        """Tell of a person's picture."""
        return cls(media_id=media_id, service="auth", entity_type="user", entity_id=str(user.id))


@event("media.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaClaimed(MediaUse):
    """This file is in use here."""


@event("media.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReleased(MediaUse):
    """This file is no longer in use here."""


PUBLISHES = [
    UserRegistered,
    UserChanged,
    UserDeleted,
    SessionRevoked,
    EmailVerificationRequested,
    PasswordResetRequested,
    EmailChangeRequested,
    PasswordChanged,
    SigningKeysChanged,
    SecurityAlert,
    ExportRequested,
    ExportReady,
    MediaClaimed,
    MediaReleased,
]
SNAPSHOTS = [
    Snapshot(UserChanged, select(User).where(User.erased_at.is_(None))),
    Snapshot(SigningKeysChanged, select(KeySet), build=lambda session, _row: SigningKeysChanged.of(session)),
    Snapshot(
        UserDeleted,
        select(User).where(User.erased_at.is_not(None)),
        build=lambda _session, user: UserDeleted.again(user),
    ),
]
