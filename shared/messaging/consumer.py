"""Reading the service's queue: apply, commit, acknowledge, in this order and in batches.

What fails is never handed back to the queue it came from:

- refused for the moment (`Unavailable`, a lock, a bug that may be mended): waits in a retry queue, longer each
  time; after the eighth refusal it is dead;
- refused for good (unreadable, an unknown version, a rule): dead at once;
- its reader died twice over it: quarantine, where messages are taken one at a time, so that it harms no other.

Moving means publishing with the broker's confirmation, then acknowledging: a crash in between makes a repetition,
never a loss.
"""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.clock import utc_now
from shared.errors import DomainError, Unavailable
from shared.messaging import metrics
from shared.messaging.broker import Backoff, Delivery, Link, Outgoing
from shared.messaging.context import working_for
from shared.messaging.errors import BrokerLost, NotConfirmed, Unreadable
from shared.messaging.inbox import Inbox
from shared.messaging.messages import Message
from shared.messaging.names import ATTEMPTS_MAX, UNROUTED, own_exchange, queue_names, retry_key

log = logging.getLogger(__name__)

PREFETCH = 64
CRASHES_MAX = 2
QUARANTINE_PAUSE_SECONDS = 0.1
GAUGES_EVERY_SECONDS = 15.0
TOGETHER_FIRST = 16
LONG_SECONDS = 0.2
LOSSES_MAX = 3
PROBLEM_LENGTH = 500


@dataclass(frozen=True, slots=True)
class _Read:
    """A delivery and the event in it."""

    delivery: Delivery
    message: Message


class Consumer:
    """One reader of one of the service's queues: `in`, or `quarantine`."""

    def __init__(self, inbox: Inbox, *, broker_url: str, prefetch: int = PREFETCH, is_quarantine: bool = False) -> None:
        self.inbox = inbox
        self.service = inbox.service
        self.is_quarantine = is_quarantine
        self.prefetch = 1 if is_quarantine else prefetch
        self.part = "quarantine" if is_quarantine else "in"
        self._broker_url = broker_url
        self._moved: set[int] = set()
        self._gauged_at = 0.0
        self._together = 1 if is_quarantine else TOGETHER_FIRST

    def run(self, stop: threading.Event) -> None:
        """Read until `stop`, opening a new link whenever one breaks; then finish the batch at hand."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                link = Link.open(self._broker_url, name=f"{self.service}-{self.part}")
            except BrokerLost as problem:
                log.warning("consumer: no broker: %s", problem)
                backoff.wait(stop)
                continue
            try:
                link.consume(f"{self.service}.{self.part}", prefetch=self.prefetch)
                metrics.BROKER_UP.labels(self.part).set(1)
                self._read(link, stop, backoff)
            except (BrokerLost, NotConfirmed) as problem:
                log.warning("consumer: %s: %s", self.part, problem)
            except Exception:
                log.exception("consumer: %s: starting over", self.part)
            finally:
                metrics.BROKER_UP.labels(self.part).set(0)
                link.close()
            if not stop.is_set():
                backoff.wait(stop)

    def _read(self, link: Link, stop: threading.Event, backoff: Backoff) -> None:
        """Handle deliveries until `stop` or until the link breaks (BrokerLost)."""
        while not stop.is_set():
            if not self.is_quarantine:
                metrics.CONSUMER_BEAT.set_to_current_time()
                self._gauge(link)
            batch = self._next_batch(link)
            if batch and self.is_quarantine:
                # It may end this process: the acknowledgement of its move from `in` must be out before.
                stop.wait(QUARANTINE_PAUSE_SECONDS)
            if batch:
                self.handle(link, batch, stop)
                backoff.reset()
        link.stop_consuming()

    def _gauge(self, link: Link) -> None:
        """Note how full the service's queues are, now and then."""
        if time.monotonic() - self._gauged_at < GAUGES_EVERY_SECONDS:
            return
        self._gauged_at = time.monotonic()
        queues = [f"{self.service}.{name}" for name in queue_names()]
        for name, depth in link.depths([*queues, UNROUTED]).items():
            metrics.QUEUED.labels(name).set(depth)

    def _next_batch(self, link: Link) -> list[Delivery]:
        """Return what has arrived, after waiting up to a quarter of a second for the first."""
        found: list[Delivery] = []
        try:
            while len(found) < self.prefetch:
                delivery = link.deliveries.get(timeout=0.25) if not found else link.deliveries.get_nowait()
                if delivery is None:
                    raise BrokerLost(link.problem)
                found.append(delivery)
        except queue.Empty:
            pass
        return found

    def handle(self, link: Link, batch: Sequence[Delivery], stop: threading.Event) -> None:
        """Bring every delivery of the batch to its end and acknowledge all of them."""
        self._moved.clear()
        readable = [read for delivery in batch if (read := self._sort_out(link, delivery)) is not None]
        # Two readers with the same subjects in their batches then wait for each other instead of deadlocking; the
        # events of one subject stay in the order they came.
        readable.sort(key=lambda read: (read.message.subject_type, read.message.subject_id))
        losses, before = 0, len(readable)
        while not self._apply(link, readable, may_be_away=losses < LOSSES_MAX):
            # The database is away: no message is to blame, so none is moved; unless it is there again each time and
            # the same event loses it each time.
            losses, before = (losses + 1 if len(readable) == before else 1), len(readable)
            if not self._wait_for_database(link, stop):
                return
        left = [delivery.tag for delivery in batch if delivery.tag not in self._moved]
        if left:
            link.acknowledge(max(left), multiple=True)

    def _sort_out(self, link: Link, delivery: Delivery) -> _Read | None:
        """Return the event of a delivery, or None after moving the delivery where it can do no harm."""
        if not self.is_quarantine and delivery.crashes >= CRASHES_MAX:
            self._move(link, delivery, "quarantine", problem=f"its reader died {delivery.crashes} times")
            metrics.QUARANTINED.labels(delivery.type).inc()
            return None
        try:
            return _Read(delivery, Message.from_bytes(delivery.body, attempt=delivery.attempt))
        except Unreadable as problem:
            self._bury(link, delivery, problem)
            return None

    def _apply(self, link: Link, reads: list[_Read], *, may_be_away: bool) -> bool:
        """Apply events with one commit for several; where that fails, one by one.

        Empties `reads` as they come to their end. Returns False when the database is away, if it `may_be_away`.
        """
        while reads:
            started, size = time.monotonic(), min(self._together, len(reads))
            try:
                if size > 1:
                    self._count(reads[:size], self.inbox.apply(*(read.message for read in reads[:size])))
                    del reads[:size]
                    self._learn(size, time.monotonic() - started)
                    continue
            except Exception as problem:  # noqa: BLE001 - Whose fault it was is found out one by one.
                if may_be_away and is_database_away(problem):
                    return False
                log.debug("consumer: %d events go one by one: %s", size, _told(problem))
            for _ in range(size):
                if not self._apply_one(link, reads[0], may_be_away=may_be_away):
                    return False
                del reads[0]
            if size == 1:
                self._learn(size, time.monotonic() - started)
        return True

    def _learn(self, size: int, took: float) -> None:
        """Decide how many events share the next transaction.

        Rows stay locked until the commit, and people's requests may wait for them: a transaction that took long
        makes the next one smaller.
        """
        if took > LONG_SECONDS:
            self._together = max(1, size // 2)
        elif took < LONG_SECONDS / 4:
            self._together = min(self.prefetch, max(self._together, 2 * size))

    def _apply_one(self, link: Link, read: _Read, *, may_be_away: bool) -> bool:
        """Apply one event in a transaction of its own, or move it. Returns False when the database is away."""
        with working_for(read.message.context()):
            return self._try_one(link, read, may_be_away=may_be_away)

    def _try_one(self, link: Link, read: _Read, *, may_be_away: bool) -> bool:
        try:
            self._count([read], self.inbox.apply(read.message))
        except Unavailable as problem:
            self._postpone(link, read.delivery, problem)
        except (Unreadable, DomainError) as problem:
            self._bury(link, read.delivery, problem)
        except Exception as problem:
            if may_be_away and is_database_away(problem):
                return False
            log.exception("consumer: %s %s failed", read.message.type, read.message.id)
            self._postpone(link, read.delivery, problem)
        return True

    def _count(self, reads: Sequence[_Read], applied: Sequence[Message]) -> None:
        now = utc_now()
        metrics.REPEATED.inc(len(reads) - len(applied))
        for message in applied:
            metrics.CONSUMED.labels(message.type).inc()
            if not message.snapshot:
                metrics.LAG.observe(max(0.0, (now - message.occurred_at).total_seconds()))

    def _postpone(self, link: Link, delivery: Delivery, problem: Exception) -> None:
        attempt = delivery.attempt + 1
        if attempt >= ATTEMPTS_MAX:
            self._bury(link, delivery, problem)
            return
        self._move(link, delivery, retry_key(attempt), problem=_told(problem), attempt=attempt)
        metrics.RETRIED.labels(delivery.type).inc()

    def _bury(self, link: Link, delivery: Delivery, problem: Exception) -> None:
        log.error("consumer: %s %s is dead: %s", delivery.type, delivery.message_id, _told(problem))
        self._move(link, delivery, "dead", problem=_told(problem), attempt=delivery.attempt + 1)
        metrics.DEAD.labels(delivery.type).inc()

    def _move(self, link: Link, delivery: Delivery, key: str, *, problem: str, attempt: int | None = None) -> None:
        """Publish the message into another queue of the service. Raises BrokerLost, NotConfirmed.

        Its properties are made anew: the broker refuses another service's user, and its own notes on a message
        (`x-death`, `x-delivery-count`) grow without end and say nothing about this turn.
        """
        link.publish_one(
            Outgoing(
                exchange=own_exchange(self.service),
                key=key,
                body=delivery.body,
                message_id=delivery.message_id,
                type=delivery.type,
                app_id=delivery.app_id,
                headers={
                    "x-attempt": delivery.attempt if attempt is None else attempt,
                    "x-problem": problem[:PROBLEM_LENGTH],
                    "x-moved-at": utc_now().isoformat(timespec="seconds"),
                },
            )
        )
        link.acknowledge(delivery.tag)
        self._moved.add(delivery.tag)

    def _wait_for_database(self, link: Link, stop: threading.Event) -> bool:
        """Wait until the database answers; False when the link broke or the worker stops before."""
        backoff = Backoff()
        log.warning("consumer: the database is away")
        while link.is_open and not stop.is_set():
            try:
                with self.inbox.database.reading() as connection:
                    connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
                backoff.wait(stop)
            else:
                return True
        return False


def is_database_away(problem: BaseException) -> bool:
    """Whether an error says that the database could not be reached, rather than that it refused something."""
    if not isinstance(problem, DBAPIError):
        return False
    code = getattr(problem.orig, "pgcode", None)
    # 57P01-03: shut down, crashed, starting up. 53300: no connection free. No code: the socket broke.
    return (
        problem.connection_invalidated
        or code in {"57P01", "57P02", "57P03", "53300"}
        or (code is None and type(problem).__name__ in {"OperationalError", "InterfaceError"})
    )


def _told(problem: Exception) -> str:
    """Return what went wrong in one line, without the values that a database's complaint repeats."""
    if isinstance(problem, DBAPIError):
        diagnosis = getattr(problem.orig, "diag", None)
        told = (getattr(problem.orig, "pgcode", None), getattr(diagnosis, "constraint_name", None))
        return f"{type(problem).__name__}: {', '.join(part for part in told if part) or 'no code'}"
    return f"{type(problem).__name__}: {str(problem).partition(chr(10))[0]}"
