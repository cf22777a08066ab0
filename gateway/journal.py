"""What is told about finished requests: figures and log lines, written a batch at a time.

Told one by one, in between other work, the same costs three times as much: the code for it is out of the caches
each time.
"""

from gateway.access_log import AccessLog
from gateway.metrics import Finished, Metrics

BATCH = 256


class Journal:
    """Keeps finished requests until there are enough of them, or a quarter of a second is over."""

    def __init__(self, metrics: Metrics, log: AccessLog) -> None:
        self._metrics = metrics
        self._log = log
        self._finished: list[Finished] = []

    def note(self, finished: Finished) -> None:
        """Note a finished request."""
        self._finished.append(finished)
        if len(self._finished) >= BATCH:
            self._tell()

    def flush(self) -> None:
        """Tell what is kept; called four times a second."""
        self._tell()
        self._log.flush()

    def close(self) -> None:
        """Tell what is kept, for the last time."""
        self._tell()
        self._log.close()

    def _tell(self) -> None:
        finished, self._finished = self._finished, []
        self._metrics.observe(finished)
        self._log.write_all(finished)
