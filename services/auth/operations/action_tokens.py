"""Links that are mailed: issued, and used once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.auth.domain.errors import InvalidToken
from services.auth.models import ActionToken, User
from services.auth.settings import settings
from shared.identity.action_tokens import (
    CHANGE_EMAIL,
    LINK,
    MFA_LOGIN,
    RESET_PASSWORD,
    RESTORE,
    SOCIAL_CODE,
    VERIFY_EMAIL,
    Purpose,
    action_token_id,
    form_action_token,
    is_action_token,
)
from shared.ids import uuid7

LIFETIMES: Mapping[Purpose, timedelta] = {
    VERIFY_EMAIL: timedelta(hours=72),
    RESET_PASSWORD: timedelta(hours=1),
    CHANGE_EMAIL: timedelta(hours=24),
    RESTORE: timedelta(days=14),
    MFA_LOGIN: timedelta(minutes=5),
    SOCIAL_CODE: timedelta(seconds=60),
    LINK: timedelta(minutes=5),
}


def issue(
    session: Session,
    purpose: Purpose,
    *,
    user_id: int | None,
    email: str,
    now: datetime,
    expires_at: datetime | None = None,
    details: Mapping[str, str] | None = None,
) -> ActionToken:
    """Make a token; what is mailed is formed from it elsewhere, what is answered by `formed`."""
    token = ActionToken(
        id=uuid7(),
        purpose=purpose,
        user_id=user_id,
        email=email,
        details=dict(details or {}),
        created_at=now,
        # Whole seconds: the token's secret half is formed from them on both sides.
        expires_at=(expires_at or now + LIFETIMES[purpose]).replace(microsecond=0),
    )
    session.add(token)
    session.flush()
    return token


def formed(token: ActionToken) -> str:
    """Return the token as its holder sends it."""
    return form_action_token(
        settings().action_token_key,
        token_id=token.id,
        purpose=token.purpose,  # type: ignore[arg-type]
        user_id=token.user_id or 0,
        email=token.email,
        expires_at=token.expires_at,
    )


def find(session: Session, sent: str, purpose: Purpose) -> ActionToken:
    """Return the row of a token that is genuine and for this, used or not, expired or not.

    Raises InvalidToken; it names a token of this purpose whose secret half was wrong, so that guesses can be counted
    (`taking_links`).
    """
    token_id = action_token_id(sent)
    token = session.get(ActionToken, token_id) if token_id is not None else None
    if token is None or token.purpose != purpose:
        raise InvalidToken
    genuine = is_action_token(
        sent,
        settings().action_token_key,
        token_id=token.id,
        purpose=purpose,
        user_id=token.user_id or 0,
        email=token.email,
        expires_at=token.expires_at,
    )
    if not genuine:
        refused = InvalidToken()
        refused.guessed_at = token.id
        raise refused
    return token


def use(session: Session, sent: str, purpose: Purpose, *, now: datetime) -> ActionToken:
    """Use a token up and return its row; of two uses at once one succeeds. Raises InvalidToken."""
    token = find(session, sent, purpose)
    used = session.scalar(
        update(ActionToken)
        .where(ActionToken.id == token.id, ActionToken.used_at.is_(None), ActionToken.expires_at > now)
        .values(used_at=now)
        .returning(ActionToken.id)
    )
    if used is None:
        raise InvalidToken
    return token


def use_up_all(session: Session, purpose: Purpose, *, user_id: int, now: datetime) -> None:
    """Make every token of a purpose that a person still holds worthless."""
    session.execute(
        update(ActionToken)
        .where(ActionToken.user_id == user_id, ActionToken.purpose == purpose, ActionToken.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def standing_restore(session: Session, user: User, *, now: datetime) -> ActionToken:
    """Return the link that undoes a deletion; the one that was mailed, as long as it lasts."""
    standing = session.scalar(
        select(ActionToken)
        .where(
            ActionToken.user_id == user.id,
            ActionToken.purpose == RESTORE,
            ActionToken.used_at.is_(None),
            ActionToken.expires_at > now,
        )
        .order_by(ActionToken.created_at.desc())
        .limit(1)
    )
    return standing or issue(
        session, RESTORE, user_id=user.id, email=user.email, now=now, expires_at=user.deletion_due_at
    )
