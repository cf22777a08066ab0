"""A small application under our worker: `python -m shared.tests.serving.toy PORT FOLDER`."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from shared.serving import HEADER_BYTES_MAX, HEADER_FIELDS_MAX, LINE_BYTES_MAX, Threads

WORKING = 2
"""How many requests the toy answers at once."""


class Toy(BaseApplication):  # type: ignore[misc] # gunicorn ships no types.
    """What the tests of the worker ask."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port, self._folder = port, folder
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn how to run."""
        settings = {
            "bind": f"127.0.0.1:{self._port}",
            "worker_class": Threads,
            "threads": WORKING,
            "keepalive": 75,
            "limit_request_fields": HEADER_FIELDS_MAX,
            "limit_request_field_size": HEADER_BYTES_MAX,
            "limit_request_line": LINE_BYTES_MAX,
            "forwarded_allow_ips": "",
            "header_map": "drop",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application."""
        return self.answer

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer by the path: what was asked, held until a file is there, in parts, or by failing."""
        path = environ["PATH_INFO"]
        if path == "/fail":
            raise RuntimeError("as it was asked to")
        if path.startswith("/hold"):
            (self._folder / path.strip("/")).touch()
            while not (self._folder / "go").exists():
                time.sleep(0.01)
        if path == "/parts":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return iter([b"one ", b"two ", b"three"])
        if path == "/unchanged":
            start_response("304 Not Modified", [("ETag", '"1"')])
            return []
        body = environ["wsgi.input"].read()
        shown = f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']} {environ.get('HTTP_X_TOLD', '')} "
        answer = shown.encode() + body
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
        return [answer]


if __name__ == "__main__":
    port, folder = sys.argv[1:]
    sys.argv[1:] = []
    Toy(int(port), Path(folder)).run()
