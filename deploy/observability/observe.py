"""`make observe`: Prometheus beside the local suite, on a private port.

It shows that every rule loads and is computed, and that the processes tell every figure that rules and dashboards
speak of; then it runs on until it is interrupted, unless `--once` is given.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from deploy.local.problems import Problem
from deploy.local.profiles import PROFILES, Profile
from deploy.local.runner import wait_for
from deploy.local.state import State
from deploy.local.system import LOOPBACK, require_free
from deploy.observability.names import DASHBOARDS, FOLDER, missing, series_of

SANDBOXES = frozenset({"stripe", "livekit", "oidc"})
FIRST_SCRAPE_SECONDS, FIRST_RULES_SECONDS = 45, 45


class Prometheus:
    """A Prometheus of our own: its configuration is the repository's, its targets are this machine's processes."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._folder = profile.folder / "observability"
        self.address = f"http://{LOOPBACK}:{profile.port('prometheus')}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it for the time of the block. Raises Problem."""
        program = shutil.which("prometheus")
        if program is None:
            raise Problem("Prometheus is missing: apt-get install prometheus (or your system's package).")
        require_free(self._profile.port("prometheus"), "Prometheus", "ESTUARY_PORT_PROMETHEUS")
        self._configure()
        with (self._folder / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self._folder}/prometheus.yml",
                    f"--storage.tsdb.path={self._folder}/data",
                    f"--web.listen-address={self.address.removeprefix('http://')}",
                    "--log.level=warn",
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            if not wait_for(lambda: process.poll() is not None or self._is_ready(), 30) or process.poll() is not None:
                raise Problem(f"Prometheus did not start:\n{(self._folder / 'prometheus.log').read_text()[-2000:]}")
            yield
        finally:
            process.terminate()
            process.wait(30)

    def ask(self, path: str) -> Any:
        """Return the `data` of an answer of its API."""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}", timeout=10) as answer:  # noqa: S310 - Our own.
            return json.load(answer)["data"]

    def down(self) -> list[str]:
        """Return the targets that were not scraped, with the reason."""
        active = self.ask("targets?state=active")["activeTargets"]
        return [f"{one['scrapeUrl']}: {one['lastError'] or 'not yet'}" for one in active if one["health"] != "up"]

    def rules(self) -> list[Mapping[str, Any]]:
        """Return every rule with its health and state."""
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def _configure(self) -> None:
        shutil.rmtree(self._folder / "rules", ignore_errors=True)
        (self._folder / "targets").mkdir(parents=True, exist_ok=True)
        shutil.copytree(FOLDER / "rules", self._folder / "rules")
        shutil.copy(FOLDER / "prometheus.yml", self._folder)
        (self._folder / "targets" / "local.json").write_text(json.dumps(targets(self._profile), indent=1))

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/-/ready", timeout=2) as answer:  # noqa: S310 - Our own.
                return bool(answer.status == 200)
        except OSError:
            return False


def targets(profile: Profile) -> list[dict[str, Any]]:
    """Return every process of a running installation as a target. Raises Problem when nothing runs."""
    state = State.read(profile)
    if state is None:
        raise Problem("Nothing is running: start it with 'make up'.")
    return [
        {"targets": [f"{LOOPBACK}:{status.port}"], "labels": labels_of(name)}
        for name, status in state.processes.items()
        if name not in SANDBOXES
    ]


def labels_of(process: str) -> dict[str, str]:
    """Return the labels of a process: of which service it is, and which part."""
    if process == "realtime":
        return {"service": "notifications", "part": "realtime"}
    service = process.removesuffix("-worker")
    part = "gateway" if service == "gateway" else "worker" if process.endswith("-worker") else "web"
    return {"service": service, "part": part}


def shown(profile: Profile) -> set[str]:
    """Return the series that the processes of an installation declare, whether they have counted anything or not."""
    found: set[str] = set()
    for target in targets(profile):
        with urllib.request.urlopen(f"http://{target['targets'][0]}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("# TYPE "):
                    _, _, name, kind = line.split()
                    found |= series_of(name, kind)
    return found


def inspect(profile: Profile, prometheus: Prometheus) -> None:
    """Tell what is loaded, scraped, computed and shown. Raises Problem for what is not."""
    if not wait_for(lambda: not prometheus.down(), FIRST_SCRAPE_SECONDS):
        raise Problem("Not scraped:\n  " + "\n  ".join(prometheus.down()))
    print(f"{len(targets(profile))} processes are scraped")
    if not wait_for(lambda: all(rule["health"] == "ok" for rule in prometheus.rules()), FIRST_RULES_SECONDS):
        ill = [f"{rule['name']}: {rule.get('lastError')}" for rule in prometheus.rules() if rule["health"] != "ok"]
        raise Problem("Not computed:\n  " + "\n  ".join(ill))
    alerts = [rule for rule in prometheus.rules() if rule["type"] == "alerting"]
    print(f"{len(alerts)} alerts and {len(prometheus.rules()) - len(alerts)} recording rules are loaded and computed")
    lacking = missing(shown(profile))
    if lacking:
        told = [f"{name}, read by {', '.join(sorted(readers))}" for name, readers in sorted(lacking.items())]
        raise Problem("No process tells:\n  " + "\n  ".join(told))
    print(f"Every figure that they and {len(list(DASHBOARDS.glob('*.json')))} dashboards read is told by a process")
    firing = sorted(rule["name"] for rule in alerts if rule["state"] == "firing")
    print(f"Firing: {', '.join(firing) or 'none'}")


def main(arguments: Sequence[str]) -> None:
    """Run Prometheus beside the local suite and inspect it."""
    profile = PROFILES["default"]
    prometheus = Prometheus(profile)
    try:
        with prometheus.running():
            inspect(profile, prometheus)
            if "--once" in arguments:
                return
            print(f"{prometheus.address}/alerts   (Ctrl-C ends it)")
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
