"""Every fact that notifications announces."""

from dataclasses import dataclass
from datetime import datetime

from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS


@event("inbox.hint", live=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class InboxHint:
    """Somebody's inbox changed. Holds no content and may be lost: sockets read what is new from the database."""

    user_id: int
    last_seq: int
    at: datetime


@event("inboxes.hint", live=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class InboxesHint:
    """The inboxes of many changed at once, at most some hundreds. As little content, and as dispensable."""

    user_ids: list[int]
    at: datetime


PUBLISHES = [InboxHint, InboxesHint, *PRIVACY_EVENTS]
SNAPSHOTS: list[Snapshot] = []
