"""From OpenAPI 3.0 to 3.1: `nullable` becomes a type, exclusive bounds become numbers."""

from typing import Any


def to_31(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document in OpenAPI 3.1."""
    converted: dict[str, Any] = _convert(document)
    return {**converted, "openapi": "3.1.0", "webhooks": {}}


def _convert(node: Any) -> Any:
    if isinstance(node, list):
        return [_convert(item) for item in node]
    if not isinstance(node, dict):
        return node
    written = {name: _convert(value) for name, value in node.items() if name != "nullable" or not _is_flag(value)}
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if written.get(bound) is True and limit in written:
            written[bound] = written.pop(limit)
        elif isinstance(written.get(bound), bool):
            del written[bound]
    return _nullable(written) if node.get("nullable") is True else written


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    if any(name in schema for name in ("$ref", "allOf", "anyOf", "oneOf")):
        return {"anyOf": [schema, {"type": "null"}]}
    return schema
