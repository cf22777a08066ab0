"""What a process that starts others hears of them, and how it reaches them."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress


class Wake:
    """Sleeping that any signal ends, so that a child's end is seen at once."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait(self, seconds: float) -> None:
        """Sleep at most this long."""
        if select.select([self._reader], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._reader, 4096)


def ended_children() -> Iterator[tuple[int, int]]:
    """Yield (process id, exit code) of each child that ended; a negative code is the signal that ended it."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def signal_group(pid: int, number: signal.Signals, *, whole: bool = True) -> None:
    """Signal a child, and with `whole` all that it started (each child leads a group of its own)."""
    with suppress(ProcessLookupError, PermissionError):
        if number == signal.SIGTERM or not whole:
            os.kill(pid, number)
        else:
            os.killpg(pid, number)
