"""Telling members: who is to know of a live stream, in batches, each kind once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.events import NoticeDue
from services.streams.models import LiveStream, Membership, NoticeSent, Reminder, Stream
from services.streams.models.access import members_of
from services.streams.operations.announcing import fact
from services.streams.operations.log import NOTICE, intend
from shared.clock import utc_now
from shared.messaging import record

BATCH = 500
REMINDED_BEFORE = {"24h": timedelta(hours=24), "15m": timedelta(minutes=15)}


def notify_members(session: Session, live: LiveStream, kind: str, *, occasion: str = "") -> None:
    """Have everybody who may watch told, once per kind and occasion. Nobody is told of a stream that is not shown."""
    stream = session.get_one(Stream, live.stream_id)
    if not stream.is_shown(utc_now()):
        return
    statement = (
        insert(NoticeSent)
        .values(live_stream_id=live.id, kind=f"{kind}:{occasion}", sent_at=utc_now())
        .on_conflict_do_nothing()
        .returning(NoticeSent.live_stream_id)
    )
    if session.scalar(statement) is not None:
        params = {"live_stream_id": live.id, "kind": kind, "occasion": occasion, "after": 0, "batch": 0}
        intend(session, call=NOTICE, key=f"notice:{live.id}:{kind}:{occasion}", params=params)


def tell_batches(session: Session, params: dict[str, Any], *, batches: int = 20) -> dict[str, Any] | None:
    """Tell up to `batches` batches of people; return where to go on, None when all know. Emits NoticeDue."""
    live = session.get(LiveStream, params["live_stream_id"])
    if live is None:
        return None
    now, kind, after, number = utc_now(), params["kind"], params["after"], params["batch"]
    people = _people(session, live, now=now)
    total = -(-len(people) // BATCH)
    left = [user for user in people if user > after]
    for _ in range(batches):
        batch, left = left[:BATCH], left[BATCH:]
        if not batch:
            return None
        number += 1
        told = fact(session, NoticeDue, live, kind=kind, user_ids=batch, batch=number, of=max(total, number))
        about = ("stream_notice", f"{live.id}:{kind}:{params['occasion']}:{number}", 1)
        record(session, told, about=about)
    return {**params, "after": batch[-1], "batch": number} if left else None


def _people(session: Session, live: LiveStream, *, now: datetime) -> Sequence[int]:
    """Return members who have access, and whoever wants to be reminded, in order of their ids."""
    reminded = select(Reminder.user_id).where(Reminder.live_stream_id == live.id)
    members = select(Membership.user_id).where(*members_of(live.tier_rank, live.stream_id, now))
    both = union(members, reminded).subquery()
    return session.scalars(select(both.c.user_id).order_by(both.c.user_id)).all()


def plan_reminders_anew(session: Session, live: LiveStream) -> None:
    """Have people reminded again of what was moved."""
    session.execute(
        delete(NoticeSent).where(NoticeSent.live_stream_id == live.id, NoticeSent.kind.startswith("reminder:"))
    )


def remind_due(session: Session, *, now: datetime) -> int:
    """Have people reminded of what begins in a day or in a quarter of an hour; return how many live streams."""
    told = 0
    for name, before in REMINDED_BEFORE.items():
        # What is planned later than its own reminder would be is not reminded of: its first notice has just gone out.
        due = session.scalars(
            select(LiveStream).where(
                LiveStream.status == words.SCHEDULED,
                LiveStream.deleted_at.is_(None),
                LiveStream.scheduled_start > now,
                LiveStream.scheduled_start <= now + before,
                LiveStream.created_at <= LiveStream.scheduled_start - before,
                ~select(NoticeSent.kind)
                .where(
                    NoticeSent.live_stream_id == LiveStream.id,
                    NoticeSent.kind.startswith(f"reminder:{name}:"),
                )
                .exists(),
            )
        ).all()
        for live in due:
            notify_members(session, live, "reminder", occasion=f"{name}:{live.scheduled_start:%Y%m%d%H%M}")
            told += 1
    return told
