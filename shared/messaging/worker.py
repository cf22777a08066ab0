"""The worker process of a service: relay, consumers and clock, each in a thread of its own."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import time as time_of_day
from datetime import timedelta
from types import FrameType, ModuleType
from typing import Any, Protocol

import psycopg2
from prometheus_client import REGISTRY

from shared.clock import utc_now
from shared.database import connect, disconnect
from shared.http.health import Readiness, database_check
from shared.messaging.broker import Backoff
from shared.messaging.clock import Clock, housekeeping
from shared.messaging.consumer import PREFETCH, Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.probes import Probes
from shared.messaging.readiness import replicas_check
from shared.messaging.relay import Relay, prune_outbox
from shared.messaging.schedules import Job, Schedule, jobs_of
from shared.messaging.snapshots import Bootstrap, Snapshot, Teller, protocol
from shared.messaging.topology import Participant
from shared.observability import configure_logging
from shared.tracing import configure_tracing, stop_tracing

log = logging.getLogger(__name__)

OUTBOX_DAYS = 7
INBOX_DAYS = 30
DRAIN_SECONDS = 25.0
HOUSEKEEPING_SECONDS = 600.0
POOL_SIZE = 10
BEAT_MAX_SECONDS = 60.0
AUDITED = Schedule(interval=timedelta(days=1), at=time_of_day(3, 40), once=True)

Loop = Callable[[threading.Event], None]


class WorkerSettings(Protocol):
    """What a worker is told; `shared.settings.ServiceSettings` has it."""

    @property
    def database_url(self) -> str: ...
    @property
    def rabbitmq_url(self) -> str: ...
    @property
    def worker_bind(self) -> str: ...
    @property
    def log_level(self) -> str: ...


class Worker:
    """One worker process of `service`; any number may run beside each other.

    `handlers` and `jobs` are the modules that declare them. What the service announces and can tell again is read
    from its `events.py` unless `publishes` and `snapshots` are given; `nothing_to_tell` names state events that it
    will announce but holds no state of yet, so that their readers need not wait. Raises ValueError if a handler that
    the service's queue is bound for is missing from `handlers`.
    """

    def __init__(
        self,
        service: str,
        *,
        settings: WorkerSettings,
        handlers: Sequence[ModuleType] = (),
        jobs: Sequence[ModuleType] = (),
        publishes: Sequence[type[Any]] | None = None,
        snapshots: Sequence[Snapshot] | None = None,
        nothing_to_tell: Sequence[str] = (),
        prefetch: int = PREFETCH,
    ) -> None:
        self.service = service
        self.settings = settings
        member = Participant.of(service)
        wanted = Handlers.of(handlers)
        missing = sorted(set(member.handlers.keys) - set(wanted.keys))
        if missing:
            raise ValueError(
                f"{service}: its queue is bound for {', '.join(missing)}; pass the modules that handle them"
            )
        self.publishes = member.publishes if publishes is None else tuple(publishes)
        self.snapshots = member.snapshots if snapshots is None else tuple(snapshots)
        own = [event.__event__.key for event in self.publishes]
        self.handlers = wanted.joined(protocol(service, [*own, *nothing_to_tell]))
        self.replicas = [key for key in wanted.replica_keys if key not in own]
        self.jobs = jobs_of(jobs)
        self.prefetch = prefetch
        self._stop = threading.Event()
        self._stop_relay = threading.Event()

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; then take nothing new, finish what is at hand, and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        configure_logging(self.service, level=self.settings.log_level)
        configure_tracing(self.service)
        # What the library complains of, broken links above all, is told in our own words where it matters.
        logging.getLogger("pika").setLevel(logging.CRITICAL)
        database = connect(self.settings.database_url, pool_size=POOL_SIZE, application_name=f"{self.service}-worker")
        broker_url = self.settings.rabbitmq_url
        inbox = Inbox(self.service, self.handlers, database)
        self._readiness = Readiness(
            {"database": database_check(self.service), "replicas": lambda: replicas_check(self.replicas)}
        )
        probes = Probes(self.settings.worker_bind, service=self.service, ready=self.state)
        threading.Thread(target=probes.serve_forever, name="probes", daemon=True).start()
        teller = Teller(self.service, database=database, broker_url=broker_url, snapshots=self.snapshots)
        bootstrap = Bootstrap(self.service, database=database, types=self.replicas)
        audit = Job(name="audit_replicas", function=bootstrap.audit, schedule=AUDITED)
        loops: dict[str, Loop] = {
            "consumer": Consumer(inbox, broker_url=broker_url, prefetch=self.prefetch).run,
            "quarantine": Consumer(inbox, broker_url=broker_url, is_quarantine=True).run,
            "bootstrap": bootstrap.run,
            "teller": teller.run,
            "clock": Clock([*self.jobs, audit], database=database).run,
            "housekeeping": lambda stop: self._keep_house(inbox, stop),
        }
        threads = [self._start(name, loop, self._stop) for name, loop in loops.items()]
        relay = Relay(self.service, database_url=self.settings.database_url, broker_url=broker_url)
        relaying = self._start("relay", relay.run, self._stop_relay)
        log.info("worker: %s is up on %s", self.service, self.settings.worker_bind)
        while not self._stop.wait(3600):
            pass
        deadline = time.monotonic() + DRAIN_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        # Last, so that what the last handlers recorded goes out with this process.
        self._stop_relay.set()
        relaying.join(max(1.0, deadline - time.monotonic()))
        probes.shutdown()
        probes.server_close()
        disconnect()
        stop_tracing()

    def stop(self) -> None:
        """End `run`, as SIGTERM does."""
        self._stop.set()

    def state(self) -> dict[str, Any]:
        """Return what `/health/ready` says. A lost broker only degrades: the outbox keeps what is to be told."""
        failing = dict(self._readiness.failing())
        if self._stop.is_set():
            failing["worker"] = "stopping"
        degraded = {}
        if not all(REGISTRY.get_sample_value("estuary_broker_up", {"part": part}) for part in ("in", "quarantine")):
            degraded["broker"] = "unreachable"
        beat = REGISTRY.get_sample_value("estuary_relay_beat_timestamp")
        if beat and time.time() - beat > BEAT_MAX_SECONDS:
            degraded["relay"] = f"silent for {time.time() - beat:.0f} s"
        status = "unavailable" if failing else "degraded" if degraded else "ok"
        return {"status": status, "service": self.service, "failing": failing, "degraded": degraded}

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self, name: str, loop: Loop, stop: threading.Event) -> threading.Thread:
        """Run a loop in a thread, starting it over when it raises."""

        def keep_running() -> None:
            backoff = Backoff()
            while not stop.is_set():
                try:
                    loop(stop)
                except Exception:
                    log.exception("worker: %s failed and starts over", name)
                    backoff.wait(stop)

        thread = threading.Thread(target=keep_running, name=name, daemon=True)
        thread.start()
        return thread

    def _keep_house(self, inbox: Inbox, stop: threading.Event) -> None:
        def outbox_page() -> int:
            with closing(psycopg2.connect(self.settings.database_url, connect_timeout=3)) as connection:
                connection.autocommit = True
                return prune_outbox(connection, days=OUTBOX_DAYS)

        housekeeping(
            outbox_page,
            lambda: inbox.forget_before(utc_now() - timedelta(days=INBOX_DAYS)),
            stop=stop,
            every_seconds=HOUSEKEEPING_SECONDS,
        )
