"""Every operation of the merged document, ready to be called by anybody."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import requests

from deploy.local.stack import Stack

_PLACE = re.compile(r"{(\w+)}")
AT_ONCE = 8
NOBODYS_UUID = "00000000-0000-7000-8000-000000000000"

# What must be there although a schema can not say so: one of several fields, a form that the operation reads itself.
BEYOND_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "media_update": {"entity_id": NOBODYS_UUID},
    "schedules_copy_day_create": {"to": "all"},
    "schedules_remove_time_slot_destroy": {"time_slot_id": 1},
}

# These end the caller's own session or account; their own tests hold what they ask for.
ENDS_THE_CALLER = frozenset({"auth_logout", "auth_logout_simple", "auth_delete_me", "auth_sessions_revoke_others"})


@dataclass(frozen=True)
class Operation:
    """One method of one path below the base."""

    id: str
    method: str
    path: str
    permission: str
    told: Mapping[str, Any] = field(repr=False)
    components: Mapping[str, Any] = field(repr=False)

    @property
    def places(self) -> list[str]:
        """The names of the path's parameters."""
        return _PLACE.findall(self.path)

    @property
    def is_open(self) -> bool:
        """Whether anybody may call it."""
        return self.permission == "anyone"

    def at(self, values: Mapping[str, str], otherwise: str = "") -> str:
        """Return the path with these parameters; `otherwise` stands for those that are not among them."""
        return _PLACE.sub(lambda found: values.get(found[1], otherwise or self._nobodys(found[1])), self.path)

    @property
    def least_body(self) -> Any:
        """A body that holds what must be there, so that the question of rights is reached."""
        content = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        told = _least(content["schema"], self.components) if content else {}
        more = BEYOND_SCHEMAS.get(self.id)
        return {**told, **more} if more else told

    def _nobodys(self, name: str) -> str:
        """Return a value for a parameter that names nothing."""
        [schema] = [one["schema"] for one in self.told["parameters"] if one.get("in") == "path" and one["name"] == name]
        if schema.get("format") == "uuid":
            return NOBODYS_UUID
        return schema["enum"][0] if "enum" in schema else "9007199254740991"

    def call(self, stack: Stack, token: str | None, path: str, body: Any = None) -> requests.Response:
        """Send it as somebody."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        wants_body = self.method in {"POST", "PUT", "PATCH", "DELETE"}
        return requests.request(
            self.method,
            stack.url(path),
            json=({} if body is None else body) if wants_body else None,
            headers=headers,
            timeout=30,
            allow_redirects=False,
        )


@cache
def document(base_url: str) -> dict[str, Any]:
    """Return the merged document, as the gateway serves it."""
    answer = requests.get(f"{base_url}/api/v1/drf/schema/", headers={"Accept": "application/json"}, timeout=30)
    answer.raise_for_status()
    merged: dict[str, Any] = answer.json()
    return merged


def operations(stack: Stack) -> list[Operation]:
    """Return all operations but the gateway's own pages, which know no callers."""
    found, merged = [], document(stack.base_url)
    for path, item in merged["paths"].items():
        for method, said in item.items():
            if "x-permissions" in said:
                below = path.removeprefix("/api/v1/drf")
                told = {**said, "parameters": [_plain(one, merged) for one in said.get("parameters", ())]}
                schemas = merged["components"]["schemas"]
                found.append(
                    Operation(told["operationId"], method.upper(), below, told["x-permissions"], told, schemas)
                )
    return found


def call_all(
    stack: Stack, token: str | None, wanted: Iterable[tuple[Operation, str]]
) -> list[tuple[Operation, str, requests.Response]]:
    """Call operations at these paths, some at once, and return what each answered."""
    pairs = list(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda pair: pair[0].call(stack, token, pair[1], pair[0].least_body), pairs)
    return [(operation, path, answer) for (operation, path), answer in zip(pairs, answers, strict=True)]


@dataclass(frozen=True)
class Shown:
    """What the first page of a list shows."""

    ids: frozenset[str] = frozenset()
    is_all: bool = True


def listed(stack: Stack, token: str) -> dict[str, Shown]:
    """Return the ids of what a person's lists show, by the list's path."""
    lists = [(one, one.path) for one in operations(stack) if one.method == "GET" and not one.places]
    found: dict[str, Shown] = {}
    for _, path, answer in call_all(stack, token, lists):
        if not answer.ok or "json" not in answer.headers["Content-Type"]:
            continue
        data = answer.json().get("data")
        rows = data.get("results") if isinstance(data, dict) else data
        ids = frozenset(str(row["id"]) for row in rows or () if isinstance(row, dict) and row.get("id"))
        if ids:
            found[path] = Shown(ids, is_all=not isinstance(data, dict) or data.get("next") is None)
    return found


def told(answers: Iterable[tuple[Operation, str, requests.Response]]) -> dict[str, str]:
    """Return what a failing test should show."""
    return {
        f"{one.id}: {one.method} {path}": f"{answer.status_code} {answer.text[:160]}" for one, path, answer in answers
    }


def _plain(parameter: Mapping[str, Any], merged: Mapping[str, Any]) -> Mapping[str, Any]:
    name = parameter.get("$ref", "").rpartition("/")[2]
    plain: Mapping[str, Any] = merged["components"]["parameters"][name] if name else parameter
    return plain


def _least(schema: Mapping[str, Any], components: Mapping[str, Any], name: str = "") -> Any:
    """Return the smallest value of a schema that means something: of two times, the one of the end comes later."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        return _least(schema["allOf"][0], components, name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", ())
        return {name: _least(schema["properties"][name], components, name) for name in required}
    if kind == "array":
        return [_least(schema["items"], components, name)] * schema.get("minItems", 1)
    if kind == "string":
        return _text(schema, is_end=name.startswith("end"))
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind or "", "10.00")


def _text(schema: Mapping[str, Any], *, is_end: bool) -> str:
    hour = 11 if is_end else 10
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    formats = {
        "date": day.isoformat(),
        "date-time": f"{day}T{hour}:00:00Z",
        "time": f"{hour}:00",
        "uuid": NOBODYS_UUID,
        "email": "a@b.de",
        "uri": "https://example.org/page",
    }
    return formats.get(schema.get("format", ""), f"{hour}:00" if "time" in schema.get("pattern", "") else "something")
