"""A small server that speaks Google Maps' wire, for tests: it knows two addresses, and fails as it is told."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "AIza-sandbox-of-the-tests"


def part(long: str, short: str, *types: str) -> dict[str, Any]:
    return {"long_name": long, "short_name": short, "types": list(types)}


def geocoded(
    latitude: float, longitude: float, *parts: dict[str, Any], formatted: str, place_id: str
) -> dict[str, Any]:
    return {
        "address_components": list(parts),
        "formatted_address": formatted,
        "geometry": {
            "location": {"lat": latitude, "lng": longitude},
            "location_type": "ROOFTOP",
            "viewport": {
                "southwest": {"lat": latitude - 0.001, "lng": longitude - 0.001},
                "northeast": {"lat": latitude + 0.001, "lng": longitude + 0.001},
            },
        },
        "place_id": place_id,
        "types": ["street_address"],
    }


EMPIRE = geocoded(
    40.748441,
    -73.985664,
    part("350", "350", "street_number"),
    part("5th Avenue", "5th Ave", "route"),
    part("New York", "New York", "locality", "political"),
    part("New York", "NY", "administrative_area_level_1", "political"),
    part("United States", "US", "country", "political"),
    part("10118", "10118", "postal_code"),
    formatted="350 5th Ave, New York, NY 10118, USA",
    place_id="empire",
)


@dataclass
class Sandbox:
    """What the server answers next, and what it was asked."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    mode: str = "ok"
    failures: int = 0
    seconds: float = 0.0

    def answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, bytes]:
        self.calls.append(path)
        if self.seconds:
            time.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            return 500, b"oops"
        if self.mode == "garbage":
            return 200, b"<html>"
        if self.mode not in ("ok", "zero"):
            return 200, json.dumps({"status": self.mode, "results": [], "predictions": []}).encode()
        return 200, json.dumps(self._answer(path, query, body)).encode()

    def _answer(self, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if path == "/v1:validateAddress":
            return {"result": _verdict(body["address"])}
        if path.endswith("/autocomplete/json"):
            text = {"main_text": "350 5th Ave", "secondary_text": "New York, NY, USA"}
            return {"status": "OK", "predictions": [{"place_id": "empire", "structured_formatting": text}]}
        asked = " ".join(query.get("address", []) + query.get("place_id", []) + query.get("latlng", []))
        known = self.mode == "ok" and any(word in asked for word in ("350 5th", "empire", "40.748"))
        return {"status": "OK", "results": [EMPIRE]} if known else {"status": "ZERO_RESULTS", "results": []}


def _verdict(address: dict[str, Any]) -> dict[str, Any]:
    known = "350 5th" in " ".join(address["addressLines"])
    level = "CONFIRMED" if known else "UNCONFIRMED_BUT_PLAUSIBLE"
    parts = [
        {"componentType": kind, "componentName": {"text": text}, "confirmationLevel": level}
        for kind, text in (
            ("street_number", "350"),
            ("route", "5th Avenue"),
            ("locality", "New York"),
            ("administrative_area_level_1", "NY"),
            ("postal_code", "10118"),
        )
    ]
    return {
        "verdict": {"validationGranularity": "PREMISE" if known else "ROUTE"},
        "address": {
            "formattedAddress": "350 5th Avenue, New York, NY 10118, USA",
            "postalAddress": {"regionCode": "US"},
            "addressComponents": parts,
        },
        "geocode": {"location": {"latitude": 40.748441, "longitude": -73.985664}, "placeId": "empire"},
    }


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Run the server for the block."""
    told = Sandbox()

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            split = urlsplit(self.path)
            status, answer = told.answer(split.path, parse_qs(split.query), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _respond  # noqa: N815 - the standard library's names.

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
