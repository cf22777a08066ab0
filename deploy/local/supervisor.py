"""The one process that starts all others, starts again what dies, and stops everything when it is told to.

Run as `python -m deploy.local.supervisor PROFILE`. It holds a lock, so there is one per profile; it writes what it
knows to `state.json`; it obeys files: `held/<name>` keeps a process stopped, `requests/seed` fills the demo.
It has no threads and opens no connections, since its children are forks of it.
"""

import fcntl
import json
import os
import signal
import sys
import time
from typing import IO

from deploy.local.children import Wake, ended_children, signal_group
from deploy.local.environment import Environments
from deploy.local.infrastructure import Infrastructure
from deploy.local.launching import launch, prepare
from deploy.local.logs import rotate
from deploy.local.postgresql import PostgreSQL
from deploy.local.processes import BROKER, DATABASE, Process, Task, processes, seeds, tasks
from deploy.local.profiles import PROFILES, Profile
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.stamps import Stamps
from deploy.local.state import ProcessStatus, State, TaskStatus
from deploy.local.system import MARKER, is_alive

TICK_SECONDS = 0.2
WATCH_SECONDS = 1.0
ROTATE_SECONDS = 10.0
GRACE_SECONDS = 35.0
LOCK_TRIES = 10
# A process that lived this long before it died is started again at once; others wait, longer each time.
STABLE_SECONDS = 20.0
BACKOFF_FIRST_SECONDS, BACKOFF_LAST_SECONDS = 0.3, 15.0


class Supervisor:
    """Brings a profile to the state in which every process runs, and keeps it there."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._environments = Environments(profile)
        self._settings: dict[str, str] = json.loads((profile.folder / "settings.json").read_text())
        self._infrastructure = Infrastructure(profile)
        self._stamps = Stamps(profile, self._infrastructure.postgresql.folder)
        self._tasks = {task.name: task for task in tasks(profile)}
        self._processes = {process.name: process for process in processes(profile)}
        self._state = State(
            pid=os.getpid(),
            tasks={name: TaskStatus() for name in self._tasks},
            processes={
                name: ProcessStatus(port=process.port, probe=process.probe) for name, process in self._processes.items()
            },
        )
        self._children: dict[int, str] = {}
        self._began: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._backoff: dict[str, float] = {}
        self._watched_at = self._rotated_at = time.monotonic()
        self._is_stopping = False
        self._written = ""

    def run(self) -> None:
        """Work until told to stop, then stop everything but the servers."""
        wake = self._listen_to_signals()
        # The servers need no library of ours: they start while the libraries are read.
        self._begin_tasks(only=(DATABASE, BROKER))
        prepare()
        while not self._is_stopping:
            self._reap()
            self._obey_requests()
            self._watch_servers()
            self._begin_tasks()
            self._begin_processes()
            self._rotate_logs()
            self._tell()
            wake.wait(TICK_SECONDS)
        self._stop_all(wake)
        self._tell()

    def _listen_to_signals(self) -> Wake:
        def stop(_number: int, _frame: object) -> None:
            self._is_stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        # A handler, though empty: an ignored signal would wake nobody.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return Wake()

    def _begin_tasks(self, only: tuple[str, ...] = ()) -> None:
        running = sum(status.state == "running" for status in self._state.tasks.values())
        for name, task in self._tasks.items():
            status = self._state.tasks[name]
            if status.state != "waiting" or not self._is_met(task.needs) or (only and name not in only):
                continue
            if self._stamps.is_done(task):
                status.state = "done"
                continue
            if running > (os.cpu_count() or 1):
                return
            running += 1
            status.state = "running"
            self._began[name] = time.monotonic()
            self._children[self._launch(task, log="tasks")] = name

    def _begin_processes(self) -> None:
        now = time.monotonic()
        for name, process in self._processes.items():
            status = self._state.processes[name]
            held = (self._profile.folder / "held" / name).exists()
            if held and status.pid is not None and status.state != "held":
                signal_group(status.pid, signal.SIGTERM)
            if held:
                status.state = "held"
            elif status.state == "held":
                status.state = "waiting" if status.pid is None else "running"
            if held or status.pid is not None or now < self._not_before.get(name, 0) or not self._is_met(process.needs):
                continue
            status.pid = self._launch(process, log=name)
            status.state, status.since = "running", time.time()
            self._began[name] = now
            self._children[status.pid] = name

    def _is_met(self, needs: tuple[str, ...]) -> bool:
        return all(need not in self._tasks or self._state.tasks[need].state == "done" for need in needs)

    def _launch(self, what: Task | Process, *, log: str) -> int:
        told = self._environments.of(what.environment) if what.environment else {}
        environment = {**_inherited(), MARKER: str(self._profile.folder), **told, **self._settings}
        is_fresh = isinstance(what, Process) and what.is_fresh
        return launch(what.command, environment, self._profile.inside("logs", f"{log}.log"), is_fresh=is_fresh)

    def _reap(self) -> None:
        for pid, code in ended_children():
            name = self._children.pop(pid, None)
            if name is None:
                continue
            lived = time.monotonic() - self._began[name]
            if name in self._tasks:
                self._finish_task(self._tasks[name], succeeded=code == 0, seconds=lived)
            else:
                self._bury(name, code=code, lived=lived)

    def _finish_task(self, task: Task, *, succeeded: bool, seconds: float) -> None:
        status = self._state.tasks[task.name]
        status.state, status.seconds = ("done" if succeeded else "failed"), seconds
        if succeeded:
            self._stamps.done(task)

    def _bury(self, name: str, *, code: int, lived: float) -> None:
        """Note that a process ended, and when it may be started again."""
        status = self._state.processes[name]
        if status.pid is not None:
            # What is left of it (gunicorn's workers, when the one above them was killed) would hold the port.
            signal_group(status.pid, signal.SIGKILL)
        status.pid = None
        if status.state == "held":
            return
        if code == 0 or lived > STABLE_SECONDS:
            self._backoff.pop(name, None)
        status.state = "waiting"
        if code != 0:
            wait = min(self._backoff.get(name, BACKOFF_FIRST_SECONDS / 2) * 2, BACKOFF_LAST_SECONDS)
            self._backoff[name] = wait
            self._not_before[name] = time.monotonic() + wait
            status.restarts += 1
            status.state = "failing"
            print(f"{name} ended with {code} after {lived:.1f} s; again in {wait:.1f} s", flush=True)

    def _obey_requests(self) -> None:
        request = self._profile.folder / "requests" / "seed"
        if not request.exists():
            return
        for task in seeds():
            self._tasks[task.name] = task
            self._state.tasks[task.name] = TaskStatus()
        # Who asked takes the file's end as the sign that the state tells of the new tasks.
        self._tell()
        request.unlink()

    def _watch_servers(self) -> None:
        """Start the database server or the broker again if it died."""
        now = time.monotonic()
        if now - self._watched_at < WATCH_SECONDS:
            return
        self._watched_at = now
        servers: dict[str, PostgreSQL | RabbitMQ] = {
            DATABASE: self._infrastructure.postgresql,
            BROKER: self._infrastructure.rabbitmq,
        }
        for name, server in servers.items():
            status = self._state.tasks[name]
            held = (self._profile.folder / "held" / name.lower()).exists()
            if held or status.state in ("waiting", "running") or server.is_alive():
                continue
            if status.state == "done":
                print(f"{name} died and is started again", flush=True)
            status.state = "waiting"

    def _rotate_logs(self) -> None:
        if time.monotonic() - self._rotated_at > ROTATE_SECONDS:
            self._rotated_at = time.monotonic()
            rotate(self._profile.folder / "logs")

    def _stop_all(self, wake: Wake) -> None:
        """Ask every child to end, the gateway first so that nothing new comes in; kill what does not."""
        gateway = self._state.processes.get("gateway")
        order = [gateway.pid] if gateway and gateway.pid else []
        for pid in order + [pid for pid in self._children if pid not in order]:
            signal_group(pid, signal.SIGTERM, whole=False)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._children and time.monotonic() < deadline:
            for pid, _code in ended_children():
                name = self._children.pop(pid, None)
                if name in self._state.processes:
                    signal_group(pid, signal.SIGKILL)
                    self._state.processes[name].pid, self._state.processes[name].state = None, "waiting"
            wake.wait(TICK_SECONDS)
        for pid in self._children:
            signal_group(pid, signal.SIGKILL)

    def _tell(self) -> None:
        content = repr(self._state)
        if content != self._written:
            self._written = content
            self._state.write(self._profile)


def _inherited() -> dict[str, str]:
    """Return what every program may know of the person's shell: where programs and certificates are, and no secret."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        name: value
        for name, value in os.environ.items()
        if name.lower().endswith("_proxy") or name.startswith("ESTUARY_")
    }


def hold_lock(profile: Profile) -> IO[str] | None:
    """Return the open lock file of the profile's supervisor, or None when another supervisor holds it."""
    lock = profile.inside("supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def living_supervisor(profile: Profile) -> int | None:
    """Return the process id of the profile's supervisor, or None when there is none."""
    lock = hold_lock(profile)
    if lock is not None:
        lock.close()
        return None
    pid = int((profile.folder / "supervisor.pid").read_text())
    return pid if is_alive(pid) else None


def main() -> None:
    """Supervise the profile named on the command line."""
    profile = PROFILES[sys.argv[1]]
    lock = hold_lock(profile)
    for _ in range(LOCK_TRIES):
        if lock is not None:
            break
        # Somebody who only asks whether a supervisor lives holds it for an instant.
        time.sleep(TICK_SECONDS)
        lock = hold_lock(profile)
    if lock is None:
        return
    profile.inside("supervisor.pid").write_text(str(os.getpid()))
    Supervisor(profile).run()


if __name__ == "__main__":
    main()
