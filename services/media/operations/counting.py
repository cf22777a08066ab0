"""Counting who looks at files: once a person, file and hour."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.models import Counter, CounterMark

KEPT = timedelta(days=2)


def count(session: Session, media_id: UUID, *, kind: str, user_id: int, now: datetime) -> int:
    """Count a view or a download, unless this person was counted within the hour; return how many there are."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    column = Counter.views if kind == "views" else Counter.downloads
    marked = session.execute(
        insert(CounterMark)
        .values(media_id=media_id, user_id=user_id, kind=kind, hour=hour)
        .on_conflict_do_nothing()
        .returning(CounterMark.user_id)
    ).scalar()
    if marked is None:
        return session.scalar(select(column).where(Counter.media_id == media_id)) or 0
    counted = insert(Counter).values({"media_id": media_id, kind: 1})
    total: int = session.execute(
        counted.on_conflict_do_update(index_elements=[Counter.media_id], set_={kind: column + 1}).returning(column)
    ).scalar_one()
    return total


def forget_marks(session: Session, *, now: datetime, limit: int = 5_000) -> int:
    """Forget who was counted two days ago; return how many were."""
    old = select(CounterMark.media_id, CounterMark.user_id, CounterMark.kind, CounterMark.hour)
    page = old.where(CounterMark.hour < now - KEPT).limit(limit).subquery()
    done = session.execute(
        delete(CounterMark).where(
            CounterMark.media_id == page.c.media_id,
            CounterMark.user_id == page.c.user_id,
            CounterMark.kind == page.c.kind,
            CounterMark.hour == page.c.hour,
        )
    )
    return int(getattr(done, "rowcount", 0))
