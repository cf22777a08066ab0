"""What the operating system knows: ports that are taken, processes that live, who belongs to an installation."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deploy.local.problems import Problem

LOOPBACK = "127.0.0.1"
# Variables by which processes are known as an installation's: ours, and the broker's.
MARKER, SERVER_MARKER = "ESTUARY_RUN", "ESTUARY_SERVER"


def listens(port: int) -> bool:
    """Whether anything accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def require_free(port: int, what: str, variable: str) -> None:
    """Raise Problem when another program holds the port that `what` needs."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise Problem(
                f"Port {port}, which {what} needs, is taken by another program: stop it, or set {variable} to another"
                " (ESTUARY_PORT_SHIFT=1000 moves all ports).",
            ) from None


def is_alive(pid: int) -> bool:
    """Whether a process lives; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return True


def belonging_to(folder: Path, marker: str = MARKER) -> list[int]:
    """Return the processes that carry an installation's marker in their environment, this one left out."""
    if not Path("/proc/self/environ").exists():
        return _belonging_by_ps(f"{marker}={folder}")
    wanted, found = f"{marker}={folder}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid() and wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def _belonging_by_ps(wanted: str) -> list[int]:
    """The same where there is no /proc: BSD's ps shows the environment of one's own processes."""
    listed = subprocess.run(["ps", "-axwwE", "-o", "pid=,command="], capture_output=True, text=True, check=False).stdout
    rows = (line.split(None, 1) for line in listed.splitlines())
    mine = [int(pid) for pid, *command in rows if f"{wanted} " in f"{''.join(command)} "]
    return [pid for pid in mine if pid != os.getpid()]


def end(pids: Iterable[int], *, patience: float) -> None:
    """Ask processes to stop, wait up to `patience` seconds, and kill those that are left."""
    left = list(pids)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            left = [pid for pid in left if is_alive(pid)]
            time.sleep(0.05)
        if not left:
            return
