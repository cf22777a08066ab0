"""When somebody who does not answer is left alone for a while."""

from dataclasses import dataclass
from typing import Final

FAILURES_MAX: Final = 5
OPEN_SECONDS: Final = 60.0


@dataclass(slots=True)
class Breaker:
    """Opens after five failures in a row, or at once, for a minute. Times are seconds of a monotonic clock."""

    failures: int = 0
    opens_until: float = float("-inf")
    is_final: bool = False

    def is_closed(self, now: float) -> bool:
        """Whether somebody may be asked."""
        return not self.is_final and now >= self.opens_until

    def succeeded(self) -> None:
        """Note an answer."""
        self.failures = 0

    def failed(self, now: float) -> None:
        """Note that no answer came."""
        self.failures += 1
        if self.failures >= FAILURES_MAX:
            self.open(now)

    def open(self, now: float) -> None:
        """Ask nobody for a minute."""
        self.failures, self.opens_until = 0, now + OPEN_SECONDS

    def open_for_good(self) -> None:
        """Ask nobody again."""
        self.is_final = True
