"""When to stop asking a service that keeps failing."""

from collections import deque

CONSECUTIVE_MAX = 5
SHARE_MAX = 0.5
SHARE_MIN_ANSWERS = 20
SHARE_SECONDS = 10.0
OPEN_SECONDS = 5.0


class Breaker:
    """Opens after five connection failures in a row, or when over half of ≥ 20 answers in 10 s were 502 or 504.

    Open for five seconds; then one request is let through to find out. Instants are the loop's.
    """

    def __init__(self) -> None:
        self._consecutive = 0
        self._recent: deque[tuple[float, bool]] = deque()
        self._failed_recently = 0
        self._open_until = 0.0
        self._probing = False

    def allows(self, now: float) -> bool:
        """Say whether a request may go; the one that may after the pause is the probe."""
        if not self._open_until:
            return True
        if now < self._open_until or self._probing:
            return False
        self._probing = True
        return True

    def record(self, now: float, *, failed: bool, connection: bool = False) -> None:
        """Note how a request ended; `connection` says that it did not even reach the service."""
        if not failed:
            if self._open_until:
                self._close()
            self._consecutive = 0
            if not self._failed_recently:
                # The common case costs nothing: only answers around failures are counted.
                return
        else:
            self._consecutive = self._consecutive + 1 if connection else 0
            self._failed_recently += 1
        self._recent.append((now, failed))
        self._forget(now)
        share = self._failed_recently / len(self._recent) if self._recent else 0.0
        too_many = len(self._recent) >= SHARE_MIN_ANSWERS and share > SHARE_MAX
        if failed and (self._probing or self._consecutive >= CONSECUTIVE_MAX or too_many):
            self._open_until = now + OPEN_SECONDS
            self._probing = False

    def abandon(self) -> None:
        """Let another request probe: the one that was to find out ended without an answer."""
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether requests are refused at once."""
        return bool(self._open_until)

    def _close(self) -> None:
        self._open_until = 0.0
        self._probing = False
        self._recent.clear()
        self._failed_recently = 0

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - SHARE_SECONDS:
            self._failed_recently -= self._recent.popleft()[1]
