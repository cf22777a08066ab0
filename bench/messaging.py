"""How fast events travel: `python -m bench.messaging` (`--write` keeps the figures in docs/performance/messaging.md).

Servers of its own; relay, consumer and writer are processes of their own, as in production. Events carry half a
kilobyte and are persistent; the consumer's handler writes one row an event.
"""

import argparse
import json
import multiprocessing
import platform
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shared.clock import utc_now
from shared.messaging.consumer import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.messages import Message
from shared.messaging.relay import Relay
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "messaging.md"
FORKING = multiprocessing.get_context("fork")
EVENTS = 20_000
ROUNDS = 3

_FILL = """
    INSERT INTO shop.outbox
        (event_id, type, schema_version, aggregate_type, aggregate_id, sequence, epoch, occurred_at, payload)
    SELECT gen_random_uuid(), 'account.credited', 1, 'account', (number %% 1000)::text, number, 1, now(),
           jsonb_build_object('account_id', number %% 1000, 'number', number, 'kind', 'good', 'pad', repeat('x', 400))
    FROM generate_series(1, %s) AS number
"""


class TimingConsumer(Consumer):
    """Keeps the time from each event's record to after the commit of its effect."""

    def __init__(self, *arguments: Any, lags: list[float], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lags = lags

    def _count(self, reads: Any, applied: Sequence[Message]) -> None:
        now = utc_now()
        self.lags += [(now - message.occurred_at).total_seconds() for message in applied]
        super()._count(reads, applied)


def relay_process(servers: Servers) -> None:
    relay = Relay("shop", database_url=servers.database_url("shop"), broker_url=servers.broker_url("shop"))
    relay.run(threading.Event())


def consumer_process(servers: Servers, results: Any, stop: Any) -> None:
    lags: list[float] = []
    inbox = Inbox("mirror", Handlers.of([toy.HANDLERS]), servers.database("mirror"))
    consumer = TimingConsumer(inbox, broker_url=servers.broker_url("mirror"), lags=lags)
    stopping = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stopping,))
    thread.start()
    stop.wait()
    stopping.set()
    thread.join()
    results.put(lags)


def relay_rate(servers: Servers) -> float:
    """Return events a second from a full outbox into the queue, confirmed and marked."""
    servers.empty()
    servers.query(_FILL, EVENTS)
    servers.query("ANALYZE shop.outbox")
    started = time.perf_counter()
    process = FORKING.Process(target=relay_process, args=(servers,))
    process.start()
    eventually(
        lambda: servers.query("SELECT NOT EXISTS (SELECT FROM shop.outbox WHERE published_at IS NULL)")[0][0],
        within=120,
        pause=0.02,
    )
    took = time.perf_counter() - started
    process.kill()
    process.join()
    return EVENTS / took


def consumer_rate(servers: Servers) -> float:
    """Return events a second from a full queue into committed effects, by one consumer."""
    results, stop = FORKING.Queue(), FORKING.Event()
    process = FORKING.Process(target=consumer_process, args=(servers, results, stop))
    started = time.perf_counter()
    process.start()
    eventually(lambda: servers.query("SELECT count(*) FROM mirror.effects")[0][0] == EVENTS, within=120, pause=0.05)
    took = time.perf_counter() - started
    stop.set()
    results.get()
    process.join()
    return EVENTS / took


def lags(servers: Servers, *, changes_a_second: float, seconds: float) -> list[float]:
    """Return, sorted, the seconds from record to effect of each event at that rate; two events a change."""
    servers.empty()
    database = servers.database("shop")
    with database.transaction() as session:
        toy.open_accounts(session)
    results, stop = FORKING.Queue(), FORKING.Event()
    relay = FORKING.Process(target=relay_process, args=(servers,))
    consumer = FORKING.Process(target=consumer_process, args=(servers, results, stop))
    relay.start()
    consumer.start()
    time.sleep(2)
    changes = int(changes_a_second * seconds)
    started = time.perf_counter()
    for number in range(changes):
        pause = started + number / changes_a_second - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        with database.transaction() as session:
            toy.credit(session, 1 + number % toy.ACCOUNTS)
    eventually(lambda: servers.query("SELECT count(*) FROM mirror.effects")[0][0] == changes, within=60)
    time.sleep(0.5)
    stop.set()
    found = sorted(results.get())
    consumer.join()
    relay.kill()
    relay.join()
    database.close()
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the sorted values lies, in milliseconds."""
    return 1000 * values[min(len(values) - 1, int(len(values) * share))]


def measure(tell: Callable[[str], None]) -> dict[str, float]:
    """Return the figures, medians of three rounds for the rates."""
    servers = Servers()
    try:
        servers.start()
        rates: dict[str, list[float]] = {"relay": [], "consumer": []}
        for number in range(ROUNDS):
            rates["relay"].append(relay_rate(servers))
            rates["consumer"].append(consumer_rate(servers))
            tell(f"round {number + 1}: relay {rates['relay'][-1]:,.0f}/s, consumer {rates['consumer'][-1]:,.0f}/s")
        idle = lags(servers, changes_a_second=10, seconds=10)
        busy = lags(servers, changes_a_second=100, seconds=10)
    finally:
        servers.stop()
    return {
        "relay_events_per_second": round(statistics.median(rates["relay"])),
        "consumer_events_per_second": round(statistics.median(rates["consumer"])),
        "lag_idle_p50_ms": round(percentile(idle, 0.5), 1),
        "lag_idle_p99_ms": round(percentile(idle, 0.99), 1),
        "lag_200_p50_ms": round(percentile(busy, 0.5), 1),
        "lag_200_p99_ms": round(percentile(busy, 0.99), 1),
    }


def page(figures: dict[str, float]) -> str:
    """Return the document that keeps the figures."""
    idle = f"{figures['lag_idle_p50_ms']} / {figures['lag_idle_p99_ms']} ms"
    busy = f"{figures['lag_200_p50_ms']} / {figures['lag_200_p99_ms']} ms"
    return f"""# Messages: how fast events travel

`python -m bench.messaging` on {platform.machine()}, CPython {platform.python_version()}; PostgreSQL, RabbitMQ, relay,
consumer and writer share the machine's cores. Half a kilobyte an event, persistent, quorum queue, confirmed; the
handler writes one row an event. Compare with figures of the same machine only.

| what | goal | measured |
|---|---|---|
| relay: outbox to confirmed and marked | ≥ 5,000/s | {figures["relay_events_per_second"]:,}/s |
| one consumer: queue to committed effect | ≥ 3,000/s | {figures["consumer_events_per_second"]:,}/s |
| commit to effect, 20 events/s: p50 / p99 | ≤ 20 / 200 ms | {idle} |
| commit to effect, 200 events/s: p50 / p99 | – / ≤ 2,000 ms | {busy} |

```json
{json.dumps(figures, indent=2)}
```
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.messaging", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {PAGE.name}")
    options = parser.parse_args()
    figures = measure(print)
    print(json.dumps(figures, indent=2))
    if options.write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(figures))


if __name__ == "__main__":
    main()
