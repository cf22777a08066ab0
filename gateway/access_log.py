"""One JSON line for each request, written a batch at a time.

Never a query, a body, a token or a raw path: the route's pattern says enough.
"""

import os
import time
from datetime import UTC, datetime

import orjson

FLUSH_LINES = 256
FULL_RATE = 1000
SAMPLED = 10


class AccessLog:
    """Buffers lines and writes them to a file descriptor four times a second, or when enough have come together.

    Above a thousand a second only every tenth ordinary line is kept (marked `sampled`); errors always are.
    """

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._second = 0
        self._in_second = 0
        self._stamp = ""

    def write(
        self,
        *,
        request_id: str,
        method: str,
        route: str,
        service: str,
        status: int,
        seconds: float,
        size: int,
        user_id: int | None,
        code: str,
    ) -> None:
        """Note a finished request."""
        second = int(time.time())
        if second != self._second:
            self._second, self._in_second = second, 0
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._in_second += 1
        line = {
            "time": self._stamp,
            "event": "request",
            "request_id": request_id,
            "method": method,
            "route": route,
            "service": service,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "bytes": size,
            "user_id": user_id,
        }
        if code:
            line["code"] = code
        if self._in_second > FULL_RATE and status < 500:
            if self._in_second % SAMPLED:
                return
            line["sampled"] = SAMPLED
        self._lines.append(orjson.dumps(line))
        if len(self._lines) >= FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if self._lines:
            lines, self._lines = self._lines, []
            data = memoryview(b"\n".join(lines) + b"\n")
            while data:
                data = data[os.write(self._descriptor, data) :]
