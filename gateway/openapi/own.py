"""The gateway's own operations, documented like a service's: bare bodies, wrapped by the merge."""

from typing import Any

from gateway.settings import SERVICES

_TEXT: dict[str, Any] = {"type": "string"}
_URL: dict[str, Any] = {"type": "string", "format": "uri"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _map(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _get(
    operation_id: str, summary: str, answers: dict[str, Any], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "tags": ["System"],
            "security": [{}],
            "x-permissions": "anyone",
            **({"parameters": parameters} if parameters else {}),
            "responses": answers,
        }
    }


def _json(name: str, told: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"200": {"description": told, "content": {"application/json": {"schema": schema}}}}


def _file(told: str, *types: str, schema: dict[str, Any] = _TEXT) -> dict[str, Any]:
    return {"200": {"description": told, "content": {kind: {"schema": schema} for kind in types}}}


def _path(name: str, told: str) -> dict[str, Any]:
    return {"in": "path", "name": name, "required": True, "description": told, "schema": _TEXT}


def _query(name: str, told: str, *values: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "description": told, "schema": _one_of(*values)}


_NOT_FOUND = {"404": {"description": "Not found.", "x-codes": ["not_found"]}}
_UNHEALTHY = {
    "description": "Nothing but the gateway is up; `data` tells which.",
    "x-codes": ["service_unavailable"],
}

GATEWAY_DOCUMENT: dict[str, Any] = {
    "tags": [{"name": "System", "description": "Health, documentation and what every client should know."}],
    "paths": {
        "/health/": _get(
            "health_retrieve", "How all services are", {**_json("Health", "Healthy or degraded."), "503": _UNHEALTHY}
        ),
        "/info/": _get("info_retrieve", "What this API is and where its documentation is", _json("Info", "About.")),
        "/resources/": _get("resources_retrieve", "All resources and their operations", _json("Resources", "By name.")),
        "/examples/": _get("examples_retrieve", "Requests to start from", _json("Examples", "By topic.")),
        "/errors/": _get("errors_retrieve", "All error codes", _json("Errors", "By group.")),
        "/errors/{code}/": _get(
            "errors_code_retrieve",
            "What an error code means",
            {**_json("ErrorCode", "Where it comes from and whether to try again."), **_NOT_FOUND},
            [_path("code", "The code of an error answer.")],
        ),
        "/schema/": _get(
            "schema_retrieve",
            "This document",
            {
                **_file("OpenAPI, not wrapped.", "application/vnd.oai.openapi+json", "application/yaml", schema={}),
                "304": {"description": "Not changed."},
                "406": {"description": "Neither JSON nor YAML is wanted.", "x-codes": ["not_acceptable"]},
            },
            [
                _query("format", "JSON is the default.", "json", "yaml"),
                _query("openapi", "The version of the specification.", "3.0", "3.1"),
                _query("service", "Only one service's part.", *SERVICES),
            ],
        ),
        "/docs/": _get("docs_swagger_ui", "This documentation, to try out", _file("A page.", "text/html")),
        "/docs/redoc/": _get("docs_redoc", "This documentation, to read", _file("A page.", "text/html")),
        "/docs/assets/{file}": _get(
            "docs_assets",
            "Files of the documentation pages",
            {
                **_file("A script, style or picture.", "text/javascript", "text/css", "image/png"),
                "304": {"description": "Not changed."},
                **_NOT_FOUND,
            },
            [_path("file", "A name with its content's hash.")],
        ),
    },
    "components": {
        "schemas": {
            "Health": _object(
                status=_one_of("healthy", "degraded", "unhealthy"),
                message=_TEXT,
                version=_TEXT,
                environment=_one_of("development", "test", "staging", "production"),
                time=_INSTANT,
                services=_map(
                    _object(
                        status=_one_of("up", "degraded", "down"),
                        latency_ms={"type": "number", "nullable": True},
                        version={"type": "string", "nullable": True},
                        failing=_list(_TEXT),
                        checked_at=_INSTANT,
                    )
                ),
            ),
            "Info": _object(
                title=_TEXT,
                description=_TEXT,
                version=_TEXT,
                environment=_TEXT,
                base_url=_URL,
                documentation=_object(swagger=_URL, redoc=_URL, openapi=_URL),
                authentication=_object(
                    type=_TEXT,
                    login=_TEXT,
                    refresh=_TEXT,
                    register=_TEXT,
                    jwks=_URL,
                    access_token_seconds=_NUMBER,
                    providers=_list(_TEXT),
                ),
                realtime=_object(notifications=_URL),
                limits=_object(anonymous=_TEXT, authenticated=_TEXT, page_size_max=_NUMBER, body_max_bytes=_NUMBER),
                time=_INSTANT,
                contact=_object(email=_TEXT, support=_URL),
            ),
            "Resources": _object(
                resources=_map(
                    _object(description=_TEXT, endpoints=_list(_TEXT), operations=_list(_TEXT), documentation=_URL)
                )
            ),
            "Examples": _object(examples=_map({"type": "object", "additionalProperties": True})),
            "Errors": _object(
                error_codes=_map(_map(_TEXT)),
                http_status_codes=_map(_TEXT),
                format={"type": "object", "additionalProperties": True},
            ),
            "ErrorCode": _object(
                code=_TEXT, status=_NUMBER, message=_TEXT, operations=_list(_TEXT), retry={"type": "boolean"}
            ),
        }
    },
}
