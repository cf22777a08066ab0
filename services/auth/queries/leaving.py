"""How far a deletion is."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.domain.others import SERVICES
from services.auth.models import Erasure, User


def deletion_status(session: Session, user: User) -> dict[str, Any]:
    """Return when a person will be erased, or who has not done it yet."""
    if user.erased_at is None:
        return {"status": "scheduled", "deletion_due_at": user.deletion_due_at, "waiting_for": []}
    answered = set(session.scalars(select(Erasure.source).where(Erasure.user_id == user.id)))
    waiting = [name for name in SERVICES if name not in answered]
    return {"status": "running" if waiting else "done", "deletion_due_at": user.erased_at, "waiting_for": waiting}
