"""People using the marketplace while something is done to it; every answer is counted."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from deploy.local.stack import Stack
from tests.e2e.people import Person

OPEN_PAGES = ("public-services/", "public-practitioners/")
OWN_PAGES = ("bookings/", "notifications/unread_count/", "auth/favorite-services/")


@dataclass
class Answers:
    """What people got: how often each status, by method and path, and how long each answer took."""

    by_status: Counter[tuple[str, str, int | str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    last_written: dict[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many requests were made."""
        return sum(self.by_status.values())

    @property
    def failed(self) -> dict[tuple[str, str, int | str], int]:
        """What was not answered with success."""
        return {key: times for key, times in self.by_status.items() if key[2] != 200}

    def slowest(self, share: float) -> float:
        """Return the time within which this share of the answers came."""
        taken = sorted(self.seconds)
        return taken[min(len(taken) - 1, int(share * len(taken)))]


class Traffic:
    """Visitors who read, and clients who read their own pages and change their profile, until the block ends.

    Each keeps a connection open, as browsers do; `ports` are the gateways that they are spread over. Nobody tries
    again: a refused request counts as one.
    """

    def __init__(
        self,
        stack: Stack,
        clients: Sequence[Person] = (),
        *,
        visitors: int = 2,
        ports: Sequence[int] = (),
        pages: Sequence[str] = OPEN_PAGES,
        own_pages: Sequence[str] = OWN_PAGES,
        pause: float = 0.01,
    ) -> None:
        self.answers = Answers()
        self._stack = stack
        self._ports = tuple(ports) or (stack.profile.port("gateway"),)
        self._pages, self._own_pages, self._pause = tuple(pages), tuple(own_pages), pause
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._people = [threading.Thread(target=self._visit, args=(number,)) for number in range(visitors)]
        self._people += [
            threading.Thread(target=self._live, args=(number, client)) for number, client in enumerate(clients)
        ]

    def __enter__(self) -> Self:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for person in self._people:
            person.join()

    def _visit(self, number: int) -> None:
        caller = _Caller(self._ports[number % len(self._ports)])
        for turn in count(number):
            if self._stop.is_set():
                break
            self._note("GET", self._pages[turn % len(self._pages)], caller, None)
        caller.close()

    def _live(self, number: int, client: Person) -> None:
        caller = _Caller(self._ports[number % len(self._ports)], token=client.api.token)
        for turn in count():
            if self._stop.is_set():
                break
            self._note("GET", self._own_pages[turn % len(self._own_pages)], caller, None)
            name = f"Turn {turn}"
            if self._note("PATCH", "auth/me/", caller, {"first_name": name}) == 200:
                self.answers.last_written[client.user_id] = name
        caller.close()

    def _note(self, method: str, page: str, caller: "_Caller", body: Any) -> int | str:
        began = time.perf_counter()
        status = caller.call(method, self._stack.path(page), body)
        with self._lock:
            self.answers.by_status[method, page, status] += 1
            self.answers.seconds.append(time.perf_counter() - began)
        time.sleep(self._pause)
        return status


class _Caller:
    """One connection that is kept open; a new one is made only where the server has said that it closes."""

    def __init__(self, port: int, *, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any) -> int | str:
        try:
            self._connection.request(method, path, json.dumps(body) if body else None, self._headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            return type(problem).__name__
        return answer.status

    def close(self) -> None:
        self._connection.close()
