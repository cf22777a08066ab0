"""The keys that access tokens are signed with."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, SmallInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.auth.models.base import Base
from shared.database import Versioned


class KeySet(Versioned, Base):
    """The one row (id 1) whose version counts the changes of the public set; whoever changes it holds its lock."""

    __tablename__ = "key_sets"
    aggregate_type = "signing_keys"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    changed_at: Mapped[datetime]


class SigningKey(Base):
    """A key pair: published from `created_at`, signing from `active_from`, withdrawn at `retire_at`.

    `private_key` is sealed with AUTH_ENCRYPTION_KEY.
    """

    __tablename__ = "key_pairs"

    kid: Mapped[str] = mapped_column(primary_key=True)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    active_from: Mapped[datetime]
    retire_at: Mapped[datetime | None]


def public_keys(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """Return the whole public set as JWKs, oldest first: keys that will sign, sign, or signed of late."""
    kept = SigningKey.retire_at.is_(None) | (SigningKey.retire_at > now)
    return list(session.scalars(select(SigningKey.public_jwk).where(kept).order_by(SigningKey.created_at)))
