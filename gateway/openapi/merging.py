"""The public OpenAPI document, made of each service's private one."""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from gateway.openapi.components import SECTIONS, Key, rename_clashes, rewrite
from gateway.openapi.enveloping import public_operation, shared_components
from gateway.openapi.own import GATEWAY_DOCUMENT
from gateway.openapi.version31 import to_31
from gateway.paths import BASE
from gateway.routes import GATEWAY, Route, RouteTable
from gateway.settings import SERVICES

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
TITLES = {
    "auth": "Accounts",
    "bookings": "Bookings",
    "catalog": "Services",
    "practitioners": "Practitioners",
    "payments": "Payments",
    "reviews": "Reviews",
    "locations": "Places",
    "media": "Media",
    "notifications": "Notifications",
    "streams": "Streams",
    GATEWAY: "System",
}
_RESERVED = frozenset({("schemas", "Error"), ("schemas", "BareError")})
log = logging.getLogger("gateway.openapi")


def merge(
    documents: Mapping[str, Mapping[str, Any]],
    *,
    openapi: str = "3.0.3",
    base: str = BASE,
    origin: str = "",
    version: str = "1",
) -> dict[str, Any]:
    """Return the document of the whole API, from the services' own (by name) and the gateway's.

    `openapi` is 3.0.3 or 3.1.0. `origin` and `base` are those that the reader asked by. A path that the route table
    sends elsewhere is left out. Raises ValueError when two services document the same operation.
    """
    parts = {name: dict(documents[name]) for name in SERVICES if name in documents}
    parts[GATEWAY] = GATEWAY_DOCUMENT
    merged: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {
            "title": "Estuary API",
            "version": version,
            "description": "A wellness marketplace: sessions, workshops, courses, packages and live streams.",
        },
        "servers": [{"url": origin or "/"}],
        "tags": [],
        "paths": {},
        "components": shared_components(),
    }
    renamed = rename_clashes(parts, set(_RESERVED))
    routes, ids = RouteTable(), _repeated_ids(parts)
    groups = []
    for service, part in parts.items():
        own = _Part(service, _without_error(part, renamed[service]), routes)
        own.add_components(merged["components"])
        own.add_paths(merged, base, ids)
        groups.append({"name": TITLES[service], "tags": own.add_tags(merged)})
    if any("Webhooks" in operation.get("tags", []) for item in merged["paths"].values() for operation in item.values()):
        merged["tags"].append({"name": "Webhooks", "description": "Called by payment and video providers."})
        groups.append({"name": "Webhooks", "tags": ["Webhooks"]})
    merged["x-tagGroups"] = groups
    return to_31(merged) if openapi.startswith("3.1") else merged


class _Part:
    """One service's document with its components renamed."""

    def __init__(self, service: str, document: dict[str, Any], routes: RouteTable) -> None:
        self._service = service
        self._document = document
        self._routes = routes
        self._used_tags: list[str] = []

    def add_components(self, components: dict[str, dict[str, Any]]) -> None:
        for section in SECTIONS:
            held = self._document.get("components", {}).get(section, {})
            if held:
                components.setdefault(section, {}).update(held)

    def add_paths(self, merged: dict[str, Any], base: str, repeated: set[str]) -> None:
        for path, item in self._document.get("paths", {}).items():
            route = self._routes.find(path)
            if route is None or not self._owns(route):
                log.warning("%s documents %s, which does not lead there", self._service, path)
                continue
            public = merged["paths"].setdefault(base + path, {})
            common = item.get("parameters", [])
            for method in METHODS:
                if method not in item:
                    continue
                if method in public:
                    raise ValueError(f"{method.upper()} {path} is documented twice")
                operation = {**item[method], "parameters": [*common, *item[method].get("parameters", [])]}
                if operation.get("operationId") in repeated:
                    operation["operationId"] = f"{self._service}_{operation['operationId']}"
                operation.setdefault("tags", [TITLES[self._service]])
                public[method] = public_operation(path, operation, route, merged["components"])
                self._used_tags += public[method]["tags"]

    def add_tags(self, merged: dict[str, Any]) -> list[str]:
        """Add the tags in the order of the service's document and return their names."""
        declared = {tag["name"]: tag for tag in self._document.get("tags", [])}
        known = {tag["name"] for tag in merged["tags"]}
        names = [name for name in dict.fromkeys([*declared, *self._used_tags]) if name in self._used_tags]
        names = [name for name in names if name != "Webhooks"]
        merged["tags"] += [declared.get(name, {"name": name}) for name in names if name not in known]
        return names

    def _owns(self, route: Route) -> bool:
        return route.service == self._service or (route.service == "realtime" and self._service == "notifications")


def _repeated_ids(parts: Mapping[str, Mapping[str, Any]]) -> set[str]:
    counted = Counter(
        operation["operationId"]
        for part in parts.values()
        for item in part.get("paths", {}).values()
        for method, operation in item.items()
        if method in METHODS and "operationId" in operation
    )
    return {name for name, times in counted.items() if times > 1}


def _without_error(document: Mapping[str, Any], names: dict[Key, str]) -> dict[str, Any]:
    """Return the document with its components renamed; its bare `Error` becomes the envelope's."""

    def rename(key: Key) -> str:
        return key[1] if key in _RESERVED else names.get(key, key[1])

    written: dict[str, Any] = rewrite(dict(document), rename)
    components = written.get("components", {})
    for section in SECTIONS:
        held = components.get(section)
        if held:
            components[section] = {
                rename((section, name)): content for name, content in held.items() if (section, name) not in _RESERVED
            }
    return written
