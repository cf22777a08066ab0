"""What staff change about somebody's account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import TooManyTries
from services.auth.events import UserChanged
from services.auth.models import User
from services.auth.operations import second_factor, throttling
from services.auth.operations.activity import alert, note
from services.auth.operations.callers import Caller, caller
from services.auth.operations.emails import set_email
from services.auth.operations.passwords import send_reset
from services.auth.operations.staffing import set_flags
from shared.errors import Forbidden, Invalid, NotFound
from shared.identity import Identity
from shared.messaging import record

EDITABLE = ("first_name", "last_name", "phone_number", "timezone")
PRIVILEGED = ("email", "is_staff", "is_superuser")
MFA_RESET_AFTER = timedelta(hours=24)


def member_of_staff(session: Session, by: Identity) -> Caller:
    """Return the member of staff who calls, as the database knows them now. Raises TokenRevoked, Forbidden."""
    found = caller(session, by)
    if not found.user.is_staff:
        raise Forbidden
    return found


def superuser(session: Session, by: Identity, *, now: datetime) -> Caller:
    """Return the superuser who calls and who confirmed themself of late.

    Raises TokenRevoked, Forbidden, ReauthenticationRequired.
    """
    found = member_of_staff(session, by)
    if not found.user.is_superuser:
        raise Forbidden
    found.require_recent_sign_in(now=now)
    return found


def change_person(
    session: Session, user: User, changes: Mapping[str, Any], *, by: Identity, client: Client, now: datetime
) -> User:
    """Change somebody's details; e-mail and roles only by a superuser, with a reason.

    Raises Forbidden naming the fields, Invalid, EmailTaken, LastSuperuser, ReauthenticationRequired.
    Emits UserChanged, SecurityAlert, SessionRevoked.
    """
    privileged = [name for name in PRIVILEGED if name in changes and changes[name] != getattr(user, name)]
    reason = changes.get("reason") or ""
    if privileged:
        _may_change_privileged(session, privileged, reason, by=by, now=now)
    different = {name: changes[name] for name in EDITABLE if name in changes and changes[name] != getattr(user, name)}
    for name, value in different.items():
        setattr(user, name, value)
    if different:
        record(session, UserChanged.of(user), subject=user)
    if "email" in privileged:
        alert(session, "email_changed", user_id=user.id, client=client, now=now)
        set_email(session, user, changes["email"], is_proven=False, now=now)
    if {"is_staff", "is_superuser"} & set(privileged):
        set_flags(
            session,
            user,
            is_staff=changes.get("is_staff"),
            is_superuser=changes.get("is_superuser"),
            reason=reason,
            by=by,
            client=client,
            now=now,
        )
    if different or privileged:
        details = {"fields": sorted([*different, *privileged]), "reason": reason}
        note(session, "user_changed", user_id=user.id, actor_id=by.user_id, client=client, now=now, details=details)
    return user


def mail_reset(session: Session, user: User, *, by: Identity, client: Client, now: datetime) -> None:
    """Have the link mailed that sets a new password; staff never see or set one.

    Raises NotFound for an account that may not sign in, TooManyTries. Emits PasswordResetRequested.
    """
    if not user.is_active:
        raise NotFound
    for limit in (throttling.MAIL_A_MINUTE, throttling.MAIL_A_DAY):
        counter = throttling.counter(limit, "reset", user.email.lower())
        wait = throttling.seconds_blocked(session, [counter], now=now)
        if wait or not throttling.may(session, counter, now=now):
            raise TooManyTries(retry_after=wait or 60)
    send_reset(session, user, now=now)
    note(session, "password_reset_requested", user_id=user.id, actor_id=by.user_id, client=client, now=now)


def reset_second_factor(
    session: Session, user: User, *, by: Identity, reason: str, force: bool, client: Client, now: datetime
) -> None:
    """Take the second factor off for somebody who lost phone and codes: in a day, or now with `force`.

    The owner is told at once, so that a stranger who talked staff into it does not win. Emits SecurityAlert,
    UserChanged, SessionRevoked.
    """
    details = {"reason": reason, "force": force}
    note(session, "mfa_reset_requested", user_id=user.id, actor_id=by.user_id, client=client, now=now, details=details)
    if force:
        user.mfa_reset_due_at = None
        second_factor.disable(session, user, keep=None, client=client, now=now, by_staff=by.user_id)
        return
    user.mfa_reset_due_at = now + MFA_RESET_AFTER
    alert(session, "mfa_disabled", user_id=user.id, client=client, now=now)


def reset_second_factors_due(session: Session, *, now: datetime) -> None:
    """Take the second factors off whose day is over. Emits SecurityAlert, UserChanged, SessionRevoked."""
    due = session.scalars(
        select(User).where(User.mfa_reset_due_at <= now).limit(100).with_for_update(skip_locked=True)
    ).all()
    for user in due:
        user.mfa_reset_due_at = None
        second_factor.disable(session, user, keep=None, client=Client(), now=now, by_staff=0)


def _may_change_privileged(session: Session, names: list[str], reason: str, *, by: Identity, now: datetime) -> None:
    found = member_of_staff(session, by)
    if not found.user.is_superuser:
        raise Forbidden(f"Only a superuser may change {', '.join(names)}.")
    found.require_recent_sign_in(now=now)
    if len(reason.strip()) < 3:
        raise Invalid.field("reason", "Say why.")
