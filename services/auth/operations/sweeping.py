"""Deleting what nobody can use any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.auth.models import ActionToken, AuthSession, LegacyRefresh, LoginFailure, Revocation
from services.auth.settings import settings

BATCH = 5_000
ENDED_SESSIONS_KEPT = timedelta(days=90)
USED_LINKS_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(days=2)


def sweep(session: Session, *, now: datetime) -> bool:
    """Delete up to 5,000 rows of each kind; returns whether there may be more."""
    oldest_session = now - settings().session_max - ENDED_SESSIONS_KEPT
    counts = [
        _delete(session, [ActionToken.id], ActionToken.expires_at < now - USED_LINKS_KEPT),
        _delete(session, [LegacyRefresh.key], LegacyRefresh.expires_at < now),
        _delete(session, [Revocation.kind, Revocation.value], Revocation.expires_at < now),
        _delete(session, [LoginFailure.key], LoginFailure.first_at < now - FAILURES_KEPT),
        _delete(session, [AuthSession.id], AuthSession.created_at < oldest_session),
    ]
    return max(counts) == BATCH


def _delete(session: Session, key: Sequence[InstrumentedAttribute[object]], over: ColumnElement[bool]) -> int:
    """Delete a batch; rows that somebody holds are left for the next time."""
    rows = select(*key).where(over).limit(BATCH).with_for_update(skip_locked=True)
    done = session.execute(
        delete(key[0].class_).where(tuple_(*key).in_(rows)).execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))
