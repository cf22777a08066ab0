"""Telling the processes that hold open sockets whose inboxes changed."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from services.notifications.events import InboxesHint, InboxHint
from services.notifications.models import InboxState
from services.notifications.operations.locking import Place
from shared.clock import utc_now
from shared.ids import uuid7
from shared.messaging import record


def leave_hint(session: Session, changed: Collection[InboxState | Place]) -> None:
    """Leave a hint for open sockets: one for all who changed. Emits InboxHint, InboxesHint."""
    if len(changed) == 1:
        [one] = changed
        hint = InboxHint(user_id=one.user_id, last_seq=one.last_seq, at=utc_now())
        record(session, hint, about=("inbox", one.user_id, one.version))
    elif changed:
        everybody = InboxesHint(user_ids=[one.user_id for one in changed], at=utc_now())
        record(session, everybody, about=("inboxes", uuid7()))
