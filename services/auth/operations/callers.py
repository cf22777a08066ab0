"""Who calls, as auth's own tables know them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.domain.errors import ReauthenticationRequired, TokenRevoked
from services.auth.models import AuthSession, User
from shared.identity import Identity

RECENTLY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Caller:
    """A person and the session they call with; None for a token of the replaced system, which names none."""

    user: User
    auth_session: AuthSession | None

    def require_recent_sign_in(self, *, now: datetime) -> None:
        """Let only a session pass that signed in, or confirmed itself, within ten minutes.

        Raises ReauthenticationRequired.
        """
        if self.auth_session is None or self.auth_session.auth_time + RECENTLY < now:
            raise ReauthenticationRequired


def caller(session: Session, by: Identity, *, lock: bool = False) -> Caller:
    """Return who calls, in one query; with `lock` nobody else changes the account meanwhile.

    The gateway refuses ended sessions within a second; here they are refused at once. Raises TokenRevoked.
    """
    statement = (
        select(User, AuthSession)
        .outerjoin(AuthSession, (AuthSession.id == _session_id(by)) & (AuthSession.user_id == User.id))
        .where(User.id == by.user_id)
        .execution_options(populate_existing=lock)
    )
    if lock:
        statement = statement.with_for_update(of=User)
    found = session.execute(statement).one_or_none()
    if found is None:
        raise TokenRevoked
    user, auth_session = found
    if not user.is_active:
        raise TokenRevoked
    if by.session_id is not None and not _is_live(auth_session):
        raise TokenRevoked
    return Caller(user, auth_session)


def _session_id(by: Identity) -> UUID | None:
    try:
        return UUID(by.session_id or "")
    except ValueError:
        return None


def _is_live(auth_session: AuthSession | None) -> bool:
    return auth_session is not None and auth_session.revoked_at is None
