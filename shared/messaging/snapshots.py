"""Telling everything again: how a new or wiped reader gets what was announced before it listened.

The reader, whose queue is bound already, announces `<reader>.snapshot.requested` with the types it wants. Every
service that announces any of them reads its rows in one consistent view and sends each as an event with
`snapshot: true` and the row's present version, to that reader alone, and ends with `snapshot.completed`: how many
it told of each type, and a digest. Live events may come in between: the newest version wins at the reader.
"""

import hashlib
import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select, text, tuple_, update
from sqlalchemy import inspect as inspect_mapper
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.database import Database
from shared.messaging import metrics, replicas
from shared.messaging.broker import Link, Outgoing
from shared.messaging.errors import BrokerLost, NotConfirmed
from shared.messaging.events import EventType, event_type
from shared.messaging.handlers import Handlers, Subscription
from shared.messaging.messages import Message, Subject, new_message
from shared.messaging.names import EVENTS, SNAPSHOT_COMPLETED, SNAPSHOT_REQUESTED, SNAPSHOTS
from shared.messaging.outbox import write
from shared.messaging.schemas import dump
from shared.messaging.tables import event_epoch, replica_states, snapshot_requests

log = logging.getLogger(__name__)

PAGE = 500
PAGES_PER_SECOND = 4
ASK_AGAIN_AFTER = timedelta(seconds=60)
LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How to tell the present state of every subject of one event type.

    `select` yields one entity a row; rows are read in pages, by primary key. `build` makes the payload from the
    session and the row (by default the event class's `of(row)`), or None to pass the row over. `about` names the
    subject (by default the row, with its version). Tombstones are a second Snapshot: the `x.deleted` event over
    the rows that are deleted.
    """

    event: type[Any]
    select: Select[Any]
    build: Callable[[Session, Any], Any] | None = None
    about: Callable[[Any], Subject] | None = None

    @property
    def declared(self) -> EventType:
        """The event's name and version."""
        return event_type(self.event)

    def payload(self, session: Session, row: Any) -> Any:
        """Return the event that tells the state of `row`, or None."""
        return self.build(session, row) if self.build else self.event.of(row)

    def subject(self, row: Any) -> Subject:
        """Return whom the event is about."""
        if self.about:
            return self.about(row)
        return Subject(type=row.aggregate_type, id=str(row.id), sequence=row.version)

    def rows(self, session: Session, *, page: int = PAGE) -> Iterator[Sequence[Any]]:
        """Yield the rows in pages, by primary key."""
        entity = self.select.column_descriptions[0]["entity"]
        key = [getattr(entity, inspect_mapper(entity).get_property_by_column(column).key) for column in
               inspect_mapper(entity).primary_key]  # fmt: skip
        statement = self.select.order_by(None).order_by(*key).limit(page)
        found = session.scalars(statement).unique().all()
        while found:
            last = tuple(getattr(found[-1], attribute.key) for attribute in key)
            yield found
            session.expunge_all()
            found = session.scalars(statement.where(tuple_(*key) > tuple_(*last))).unique().all()


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequested:
    """Which events a reader wants to be told again."""

    types: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How many subjects were told, and the digest over their ids and versions."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCompleted:
    """What a source has told completely, by event type."""

    told: dict[str, Told]


class Digest:
    """A sum over subjects that does not depend on their order; equal where both sides hold the same versions."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, key: object, epoch: int, sequence: int) -> None:
        """Take one subject in."""
        self.count += 1
        self._sum ^= int.from_bytes(hashlib.blake2b(f"{key}|{epoch}|{sequence}".encode(), digest_size=8).digest())

    @property
    def told(self) -> Told:
        """The count and the sum so far."""
        return Told(count=self.count, digest=f"{self._sum:016x}")


def replica_digest(connection: Connection, model: type[Any], key: str) -> Told:
    """Return the digest of the living and dead rows of a replica table, to compare with what its source told."""
    digest = Digest()
    table = inspect_mapper(model).local_table
    for row in connection.execute(select(table.c[key], table.c.epoch, table.c.sequence)):
        digest.add(*row)
    return digest.told


class Teller:
    """Tells a service's states again, to one reader or to all."""

    def __init__(self, service: str, *, database: Database, broker_url: str, snapshots: Sequence[Snapshot]) -> None:
        self.service = service
        self.database = database
        self.snapshots = snapshots
        self._broker_url = broker_url

    def run(self, stop: threading.Event) -> None:
        """Answer requests until `stop`, one worker of the service at a time."""
        while not stop.wait(LOOK_EVERY_SECONDS):
            self.answer_requests(stop)

    def answer_requests(self, stop: threading.Event | None = None) -> int:
        """Answer what readers asked for, and return how many were answered. Raises BrokerLost."""
        if not self._pending():
            return 0
        answered = 0
        with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as lock:
            key = {"name": f"estuary.teller.{self.service}"}
            if not lock.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), key):
                return 0
            try:
                for request_id, reader, types in self._pending():
                    self.tell(types, reader=reader, stop=stop)
                    with self.database.transaction() as session:
                        session.execute(
                            update(snapshot_requests)
                            .where(snapshot_requests.c.id == request_id)
                            .values(completed_at=utc_now())
                        )
                    answered += 1
            finally:
                lock.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), key)
        return answered

    def tell(
        self,
        types: Iterable[str] | None = None,
        *,
        reader: str | None = None,
        stop: threading.Event | None = None,
        pages_per_second: float = PAGES_PER_SECOND,
    ) -> dict[str, Told]:
        """Send every state of the event types (default: all there are) to `reader`, or to whoever listens.

        Returns what was told. Raises BrokerLost, NotConfirmed: then all is to be told again.
        """
        wanted = None if types is None else set(types)
        digests: dict[str, Digest] = {key: Digest() for key in sorted(wanted or ())}
        link = Link.open(self._broker_url, name=f"snapshots-{self.service}")
        pace = stop or threading.Event()
        try:
            for snapshot in self.snapshots:
                key = snapshot.declared.key
                if wanted is not None and key not in wanted:
                    continue
                digest = digests.setdefault(key, Digest())
                for messages in self._pages(snapshot, digest):
                    self._send(link, messages, reader)
                    metrics.SNAPSHOT_SENT.labels(key).inc(len(messages))
                    if pace.wait(1 / pages_per_second):
                        raise BrokerLost("the worker stops")
            told = {key: digest.told for key, digest in digests.items()}
            if reader is not None:
                self._send(link, [self._completion(told)], reader)
        finally:
            link.close()
        return told

    def _pending(self) -> Sequence[Any]:
        statement = (
            select(snapshot_requests.c.id, snapshot_requests.c.consumer, snapshot_requests.c.types)
            .where(snapshot_requests.c.completed_at.is_(None))
            .order_by(snapshot_requests.c.requested_at)
        )
        with self.database.reading() as connection:
            return connection.execute(statement).all()

    def _pages(self, snapshot: Snapshot, digest: Digest) -> Iterator[list[Message]]:
        """Yield the events of one type in pages, all from one consistent view of the database."""
        engine = self.database.engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection, Session(connection) as session:
            epoch = session.scalar(select(event_epoch.c.epoch)) or 1
            for rows in snapshot.rows(session):
                messages = [
                    message for row in rows if (message := self._message(session, snapshot, row, epoch)) is not None
                ]
                for message in messages:
                    digest.add(message.subject_id, message.epoch, message.sequence)
                yield messages

    def _message(self, session: Session, snapshot: Snapshot, row: Any, epoch: int) -> Message | None:
        payload = snapshot.payload(session, row)
        if payload is None:
            return None
        return new_message(
            snapshot.declared.key,
            dump(payload),
            source=self.service,
            subject=snapshot.subject(row),
            occurred_at=utc_now(),
            epoch=epoch,
            version=snapshot.declared.version,
            snapshot=True,
        )

    def _completion(self, told: Mapping[str, Told]) -> Message:
        return new_message(
            SNAPSHOT_COMPLETED,
            dump(SnapshotCompleted(told=dict(told))),
            source=self.service,
            subject=Subject(type="snapshot", id=self.service),
            occurred_at=utc_now(),
        )

    def _send(self, link: Link, messages: Sequence[Message], reader: str | None) -> None:
        outcomes = link.publish(
            [
                Outgoing(
                    exchange=EVENTS if reader is None else SNAPSHOTS,
                    key=message.type if reader is None else f"{reader}.{message.type}",
                    body=message.to_bytes(),
                    message_id=str(message.id),
                    type=message.type,
                    app_id=self.service,
                )
                for message in messages
            ]
        )
        problem = next((outcome for outcome in outcomes if outcome is not None), None)
        if problem is not None:
            raise NotConfirmed(problem)


class Bootstrap:
    """Makes sure that a reader was told every state it keeps a replica of."""

    def __init__(self, service: str, *, database: Database, types: Sequence[str]) -> None:
        self.service = service
        self.database = database
        self.types = list(types)

    def run(self, stop: threading.Event) -> None:
        """Ask for what is missing, again each minute, until `stop`."""
        while not stop.is_set():
            missing = self.ask()
            for key in self.types:
                metrics.REPLICA_READY.labels(key).set(key not in missing)
            replicas.complete_types.update(self.types)
            replicas.complete_types.difference_update(missing)
            stop.wait(5 if missing else 30)

    def ask(self) -> list[str]:
        """Announce a request for what was neither told nor asked for in the last minute; return what is missing."""
        if not self.types:
            return []
        with self.database.transaction() as session:
            session.execute(
                insert(replica_states).values([{"type": key} for key in self.types]).on_conflict_do_nothing()
            )
            states = session.execute(
                select(replica_states.c.type, replica_states.c.requested_at)
                .where(replica_states.c.completed_at.is_(None), replica_states.c.type.in_(self.types))
                .with_for_update()
            ).all()
            now = utc_now()
            due = sorted(row.type for row in states if _is_old(row.requested_at, now))
            if due:
                session.execute(update(replica_states).where(replica_states.c.type.in_(due)).values(requested_at=now))
                self._request(session, due)
            return sorted(row.type for row in states)

    def audit(self) -> None:
        """Ask to be told one type of states again, another one each day, although it was told completely.

        What was missed is healed by it and counted as drift. The services begin with different types, so that no
        source has to tell all of them the same on one day.
        """
        if not self.types:
            return
        chosen = self.types[(utc_now().toordinal() + zlib.crc32(self.service.encode())) % len(self.types)]
        with self.database.transaction() as session:
            told = select(replica_states.c.completed_at).where(replica_states.c.type == chosen)
            if session.scalar(told) is not None:
                self._request(session, [chosen])

    def _request(self, session: Session, types: Sequence[str]) -> None:
        key = f"{self.service}.{SNAPSHOT_REQUESTED}"
        subject = Subject(type="snapshot", id=self.service)
        write(session, EventType(name=key), subject, dump(SnapshotRequested(types=list(types))))


def ask_again(session: Session, types: Iterable[str]) -> None:
    """Forget that these types were told, so that the worker asks for them anew: after a replica was wiped."""
    session.execute(
        update(replica_states)
        .where(replica_states.c.type.in_(list(types)))
        .values(requested_at=None, completed_at=None)
    )


def protocol(service: str, keys: Iterable[str]) -> Handlers:
    """Return the handlers of the protocol itself, for a service that announces the events `keys`."""
    announced = set(keys)

    def note_request(session: Session, event: SnapshotRequested, message: Message) -> None:
        """Keep the request for the thread that answers, if we announce anything of it."""
        types = sorted(announced & set(event.types))
        if types and message.source != service and message.source.isidentifier():
            session.execute(
                insert(snapshot_requests)
                .values(id=message.id, consumer=message.source, types=types)
                .on_conflict_do_nothing()
            )

    def note_completion(session: Session, event: SnapshotCompleted, message: Message) -> None:
        """Remember that a source told us everything of these types."""
        for key, told in event.told.items():
            session.execute(
                update(replica_states)
                .where(replica_states.c.type == key)
                .values(completed_at=utc_now(), source=message.source, told=told.count)
            )

    return Handlers(
        [
            Subscription(key=f"*.{SNAPSHOT_REQUESTED}", version=1, reads=SnapshotRequested, function=note_request),
            Subscription(key=SNAPSHOT_COMPLETED, version=1, reads=SnapshotCompleted, function=note_completion),
        ]
    )


def raise_epoch(session: Session) -> int:
    """Count one more restore of this database from an earlier state, and return the new epoch.

    After a restore, versions start again from the past and readers would pass them over. Republish afterwards.
    """
    raised = update(event_epoch).values(epoch=event_epoch.c.epoch + 1).returning(event_epoch.c.epoch)
    return int(session.scalars(raised).one())


def _is_old(requested_at: datetime | None, now: datetime) -> bool:
    return requested_at is None or now - requested_at > ASK_AGAIN_AFTER
