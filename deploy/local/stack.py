"""The whole system for tests: the very processes that `make up` starts, on the tests' ports and databases.

with Stack() as stack:
    requests.get(stack.url("health/"))
    stack.kill("bookings-worker")        # as a crash would; the supervisor starts it again
    stack.wait_until_healthy()
"""

import fcntl
import os
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from deploy.local.environment import Environments
from deploy.local.infrastructure import Infrastructure
from deploy.local.problems import Problem
from deploy.local.profiles import PROFILES
from deploy.local.runner import Health, Runner, wait_for
from deploy.local.state import State

SERVERS = {"PostgreSQL": "postgresql", "RabbitMQ": "rabbitmq"}


class Stack:
    """Every process of Estuary under a supervisor of its own; the tests' servers are started if they do not run.

    Databases keep their rows from one run to the next; tests make people and things of their own.
    `settings` are variables for every process, for instance `{"RATE_LIMIT_ENABLED": "0"}`.
    """

    def __init__(self, profile: str = "e2e", settings: Mapping[str, str] | None = None) -> None:
        self.profile = PROFILES[profile]
        self.base_url = f"http://127.0.0.1:{self.profile.port('gateway')}"
        self._settings = dict(settings or {})
        self._runner = Runner(self.profile)
        self._infrastructure = Infrastructure(self.profile)

    def __enter__(self) -> Self:
        # One at a time: a second run of the tests waits for the first, instead of ending its processes.
        self._turn = self.profile.inside("stack.lock").open("w")
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        self._runner.stop_processes()
        try:
            self.resume()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._runner.stop_processes()
        self._turn.close()

    def url(self, path: str) -> str:
        """Return the public address of a path of the API, for instance `bookings/`."""
        return self.base_url + self.path(path)

    def path(self, path: str) -> str:
        """Return the whole path of a path of the API."""
        return f"/api/v1/drf/{path.lstrip('/')}"

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service, or another process, is told: DATABASE_URL, EDGE_KEY, BIND …"""
        return {**Environments(self.profile).of(name), **self._settings}

    def names(self) -> list[str]:
        """Return all processes: `bookings`, `bookings-worker`, `gateway` …"""
        return list(self._state().processes)

    def pid(self, name: str) -> int | None:
        """Return the process id, None while the process is down."""
        return self._state().processes[name].pid

    @property
    def supervisor(self) -> int:
        """The process id of the supervisor."""
        return self._state().pid

    def resume(self) -> None:
        """Start whatever does not run, a new supervisor if it must be; wait until all is healthy."""
        self._runner.up(seed=False, settings=self._settings)

    def health(self) -> list[Health]:
        """Ask every process how it is."""
        return self._runner.health()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal a process and all that it has started, for instance SIGSTOP: it hangs, with its port open."""
        pid = self.pid(name)
        if pid is not None:
            # It may have ended this moment, by itself or by an earlier signal.
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def kill(self, name: str) -> None:
        """Let a process crash (SIGKILL); the supervisor starts it again."""
        self.signal(name, signal.SIGKILL)

    def restart(self, *names: str) -> None:
        """Restart processes gracefully, each healthy before the next; all of them if none is named."""
        self._runner.restart(names)

    def stop(self, name: str) -> None:
        """Keep a process down until `start`. Also takes PostgreSQL and RabbitMQ, which stop in order."""
        self._hold(name)
        if name == "PostgreSQL":
            self._infrastructure.postgresql.stop()
        elif name == "RabbitMQ":
            self._infrastructure.rabbitmq.stop()
        else:
            wait_for(lambda: self.pid(name) is None, 40)

    def start(self, name: str) -> None:
        """Let what was stopped or crashed run again, and wait until it does."""
        (self.profile.folder / "held" / SERVERS.get(name, name)).unlink(missing_ok=True)
        if name in SERVERS:
            self._infrastructure.up(only=SERVERS[name])
        else:
            wait_for(lambda: self.pid(name) is not None, 40)

    def crash_server(self, name: str) -> None:
        """Let PostgreSQL or RabbitMQ die at once, nothing written; it stays down until `start`."""
        self._hold(name)
        if name == "PostgreSQL":
            self._infrastructure.postgresql.stop(mode="immediate")
        else:
            self._infrastructure.rabbitmq.stop(kill=True)

    def wait_until_healthy(self, names: Iterable[str] | None = None, seconds: float = 60) -> None:
        """Wait until the named processes, or all, say that they are ready. Raises Problem after `seconds`."""
        wanted = set(names) if names is not None else None

        def ill() -> list[str]:
            return [
                f"{one.name}: {one.answer}"
                for one in self.health()
                if not one.is_well and (wanted is None or one.name in wanted)
            ]

        if not wait_for(lambda: not ill(), seconds):
            raise Problem(f"Not healthy after {seconds:.0f} s: {'; '.join(ill())}")

    def _hold(self, name: str) -> None:
        self.profile.inside("held", SERVERS.get(name, name)).touch()

    def _state(self) -> State:
        state = State.read(self.profile)
        assert state is not None, "a stack is used inside its with block"
        return state
