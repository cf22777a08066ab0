"""What staff see of people and keys."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.auth.models import SigningKey, User


def people(session: Session, *, search: str, limit: int) -> Sequence[User]:
    """Return accounts whose e-mail or name begins with `search`, the newest first."""
    statement = select(User).order_by(User.date_joined.desc(), User.id.desc()).limit(limit)
    if search:
        begins = [
            func.lower(column).startswith(search.lower(), autoescape=True)
            for column in (User.email, User.first_name, User.last_name)
        ]
        statement = statement.where(or_(*begins))
    return session.scalars(statement).all()


def key_entries(session: Session) -> list[dict[str, Any]]:
    """Return every signing key, oldest first, with what becomes of it."""
    return [
        {
            "kid": key.kid,
            "active_from": key.active_from,
            "fate": f"withdrawn at {key.retire_at:%Y-%m-%d %H:%M}" if key.retire_at else "until the next rotation",
        }
        for key in session.scalars(select(SigningKey).order_by(SigningKey.active_from))
    ]
