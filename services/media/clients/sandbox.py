"""Running programs that read what strangers sent: under limits of memory, time and files, and without our secrets.

A program that is ended by a limit has met a file that it must not be given again: that is the file's fault, not the
worker's. Nothing of the worker is shared with it but the named folder.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.media.domain.errors import Broken

ROOT = Path(__file__).resolve().parents[3]
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
DEADLINE_SECONDS = 60.0
OUTPUT_BYTES = 1 << 30
BEAT_SECONDS = 20.0
TOO_COMPLEX = ("image_too_complex", "The picture takes too much to process.")

Beat = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program left behind."""

    status: int
    output: bytes
    complaint: str


def paint(order: dict[str, Any], *, beat: Beat = lambda: None) -> dict[str, Any]:
    """Let a child do an order of `imaging.py` and return what it says. Raises Broken.

    `beat` is called every twenty seconds while it works.
    """
    outcome = run(
        [sys.executable, "-m", "services.media.clients.imaging"],
        given=json.dumps(order).encode(),
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=CPU_SECONDS,
        deadline_seconds=DEADLINE_SECONDS,
        beat=beat,
    )
    try:
        answer = json.loads(outcome.output)
    except ValueError:
        raise Broken(*TOO_COMPLEX) from None
    return read(answer)


def read(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an order came to. Raises Broken."""
    if "unfit" in answer:
        raise Broken(answer["unfit"]["code"], answer["unfit"]["message"])
    done: dict[str, Any] = answer["done"]
    return done


def run(
    command: Sequence[str],
    *,
    given: bytes = b"",
    memory_bytes: int | None = None,
    cpu_seconds: int,
    deadline_seconds: float,
    output_bytes: int = OUTPUT_BYTES,
    beat: Beat = lambda: None,
) -> Outcome:
    """Run a program to its end, or to the end of its time. Raises FileNotFoundError when there is no such program."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory_bytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    # Files instead of pipes: whatever the program writes, nobody has to read along.
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained, tempfile.TemporaryFile() as told:
        told.write(given)
        told.seek(0)
        with subprocess.Popen(  # noqa: S603 - our own programs, named by settings or by us.
            list(command),
            stdin=told,
            stdout=said,
            stderr=complained,
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)},
            preexec_fn=limit,  # noqa: PLW1509 - it calls setrlimit only.
            start_new_session=True,
        ) as process:
            try:
                _wait(process, deadline_seconds, beat)
            finally:
                # The program, and whatever it has started.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        said.seek(0)
        complained.seek(0)
        complaint = complained.read(2_000).decode(errors="replace")
        return Outcome(process.returncode, said.read(1 << 20), complaint)


def _wait(process: subprocess.Popen[bytes], seconds: float, beat: Beat) -> None:
    left = seconds
    while left > 0:
        try:
            process.wait(min(BEAT_SECONDS, left))
        except subprocess.TimeoutExpired:
            left -= BEAT_SECONDS
            beat()
        else:
            return
