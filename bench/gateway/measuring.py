"""One round: load on a gateway, and what it cost."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local tokens = {}
for line in io.lines("%(tokens)s") do tokens[#tokens + 1] = "Bearer " .. line end
local paths = {
  "/bookings/", "/services/", "/practitioners/", "/payments/", "/reviews/", "/cities/", "/media/", "/streams/"
}
local turn = %(start)d
request = function()
  turn = turn + 1
  local path = "/api/v1/drf" .. paths[turn %% #paths + 1]
  return wrk.format("GET", path, {["Authorization"] = tokens[turn %% #tokens + 1]})
end
"""


@dataclass(frozen=True)
class Round:
    """What a round measured."""

    requests: int
    cpu_us: float
    per_second: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    failures: int


def run(*, port: int, process: int, tokens: Path, start: int, connections: int, seconds: int, folder: Path) -> Round:
    """Send requests over so many connections from the second core and measure the process tree on the first."""
    script = folder / "requests.lua"
    script.write_text(_SCRIPT % {"tokens": tokens, "start": start})
    pids = _tree(process)
    before = _cpu_ticks(pids)
    done = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)),
            f"http://127.0.0.1:{port}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    ticks = _cpu_ticks(pids) - before
    told = done.stdout
    requests = int(_found(r"(\d+) requests in", told))
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Round(
        requests=requests,
        cpu_us=ticks / os.sysconf("SC_CLK_TCK") * 1e6 / max(1, requests),
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        p50_ms=_milliseconds(_found(r"50%\s+([\d.]+\w+)", told)),
        p99_ms=_milliseconds(_found(r"99%\s+([\d.]+\w+)", told)),
        memory_mb=max(_memory_mb(pid) for pid in pids),
        failures=int(wrong[1]) if wrong else 0,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing that matches {pattern}:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def _tree(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(pid for child in children for pid in _tree(int(child)))]


def _cpu_ticks(pids: list[int]) -> int:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(_found(r"VmRSS:\s+(\d+)", status)) / 1024
