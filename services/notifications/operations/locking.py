"""Taking a person's inbox: its row is the lock that puts one person's changes into an order."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.notifications.models import InboxState


class Place(NamedTuple):
    """Where an inbox stands."""

    user_id: int
    last_seq: int
    version: int


_EMPTY: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("last_seq", "unread_count", "total_count", "version"), (0, BigInteger)),
    **dict.fromkeys(("unread_by_type", "total_by_type"), ({}, JSONB)),
}
"""What is known of an inbox that nothing was ever in, with the columns' types."""

_PLACES = (
    select(InboxState.user_id, InboxState.last_seq, InboxState.version)
    .where(InboxState.user_id == any_(bindparam("people", type_=ARRAY(BigInteger))))
    .order_by(InboxState.user_id)
    .with_for_update()
)


def lock_inbox(session: Session, user_id: int) -> InboxState:
    """Return the person's state, made if need be, locked until the end of the transaction."""
    statement = (
        select(InboxState)
        .where(InboxState.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    state = session.scalar(statement)
    if state is None:
        _make(session, [user_id])
        state = session.scalars(statement).one()
    return state


def lock_inboxes(session: Session, user_ids: Iterable[int]) -> dict[int, Place]:
    """Return where these people's inboxes stand, made if need be, locked in the order of ids until the end."""
    wanted = sorted(set(user_ids))
    held = _locked(session, wanted)
    missing = [user_id for user_id in wanted if user_id not in held]
    if missing:
        _make(session, missing)
        held |= _locked(session, missing)
    return held


def _locked(session: Session, user_ids: Collection[int]) -> dict[int, Place]:
    return {row.user_id: Place(*row) for row in session.execute(_PLACES, {"people": list(user_ids)})}


def _make(session: Session, user_ids: Collection[int]) -> None:
    session.execute(
        upsert(InboxState)
        .from_select(
            ["user_id", *_EMPTY],
            select(
                func.unnest(literal(list(user_ids), ARRAY(BigInteger))),
                *(literal(*value) for value in _EMPTY.values()),
            ),
        )
        .on_conflict_do_nothing()
    )
