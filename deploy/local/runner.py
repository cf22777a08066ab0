"""What `estuary up`, `down`, `status` and `restart` do: ask the supervisor, watch, and tell the person."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.credentials import write_private
from deploy.local.given import ROOT
from deploy.local.infrastructure import Infrastructure
from deploy.local.logs import begin_anew, tail
from deploy.local.problems import Problem
from deploy.local.processes import Process, processes, seeds
from deploy.local.profiles import Profile
from deploy.local.stamps import Stamps
from deploy.local.state import ProcessStatus, State
from deploy.local.supervisor import living_supervisor
from deploy.local.system import LOOPBACK, MARKER, SERVER_MARKER, belonging_to, end, is_alive, require_free

Tell = Callable[[str], None]
START_SECONDS = 180
SEED_SECONDS = 300
STOP_SECONDS = 45
# After so many deaths in a row a process will not come up by itself.
DEATHS_MAX = 4


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a process answered when it was asked how it is."""

    name: str
    status: ProcessStatus
    answer: str

    @property
    def is_well(self) -> bool:
        """Whether it can do its work."""
        return self.answer == "ready"


class Runner:
    """One profile, seen from a terminal."""

    def __init__(self, profile: Profile, tell: Tell = lambda _: None) -> None:
        self._profile = profile
        self._began = time.monotonic()
        self._write = tell

    def up(self, *, seed: bool = True, settings: Mapping[str, str] | None = None) -> None:
        """Start everything and return when it is healthy. Raises Problem, which says what is in the way.

        `settings` are variables for every process, beside its own.
        """
        if living_supervisor(self._profile) is None:
            self._end_leftovers()
            self._require_ports()
            self._start_supervisor(settings or {})
        self._follow_tasks("migrate", START_SECONDS)
        self._wait_for_health()
        if seed:
            self._seed_once()

    def down(self) -> None:
        """Stop every process of the profile, and its servers. Works also when the supervisor is gone."""
        self.stop_processes()
        Infrastructure(self._profile).down()
        end(belonging_to(self._profile.folder, SERVER_MARKER), patience=5)

    def stop_processes(self) -> None:
        """Stop every process of the profile but the servers."""
        supervisor = living_supervisor(self._profile)
        if supervisor is not None:
            os.kill(supervisor, signal.SIGTERM)
            wait_for(lambda: not is_alive(supervisor), STOP_SECONDS)
        end(belonging_to(self._profile.folder), patience=5)

    def seed(self) -> None:
        """Fill the demo; it must be up. Raises Problem."""
        if living_supervisor(self._profile) is None:
            raise Problem("Nothing is running: start it with 'make up', which also fills the demo.")
        self._profile.inside("requests", "seed").touch()
        wait_for(lambda: not (self._profile.folder / "requests" / "seed").exists(), 10)
        self._follow_tasks("seed", SEED_SECONDS)
        self._stamps().seeded()

    def restart(self, names: Iterable[str]) -> None:
        """Let processes take up new code, one after the other, each healthy before the next. Raises Problem."""
        state = self._state()
        wanted = [process for process in self._processes() if _is_meant(process, set(names))]
        if not wanted:
            raise Problem(f"No such process: {', '.join(names)}. 'make status' lists them.")
        for process in wanted:
            self._restart_one(process, state.processes[process.name])
            self._tell(f"{process.name} runs the new code")

    def health(self) -> list[Health]:
        """Ask every process how it is."""
        state = self._state()
        with ThreadPoolExecutor(16) as pool:
            answers = pool.map(_ask, state.processes.values())
        return [
            Health(name=name, status=status, answer=answer)
            for (name, status), answer in zip(state.processes.items(), answers, strict=True)
        ]

    def _tell(self, line: str) -> None:
        self._write(f"{time.monotonic() - self._began:5.1f} s  {line}")

    def _state(self) -> State:
        state = State.read(self._profile)
        if state is None or living_supervisor(self._profile) is None:
            left = len(belonging_to(self._profile.folder))
            raise Problem(
                f"The supervisor has died; {left} processes run on without it. 'make up' starts all again, 'make down'"
                " ends them."
                if left
                else "Nothing is running: start it with 'make up'.",
            )
        return state

    def _processes(self) -> list[Process]:
        return processes(self._profile)

    def _stamps(self) -> Stamps:
        return Stamps(self._profile, Infrastructure(self._profile).postgresql.folder)

    def _end_leftovers(self) -> None:
        left = belonging_to(self._profile.folder)
        if left:
            self._tell(f"Ending {len(left)} processes that a supervisor which died has left behind")
            end(left, patience=1)

    def _require_ports(self) -> None:
        """Raise Problem for the first port that another program holds."""
        for process in self._processes():
            require_free(process.port, process.name, f"ESTUARY_PORT_{process.name.upper().removesuffix('-WORKER')}")
        require_free(self._profile.port("gateway"), "the gateway", "ESTUARY_PORT_GATEWAY")

    def _start_supervisor(self, settings: Mapping[str, str]) -> None:
        write_private(self._profile.inside("settings.json"), json.dumps(dict(settings)))
        for stale in ("state.json", "requests/seed"):
            (self._profile.folder / stale).unlink(missing_ok=True)
        for held in (self._profile.folder / "held").glob("*"):
            held.unlink()
        begin_anew(self._profile.folder / "logs")
        with self._log("supervisor").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.supervisor", self._profile.name],
                cwd=ROOT,
                env={**os.environ, MARKER: str(self._profile.folder), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: State.read(self._profile) is not None or process.poll() is not None, 20)
        if process.poll() is not None and State.read(self._profile) is None:
            raise Problem(f"The supervisor ended at once:\n{self._end_of_log('supervisor')}")
        # It outlives us by intent, which subprocess would complain about.
        process.returncode = 0

    def _follow_tasks(self, kind: str, patience: float) -> None:
        """Tell of tasks as they end, until all are done; `kind` is `migrate` for the start, `seed` for the demo."""
        told = set() if kind == "migrate" else {name for name in self._state().tasks if not name.startswith(kind)}
        deadline = time.monotonic() + patience
        while True:
            state = self._state()
            for name, status in state.tasks.items():
                if status.state == "failed":
                    raise Problem(f"'{name}' failed:\n{self._end_of_log('tasks')}")
                if status.state == "done" and name not in told:
                    told.add(name)
                    if not name.startswith("migrate "):
                        self._tell(f"{_in_words(name)} ({status.seconds:.1f} s)")
            left = [name for name, status in state.tasks.items() if status.state != "done"]
            if not left:
                break
            if time.monotonic() > deadline:
                raise Problem(f"Not done after {patience:.0f} s: {', '.join(left)}.\n{self._end_of_log('tasks')}")
            time.sleep(0.1)
        if kind == "migrate":
            self._tell(f"{sum(name.startswith('migrate ') for name in state.tasks)} databases are migrated")

    def _wait_for_health(self) -> None:
        """Wait until every process is ready, telling how many are."""
        deadline, told = time.monotonic() + START_SECONDS, -1
        while True:
            health = self.health()
            well = [one for one in health if one.is_well]
            if len(well) == len(health):
                self._tell(f"All {len(health)} processes are healthy")
                return
            if len(well) >= told + 8:
                told = len(well)
                self._tell(f"{len(well)} of {len(health)} processes are healthy")
            for one in health:
                if one.status.restarts >= DEATHS_MAX and not one.is_well:
                    raise Problem(f"{one.name} dies when it starts:\n{self._end_of_log(one.name)}")
            if time.monotonic() > deadline:
                ill = [f"{one.name}: {one.answer}" for one in health if not one.is_well]
                raise Problem(
                    f"Not healthy after {START_SECONDS} s: {'; '.join(ill)}. See {self._profile.folder}/logs."
                )
            time.sleep(0.15)

    def _seed_once(self) -> None:
        if seeds() and not self._stamps().is_seeded():
            self.seed()

    def _restart_one(self, process: Process, before: ProcessStatus) -> None:
        if before.pid is None:
            return
        os.kill(before.pid, signal.SIGHUP if process.reloads else signal.SIGTERM)
        if process.reloads:
            # The old workers answer until the new ones do; there is nothing to see from outside but the time.
            time.sleep(0.5)
        else:
            wait_for(lambda: self._state().processes[process.name].pid not in (None, before.pid), STOP_SECONDS)
        if not wait_for(lambda: _ask(self._state().processes[process.name]) == "ready", START_SECONDS):
            raise Problem(f"{process.name} did not become healthy again:\n{self._end_of_log(process.name)}")

    def _log(self, name: str) -> Path:
        return self._profile.inside("logs", f"{name}.log")

    def _end_of_log(self, name: str) -> str:
        file = self._log(name)
        return "\n".join(["", *(f"    {line}" for line in tail(file, 15)), "", f"The whole log is {file}."])


def _ask(status: ProcessStatus) -> str:
    """Return `ready`, or a word that says why not."""
    if status.pid is None:
        return status.state
    connection = http.client.HTTPConnection(LOOPBACK, status.port, timeout=3)
    try:
        connection.request("GET", status.probe)
        response = connection.getresponse()
        body = response.read(500).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException):
        return "starting"
    finally:
        connection.close()
    return "ready" if response.status == 200 else f"{response.status} {body}"


def _is_meant(process: Process, names: set[str]) -> bool:
    """Whether a process is named: by itself, or by its service."""
    return not names or bool(names & {process.name, process.name.removesuffix("-worker")})


def _in_words(task: str) -> str:
    return f"{task.removeprefix('seed ')} has its demo" if task.startswith("seed ") else f"{task} is ready"


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(Problem):
            if condition():
                return True
        time.sleep(0.05)
    return condition()
