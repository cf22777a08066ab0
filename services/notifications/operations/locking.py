"""Taking a person's inbox: its row is the lock that puts one person's changes into an order."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.notifications.models import InboxState

_EMPTY: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("last_seq", "unread_count", "total_count", "version"), (0, BigInteger)),
    **dict.fromkeys(("unread_by_type", "total_by_type"), ({}, JSONB)),
}
"""What is known of an inbox that nothing was ever in, with the columns' types."""


def lock_inbox(session: Session, user_id: int) -> InboxState:
    """Return the person's state, made if need be, locked until the end of the transaction."""
    return lock_inboxes(session, [user_id])[user_id]


def lock_inboxes(session: Session, user_ids: Iterable[int]) -> dict[int, InboxState]:
    """Return the states of these people, made if need be, locked in the order of ids until the end."""
    wanted = set(user_ids)
    held = _locked(session, wanted)
    missing = sorted(wanted - held.keys())
    if missing:
        session.execute(
            upsert(InboxState)
            .from_select(
                ["user_id", *_EMPTY],
                select(
                    func.unnest(literal(missing, ARRAY(BigInteger))), *(literal(*value) for value in _EMPTY.values())
                ),
            )
            .on_conflict_do_nothing()
        )
        held |= _locked(session, missing)
    return held


def _locked(session: Session, user_ids: Iterable[int]) -> dict[int, InboxState]:
    states = session.scalars(
        select(InboxState)
        .where(InboxState.user_id == any_(literal(list(user_ids), ARRAY(BigInteger))))
        .order_by(InboxState.user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {state.user_id: state for state in states}
