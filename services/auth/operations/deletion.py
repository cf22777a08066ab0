"""Leaving: asked for, thought over for fourteen days, then done everywhere.

Here a person is erased in one transaction: what is personal goes, the id, the uuid and the dates stay. Everybody else
hears `user.deleted` and answers `user.erased`; who has not answered after a day is told again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from services.auth.domain import emails
from services.auth.domain.devices import Client
from services.auth.domain.errors import InvalidToken
from services.auth.domain.others import SERVICES
from services.auth.events import MediaReleased, UserChanged, UserDeleted
from services.auth.models import (
    ActionToken,
    Activity,
    AuthSession,
    Device,
    Erasure,
    Export,
    KnownAvatar,
    LinkedIdentity,
    User,
)
from services.auth.operations import action_tokens, second_factor
from services.auth.operations.activity import alert, note
from services.auth.operations.sessions import sign_out_everywhere
from services.auth.operations.sign_in import enter
from services.auth.operations.staffing import locked, require_another_superuser
from services.auth.operations.tokens import Grant
from services.auth.settings import settings
from shared.identity import Identity
from shared.identity.action_tokens import RESTORE
from shared.messaging import record

BATCH = 100
ANSWERED_WITHIN = timedelta(hours=24)


def ask_for_deletion(
    session: Session,
    user_id: int,
    *,
    by: Identity,
    reason: str,
    client: Client,
    now: datetime,
    immediate: bool = False,
) -> User:
    """Close an account: every session ends, and in fourteen days the person is erased, or now with `immediate`.

    The link that undoes it is mailed. Raises NotFound, LastSuperuser. Emits UserChanged, SessionRevoked, SecurityAlert,
    or UserDeleted.
    """
    user = locked(session, user_id)
    require_another_superuser(session, user)
    user.deletion_requested_by = by.user_id
    actor = None if by.user_id == user.id else by.user_id
    details = {"reason": reason, "immediate": immediate}
    note(session, "deletion_requested", user_id=user.id, actor_id=actor, client=client, now=now, details=details)
    sign_out_everywhere(session, user_id=user.id, reason="deletion", now=now)
    if immediate:
        erase(session, user, now=now)
        return user
    if user.deletion_due_at is None:
        user.account_status = "inactive"
        user.deletion_due_at = now + timedelta(days=settings().account_deletion_days)
        link = action_tokens.standing_restore(session, user, now=now)
        record(session, UserChanged.of(user), subject=user)
        alert(session, "deletion_requested", user_id=user.id, client=client, now=now, link=link)
    return user


def restore(session: Session, sent: str, *, client: Client, now: datetime) -> User:
    """Undo a deletion by its link. Raises InvalidToken. Emits UserChanged."""
    token = action_tokens.use(session, sent, RESTORE, now=now)
    user = session.get(User, token.user_id, with_for_update=True)
    if user is None or user.deletion_due_at is None or user.account_status != "inactive":
        raise InvalidToken
    user.account_status = "active"
    user.deletion_due_at = None
    user.deletion_requested_by = None
    record(session, UserChanged.of(user), subject=user)
    note(session, "deletion_undone", user_id=user.id, client=client, now=now)
    return user


def come_back(session: Session, user_id: int, *, client: Client, now: datetime) -> Grant:
    """Begin the session of somebody who has just undone their deletion; refusals leave traces (`keeping_refusals`).

    The link takes the place of the password, not of the second factor. Raises MfaRequired.
    """
    user = session.get_one(User, user_id, with_for_update=True)
    methods = second_factor.ask(session, user, None, first="restore", client=client, now=now)
    return enter(session, user, methods=methods, client=client, now=now)


def erase_due(session: Session, *, now: datetime) -> int:
    """Erase up to a hundred people whose time is over; returns how many. Emits UserDeleted."""
    due = session.scalars(
        select(User)
        .where(User.deletion_due_at <= now, User.account_status == "inactive")
        .order_by(User.deletion_due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for user in due:
        erase(session, user, now=now)
    return len(due)


def erase_unverified(session: Session, *, now: datetime) -> int:
    """Erase up to a hundred accounts that never proved their address, if the settings say after how many days.

    Only those that nobody uses: no session lives. Returns how many. Emits UserDeleted.
    """
    if not settings().unverified_days:
        return 0
    lives = exists().where(
        AuthSession.user_id == User.id, AuthSession.revoked_at.is_(None), AuthSession.expires_at > now
    )
    stale = session.scalars(
        select(User)
        .where(
            User.email_verified_at.is_(None),
            User.erased_at.is_(None),
            User.account_status != "pending",
            User.date_joined < now - timedelta(days=settings().unverified_days or 0),
            User.practitioner_id.is_(None),
            User.is_staff.is_(False),
            User.imported_from.is_(None),
            ~lives,
        )
        .order_by(User.date_joined)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for user in stale:
        erase(session, user, now=now)
    return len(stale)


def erase(session: Session, user: User, *, now: datetime) -> None:
    """Remove what is personal, here and now; the others are told. Emits UserDeleted, MediaReleased."""
    farewell = user.email
    if user.avatar_media_id is not None:
        record(session, MediaReleased.as_avatar(user, user.avatar_media_id), about=("media", user.avatar_media_id))
    second_factor.forget(session, user)
    for model in (Device, LinkedIdentity, ActionToken, Export):
        session.execute(delete(model).where(model.user_id == user.id).execution_options(synchronize_session=False))
    session.execute(
        delete(KnownAvatar).where(KnownAvatar.uploaded_by == user.id).execution_options(synchronize_session=False)
    )
    for log in (AuthSession, Activity):
        session.execute(
            update(log)
            .where(log.user_id == user.id)
            .values(ip=None, user_agent="")
            .execution_options(synchronize_session=False)
        )
    user.email = emails.of_deleted(user.uuid)
    user.first_name = user.last_name = ""
    user.preferred_name = user.phone_number = user.pending_email = user.status_reason = None
    user.password_hash = user.avatar_url = user.email_verified_at = user.avatar_media_id = None
    user.phone_number_verified = user.is_staff = user.is_superuser = False
    user.timezone, user.locale = "UTC", "en"
    user.account_status = "deleted"
    user.deletion_due_at = None
    user.erased_at = now
    record(session, UserDeleted.of(user, email=farewell), subject=user)
    note(session, "erased", user_id=user.id, client=Client(), now=now, actor_id=user.deletion_requested_by)


def take_erased(session: Session, *, user_id: int, source: str, now: datetime) -> None:
    """Note that a service has erased a person; telling it twice is no harm."""
    if source in SERVICES and session.get(Erasure, (user_id, source)) is None:
        session.add(Erasure(user_id=user_id, source=source, done_at=now))


def remind(session: Session, *, now: datetime) -> Sequence[User]:
    """Tell everybody again of people whom somebody has not erased within a day; returns them. Emits UserDeleted."""
    answers = select(func.count()).where(Erasure.user_id == User.id).correlate(User).scalar_subquery()
    last_told = func.coalesce(User.erasure_reminded_at, User.erased_at)
    overdue = session.scalars(
        select(User)
        .where(User.erased_at.is_not(None), last_told < now - ANSWERED_WITHIN, answers < len(SERVICES))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for user in overdue:
        user.erasure_reminded_at = now
        record(session, UserDeleted.again(user), subject=user)
    return overdue


def count_overdue(session: Session, *, now: datetime) -> int:
    """Return of how many people somebody has not answered within a day."""
    answers = select(func.count()).where(Erasure.user_id == User.id).correlate(User).scalar_subquery()
    late = select(func.count()).where(User.erased_at < now - ANSWERED_WITHIN, answers < len(SERVICES))
    return int(session.scalar(late) or 0)
