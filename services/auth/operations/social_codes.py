"""The one-time code that carries a provider's answer from the address bar to a POST."""

import base64
import hashlib
import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from services.auth.domain.errors import InvalidToken
from services.auth.domain.external import ExternalIdentity
from services.auth.models import User
from services.auth.operations import action_tokens
from shared.identity.action_tokens import LINK, SOCIAL_CODE


def issue_code(session: Session, external: ExternalIdentity, *, challenge: str, link: str, now: datetime) -> str:
    """Return a code for whom the provider named; `challenge` (S256, or empty) binds it to the client that asked."""
    details = {
        "provider": external.provider,
        "subject": external.subject,
        "first_name": external.first_name,
        "last_name": external.last_name,
        "challenge": challenge,
        "link": link,
    }
    issued = action_tokens.issue(session, SOCIAL_CODE, user_id=None, email=external.email, now=now, details=details)
    return action_tokens.formed(issued)


def redeem_code(session: Session, code: str, *, verifier: str, now: datetime) -> tuple[ExternalIdentity, str]:
    """Use a code up; returns whom it names, and the link code that came along. Raises InvalidToken."""
    used = action_tokens.use(session, code, SOCIAL_CODE, now=now)
    told = used.details
    if told["challenge"] and not secrets.compare_digest(told["challenge"], _challenge(verifier)):
        raise InvalidToken
    external = ExternalIdentity(
        provider=told["provider"],
        subject=told["subject"],
        email=used.email,
        first_name=told["first_name"],
        last_name=told["last_name"],
    )
    return external, told["link"]


def use_link(session: Session, link: str, *, provider: str, now: datetime) -> User:
    """Return who asked to link an account of this provider; the code is used up. Raises InvalidToken."""
    used = action_tokens.use(session, link, LINK, now=now)
    user = session.get(User, used.user_id, with_for_update=True)
    if user is None or not user.is_active or used.details.get("provider") != provider:
        raise InvalidToken
    return user


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
