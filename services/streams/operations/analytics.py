"""Figures: of a live stream while it runs and once it is over, and of a stream day by day."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.presence import stays
from services.streams.models import (
    LiveAnalytics,
    LiveCounters,
    LiveStream,
    Stream,
    StreamDay,
)
from services.streams.models.attendance import figures_of, spans_of
from shared.clock import utc_now

LATE_NEWS = timedelta(minutes=2)
ONCE_MORE = timedelta(hours=24)


def finalize_due(session: Session, *, now: datetime) -> int:
    """Keep the figures of live streams that ended two minutes ago, and look once more a day later."""
    kept = LiveAnalytics.live_stream_id == LiveStream.id
    due = session.execute(
        select(LiveStream, LiveAnalytics)
        .outerjoin(LiveAnalytics, kept)
        .where(
            LiveStream.status == words.ENDED,
            or_(
                and_(LiveAnalytics.id.is_(None), LiveStream.actual_end <= now - LATE_NEWS),
                and_(
                    LiveAnalytics.id.is_not(None),
                    LiveAnalytics.final_at.is_(None),
                    LiveStream.actual_end <= now - ONCE_MORE,
                ),
            ),
        )
        .order_by(LiveStream.id)
        .limit(20)
        .with_for_update(of=LiveStream, skip_locked=True)
    ).all()
    for live, held in due:
        keep_figures(session, live, held, now=now)
    return len(due)


def keep_figures(session: Session, live: LiveStream, held: LiveAnalytics | None, *, now: datetime) -> None:
    """Write the figures of a live stream that is over, and what follows from them."""
    told = figures_of(session, live)
    if held is None:
        session.add(LiveAnalytics(live_stream_id=live.id, computed_at=now, figures=told))
    else:
        held.final_at = now
        if held.figures != told:
            held.figures, held.computed_at = told, now
    session.execute(
        update(LiveCounters)
        .where(LiveCounters.live_stream_id == live.id)
        .values(
            current=0,
            peak=told["peak_concurrent_viewers"],
            total=told["total_viewers"],
            uniques=told["unique_viewers"],
            chat=told["total_chat_messages"],
            reactions=told["total_reactions"],
        )
    )
    if live.actual_start is not None:
        count_day(session, live.stream_id, live.actual_start.date())


def count_day(session: Session, stream_id: int, day: date) -> None:
    """Count the live streams that began on a UTC day anew: sessions, viewers, minutes, chat, reactions."""
    session.flush()
    begins = datetime.combine(day, time(), UTC)
    rows = session.execute(
        select(LiveStream.id, LiveCounters.chat, LiveCounters.reactions, LiveCounters.peak)
        .join(LiveCounters, LiveCounters.live_stream_id == LiveStream.id)
        .where(
            LiveStream.stream_id == stream_id,
            LiveStream.status == words.ENDED,
            LiveStream.actual_start >= begins,
            LiveStream.actual_start < begins + timedelta(days=1),
        )
    ).all()
    spans = spans_of(session, [row.id for row in rows], now=utc_now())
    everybody = [span for own in spans.values() for span in own]
    watched = sum(
        int(sum(end - start for stretches in stays(own).values() for start, end in stretches) // 60)
        for own in spans.values()
    )
    touch_day(
        session,
        stream_id,
        day,
        set_={
            "views": len(everybody),
            "uniques": len({span.user_id for span in everybody}),
            "watch_minutes": watched,
            "live_streams": len(rows),
            "chat": sum(row.chat for row in rows),
            "reactions": sum(row.reactions for row in rows),
            "peak": max((row.peak for row in rows), default=0),
        },
    )


def touch_day(
    session: Session,
    stream_id: int,
    day: date,
    *,
    add: dict[str, int] | None = None,
    set_: dict[str, int] | None = None,
) -> None:
    """Write into a stream's day: numbers to add, numbers to set, and how many members there are now."""
    totals = session.execute(
        select(Stream.free_count, Stream.entry_count, Stream.premium_count).where(Stream.id == stream_id)
    ).first()
    if totals is None:
        return
    now = {"free_total": totals[0], "entry_total": totals[1], "premium_total": totals[2]}
    statement = insert(StreamDay).values(stream_id=stream_id, day=day, **now, **(add or {}), **(set_ or {}))
    more = {name: getattr(StreamDay, name) + value for name, value in (add or {}).items()}
    kept = now if day >= utc_now().date() else {}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["stream_id", "day"], set_={**kept, **more, **(set_ or {}), "updated_at": utc_now()}
        )
    )
