"""Carrying the outbox to RabbitMQ.

One relay of a service is active at a time: the holder of an advisory lock, on a connection of its own that no
pooler may stand in front of. It takes what is pending in the order it was written, publishes it in a window of
unconfirmed messages, and marks what the broker confirmed. It keeps no cursor: numbers become visible out of
order, so a cursor would pass over a slower transaction's rows for ever; what is pending is found by its flag.

A relay that lost its lock without knowing only sends repetitions, which readers pass over.
"""

import logging
import select
import threading
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2 names its classes in lower case.

from shared.messaging import metrics
from shared.messaging.broker import LOST, Backoff, Link, Outgoing
from shared.messaging.errors import BrokerLost
from shared.messaging.messages import instant
from shared.messaging.names import EVENTS, live_exchange
from shared.tracing import Span, begin_span

log = logging.getLogger(__name__)

BATCH = 500
IDLE_SECONDS = 1.0
GAUGES_EVERY_SECONDS = 5.0
REST_SECONDS_MAX = 60.0
RESTING_MAX = 5_000

_PENDING = """
    SELECT seq, event_id::text, type, schema_version, aggregate_type, aggregate_id, coalesce(sequence, 0), epoch, live,
           occurred_at, correlation_id::text, causation_id::text, traceparent, actor::text, payload::text
    FROM outbox
    WHERE published_at IS NULL AND NOT (aggregate_type || '/' || aggregate_id = ANY(%s))
    ORDER BY seq LIMIT %s
"""
_MARK = "UPDATE outbox SET published_at = now() WHERE seq = ANY(%s)"
_NOTE = """
    UPDATE outbox SET attempts = attempts + 1, last_error = note.problem
    FROM unnest(%s::bigint[], %s::text[]) AS note(seq, problem) WHERE outbox.seq = note.seq
"""
_GAUGES = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(occurred_at)), 0)
    FROM (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT 10000) AS pending
"""
# The oldest page only: rows leave in the order they came, so nothing older hides behind it.
_PRUNE = """
    DELETE FROM outbox WHERE seq IN (
        SELECT seq FROM (SELECT seq, published_at FROM outbox ORDER BY seq LIMIT %s) AS oldest
        WHERE published_at < now() - make_interval(days => %s)
    )
"""


class Relay:
    """The service's relay in this process: idle until it holds the lock."""

    def __init__(self, service: str, *, database_url: str, broker_url: str, batch: int = BATCH) -> None:
        self.service = service
        self.batch = batch
        self._database_url = database_url
        self._broker_url = broker_url
        self._key = zlib.crc32(f"estuary.relay.{service}".encode())
        self._link: Link | None = None
        self._resting: dict[str, tuple[float, float]] = {}
        self._gauged_at = 0.0
        self.is_leading = False

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop`; then finish what is pending once more, and end."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                connection = self._connect()
            except psycopg2.Error as problem:
                log.warning("relay: no database: %s", problem)
                backoff.wait(stop)
                continue
            backoff.reset()
            try:
                self._serve(connection, stop)
            except psycopg2.Error as problem:
                log.warning("relay: the database link broke: %s", problem)
                backoff.wait(stop)
            finally:
                self.is_leading = False
                metrics.LEADING.set(0)
                # Whoever leads now tells how much is pending.
                metrics.PENDING.set(0)
                metrics.OLDEST_PENDING.set(0)
                with suppress(psycopg2.Error):
                    connection.close()
        if self._link is not None:
            self._link.close()

    def _connect(self) -> Connection:
        connection = psycopg2.connect(
            self._database_url,
            connect_timeout=3,
            application_name=f"relay-{self.service}",
            # A lost mark means a repetition, which readers pass over; waiting for the disk would cost more.
            options="-c synchronous_commit=off -c statement_timeout=30s -c tcp_user_timeout=10s -c timezone=UTC",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
        connection.autocommit = True
        return connection

    def _serve(self, connection: Connection, stop: threading.Event) -> None:
        """Wait for the lock, then relay. Raises psycopg2.Error when the connection, and with it the lock, is gone."""
        while not self._take_lock(connection):
            metrics.RELAY_BEAT.set_to_current_time()
            if stop.wait(IDLE_SECONDS):
                return
        self.is_leading = True
        metrics.LEADING.set(1)
        log.info("relay: leading")
        with connection.cursor() as cursor:
            cursor.execute("LISTEN outbox")
        backoff = Backoff()
        while True:
            stopping = stop.is_set()
            metrics.RELAY_BEAT.set_to_current_time()
            if self._link is not None:
                # A link that nothing is published on breaks unseen otherwise.
                metrics.BROKER_UP.labels("relay").set(self._link.is_open)
            self._gauge(connection)
            rows = self._pending(connection)
            if rows:
                try:
                    self._publish(connection, rows)
                    backoff.reset()
                except BrokerLost as problem:
                    log.warning("relay: no broker: %s", problem)
                    metrics.BROKER_UP.labels("relay").set(0)
                    backoff.wait(stop)
                    rows = []
            if stopping:
                return
            if len(rows) < self.batch:
                self._wait_for_hint(connection, stop)

    def _take_lock(self, connection: Connection) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (self._key,))
            return bool(_one(cursor.fetchone()))

    def _pending(self, connection: Connection) -> Sequence[Any]:
        # What these hints tell of is committed, so it is found now.
        connection.notifies.clear()
        now = time.monotonic()
        resting = [subject for subject, (until, _) in self._resting.items() if until > now]
        if len(resting) >= RESTING_MAX:
            return []
        with connection.cursor() as cursor:
            cursor.execute(_PENDING, (resting, self.batch))
            return cursor.fetchall()

    def _publish(self, connection: Connection, rows: Sequence[Any]) -> None:
        """Publish rows and mark what was confirmed. Raises BrokerLost, after marking."""
        if self._link is None or not self._link.is_open:
            self._link = Link.open(self._broker_url, name=f"relay-{self.service}")
            metrics.BROKER_UP.labels("relay").set(1)
        spans = [_span(row) for row in rows]
        outcomes = self._link.publish([self._outgoing(row, span) for row, span in zip(rows, spans, strict=True)])
        for span, problem in zip(spans, outcomes, strict=True):
            if span is not None:
                span.end(failed=problem is not None)
        confirmed = [row[0] for row, problem in zip(rows, outcomes, strict=True) if problem is None]
        with connection.cursor() as cursor:
            cursor.execute(_MARK, (confirmed,))
        metrics.PUBLISHED.inc(len(confirmed))
        refused = [(row, problem) for row, problem in zip(rows, outcomes, strict=True) if problem not in {None, LOST}]
        for row, problem in zip(rows, outcomes, strict=True):
            if problem is None:
                self._resting.pop(_subject(row), None)
        if refused:
            self._note(connection, refused)
        if LOST in outcomes:
            raise BrokerLost(self._link.problem)

    def _note(self, connection: Connection, refused: Sequence[tuple[Any, str | None]]) -> None:
        """Write down why events were not taken, and let their subjects rest: 1 s, doubling to a minute."""
        metrics.REFUSED.inc(len(refused))
        log.error("relay: %d events not taken, the first: %s %s", len(refused), refused[0][0][2], refused[0][1])
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, ([row[0] for row, _ in refused], [problem for _, problem in refused]))
        now = time.monotonic()
        for subject in {_subject(row) for row, _ in refused}:
            delay = min(REST_SECONDS_MAX, 2 * self._resting.get(subject, (0.0, 0.5))[1])
            self._resting[subject] = (now + delay, delay)

    def _outgoing(self, row: Any, span: Span | None) -> Outgoing:
        (_, event_id, type_, version, kind, key, sequence, epoch, live, occurred_at, correlation, causation, trace,
         actor, payload) = row  # fmt: skip
        head = orjson.dumps(
            {
                "id": event_id,
                "type": type_,
                "version": version,
                "source": self.service,
                "epoch": epoch,
                "occurred_at": instant(occurred_at),
                "subject": {"type": kind, "id": key},
                "sequence": sequence,
                "correlation_id": correlation,
                "causation_id": causation,
                "traceparent": span.traceparent if span else trace,
                "actor": orjson.Fragment(actor) if actor else None,
                "snapshot": False,
                "data": orjson.Fragment(payload),
            }
        )
        return Outgoing(
            exchange=live_exchange(self.service) if live else EVENTS,
            key="" if live else type_,
            body=head,
            message_id=event_id,
            type=type_,
            app_id=self.service,
            correlation_id=correlation,
            headers={"version": version, "epoch": epoch, "sequence": sequence},
            persistent=not live,
            mandatory=not live,
            order=_subject(row),
        )

    def _wait_for_hint(self, connection: Connection, stop: threading.Event) -> None:
        """Wait until something was recorded since it was last looked for, or a second has passed.

        A hint may have come already, with the answer to another statement.
        """
        deadline = time.monotonic() + IDLE_SECONDS
        while not connection.notifies and not stop.is_set() and time.monotonic() < deadline:
            ready, _, _ = select.select([connection], [], [], 0.25)
            if ready:
                connection.poll()

    def _gauge(self, connection: Connection) -> None:
        if time.monotonic() - self._gauged_at < GAUGES_EVERY_SECONDS:
            return
        self._gauged_at = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(_GAUGES)
            pending, age = cursor.fetchone() or (0, 0)
        metrics.PENDING.set(pending)
        metrics.OLDEST_PENDING.set(float(age))


def prune_outbox(connection: Connection, *, days: int, page: int = 5_000) -> int:
    """Delete up to `page` events that were published more than `days` ago, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, (page, days))
        return cursor.rowcount


def _span(row: Any) -> Span | None:
    """Return the span of an event's way from its recording to the broker's confirmation."""
    _, event_id, type_, *_, occurred_at, correlation, _causation, trace, _actor, _payload = row
    told = {"messaging.message.id": event_id, "estuary.correlation_id": correlation or event_id}
    return begin_span(f"send {type_}", "PRODUCER", trace, began=int(occurred_at.timestamp() * 1e9), attributes=told)


def _subject(row: Any) -> str:
    return f"{row[4]}/{row[5]}"


def _one(row: Any) -> Any:
    return row[0] if row else None
