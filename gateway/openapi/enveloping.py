"""How the gateway changes what a service documents: envelopes, errors, headers, security."""

from typing import Any

from gateway.errors import CODE_BY_STATUS, REFUSALS, phrase
from gateway.routes import GATEWAY, Route

UNWRAPPED = frozenset({"204", "206", "304"})
_ID = "0192b1c0-5f1e-7c3a-9a53-2f6d1f0e4a11"
# What the gateway itself may answer, by status: the shared response's name and the codes.
_OWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "400": ("BadRequest", ("bad_path", "bad_request")),
    "401": ("Unauthenticated", ("authentication_failed", "token_expired", "token_revoked")),
    "404": ("NotFound", ("not_found",)),
    "408": ("RequestTimeout", ("request_timeout",)),
    "413": ("PayloadTooLarge", ("payload_too_large",)),
    "415": ("UnsupportedMediaType", ("unsupported_media_type",)),
    "429": ("RateLimited", ("rate_limited",)),
    "502": ("BadGateway", ("bad_gateway",)),
    "503": ("ServiceUnavailable", ("service_unavailable",)),
    "504": ("GatewayTimeout", ("gateway_timeout",)),
}
_SHARED_PARAMETERS = {"Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Request-Id"}


def shared_components() -> dict[str, dict[str, Any]]:
    """Return the components that the gateway itself brings."""
    text, number = {"type": "string"}, {"type": "integer"}
    bare: dict[str, Any] = {
        "message": {**text, "description": "A sentence for people."},
        "code": {**text, "description": "A stable word for machines."},
        "errors": {
            "type": "object",
            "description": "Sentences by field.",
            "additionalProperties": {"type": "array", "items": text},
        },
    }
    outer = {
        "status": {"type": "string", "enum": ["error"]},
        "request_id": {**text, "description": "Name it when you ask for help."},
    }
    return {
        "schemas": {
            "Error": {
                "type": "object",
                "description": "Every refusal has this form.",
                "required": ["status", "message", "code", "errors", "request_id"],
                "properties": {**outer, **bare},
            },
            "BareError": {
                "type": "object",
                "description": "A refusal where answers pass untouched: webhooks, feeds, files.",
                "required": list(bare),
                "properties": bare,
            },
        },
        "headers": {
            "RateLimit": {"description": "What is left (r) and until when, in seconds (t).", "schema": text},
            "RateLimit-Policy": {"description": "The limit (q) and its window in seconds (w).", "schema": text},
            "RateLimit-Remaining": {"description": "What is left, in the older form.", "schema": number},
            "Retry-After": {"description": "Seconds to wait before the next try.", "schema": number},
            "ETag": {
                "description": "The version of what is answered; send it in If-None-Match or If-Match.",
                "schema": text,
            },
            "Deprecation": {"description": "Since when this base is deprecated (old base only).", "schema": text},
            "X-Request-Id": {"description": "The request's id, also in every log line about it.", "schema": text},
        },
        "responses": {name: _error_response(int(status), list(codes)) for status, (name, codes) in _OWN.items()},
        "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    }


def public_operation(
    path: str, operation: dict[str, Any], route: Route, shared: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the operation as clients see it; parameters that many share are moved into `shared`."""
    changed = dict(operation)
    changed["parameters"] = [_shared_parameter(each, shared) for each in operation.get("parameters", [])]
    if not changed["parameters"]:
        del changed["parameters"]
    own = _own_refusals(path, operation, route)
    changed["responses"] = {
        str(status): _public_response(str(status), response, route, own)
        for status, response in operation.get("responses", {}).items()
        if str(status) != "default"
    }
    for status in own:
        name = {"$ref": f"#/components/responses/{_OWN[status][0]}"}
        changed["responses"].setdefault(status, name)
    changed["security"] = _security(operation, route)
    if route.limit == "webhooks":
        changed["tags"] = ["Webhooks"]
    return changed


def _public_response(status: str, response: dict[str, Any], route: Route, own: set[str]) -> dict[str, Any]:
    if "$ref" in response or (route.raw and status < "400"):
        return response
    if status >= "400":
        declared = response.get("x-codes") or [CODE_BY_STATUS.get(int(status), "bad_request")]
        codes = list(dict.fromkeys([*declared, *(_OWN[status][1] if status in own else ())]))
        return {
            **_error_response(int(status), codes, form="BareError" if route.raw else "Error"),
            "description": response.get("description") or phrase(int(status)),
        }
    if not status.startswith("2") or status in UNWRAPPED:
        return response
    content = dict(response.get("content") or {})
    if content and "application/json" not in content:
        return response
    content["application/json"] = _enveloped(status, content.get("application/json", {}), route)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "X-Request-Id")}
    return {**response, "content": content, "headers": {**response.get("headers", {}), **headers}}


def _enveloped(status: str, media: dict[str, Any], route: Route) -> dict[str, Any]:
    inner = media.get("schema") or {"nullable": True}
    properties: dict[str, Any] = {
        "status": {"type": "string", "enum": ["success"]},
        "message": {"type": "string", "example": "Created" if status == "201" else "Success"},
        "data": inner,
    }
    required = ["status", "message", "data"]
    if route.flat == "success":
        properties["success"] = {"type": "boolean", "enum": [True]}
        required.append("success")
    schema: dict[str, Any] = {"type": "object", "required": required, "properties": properties}
    if route.flat == "body":
        schema = {"allOf": [schema, inner]}
    wrapped = {**media, "schema": schema}
    if "example" in media:
        wrapped["example"] = _example(media["example"], route)
    if "examples" in media:
        wrapped["examples"] = {
            name: {**each, "value": _example(each["value"], route)} if "value" in each else each
            for name, each in media["examples"].items()
        }
    return wrapped


def _example(value: Any, route: Route) -> dict[str, Any]:
    flat = value if route.flat == "body" and isinstance(value, dict) else {}
    told = {"success": True} if route.flat == "success" else {}
    return {"status": "success", "message": "Success", "data": value, **flat, **told}


def _error_response(status: int, codes: list[str], *, form: str = "Error") -> dict[str, Any]:
    code = codes[0]
    message = REFUSALS[code][1] if code in REFUSALS else phrase(status)
    response: dict[str, Any] = {
        "description": phrase(status),
        "content": {
            "application/json": {
                "schema": {
                    "allOf": [
                        {"$ref": f"#/components/schemas/{form}"},
                        {"type": "object", "properties": {"code": {"type": "string", "enum": codes}}},
                    ]
                },
                "example": {"status": "error", "message": message, "code": code, "errors": {}, "request_id": _ID},
            }
        },
    }
    if status in {429, 503}:
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response


def _own_refusals(path: str, operation: dict[str, Any], route: Route) -> set[str]:
    """Return the statuses with which the gateway itself may answer."""
    names = {parameter.get("name") for parameter in operation.get("parameters", [])}
    possible = {
        "400": True,
        "401": not route.raw and not route.ignore_token,
        # A value that no thing can have names another path; and a list has a last page.
        "404": "{" in path or bool({"page", "limit"} & names),
        "408": "requestBody" in operation,
        "413": "requestBody" in operation,
        "415": "requestBody" in operation,
        "429": route.limit != "unlimited",
        "502": route.service != GATEWAY,
        "503": True,
        "504": route.service != GATEWAY,
    }
    return {status for status, can_happen in possible.items() if can_happen}


def _security(operation: dict[str, Any], route: Route) -> list[dict[str, list[str]]]:
    if route.ignore_token or route.raw:
        return [{}]
    security: list[dict[str, list[str]]] = operation.get("security", [{"bearerAuth": []}])
    return security


def _shared_parameter(parameter: dict[str, Any], shared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    name = parameter.get("name")
    if name not in _SHARED_PARAMETERS or parameter.get("in") != "header":
        return parameter
    key = name.replace("-", "")
    if shared.setdefault("parameters", {}).setdefault(key, parameter) != parameter:
        return parameter
    return {"$ref": f"#/components/parameters/{key}"}
