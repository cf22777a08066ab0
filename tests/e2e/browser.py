"""A real browser without a window: headless Chromium, moved by mouse and keyboard over its DevTools protocol.

Source: https://chromedevtools.github.io/devtools-protocol/.
"""

import asyncio
import base64
import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp

T = TypeVar("T")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1280,1000"),
)
PATIENCE_SECONDS = 20.0


def installed() -> str | None:
    """Return where a browser of this kind is, None if there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One browser with one page. What it is asked waits until it is so, or fails after a while."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._loop = asyncio.new_event_loop()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self._profile = tempfile.mkdtemp(prefix="browser-")
        self._process = subprocess.Popen(
            [self._program, *QUIET, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._loop.run_until_complete(self._connect())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._session.close())
        self._end()

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self._send("Page.navigate", url=url)
        self.until(lambda: self.evaluate("document.readyState") == "complete" and self.url != "about:blank", "the page")

    @property
    def url(self) -> str:
        """Where the page is."""
        return str(self.evaluate("location.href"))

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression on the page."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def type(self, label: str, text: str) -> None:
        """Click into the field with this label, empty it, and type."""
        labels = "[...document.querySelectorAll('label')]"
        self.click(f"{labels}.find(l => l.textContent.trim().startsWith('{label}'))?.control")
        self.evaluate("document.activeElement.select()")
        self._send("Input.insertText", text=text)

    def press(self, text: str) -> None:
        """Press the button with this text."""
        self.click(f"[...document.querySelectorAll('button')].find(b => b.innerText.trim().startsWith('{text}'))")

    def click(self, element: str) -> None:
        """Click with the mouse in the middle of what the JavaScript expression `element` names."""

        def middle() -> Any:
            return self.evaluate(
                f"(() => {{ const e = {element}; if (!e) return null; e.scrollIntoView({{block: 'center'}});"
                " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
            )

        x, y = self.until(middle, element)
        for kind in ("mousePressed", "mouseReleased"):
            self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Return what `look` finds, once it is neither None nor False."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = look()
            if found is not None and found is not False:
                return found
            assert time.monotonic() < deadline, f"{what} did not come; at {self.url}:\n{self.text[:1000]}"
            time.sleep(0.05)

    def picture(self, file: Path) -> None:
        """Keep a picture of the page."""
        file.write_bytes(base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"]))

    async def _connect(self) -> None:
        told = Path(self._profile) / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (told.exists() and told.read_text().count("\n")):
            assert self._process.poll() is None, "the browser ended at once"
            assert time.monotonic() < deadline, "the browser did not start"
            await asyncio.sleep(0.05)
        port = told.read_text().split()[0]
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json") as answer:
            page = next(target for target in await answer.json() if target["type"] == "page")
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        return self._loop.run_until_complete(asyncio.wait_for(self._ask(method, params), PATIENCE_SECONDS))

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            told = await self._socket.receive_json()
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                result: dict[str, Any] = told["result"]
                return result

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._loop.close()
        shutil.rmtree(self._profile, ignore_errors=True)
