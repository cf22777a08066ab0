"""Signing out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.domain import refresh_tokens
from services.auth.domain.devices import Client
from services.auth.domain.errors import InvalidToken, TokenNotAccepted
from services.auth.models import AuthSession
from services.auth.operations.activity import note
from services.auth.operations.callers import caller
from services.auth.operations.sessions import end_sessions
from services.auth.settings import settings
from shared.identity import Identity


def log_out(
    session: Session,
    by: Identity,
    *,
    refresh_token: str | None,
    all_sessions: bool,
    client: Client,
    now: datetime,
) -> None:
    """End the caller's session and that of their refresh token, or all of theirs.

    Whoever holds a genuine refresh token may end its session without an access token. Raises InvalidToken when the
    refresh token is not genuine, or is another person's, whose session goes on; TokenNotAccepted without either
    token; TokenRevoked when the session has ended before. Emits SessionRevoked.
    """
    named = _session_of(session, refresh_token) if refresh_token else None
    if by.is_signed_in:
        user_id, own = caller(session, by).user.id, by.session_id
    elif named is not None:
        user_id, own = named.user_id, None
    else:
        raise TokenNotAccepted
    if named is not None and named.user_id != user_id:
        raise InvalidToken
    ids = {UUID(own)} if own else set()
    ids |= {named.id} if named is not None else set()
    which = [] if all_sessions else [AuthSession.id.in_(ids)]
    ended = end_sessions(session, *which, user_id=user_id, reason="logout", now=now)
    if ended:
        note(session, "signed_out", user_id=user_id, client=client, now=now, details={"sessions": len(ended)})


def _session_of(session: Session, token: str) -> AuthSession:
    """Return the session of a genuine refresh token of any generation, whether it still lives. Raises InvalidToken."""
    presented = refresh_tokens.read(token)
    if presented is None:
        raise InvalidToken
    found = session.scalar(select(AuthSession).where(AuthSession.id == presented.session_id))
    if found is None or presented.generation > found.generation:
        raise InvalidToken
    if not refresh_tokens.is_genuine(presented, settings().refresh_key, salt=found.salt):
        raise InvalidToken
    return found
