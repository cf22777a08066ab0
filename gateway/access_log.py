"""One JSON line for each request, written a batch at a time.

Never a query, a body, a token or a raw path: the route's pattern says enough.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import orjson

from gateway.metrics import Finished

FLUSH_LINES = 256
WAITING_MAX = 200
CLOSE_SECONDS = 1.0
FULL_RATE = 1000
SAMPLED = 10


class AccessLog:
    """Buffers lines and hands them to a thread of its own, which writes them to a file descriptor.

    Whoever reads the log may stop reading: then the thread waits and, after a while, lines are dropped. Requests
    never wait. Above a thousand a second only every tenth ordinary line is kept (marked `sampled`); errors always are.
    """

    def __init__(self, descriptor: int = 1, *, clock: Callable[[], float] = time.time) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._lines: list[bytes] = []
        self._second = 0
        self._in_second = 0
        self._stamp = ""
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_out, name="access-log", daemon=True)
        self._writer.start()

    def write_all(self, requests: Iterable[Finished]) -> None:
        """Note finished requests."""
        second = int(self._clock())
        if second != self._second:
            self._second, self._in_second = second, 0
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        number = self._in_second
        for request in requests:
            number += 1
            sampled = number > FULL_RATE and request.status < 500
            if not sampled or not number % SAMPLED:
                self._lines.append(self._line(request, sampled=sampled))
        self._in_second = number
        if len(self._lines) >= FLUSH_LINES:
            self.flush()

    def _line(self, request: Finished, *, sampled: bool) -> bytes:
        line: dict[str, Any] = {"time": self._stamp, "event": "request", **request._asdict()}
        line["ms"] = round(line.pop("seconds") * 1000, 2)
        if not request.code:
            del line["code"]
        if sampled:
            line["sampled"] = SAMPLED
        return orjson.dumps(line)

    def flush(self) -> None:
        """Hand over what is held; called four times a second, and when enough has come together."""
        lines, self._lines = self._lines, []
        if lines and self._waiting.qsize() < WAITING_MAX:
            self._waiting.put(b"\n".join(lines) + b"\n")

    def close(self) -> None:
        """Write what is left, unless nobody reads it."""
        self.flush()
        self._waiting.put(None)
        self._writer.join(CLOSE_SECONDS)

    def _write_out(self) -> None:
        while (batch := self._waiting.get()) is not None:
            data = memoryview(batch)
            with contextlib.suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]
