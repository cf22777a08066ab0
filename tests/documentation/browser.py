"""A headless Chromium, driven over its DevTools protocol. Source: https://chromedevtools.github.io/devtools-protocol/."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,1400",
    "--remote-debugging-port=0",
)
# A page of several megabytes on a machine that is busy with other tests.
PATIENCE_SECONDS = 240.0


def program() -> str | None:
    """Return where a Chromium is, None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a browser of its own; `requested` holds every address that it has asked for."""

    def __init__(self) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self._profile = tempfile.TemporaryDirectory(prefix="estuary-chromium-", ignore_cleanup_errors=True)
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        path = program()
        assert path is not None
        self._process = subprocess.Popen(  # noqa: ASYNC220 (returns at once)
            [path, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._session = aiohttp.ClientSession()
        [page] = [page for page in await self._pages() if page["type"] == "page"]
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._reading = asyncio.create_task(self._read())
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.send(f"{domain}.enable")
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await self._socket.close()
        await self._session.close()
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, 20)
        self._profile.cleanup()

    async def _pages(self) -> list[dict[str, Any]]:
        """Return the browser's pages once it listens: the port it chose stands in a file of its profile."""
        port_file = Path(self._profile.name) / "DevToolsActivePort"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if port_file.exists() and (lines := port_file.read_text().splitlines()):
                    async with self._session.get(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                        pages: list[dict[str, Any]] = await answer.json()
                        if pages:
                            return pages
                await asyncio.sleep(0.05)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._answers[number]

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                answer = self._answers.pop(told["id"])
                if not answer.done():
                    answer.set_result(told.get("result", {"error": told.get("error")}))
            elif told["method"] == "Network.requestWillBeSent":
                self.requested.append(told["params"]["request"]["url"])
            elif told["method"] == "Runtime.exceptionThrown":
                self.complaints.append(told["params"]["exceptionDetails"]["text"])
            elif told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
                self.complaints.append(told["params"]["entry"]["text"])
            elif told["method"] == "Runtime.consoleAPICalled" and told["params"]["type"] == "error":
                self.complaints.append(str([said.get("description") or said for said in told["params"]["args"]]))

    async def open(self, url: str) -> None:
        """Go to an address."""
        await self.send("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """Return what an expression of the page's own language says; None while one page follows another."""
        told = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "result" not in told:
            return None
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"]["exception"].get("description", script))
        return told["result"].get("value")

    async def until(self, script: str, *, what: str) -> Any:
        """Return what an expression says once it says something."""
        return await _until(lambda: self.run(script), what)

    async def asks_for(self, ending: str) -> None:
        """Wait until an address has been asked for that ends like this."""

        async def asked() -> bool:
            return any(url.endswith(ending) for url in self.requested)

        await _until(asked, f"a request for …{ending}")

    async def click(self, selector: str) -> None:
        """Press what is there, once it is there."""
        await self.until(f"(e => e && (e.scrollIntoView(), e.click(), true))({_one(selector)})", what=selector)

    async def write(self, selector: str, text: str) -> None:
        """Write into a field as a keyboard would, so that the page's own code hears of it."""
        await self.until(f"(e => e && (e.focus(), e.select && e.select(), true))({_one(selector)})", what=selector)
        await self.send("Input.insertText", text=text)

    async def picture(self, file: Path) -> None:
        """Keep what is seen."""
        told = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(told["data"]))


def _one(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


async def _until(ask: Callable[[], Awaitable[Any]], what: str) -> Any:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await ask()
                if found:
                    return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} did not appear within {PATIENCE_SECONDS:.0f} s") from None
