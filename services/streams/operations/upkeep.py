"""Counting again what is kept as a copy, and telling launches that have come."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from services.streams.models import Membership, Stream
from services.streams.operations.announcing import announce_stream
from shared.observability import logger

CHAT_KEPT = timedelta(days=400)
_logger = logger(__name__)


def tell_launches(session: Session, *, now: datetime) -> int:
    """Announce streams whose planned launch has come."""
    due = session.scalars(
        select(Stream)
        .where(Stream.launched_at <= now, ~Stream.launch_told, Stream.deleted_at.is_(None))
        .limit(100)
        .with_for_update(skip_locked=True)
    ).all()
    for stream in due:
        stream.launch_told = True
        announce_stream(session, stream)
    return len(due)


def recount_members(session: Session) -> int:
    """Hold every stream's member counts against its memberships; mend and log what differs."""
    ranks = [
        func.count().filter(Membership.tier_rank == rank).label(name)
        for rank, name in enumerate(("free_count", "entry_count", "premium_count"))
    ]
    counted = (
        select(Membership.stream_id, *ranks)
        .where(Membership.is_active, Membership.deleted_at.is_(None))
        .group_by(Membership.stream_id)
        .subquery()
    )
    names = ("free_count", "entry_count", "premium_count")
    rows = session.execute(
        select(Stream.id, *(func.coalesce(counted.c[name], 0).label(name) for name in names))
        .outerjoin(counted, counted.c.stream_id == Stream.id)
        .where(
            (func.coalesce(counted.c.free_count, 0) != Stream.free_count)
            | (func.coalesce(counted.c.entry_count, 0) != Stream.entry_count)
            | (func.coalesce(counted.c.premium_count, 0) != Stream.premium_count)
        )
    ).all()
    for row in rows:
        _logger.warning("member_counts_drifted", stream_id=row.id)
        values = {name: getattr(row, name) for name in names}
        session.execute(
            update(Stream)
            .where(Stream.id == row.id)
            .values(**values, updated_at=Stream.updated_at)
            .execution_options(synchronize_session=False)
        )
    return len(rows)


_POPULARITY = text(
    "UPDATE streams s SET popularity = s.subscriber_count + 3 * (s.entry_count + s.premium_count)"
    " + coalesce((SELECT sum(d.uniques) / 10.0 FROM stream_days d"
    " WHERE d.stream_id = s.id AND d.day > CAST(:since AS date)), 0)"
)


def renew_popularity(session: Session, *, now: datetime) -> None:
    """Score streams by members, paying ones thrice more, and viewers of the last thirty days."""
    session.execute(_POPULARITY, {"since": (now - timedelta(days=30)).date()})


def purge_chat(session: Session, *, now: datetime) -> None:
    """Forget what was said four hundred days ago."""
    session.execute(text("DELETE FROM chat_messages WHERE sent_at < :before"), {"before": now - CHAT_KEPT})
    session.execute(text("DELETE FROM chat_keys WHERE sent_at < :before"), {"before": now - timedelta(days=2)})
