"""Which operation a path belongs to, for metrics and logs: `/bookings/7/cancel/` → `/bookings/{id}/cancel/`."""

from collections.abc import Mapping
from typing import Any

from gateway.routes import Route


class Patterns:
    """The paths of the OpenAPI documents, as a tree of segments; a plain segment wins over a parameter.

    A path that no document knows gets its route's own pattern, so that strangers cannot invent label values.
    """

    def __init__(self) -> None:
        self._trees: dict[str, dict[str, Any]] = {}

    def load(self, service: str, document: Mapping[str, Any]) -> None:
        """Take the paths of a service's document."""
        tree: dict[str, Any] = {}
        for path in document.get("paths", {}):
            node = tree
            for part in path.strip("/").split("/"):
                node = node.setdefault("{}" if part.startswith("{") else part, {})
            node[""] = path
        self._trees[service] = tree

    def match(self, route: Route, path: str) -> str:
        """Return the pattern of a path."""
        if "…" not in route.pattern:
            return route.pattern
        return self._walk(self._trees.get(route.service, {}), path.strip("/").split("/")) or route.pattern

    def _walk(self, node: Mapping[str, Any], parts: list[str]) -> str | None:
        if not parts:
            end: str | None = node.get("")
            return end
        for name in (parts[0], "{}"):
            branch = node.get(name)
            if isinstance(branch, dict):
                found = self._walk(branch, parts[1:])
                if found is not None:
                    return found
        return None
