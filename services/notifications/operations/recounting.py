"""Counting inboxes anew: counters move with every change, and this finds out should they ever not have."""

import logging
from collections.abc import Sequence
from datetime import date

from prometheus_client import Counter
from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session

from services.notifications.models import InboxState, Notification
from services.notifications.operations.locking import lock_inbox

log = logging.getLogger(__name__)

PARTS = 30
REPAIRED = Counter("estuary_inbox_repairs_total", "Inboxes whose counters were wrong.")


def due_for_recount(session: Session, day: date) -> Sequence[int]:
    """Return whose inboxes are counted that day: a thirtieth of all."""
    return session.scalars(
        select(InboxState.user_id).where(InboxState.user_id % PARTS == day.toordinal() % PARTS)
    ).all()


def recount_inbox(session: Session, user_id: int) -> bool:
    """Count one inbox, mend its counters, and return whether they were wrong."""
    state = lock_inbox(session, user_id)
    rows = session.execute(
        select(
            Notification.notification_type,
            func.count().label("total"),
            func.sum((~Notification.is_read).cast(Integer)).label("unread"),
        )
        .where(Notification.user_id == user_id, Notification.status == "sent")
        .group_by(Notification.notification_type)
    ).all()
    total_by_type = {row.notification_type: int(row.total) for row in rows}
    unread_by_type = {row.notification_type: int(row.unread) for row in rows}
    counted = (sum(total_by_type.values()), sum(unread_by_type.values()), total_by_type, unread_by_type)
    held = (state.total_count, state.unread_count, _told(state.total_by_type), _told(state.unread_by_type))
    if held == (counted[0], counted[1], _told(total_by_type), _told(unread_by_type)):
        return False
    REPAIRED.inc()
    log.warning("the counters of an inbox were wrong: %s", user_id)
    state.total_count, state.unread_count, state.total_by_type, state.unread_by_type = counted
    state.version += 1
    session.flush()
    return True


def _told(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts that are not zero: a type that was emptied says the same as one that never was."""
    return {name: count for name, count in counts.items() if count}
