"""A service outside that judges texts. It is asked after the commit, by the worker, and never waited for long."""

import json
from dataclasses import dataclass, field
from typing import Protocol
from urllib.error import URLError
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 2.0


class ClassifierUnreachable(Exception):
    """It did not answer in time, or not in the form that is agreed."""


class Classifier(Protocol):
    """Says whether people should read a text before it is shown."""

    def flags(self, text: str) -> bool:
        """Return whether the text is to be held. Raises ClassifierUnreachable."""


@dataclass(frozen=True, slots=True)
class HttpClassifier:
    """Posts `{"text": …}` to `url` with a bearer token, and reads `{"flagged": true|false}`."""

    url: str
    key: str = field(repr=False)

    def flags(self, text: str) -> bool:
        """Return whether the text is to be held. Raises ClassifierUnreachable."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        request = Request(self.url, json.dumps({"text": text}).encode(), headers)  # noqa: S310 - checked in the settings.
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the same.
                return bool(json.load(answer)["flagged"])
        except (URLError, TimeoutError, OSError, ValueError, KeyError, TypeError) as failed:
            raise ClassifierUnreachable(type(failed).__name__) from failed
