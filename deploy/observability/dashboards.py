"""Grafana's dashboards, written from what they show: a panel is a title, a unit and expressions.

`python -m deploy.observability.dashboards` writes grafana/dashboards/; with `--check` it only says whether they are
fresh.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.observability.names import DASHBOARDS

WIDTH, HEIGHT, ACROSS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "estuary"}


@dataclass(frozen=True)
class Panel:
    """One graph. `lines` are (legend, expression); `limit` draws where the alarm is."""

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]
    limit: float | None = None


@dataclass(frozen=True)
class Dashboard:
    """One page of graphs; `per_service` adds a choice of service, `$service` in expressions."""

    uid: str
    title: str
    panels: Sequence[Panel]
    per_service: bool = False


EDGE = Dashboard(
    "estuary-edge",
    "Estuary: edge",
    [
        Panel("Requests", "reqps", [("{{service}}", "service:requests:rate5m")]),
        Panel("5xx", "percentunit", [("{{service}}", "service:errors:ratio5m")], limit=0.01),
        Panel("Latency, 99 of 100", "s", [("{{service}}", "service:latency_seconds:p99_5m")], limit=1),
        Panel("Latency, median", "s", [("{{service}}", "service:latency_seconds:p50_5m")]),
        Panel("Under way", "short", [("{{service}}", "sum by (service) (gateway_in_flight)")]),
        Panel("Left alone (breaker)", "short", [("{{service}}", "max by (service) (gateway_breaker_open)")], limit=1),
        Panel("Refused by the gateway", "reqps", [("{{code}}", "sum by (code) (rate(gateway_refusals_total[5m]))")]),
        Panel(
            "Open sockets",
            "short",
            [("at the gateway", "sum(gateway_websockets)"), ("at realtime", "sum(estuary_sockets)")],
        ),
        Panel(
            "Identity",
            "s",
            [
                ("since auth was heard", "max(identity_age_seconds)"),
                ("ended sessions held", "max(gateway_revocations)"),
            ],
            limit=300,
        ),
    ],
)

EVENTS = Dashboard(
    "estuary-events",
    "Estuary: events",
    [
        Panel("Oldest event not published", "s", [("{{service}}", "service:outbox_oldest_seconds:max")], limit=30),
        Panel("Events not published", "short", [("{{service}}", "service:outbox_pending:max")]),
        Panel("Published", "cps", [("{{service}}", "service:events_published:rate5m")]),
        Panel("Applied", "cps", [("{{service}}", "service:events_consumed:rate5m")]),
        Panel("Cause to effect, 99 of 100", "s", [("{{service}}", "service:event_lag_seconds:p99_5m")], limit=2),
        Panel("Cause to effect, median", "s", [("{{service}}", "service:event_lag_seconds:p50_5m")]),
        Panel("Waiting", "short", [("{{queue}}", 'queue:messages:max{queue=~".+\\\\.in"}')]),
        Panel(
            "Waiting to be tried again", "short", [("{{queue}}", 'queue:messages:max{queue=~".+\\\\.retry\\\\..+"}')]
        ),
        Panel(
            "Dead, in quarantine, unrouted",
            "short",
            [("{{queue}}", 'queue:messages:max{queue=~".+\\\\.(dead|quarantine)|events\\\\.unrouted"}')],
            limit=1,
        ),
        Panel(
            "What became of events",
            "cps",
            [
                ("repeated", "sum(rate(estuary_events_repeated_total[5m]))"),
                ("put back", "sum(rate(estuary_events_retried_total[5m]))"),
                ("dead", "sum(rate(estuary_events_dead_total[5m]))"),
                ("quarantined", "sum(rate(estuary_events_quarantined_total[5m]))"),
                ("refused by the broker", "sum(rate(estuary_events_refused_total[5m]))"),
            ],
        ),
        Panel(
            "Silence",
            "s",
            [
                ("{{service}} relay", "service:relay_beat_age_seconds:min"),
                ("{{service}} consumer", "service:consumer_beat_age_seconds:min"),
            ],
            limit=60,
        ),
        Panel("Link to RabbitMQ", "short", [("{{service}} {{part}}", "min by (service, part) (estuary_broker_up)")]),
    ],
)

REQUESTS_BY_OPERATION = (
    'topk(10, sum by (operation) (rate(estuary_http_request_seconds_count{service="$service"}[5m])))'
)
FAILED_BY_STATUS = 'sum by (status) (rate(estuary_http_request_seconds_count{service="$service",status=~"[45].."}[5m]))'
SECONDS_BY_JOB = (
    'sum by (job) (rate(estuary_job_seconds_sum{service="$service"}[15m]))'
    ' / sum by (job) (rate(estuary_job_seconds_count{service="$service"}[15m]))'
)

SERVICE = Dashboard(
    "estuary-service",
    "Estuary: one service",
    [
        Panel(
            "Slowest operations, 99 of 100",
            "s",
            [("{{operation}}", 'topk(10, operation:latency_seconds:p99_5m{service="$service"})')],
        ),
        Panel("Requests by operation", "reqps", [("{{operation}}", REQUESTS_BY_OPERATION)]),
        Panel("Refusals and errors", "reqps", [("{{status}}", FAILED_BY_STATUS)]),
        Panel("Jobs: time a run takes", "s", [("{{job}}", SECONDS_BY_JOB)]),
        Panel(
            "Jobs that failed",
            "short",
            [("{{job}}", 'sum by (job) (increase(estuary_job_failures_total{service="$service"}[15m]))')],
        ),
        Panel(
            "Events applied",
            "cps",
            [("{{type}}", 'sum by (type) (rate(estuary_events_consumed_total{service="$service"}[5m]))')],
        ),
    ],
    per_service=True,
)

TRUTH = Dashboard(
    "estuary-truth",
    "Estuary: is it true?",
    [
        Panel(
            "Differences of the ledger", "short", [("{{kind}}", "max by (kind) (payments_ledger_mismatch)")], limit=1
        ),
        Panel(
            "States that copies had missed, by day",
            "short",
            [("{{service}} {{type}}", "sum by (service, type) (increase(estuary_replica_drift_total[1d]))")],
            limit=1,
        ),
        Panel(
            "Copies not yet told completely",
            "short",
            [("{{service}} {{type}}", "1 - min by (service, type) (estuary_replica_ready)")],
            limit=1,
        ),
        Panel("Seats corrected", "short", [("seats and blocks", "max(bookings_seat_drift)")], limit=1),
        Panel("Deleted people not erased everywhere", "short", [("people", "max(erasure_overdue)")], limit=1),
        Panel("E-mails", "cps", [("{{outcome}}", "sum by (outcome) (rate(estuary_mails_total[5m]))")]),
        Panel("States told again", "cps", [("{{type}}", "sum by (type) (rate(estuary_snapshot_events_total[5m]))")]),
        Panel("Processes up", "short", [("{{service}} {{part}}", 'sum by (service, part) (up{job="estuary"})')]),
        Panel("Relays that lead", "short", [("{{service}}", "sum by (service) (estuary_relay_leading)")]),
    ],
)

ALL = (EDGE, EVENTS, SERVICE, TRUTH)


def as_json(dashboard: Dashboard) -> str:
    """Return a dashboard in Grafana's form."""
    panels = [_panel(number, panel) for number, panel in enumerate(dashboard.panels)]
    variables = [_service_choice()] if dashboard.per_service else []
    content = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["estuary"],
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": variables},
        "panels": panels,
    }
    return json.dumps(content, indent=1) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, ACROSS)
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "off" if panel.limit is None else "line"}},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for place, (legend, expression) in enumerate(panel.lines)
        ],
    }


def _service_choice() -> dict[str, Any]:
    return {
        "name": "service",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": "label_values(estuary_relay_leading, service)", "refId": "service"},
        "refresh": 2,
        "sort": 1,
    }


def main(arguments: Sequence[str]) -> int:
    """Write the files, or say which are not fresh; return how many are not."""
    stale = 0
    for dashboard in ALL:
        file, content = DASHBOARDS / f"{dashboard.uid}.json", as_json(dashboard)
        if "--check" not in arguments:
            file.write_text(content)
        elif not file.exists() or file.read_text() != content:
            print(f"{file} is not what the code says")
            stale += 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
