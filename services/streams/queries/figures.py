"""Reading figures: of a live stream, and of a stream by days."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.streams.models import LiveAnalytics, LiveStream, Stream, StreamDay
from services.streams.models.attendance import figures_of


def live_figures(session: Session, live: LiveStream) -> dict[str, Any]:
    """Return a live stream's figures: kept ones once it is over, those so far before (`computed_at` null)."""
    kept = session.scalar(select(LiveAnalytics).where(LiveAnalytics.live_stream_id == live.id))
    figures = kept.figures if kept else figures_of(session, live)
    return {
        **figures,
        "id": kept.id if kept else live.id,
        "live_stream": live.id,
        "stream_title": live.title,
        "tips_received_cents": 0,
        "computed_at": kept.computed_at if kept else None,
        "created_at": kept.created_at if kept else live.created_at,
        "updated_at": kept.updated_at if kept else live.updated_at,
    }


def stream_days(session: Session, stream: Stream, *, first: date, last: date) -> list[dict[str, Any]]:
    """Return one entry for each day from `first` to `last`, oldest first; a day on which nothing changed has zeros."""
    held = {
        row.day: row
        for row in session.scalars(
            select(StreamDay).where(StreamDay.stream_id == stream.id, StreamDay.day <= last).order_by(StreamDay.day)
        )
    }
    totals = _totals_before(held, first)
    days = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        row = held.get(day)
        if row is not None:
            totals = (row.free_total, row.entry_total, row.premium_total)
        days.append(_day(stream, day, row, totals))
    return days


def _totals_before(held: dict[date, StreamDay], first: date) -> tuple[int, int, int]:
    """Return how many members there were when `first` began, from the last day before that changed anything."""
    earlier = [row for day, row in held.items() if day < first]
    return (earlier[-1].free_total, earlier[-1].entry_total, earlier[-1].premium_total) if earlier else (0, 0, 0)


def _day(stream: Stream, day: date, row: StreamDay | None, totals: tuple[int, int, int]) -> dict[str, Any]:
    midnight = datetime.combine(day, time(), UTC)

    def told(name: str) -> int:
        return getattr(row, name) if row else 0

    return {
        "id": row.id if row else 0,
        "stream": stream.id,
        "stream_title": stream.title,
        "date": day,
        "total_subscribers": sum(totals),
        "free_subscribers": totals[0],
        "entry_subscribers": totals[1],
        "premium_subscribers": totals[2],
        "new_subscribers": told("joined"),
        "churned_subscribers": told("churned"),
        "upgraded_subscribers": told("upgraded"),
        "downgraded_subscribers": told("downgraded"),
        "posts_published": 0,
        "total_views": told("views"),
        "unique_viewers": told("uniques"),
        "total_likes": told("reactions"),
        "total_comments": told("chat"),
        "watch_minutes": told("watch_minutes"),
        "live_streams": told("live_streams"),
        "peak_viewers": told("peak"),
        "subscription_revenue_cents": told("revenue_cents"),
        "tips_revenue_cents": 0,
        "total_revenue_cents": told("revenue_cents"),
        "commission_paid_cents": told("commission_cents"),
        "net_revenue_cents": told("revenue_cents") - told("commission_cents"),
        "created_at": row.created_at if row else midnight,
        "updated_at": row.updated_at if row else midnight,
    }
