"""From the request line to a route, found once for each path and remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.paths import Base, check_query, read_path
from gateway.patterns import Patterns
from gateway.routes import OUTSIDE, Route, RouteTable

_REMEMBERED = 8192


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads. `path` and `encoded` are the service's; `public` is the encoded path below `base`.

    `route` is None when it leads nowhere; `pattern` then is a word for all of these.
    """

    base: Base
    path: str
    encoded: str
    public: str
    route: Route | None
    pattern: str


class Places:
    """Knows where every path leads, and which operation it belongs to."""

    def __init__(self) -> None:
        self._routes = RouteTable()
        self._patterns = Patterns()
        self._known: dict[str, Place] = {}

    def load(self, service: str, document: Mapping[str, Any]) -> None:
        """Take the patterns of a service's OpenAPI document."""
        self._patterns.load(service, document)
        self._known.clear()

    def find(self, raw: str, host: bytes) -> tuple[Place, str]:
        """Return the place and the query of a request line. Raises Refusal: bad_path, bad_request, uri_too_long."""
        path, _, query = raw.partition("?")
        if query:
            check_query(query)
        place = self._known.get(path)
        if place is None:
            place = self._read(path, host.decode("latin-1"))
            if path.startswith("/"):
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[path] = place
        return place, query

    def _read(self, raw: str, host: str) -> Place:
        base, path, encoded = read_path(raw, host)
        route = self._routes.find(path) if base else OUTSIDE.get(path)
        if route is None:
            return Place(base, path, encoded, encoded, None, "unmatched")
        pattern = self._patterns.match(route, path)
        return Place(base, route.target or path, route.target or encoded, encoded, route, pattern)
