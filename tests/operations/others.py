"""More processes beside those of a stack: a second gateway, a second web process or worker of a service."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from deploy.local.runner import wait_for
from deploy.local.stack import Stack
from shared.testing.ports import free_port
from tests.operations.asking import ask

PATIENCE_SECONDS = 40


class Other:
    """One more process; it ends with the block."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], *, probe: int, log: Path) -> None:
        self.probe = probe
        self._command, self._environment, self._log = command, dict(environment), log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.begin()
        self.await_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shared.cli.main", *self._command],
                env={"PATH": os.environ["PATH"], **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Wait until it can do its work."""
        ready = wait_for(lambda: ask(self.probe, "/health/ready")[0] == 200, PATIENCE_SECONDS)
        assert ready, f"{' '.join(self._command)}: {self._log.read_text()[-2000:]}"

    def stop(self) -> int:
        """Ask it to end, as an orchestrator does, and return its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(40)

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


class Others:
    """Makes processes that are told what the stack's own are told, but for their ports."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack, self._folder = stack, folder

    def web(self, service: str) -> tuple[Other, int]:
        """Return a second web process of a service, and where it answers."""
        port = free_port()
        return self._other(("web", service), service, {"BIND": f"127.0.0.1:{port}"}, port), port

    def worker(self, service: str) -> Other:
        """Return a second worker of a service."""
        port = free_port()
        return self._other(("worker", service), service, {"WORKER_BIND": f"127.0.0.1:{port}"}, port)

    def realtime(self) -> tuple[Other, int]:
        """Return a second process of sockets, and where it answers."""
        port = free_port()
        return self._other(("realtime",), "notifications", {"REALTIME_BIND": f"127.0.0.1:{port}"}, port), port

    def gateway(self, told: Mapping[str, str]) -> tuple[Other, int]:
        """Return another gateway, and where it answers; `told` are settings of its own."""
        port, probe = free_port(), free_port()
        binds = {"BIND": f"127.0.0.1:{port}", "PROBE_BIND": f"127.0.0.1:{probe}", "DRAIN_SECONDS": "1"}
        return self._other(("gateway",), "gateway", {**binds, **told}, probe), port

    def _other(self, command: tuple[str, ...], environment: str, told: Mapping[str, str], probe: int) -> Other:
        log = self._folder / f"{'-'.join(command)}-{probe}.log"
        return Other(command, {**self._stack.environment(environment), **told}, probe=probe, log=log)


@contextmanager
def together(*others: Other) -> Iterator[None]:
    """Start processes at the same time, and end them with the block."""
    with ExitStack() as ending:
        for other in others:
            ending.callback(other.end)
            other.begin()
        for other in others:
            other.await_ready()
        yield


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis of our own and yield its address."""
    program, port = shutil.which("redis-server"), free_port()
    assert program is not None
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: _listens(port), 10)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
