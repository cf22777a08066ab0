"""Exchanging a refresh token for its successor."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.auth.domain import refresh_tokens
from services.auth.domain.devices import Client, network
from services.auth.domain.errors import AccountDisabled, TokenExpired, TokenNotAccepted, TokenRevoked
from services.auth.domain.names import is_timezone
from services.auth.domain.refresh_tokens import Verdict
from services.auth.events import UserChanged
from services.auth.models import AuthSession, User
from services.auth.operations.activity import alert, note
from services.auth.operations.legacy import exchange_legacy
from services.auth.operations.sessions import end_sessions
from services.auth.operations.tokens import Grant, grant
from services.auth.settings import settings
from shared.messaging import record

SEEN_AFTER = timedelta(minutes=5)


def refresh_session(
    session: Session, token: str, *, client: Client, now: datetime, time_zone: str | None = None
) -> Grant:
    """Return the successor of a refresh token.

    The session's row is locked: of many at once one makes the new generation, and the others get the same. A token
    that was followed more than ten seconds ago ends the session, which the caller commits (`keeping_refusals`): one of
    two holders is a thief. Raises TokenNotAccepted, TokenRevoked, TokenExpired, AccountDisabled.
    Emits SessionRevoked, SecurityAlert.
    """
    presented = refresh_tokens.read(token)
    if presented is None:
        return exchange_legacy(session, token, client=client, now=now)
    found = session.execute(
        select(AuthSession, User)
        .join(User, User.id == AuthSession.user_id)
        .where(AuthSession.id == presented.session_id)
        .with_for_update(of=AuthSession)
    ).one_or_none()
    if found is None:
        raise TokenNotAccepted
    auth_session, user = found
    if not refresh_tokens.is_genuine(presented, settings().refresh_key, salt=auth_session.salt):
        raise TokenNotAccepted
    _require_live(auth_session, user, now=now)
    verdict = refresh_tokens.judge(
        presented.generation, generation=auth_session.generation, rotations=auth_session.rotations, now=now
    )
    if verdict is Verdict.UNKNOWN:
        raise TokenNotAccepted
    if verdict is Verdict.REUSE:
        _end_stolen(session, auth_session, user, presented.generation, client=client, now=now)
        raise TokenRevoked
    if verdict is Verdict.ROTATE:
        _rotate(auth_session, client=client, now=now)
    _see(session, user, now=now, time_zone=time_zone)
    return grant(session, user, auth_session, now=now)


def _require_live(auth_session: AuthSession, user: User, *, now: datetime) -> None:
    if auth_session.revoked_at is not None:
        raise TokenRevoked
    if not user.is_active:
        raise AccountDisabled
    if auth_session.expires_at <= now or auth_session.impersonator_id is not None:
        raise TokenExpired


def _rotate(auth_session: AuthSession, *, client: Client, now: datetime) -> None:
    given = auth_session.generation
    auth_session.used_generation = given
    auth_session.rotations = refresh_tokens.rotated(auth_session.rotations, generation=given, now=now)
    auth_session.generation = given + 1
    auth_session.last_seen_at = now
    latest = auth_session.created_at + settings().session_max
    auth_session.expires_at = max(auth_session.expires_at, min(now + settings().session_slides, latest))
    if client.user_agent:
        auth_session.user_agent = client.user_agent


def _end_stolen(
    session: Session, auth_session: AuthSession, user: User, generation: int, *, client: Client, now: datetime
) -> None:
    """End a session of which an old token came back.

    The owner hears of it when somebody used the successor or comes from elsewhere; a client that merely never stores
    successors just has to sign in again.
    """
    ended = end_sessions(session, AuthSession.id == auth_session.id, user_id=user.id, reason="refresh_reuse", now=now)
    assert ended, "the locked row was live"
    is_elsewhere = network(str(auth_session.ip or "")) != client.network or auth_session.user_agent != client.user_agent
    if auth_session.used_generation > generation or is_elsewhere:
        alert(session, "refresh_reuse", user_id=user.id, client=client, now=now)
    note(
        session,
        "refresh_reuse",
        result="refused",
        user_id=user.id,
        client=client,
        now=now,
        session_id=auth_session.id,
    )


def _see(session: Session, user: User, *, now: datetime, time_zone: str | None) -> None:
    """Note that the person is about, at most every five minutes, and learn the zone of one who never set it.

    Everybody else locks the person before their sessions; here it is the other way round. So this is left for the next
    time when somebody holds the person, or the two would wait for each other.
    """
    is_due = user.last_active_at is None or now - user.last_active_at > SEEN_AFTER
    wants_zone = bool(time_zone and not user.timezone_chosen and user.timezone == "UTC" and is_timezone(time_zone))
    if not is_due and not wants_zone:
        return
    free = select(User).where(User.id == user.id).with_for_update(skip_locked=True)
    if session.scalar(free.execution_options(populate_existing=True)) is None:
        return
    if wants_zone and time_zone and not user.timezone_chosen:
        user.timezone, user.timezone_chosen = time_zone, True
        record(session, UserChanged.of(user), subject=user)
    session.execute(
        update(User).where(User.id == user.id).values(last_active_at=now).execution_options(synchronize_session=False)
    )
