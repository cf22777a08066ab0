"""The LiveKit sandbox as a really started process, a hand on its controls, and an ear for its webhooks."""

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

KEY = "APIstreamstests"
SECRET = "a-secret-of-the-tests-of-streams-0123456789"


@dataclass
class Ear:
    """Keeps every webhook that the sandbox sends, as (body, authorization), in order of arrival."""

    heard: list[tuple[bytes, str]] = field(default_factory=list)
    url: str = ""

    def listen(self) -> ThreadingHTTPServer:
        """Start to listen; the caller shuts it down."""
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.append((body, self.headers["Authorization"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    base: str
    ear: Ear

    def control(self, call: str, /, **body: Any) -> Any:
        """Call one of its controls."""
        answer = requests.post(f"{self.base}/_sandbox/{call}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def state(self) -> Any:
        """Return its rooms, recordings and webhooks."""
        return requests.get(f"{self.base}/_sandbox/", timeout=10).json()

    def people(self, room: str) -> set[str]:
        """Return who is inside a room."""
        return {one["identity"] for space in self.state()["rooms"] if space["name"] == room for one in space["people"]}

    def news(self) -> list[tuple[bytes, str]]:
        """Return the webhooks that came since the last time, once all have come."""
        for _ in range(200):
            sent = self.state()["webhooks"]
            if all(one["delivered"] == one["copies"] for one in sent):
                break
            time.sleep(0.01)
        came = list(self.ear.heard)
        self.ear.heard.clear()
        return came

    def reset(self) -> None:
        """Forget everything."""
        self.control("reset")
        self.ear.heard.clear()


def start(folder: Path) -> tuple[subprocess.Popen[bytes], Sandbox, ThreadingHTTPServer]:
    """Start a sandbox on a free port; the caller ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ear = Ear()
    server = ear.listen()
    environment = {
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
        "LIVEKIT_WEBHOOK_URL": ear.url,
        "LIVEKIT_SANDBOX_FOLDER": str(folder / "recordings"),
    }
    with (folder / "livekit.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.sandbox.livekit"], env=environment, stdout=log, stderr=log
        )
    sandbox = Sandbox(f"http://127.0.0.1:{port}", ear)
    for _ in range(400):
        try:
            requests.get(f"{sandbox.base}/health/live", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return process, sandbox, server
    process.kill()
    raise RuntimeError((folder / "livekit.log").read_text())
