"""Processes are known by what they carry, not by remembered numbers alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.problems import Problem
from deploy.local.system import MARKER, belonging_to, end, is_alive, listens, require_free

SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.{}); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def sleepers() -> Iterator[list["subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _sleep(started: list["subprocess.Popen[bytes]"], folder: Path, on_term: str = "SIG_DFL") -> int:
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER.format(on_term)],
        env={**os.environ, MARKER: str(folder)},
        stdout=subprocess.PIPE,
    )
    started.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def test_a_process_is_found_by_its_marker(tmp_path: Path, sleepers: list["subprocess.Popen[bytes]"]) -> None:
    pid = _sleep(sleepers, tmp_path)
    _sleep(sleepers, tmp_path / "another")

    assert belonging_to(tmp_path) == [pid]


def test_a_process_that_will_not_stop_is_killed(tmp_path: Path, sleepers: list["subprocess.Popen[bytes]"]) -> None:
    pid = _sleep(sleepers, tmp_path, on_term="SIG_IGN")

    end([pid], patience=0.3)

    assert sleepers[0].wait(5) == -signal.SIGKILL


def test_a_dead_child_that_nobody_reaped_is_not_alive(
    tmp_path: Path, sleepers: list["subprocess.Popen[bytes]"]
) -> None:
    pid = _sleep(sleepers, tmp_path)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)

    assert not is_alive(pid)


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert listens(port)
        with pytest.raises(Problem, match=f"Port {port}, which the gateway needs.*ESTUARY_PORT_GATEWAY"):
            require_free(port, "the gateway", "ESTUARY_PORT_GATEWAY")
