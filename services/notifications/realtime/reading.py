"""What sockets need from the database, read in a few threads so that the event loop never waits for it."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Connection, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.notifications.domain.errors import NotificationNotFound
from services.notifications.models import InboxState, Notification, Tombstone
from services.notifications.operations import inbox as changes
from services.notifications.operations.tickets import Holder, is_revoked, use_ticket
from services.notifications.queries import inbox
from shared.clock import utc_now
from shared.database import Database
from shared.listing import Row

T = TypeVar("T")
THREADS = 4
RESUMED_MAX = 200
NEWS_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How much of an inbox a socket has been told: lines up to `seq`, changes up to `version`."""

    seq: int = 0
    version: int = 0


@dataclass(slots=True, kw_only=True)
class News:
    """What happened to one inbox since a `Place`."""

    last_seq: int
    version: int
    unread_count: int
    rows: list[Row] = field(default_factory=list)
    deleted: dict[int, int] = field(default_factory=dict)
    is_cut: bool = False


_PLACES = (
    func.unnest(
        bindparam("users", type_=ARRAY(BigInteger)),
        bindparam("seqs", type_=ARRAY(BigInteger)),
        bindparam("versions", type_=ARRAY(BigInteger)),
    )
    .table_valued("user_id", "seq", "version")
    .render_derived(name="place")
)
_STATES = select(InboxState.user_id, InboxState.last_seq, InboxState.version, InboxState.unread_count).where(
    InboxState.user_id == any_(bindparam("users", type_=ARRAY(BigInteger)))
)
_CHANGED = (
    inbox.COLUMNS.join(_PLACES, Notification.user_id == _PLACES.c.user_id)
    .where(Notification.inbox_version > _PLACES.c.version, Notification.status == "sent")
    .order_by(Notification.user_id, Notification.seq)
    .limit(NEWS_MAX)
)
_DELETED = (
    select(Tombstone.user_id, Tombstone.seq, Tombstone.notification_id)
    .join(_PLACES, Tombstone.user_id == _PLACES.c.user_id)
    .where(Tombstone.seq > _PLACES.c.seq)
    .limit(NEWS_MAX)
)


class Reader:
    """The database behind the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")

    async def holder(self, ticket: str) -> Holder | None:
        """Use a ticket up; see `use_ticket`."""
        return await self._change(lambda session: use_ticket(session, ticket, now=utc_now()))

    async def is_revoked(self, *, user_id: int, session_id: str | None, issued_at: int) -> bool:
        """Whether a token was refused by auth."""
        return await self._change(
            lambda session: is_revoked(
                session, user_id=user_id, session_id=session_id, issued_at=issued_at, now=utc_now()
            )
        )

    async def news(self, places: Mapping[int, Place]) -> dict[int, News]:
        """Return what happened to each of these people's inboxes: three statements, however many people."""
        return await self._read(lambda connection: _news(connection, places))

    async def numbers(self, user_id: int) -> inbox.Inbox:
        """Return the numbers of a person's inbox."""
        return await self._read(lambda connection: inbox.inbox_numbers(connection, user_id))

    async def missed(self, user_id: int, after: int) -> News | None:
        """Return the lines after `after`; None when there are too many, or deletions may have been forgotten."""

        def look(connection: Connection) -> News | None:
            now = utc_now()
            if inbox.is_too_old(connection, user_id=user_id, after=after, now=now):
                return None
            numbers = inbox.inbox_numbers(connection, user_id)
            rows, _removed = inbox.since(
                connection, user_id=user_id, after=after, up_to=numbers.last_seq, limit=RESUMED_MAX + 1
            )
            if len(rows) > RESUMED_MAX:
                return None
            return News(
                last_seq=numbers.last_seq, version=numbers.version, unread_count=numbers.unread_count, rows=rows
            )

        return await self._read(look)

    async def set_read(self, user_id: int, notification_id: int, *, is_read: bool) -> int | None:
        """Mark one line; return how many are unread then, None if there is no such line."""

        def work(session: Session) -> int | None:
            try:
                state = changes.set_read(
                    session, user_id=user_id, notification_id=notification_id, is_read=is_read, now=utc_now()
                )
            except NotificationNotFound:
                return None
            return state.unread_count

        return await self._change(work)

    async def set_all_read(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        """Mark all lines read; return how many changed and how many are unread then."""

        def work(session: Session) -> tuple[int, int]:
            count, state = changes.set_all_read(
                session, user_id=user_id, is_read=True, now=utc_now(), up_to_seq=up_to_seq
            )
            return count, state.unread_count

        return await self._change(work)

    def call(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Run any blocking work in one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._database.reading() as connection:
                return work(connection)

        return await self.call(run)

    async def _change(self, work: Callable[[Session], T]) -> T:
        def run() -> T:
            with self._database.transaction() as session:
                return work(session)

        return await self.call(run)


def _news(connection: Connection, places: Mapping[int, Place]) -> dict[int, News]:
    """Read the states first, then what led to them.

    What is committed in between is left for the next look: were it told now, under the older state, it would be told
    again then.
    """
    states = connection.execute(_STATES, {"users": list(places)}).all()
    found = {
        state.user_id: News(last_seq=state.last_seq, version=state.version, unread_count=state.unread_count)
        for state in states
    }
    changed = [user_id for user_id, news in found.items() if news.version > places[user_id].version]
    if not changed:
        return found
    values: dict[str, Any] = {
        "users": changed,
        "seqs": [places[user_id].seq for user_id in changed],
        "versions": [places[user_id].version for user_id in changed],
    }
    rows = connection.execute(_CHANGED, values).all()
    for row in rows:
        if row.inbox_version <= found[row.user_id].version:
            found[row.user_id].rows.append(dict(row._mapping))
    deleted = connection.execute(_DELETED, values).all()
    for gone in deleted:
        if gone.seq <= found[gone.user_id].last_seq:
            found[gone.user_id].deleted[gone.seq] = gone.notification_id
    if len(rows) == NEWS_MAX or len(deleted) == NEWS_MAX:
        for user_id in changed:
            found[user_id].is_cut = True
    return found
