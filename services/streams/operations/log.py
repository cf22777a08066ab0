"""The intent log of calls to LiveKit and of notices to many: committed with the change, done after it, however often.

The worker's desk does what is due; a notification wakes it at the commit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.models import LiveKitOperation
from shared.clock import utc_now

DESK = "streams_desk"
"""The channel that wakes the worker's desk."""

DELETE_ROOM, REMOVE, SEND = "delete_room", "remove", "send"
START_RECORDING, STOP_RECORDING = "start_recording", "stop_recording"
NOTICE = "notice"


def intend(session: Session, *, call: str, key: str, params: Mapping[str, Any], due_at: datetime | None = None) -> bool:
    """Note something to be done after the commit; a key that is known already changes nothing."""
    statement = (
        insert(LiveKitOperation)
        .values(key=key, call=call, params=dict(params), status="started", attempts=0, due_at=due_at or utc_now())
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(LiveKitOperation.id)
    )
    noted = session.scalar(statement) is not None
    wake_desk(session)
    return noted


def wake_desk(session: Session) -> None:
    """Wake the worker's desk when this transaction commits."""
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": DESK})
