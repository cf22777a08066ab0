"""Whose next free time is to be computed again."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.models import NextAvailableQueue
from shared.clock import utc_now

DEBOUNCE = timedelta(seconds=1)


def queue_next_available(session: Session, practitioner_ids: Iterable[int]) -> None:
    """Let the next free times be computed a moment from now; what is queued already keeps its time.

    Comes last in a transaction that also locks profiles: the queue's row is held until the commit.
    """
    due_at = utc_now() + DEBOUNCE
    rows = [{"practitioner_id": one, "due_at": due_at} for one in sorted(set(practitioner_ids))]
    if rows:
        queue = insert(NextAvailableQueue).values(rows)
        kept = {"due_at": NextAvailableQueue.due_at}
        session.execute(queue.on_conflict_do_update(index_elements=["practitioner_id"], set_=kept))
