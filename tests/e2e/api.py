"""A client of the public API: HTTP as a web page speaks it, and a WebSocket as a page holds it."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

import aiohttp
import requests

T = TypeVar("T")
PATIENCE_SECONDS = 15.0


class Refused(AssertionError):
    """An answer that was not the expected one."""


class Api:
    """One person's way in. Every answer is checked to be in the envelope; `data` is returned."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.token: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send one request; return the envelope's `data`. Raises Refused for another status than `expect` (or 2xx)."""
        answer = self.raw(method, path, body, headers=headers)
        if (expect is not None and answer.status_code != expect) or (expect is None and not answer.ok):
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:1500]}")
        if answer.status_code == 204:
            return None
        envelope = answer.json()
        if answer.ok:
            assert envelope["status"] == "success", envelope
            return envelope["data"]
        assert envelope["status"] == "error", envelope
        assert envelope["request_id"] == answer.headers["X-Request-Id"]
        return envelope

    def raw(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Send one request and return the whole answer."""
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.base_url}/api/v1/drf{path}"
        return self.session.request(method, url, json=body, headers={**own, **(headers or {})}, timeout=40)

    def get(self, path: str, **options: Any) -> Any:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST."""
        return self.call("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        """PATCH."""
        return self.call("PATCH", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Any:
        """PUT."""
        return self.call("PUT", path, body, **options)


def eventually(look: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS, what: str = "it") -> T:
    """Return what `look` finds, asking again until it is neither None nor False; refusals count as not yet."""
    deadline = time.monotonic() + seconds
    last: BaseException | None = None
    while True:
        try:
            found = look()
            if found is not None and found is not False:
                return found
        except (Refused, requests.RequestException) as not_yet:
            last = not_yet
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s") from last
        time.sleep(0.05)


class Socket:
    """A page's open WebSocket; what arrives is kept in order."""

    def __init__(self, api: Api, *, after: int | None = None) -> None:
        ticket = api.post("/notifications/ws-ticket/")["ticket"]
        query = f"?ticket={ticket}" + (f"&after={after}" if after is not None else "")
        self._url = f"{api.base_url.replace('http', 'ws', 1)}/api/v1/drf/notifications/ws/{query}"
        self.received: queue.Queue[dict[str, Any]] = queue.Queue()
        self.close_code: int | None = None
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._listen(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._opened.wait(10), "the socket did not open"
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        if not self._loop.is_running():
            self._loop.close()

    def told(self, kind: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Return the next notification of `kind`; others on the way are dropped."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self.received.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"the socket was not told of {kind} within {seconds:.0f} s") from None
            if message["type"] == "new_notification" and message["notification"]["kind"] == kind:
                return message

    async def _listen(self) -> None:
        self._stop = asyncio.Event()
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as socket:
            self._opened.set()
            stop = asyncio.create_task(self._stop.wait())
            while not stop.done():
                receive = asyncio.create_task(socket.receive())
                await asyncio.wait({receive, stop}, return_when=asyncio.FIRST_COMPLETED)
                if not receive.done():
                    receive.cancel()
                    break
                message = receive.result()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    self.close_code = socket.close_code
                    break
                self.received.put(message.json())
            stop.cancel()
