"""The table, and what became slower since the one that is kept."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bench.gateway.measuring import Round

KEPT = Path(__file__).parents[2] / "docs" / "performance" / "gateway.md"
SLOWER = 1.2
GOALS = (
    ("CPU per request, everything on, 32 connections", "Estuary, everything on", 32, "cpu_us", 65.0, "µs"),
    ("CPU per request, every token new, 32 connections", "Estuary, every token new", 32, "cpu_us", 210.0, "µs"),
    ("p99, 32 connections", "Estuary, everything on", 32, "p99_ms", 6.0, "ms"),
    ("p99, 256 connections", "Estuary, everything on", 256, "p99_ms", 20.0, "ms"),
    ("memory of a process", "Estuary, everything on", 256, "memory_mb", 80.0, "MB"),
)
TIMES_OURS = (("fastify, http-proxy and jwt", 2.0), ("aiohttp server and client, as usually written", 2.0))
_BASELINE = "nginx, no token"
_OURS = "Estuary, everything on"
Measured = dict[tuple[str, int], Round]


def table(measured: Measured) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| gateway | connections | CPU µs/request | × nginx | req/s | p50 ms | p99 ms | MB | failed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, connections), took in measured.items():
        ratio = took.cpu_us / measured[_BASELINE, connections].cpu_us
        lines.append(
            f"| {name} | {connections} | {took.cpu_us:.0f} | {ratio:.1f} | {took.per_second:,.0f} | {took.p50_ms:.1f} |"
            f" {took.p99_ms:.1f} | {took.memory_mb:.0f} | {took.failures} |"
        )
    return "\n".join(lines)


def goals(measured: Measured) -> Iterator[str]:
    """Yield how each goal stands."""
    for told, name, connections, field, goal, unit in GOALS:
        value = getattr(measured[name, connections], field)
        yield f"| {told} | ≤ {goal:.0f} {unit} | {value:.0f} {unit} | {'yes' if value <= goal else 'no'} |"
    ours = measured[_OURS, 32].cpu_us
    for name, times in TIMES_OURS:
        if (name, 32) in measured:
            value = measured[name, 32].cpu_us / ours
            reached = "yes" if value >= times else "no"
            yield f"| CPU per request of {name}, in ours | ≥ {times:.0f} × | {value:.1f} × | {reached} |"


def compare(measured: Measured) -> Iterator[str]:
    """Yield a line for each figure that is over 20 % worse than the kept one, measured against nginx of its run."""
    if not KEPT.exists():
        return
    kept = re.findall(r"^\| ([^|]+) \| (\d+) \| [\d.]+ \| ([\d.]+) \|", KEPT.read_text(), re.MULTILINE)
    for name, connections, ratio in kept:
        key = (name, int(connections))
        if key in measured:
            now = measured[key].cpu_us / measured[_BASELINE, key[1]].cpu_us
            if now > float(ratio) * SLOWER:
                yield f"Slower: {name} at {connections} connections took {now:.1f} × nginx, {ratio} before."


def write(measured: Measured, *, when: datetime, rounds: int, seconds: int, busy: float) -> None:
    """Keep the figures, and what is told below them; `busy` is how many processes wanted the machine before the run."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    _, heading, told = KEPT.read_text().partition("\n## ") if KEPT.exists() else ("", "", "")
    KEPT.write_text(
        "# The gateway, measured\n\n"
        f"`make bench-gateway` on {when:%Y-%m-%d}: two cores, CPython 3.11; one process per gateway on the first core, "
        "the service and wrk on the second; 2 KB of JSON, keep-alive, medians of "
        f"{rounds} interleaved rounds of {seconds} s. Compare ratios of one run; seconds differ from day to day. "
        f"The machine's load average was {busy:.1f} before the run"
        f"{': others were using it, which costs every gateway time' if busy > 1 else ''}.\n\n"
        '"Everything on": token (ES256, remembered), revocations, rate limit, edge signature, envelope, access log, '
        "metrics, request id, trace and security headers. The usual way checks its token each time, fastify remembers "
        "it as we do; neither does anything of the rest.\n\n"
        f"{table(measured)}\n\n"
        "| goal | wanted | measured | reached |\n|---|---|---|---|\n"
        + "\n".join(goals(measured))
        + "\n"
        + heading
        + told
    )
