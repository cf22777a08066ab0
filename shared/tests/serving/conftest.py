"""A toy application under our worker, started once, or once more for a test that stops it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60


class Running:
    """A server that runs, and the folder through which it is held."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process, self.port, self.folder = process, port, folder
        self._opened = ExitStack()

    def connection(self) -> HTTPConnection:
        """Return a connection that waits long enough."""
        return self._opened.enter_context(closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)))

    def raw(self, said: bytes = b"") -> socket.socket:
        """Return a socket on which this was said."""
        address = ("127.0.0.1", self.port)
        opened = self._opened.enter_context(socket.create_connection(address, timeout=PATIENCE_SECONDS))
        opened.sendall(said)
        return opened

    def hang_up(self) -> None:
        """Close every connection that was opened here."""
        self._opened.close()

    def stop(self) -> None:
        """Ask the server to end, as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)

    def wait_until_held(self, *names: str) -> None:
        """Wait until these requests are in the application."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not all((self.folder / name).exists() for name in names):
            assert time.monotonic() < until, names
            time.sleep(0.01)

    def let_go(self) -> None:
        """Let held requests be answered."""
        (self.folder / "go").touch()

    def refuses(self) -> bool:
        """Whether nobody can connect any more."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


@contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Start a server and end it, whatever it does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "shared.tests.serving.toy", str(port), str(folder)]
    process = subprocess.Popen(command, env={**os.environ}, start_new_session=True)
    running = Running(process, port, folder)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while running.refuses() and time.monotonic() < until:
            time.sleep(0.02)
        yield running
    finally:
        running.hang_up()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def kept_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for many tests."""
    with started(tmp_path_factory.mktemp("toy")) as running:
        yield running


@pytest.fixture
def server(kept_server: Running) -> Iterator[Running]:
    """A server that no test stops, with no connections of other tests."""
    yield kept_server
    kept_server.hang_up()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Running]:
    """A server of the test's own."""
    with started(tmp_path) as running:
        yield running
