"""What a newcomer asks first: which resources there are, what errors mean, how a request looks."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson

from gateway.errors import REFUSALS, Refusal, error_envelope, phrase

_MEANING = re.compile(r"`([a-z0-9_]+)`: (.*?)(?=; `|$)")
_GROUPS = {
    400: "validation", 401: "authentication", 402: "payment", 403: "permissions", 404: "resource", 409: "booking",
    410: "resource", 412: "resource", 413: "validation", 415: "validation",
}  # fmt: skip
_RETRIED = frozenset({408, 425, 429, 502, 503, 504})
_STATUSES = (200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 415, 429, 500, 502, 503, 504)
_ALWAYS = frozenset({"authentication", "websocket"})
_BOOKING = {"service_id": 7, "start_time": "2026-12-01T15:00:00Z"}


def resources(document: dict[str, Any], origin: str, base: str) -> dict[str, Any]:
    """Return every first segment with its paths and operations."""
    described = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    found: dict[str, dict[str, Any]] = {}
    for path, method, operation in _operations(document):
        name = path.removeprefix(base).split("/")[1]
        entry = found.setdefault(
            name, {"description": "", "endpoints": [], "operations": [], "documentation": f"{origin}{base}/docs/"}
        )
        entry["description"] = entry["description"] or described.get(operation["tags"][0], "")
        if path not in entry["endpoints"]:
            entry["endpoints"].append(path)
        entry["operations"].append(f"{method.upper()} {path}")
    return {"resources": dict(sorted(found.items()))}


def errors(document: dict[str, Any], _origin: str, _base: str) -> dict[str, Any]:
    """Return the codes by group: the general ones by what they are about, a service's own under its tag group."""
    titles = {tag: group["name"] for group in document["x-tagGroups"] for tag in group["tags"]}
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for code, known in _codes(document).items():
        owners = {titles.get(tag, tag) for tag in known["tags"]}
        general = code in REFUSALS or len(owners) != 1
        group = _GROUPS.get(known["status"], "system") if general else next(iter(owners)).lower()
        groups[group][code] = known["message"]
    example = error_envelope(
        message="The data sent is not valid.",
        code="validation_error",
        request_id="…",
        errors={"email": ["Not an address."]},
    )
    return {
        "error_codes": {name: dict(sorted(codes.items())) for name, codes in sorted(groups.items())},
        "http_status_codes": {str(status): phrase(status) for status in _STATUSES},
        "format": orjson.loads(example),
    }


def error_code(document: dict[str, Any], code: str) -> dict[str, Any]:
    """Return what a code means. Raises Refusal: not_found."""
    known = _codes(document).get(code)
    if known is None:
        raise Refusal("not_found")
    return {
        "code": code,
        "status": known["status"],
        "message": known["message"],
        "operations": sorted(known["operations"]),
        "retry": known["status"] in _RETRIED,
    }


def examples(document: dict[str, Any], origin: str, base: str) -> dict[str, Any]:
    """Return requests to start from, each with a command that sends it; only of operations that are there."""
    url, signed = origin + base, {"Authorization": "Bearer <access token>"}
    json = {"Content-Type": "application/json"}
    credentials = {"email": "client@example.com", "password": "<password>"}
    found: dict[str, Any] = {
        "authentication": {
            "login": _example("POST", f"{url}/auth/login/", headers=json, body=credentials),
            "using_token": _example("GET", f"{url}/auth/me/", headers=signed),
        },
        "searching_practitioners": _example(
            "GET", f"{url}/practitioners/search/", params={"search": "massage", "page_size": "10"}
        ),
        "creating_booking": _example(
            "POST",
            f"{url}/bookings/",
            headers={**signed, **json, "Idempotency-Key": "<any unique word>"},
            body=_BOOKING,
        ),
        "uploading_media": _example(
            "POST",
            f"{url}/media/presigned_upload/",
            headers={**signed, **json},
            body={
                "filename": "portrait.jpg",
                "content_type": "image/jpeg",
                "file_size": 120000,
                "entity_type": "user",
                "entity_id": "7",
            },
        ),
        "paying": _example(
            "POST",
            f"{url}/checkout/create_session/",
            headers={**signed, **json, "Idempotency-Key": "<any unique word>", "Prefer": "wait=10"},
            body={
                "order_type": "direct",
                "booking_id": "7",
                "success_url": "https://app.example.com/paid",
                "cancel_url": "https://app.example.com/basket",
            },
        ),
        "websocket": {
            "method": "GET",
            "url": f"{origin.replace('http', 'ws', 1)}/ws/notifications/?ticket=<from ws-ticket>",
            "headers": {},
            "params": {},
            "body": None,
            "response": {
                "type": "connection_established",
                "unread_count": 3,
                "last_seq": 42,
                "expires_at": 1795405001,
            },
            "curl": "",
        },
    }
    served = {origin + path for path in document["paths"]}
    # A group has no address of its own, and no document describes sockets.
    return {"examples": {name: one for name, one in found.items() if name in _ALWAYS or one["url"] in served}}


def _example(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in (params or {}).items())
    flags = "".join(f" -H '{name}: {value}'" for name, value in (headers or {}).items())
    data = f" -d '{orjson.dumps(body).decode()}'" if body is not None else ""
    return {
        "method": method,
        "url": url,
        "headers": headers or {},
        "params": params or {},
        "body": body,
        "response": {"status": "success", "message": "Success", "data": {}},
        "curl": f"curl -X {method}{flags}{data} '{url}{'?' + query if query else ''}'",
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _codes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return status, meaning, operations and tags of every code that the document or the gateway knows."""
    found: dict[str, dict[str, Any]] = {
        code: {"status": status, "message": message, "operations": set(), "tags": set()}
        for code, (status, message) in REFUSALS.items()
    }
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            told = dict(_MEANING.findall(response.get("description", "")))
            for code in _enumerated(response):
                known = found.setdefault(
                    code,
                    {
                        "status": int(status),
                        "message": told.get(code, phrase(int(status))),
                        "operations": set(),
                        "tags": set(),
                    },
                )
                known["operations"].add(operation.get("operationId", ""))
                known["tags"] |= set(operation["tags"])
    return found


def _enumerated(response: dict[str, Any]) -> list[str]:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    for part in schema.get("allOf", []):
        codes: list[str] | None = part.get("properties", {}).get("code", {}).get("enum")
        if codes:
            return codes
    return []
