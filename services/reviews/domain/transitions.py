"""Which status leads where."""

from datetime import datetime, timedelta

from services.reviews.domain import words
from services.reviews.domain.errors import InvalidTransition

RESTORABLE = timedelta(days=90)

_LEADS: dict[tuple[str, str], str] = {
    (words.SEALED, words.OPEN): words.PUBLISHED,
    (words.HELD, words.APPROVE): words.PUBLISHED,
    (words.HELD, words.REMOVE): words.REMOVED,
    (words.PUBLISHED, words.AUTO_HIDE): words.HIDDEN,
    (words.PUBLISHED, words.HIDE): words.HIDDEN,
    (words.PUBLISHED, words.REMOVE): words.REMOVED,
    (words.HIDDEN, words.RESTORE): words.PUBLISHED,
    (words.HIDDEN, words.APPROVE): words.PUBLISHED,
    (words.HIDDEN, words.REMOVE): words.REMOVED,
    (words.REMOVED, words.RESTORE): words.HIDDEN,
    (words.SEALED, words.WITHDRAW): words.WITHDRAWN,
    (words.HELD, words.WITHDRAW): words.WITHDRAWN,
    (words.PUBLISHED, words.WITHDRAW): words.WITHDRAWN,
    (words.HIDDEN, words.WITHDRAW): words.WITHDRAWN,
    (words.SEALED, words.SCREEN): words.HELD,
    (words.PUBLISHED, words.SCREEN): words.HELD,
    (words.HELD, words.EDIT): words.PUBLISHED,
}


def next_status(status: str, action: str, *, removed_at: datetime | None, now: datetime) -> str:
    """Return the status that an action leads to. Raises InvalidTransition; what was removed comes back for 90 days."""
    found = _LEADS.get((status, action))
    if found is None or (status == words.REMOVED and (removed_at is None or now > removed_at + RESTORABLE)):
        raise InvalidTransition
    return found
