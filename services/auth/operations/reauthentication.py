"""Confirming who one is, for changes that a stolen token must not be enough for."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import MfaInvalid, ReauthenticationRequired, WrongCredentials
from services.auth.models import User
from services.auth.operations import second_factor
from services.auth.operations.activity import note
from services.auth.operations.callers import RECENTLY, Caller
from services.auth.operations.passwords import knows_own_password


def require_password(user: User, password: str | None) -> None:
    """Let pass who knows the account's password; an account without one is asked for nothing here.

    Opens transactions of its own. Raises WrongCredentials, TooManyTries.
    """
    if user.password_hash is not None and not (password and knows_own_password(user, password)):
        raise WrongCredentials("This is not the present password.")


def reauthenticate(session: Session, found: Caller, *, code: str | None, client: Client, now: datetime) -> datetime:
    """Open the ten minutes for sensitive changes in this session, and return until when.

    The caller has passed `require_password`. Raises MfaInvalid when the account has a second factor and `code` is not
    it; ReauthenticationRequired when there is nothing to confirm with but a new sign-in.
    """
    user, auth_session = found.user, found.auth_session
    if auth_session is None or (user.password_hash is None and not user.mfa_enabled):
        raise ReauthenticationRequired("Sign in again to do this.")
    if user.mfa_enabled:
        if not code:
            raise MfaInvalid
        second_factor.check(session, user, code, client=client, now=now)
    auth_session.auth_time = now
    note(session, "reauthenticated", user_id=user.id, client=client, now=now, session_id=auth_session.id)
    until: timedelta = RECENTLY
    return now + until
