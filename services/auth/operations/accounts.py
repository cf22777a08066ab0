"""Rows of accounts: added, and found by their address."""

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.models import User
from shared.ids import uuid7


def add_user(session: Session, **values: object) -> User | None:
    """Insert an account and return it; None when its address is taken. Announces nothing."""
    user_id = session.scalar(
        insert(User)
        .values(version=1, uuid=values.pop("uuid", None) or uuid7(), **values)
        .on_conflict_do_nothing(index_elements=[text("lower(email)")])
        .returning(User.id)
    )
    return None if user_id is None else session.get_one(User, user_id)


def user_by_email(session: Session, email: str) -> User | None:
    """Return the account of an address, whatever its case."""
    return session.scalar(select(User).where(func.lower(User.email) == func.lower(email)))
