"""What staff decide about accounts: suspended, let in again, made staff.

One lock serialises every decision about superusers, so that two at once can not remove the last two.
"""

from datetime import datetime

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import InvalidTransition, LastSuperuser
from services.auth.events import UserChanged, UserRegistered
from services.auth.models import User
from services.auth.operations import action_tokens
from services.auth.operations.accounts import add_user, user_by_email
from services.auth.operations.activity import note
from services.auth.operations.emails import request_verification
from services.auth.operations.sessions import sign_out_everywhere
from shared.errors import NotFound
from shared.identity import SYSTEM, Identity
from shared.identity.action_tokens import VERIFY_EMAIL
from shared.messaging import record

SUPERUSER_LOCK = 4_120_772_301
NOWHERE = Client()


def by_email(session: Session, email: str) -> User:
    """Return the account of an address, locked. Raises NotFound."""
    user = user_by_email(session, email)
    if user is None:
        raise NotFound(f"Nobody has the address {email}.")
    return locked(session, user.id)


def locked(session: Session, user_id: int) -> User:
    """Return an account that nobody else changes meanwhile. Raises NotFound; an erased one is not found."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SUPERUSER_LOCK})
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.account_status == "deleted":
        raise NotFound
    return user


def suspend(
    session: Session,
    user: User,
    *,
    reason: str,
    now: datetime,
    by: Identity = SYSTEM,
    client: Client = NOWHERE,
) -> User:
    """Suspend an account: its sessions end at once, and it can not sign in.

    Raises InvalidTransition, LastSuperuser. Emits UserChanged, SessionRevoked.
    """
    if user.account_status not in ("active", "pending"):
        raise InvalidTransition
    require_another_superuser(session, user)
    user.account_status = "suspended"
    user.status_reason = reason
    record(session, UserChanged.of(user), subject=user)
    sign_out_everywhere(session, user_id=user.id, reason="suspended", now=now)
    _note(session, "suspended", user, by=by, client=client, now=now, reason=reason)
    return user


def require_verification(
    session: Session,
    user: User,
    *,
    reason: str,
    now: datetime,
    by: Identity = SYSTEM,
    client: Client = NOWHERE,
) -> User:
    """Ask for a new proof of the address: until its link is used the account is pending, which reads and no more.

    Its sessions end, since tokens tell who is pending. Raises InvalidTransition.
    Emits UserChanged, SessionRevoked, EmailVerificationRequested.
    """
    if user.account_status != "active":
        raise InvalidTransition
    user.account_status, user.status_reason = "pending", reason
    user.email_verified_at = None
    record(session, UserChanged.of(user), subject=user)
    sign_out_everywhere(session, user_id=user.id, reason="verification_required", now=now)
    action_tokens.use_up_all(session, VERIFY_EMAIL, user_id=user.id, now=now)
    request_verification(session, user, now=now)
    _note(session, "verification_required", user, by=by, client=client, now=now, reason=reason)
    return user


def reactivate(
    session: Session,
    user: User,
    *,
    reason: str,
    now: datetime,
    by: Identity = SYSTEM,
    client: Client = NOWHERE,
) -> User:
    """Let a suspended account in again, or a pending one off. Raises InvalidTransition. Emits UserChanged."""
    if user.account_status not in ("suspended", "pending"):
        raise InvalidTransition
    user.account_status = "active"
    user.status_reason = None
    record(session, UserChanged.of(user), subject=user)
    _note(session, "reactivated", user, by=by, client=client, now=now, reason=reason)
    return user


def set_flags(
    session: Session,
    user: User,
    *,
    now: datetime,
    is_staff: bool | None = None,
    is_superuser: bool | None = None,
    reason: str = "",
    by: Identity = SYSTEM,
    client: Client = NOWHERE,
) -> User:
    """Make somebody staff or superuser, or take that away; a superuser is staff.

    Whoever loses a role loses their sessions, since tokens carry roles. Raises LastSuperuser.
    Emits UserChanged, SessionRevoked.
    """
    wanted_super = user.is_superuser if is_superuser is None else is_superuser
    wanted_staff = (user.is_staff if is_staff is None else is_staff) or wanted_super
    if (wanted_staff, wanted_super) == (user.is_staff, user.is_superuser):
        return user
    if user.is_superuser and not wanted_super:
        require_another_superuser(session, user)
    lost = user.is_staff and not wanted_staff
    user.is_staff, user.is_superuser = wanted_staff, wanted_super
    record(session, UserChanged.of(user), subject=user)
    if lost:
        sign_out_everywhere(session, user_id=user.id, reason="role_lost", now=now)
    _note(session, "roles_changed", user, by=by, client=client, now=now, reason=reason)
    return user


def create_staff(
    session: Session,
    *,
    email: str,
    first_name: str,
    last_name: str,
    is_superuser: bool,
    password_hash: str,
    now: datetime,
) -> bool:
    """Make an address staff, with an account if it has none; returns whether one was made.

    An account that is there keeps its password. Emits UserRegistered, UserChanged.
    """
    user = add_user(
        session,
        email=email,
        first_name=first_name,
        last_name=last_name,
        password_hash=password_hash,
        password_changed_at=now,
        email_verified_at=now,
        is_staff=True,
        is_superuser=is_superuser,
        date_joined=now,
    )
    if user is None:
        set_flags(session, by_email(session, email), is_staff=True, is_superuser=is_superuser or None, now=now)
        return False
    record(session, UserRegistered.of(user, via="staff"), subject=user)
    record(session, UserChanged.of(user), subject=user)
    return True


def require_another_superuser(session: Session, user: User) -> None:
    """Let no last active superuser go; the caller holds the lock of `locked`. Raises LastSuperuser."""
    if not user.is_superuser:
        return
    another = exists().where(
        User.is_staff, User.is_superuser, User.account_status.in_(("active", "pending")), User.id != user.id
    )
    if not session.scalar(select(another)):
        raise LastSuperuser


def _note(
    session: Session, action: str, user: User, *, by: Identity, client: Client, now: datetime, reason: str
) -> None:
    note(
        session,
        action,
        user_id=user.id,
        actor_id=by.user_id or None,
        client=client,
        now=now,
        session_id=by.session_id,
        details={"reason": reason},
    )
