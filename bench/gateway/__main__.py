"""Measure the gateway beside nginx, a proxy written the usual way, and one of npm's.

    python -m bench.gateway [--rounds 3] [--seconds 5] [--write]

fastify is fetched with npm for each run, and left out, with a line that says so, where npm is missing or cannot.

Every contender is one process on the first core; the service and the load (wrk) share the second. Rounds are
interleaved and medians told, because a machine's speed changes from minute to minute: compare CPU per request and
ratios of one run. `--write` keeps the table in docs/performance/gateway.md.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric import ec

from bench.gateway.contenders import contenders
from bench.gateway.measuring import Round, run
from bench.gateway.report import compare, table, write
from shared.identity.keyset import public_jwk
from shared.identity.minting import mint_access_token

UPSTREAM_PORT = 18600
CONNECTIONS = (32, 256)
FRESH_TOKENS = 60_000


def main() -> None:
    """Measure, print, and compare with what is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the table in docs/performance/gateway.md")
    asked = parser.parse_args()
    missing = [tool for tool in ("wrk", "nginx", "taskset") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"Install {', '.join(missing)} first (Debian: apt-get install wrk nginx-light util-linux).")
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        measured = _measure(Path(name), asked.rounds, asked.seconds)
    print(table(measured))
    for line in compare(measured):
        print(line)
    if asked.write:
        write(measured, when=datetime.now(UTC), rounds=asked.rounds, seconds=asked.seconds, busy=busy)


def _measure(folder: Path, rounds: int, seconds: int) -> dict[tuple[str, int], Round]:
    keys, tokens = _make_tokens(folder)
    field = contenders(folder, UPSTREAM_PORT, keys)
    upstream = subprocess.Popen(
        ["taskset", "-c", "1", sys.executable, "-m", "bench.gateway.upstream", str(UPSTREAM_PORT), str(keys)]
    )
    _wait_for(UPSTREAM_PORT)
    running = {each.name: each.start(folder) for each in field}
    taken: dict[tuple[str, int], list[Round]] = {}
    try:
        for each in field:
            _wait_for(each.port)
        time.sleep(2)
        start = 0
        for turn in range(rounds + 1):
            for each in field:
                for connections in CONNECTIONS:
                    done = run(
                        port=each.port,
                        process=running[each.name].pid,
                        tokens=tokens["fresh" if each.fresh_tokens else "one"],
                        start=start,
                        connections=connections,
                        seconds=seconds if turn else 1,
                        folder=folder,
                    )
                    start += done.requests if each.fresh_tokens else 0
                    if turn:
                        taken.setdefault((each.name, connections), []).append(done)
    finally:
        for process in (*running.values(), upstream):
            process.terminate()
        for process in (*running.values(), upstream):
            process.wait(40)
    return {key: _median(values) for key, values in taken.items()}


def _make_tokens(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Write auth's key set, one token, and as many different ones as a run can use up."""
    key = ec.generate_private_key(ec.SECP256R1())
    keys = folder / "identity.json"
    told = {"keys": {"keys": [public_jwk(key.public_key(), "k1")]}, "revocations": [], "watermark": "w"}
    keys.write_text(json.dumps(told))

    def token(number: int) -> str:
        return mint_access_token(
            key, "k1", issuer="http://localhost:8000", user_id=number, uuid="u", session_id=f"s{number}",
            token_id=f"t{number}", lifetime_seconds=36_000,
        )  # fmt: skip

    files = {"one": folder / "one.txt", "fresh": folder / "fresh.txt"}
    files["one"].write_text(token(7) + "\n")
    files["fresh"].write_text("".join(token(number) + "\n" for number in range(1, FRESH_TOKENS)))
    return keys, files


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"Nothing answers on port {port}.")


def _median(rounds: list[Round]) -> Round:
    return Round(
        requests=sum(each.requests for each in rounds),
        cpu_us=median(each.cpu_us for each in rounds),
        per_second=median(each.per_second for each in rounds),
        p50_ms=median(each.p50_ms for each in rounds),
        p99_ms=median(each.p99_ms for each in rounds),
        memory_mb=max(each.memory_mb for each in rounds),
        failures=sum(each.failures for each in rounds),
    )


if __name__ == "__main__":
    main()
