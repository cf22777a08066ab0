"""Reading requests: JSON bodies and query strings, with a clear refusal for everything else."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from flask import Request
from marshmallow import RAISE, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from shared.errors import Invalid, UnsupportedMediaType

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Parser(FlaskParser):
    """Reads what an operation declares.

    An absent body is an empty object, so that actions need none. PostgreSQL can not store NUL, so it is refused here
    for every text at once.
    """

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "json": None, "query": RAISE}  # noqa: RUF012

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the JSON object of the body. Raises UnsupportedMediaType, Invalid."""
        raw = req.get_data(cache=True)
        if not raw.strip():
            return [] if schema.many else {}
        if req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
            raise UnsupportedMediaType
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as bad:
            raise Invalid("The body is not valid JSON.") from bad
        if not isinstance(body, list if schema.many else dict):
            raise Invalid("The body must be a JSON array." if schema.many else "The body must be a JSON object.")
        if _ESCAPED_NUL.search(raw):
            raise Invalid("Text must not contain the NUL character.")
        return body

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query string's values; of a name given twice the last one counts unless the field is a list."""
        if "%00" in req.query_string.decode("latin-1"):
            raise Invalid("Text must not contain the NUL character.")
        if not req.args:
            return {}
        proxy = MultiDictProxy(req.args, schema, known_multi_fields=tuple(self.KNOWN_MULTI_FIELDS))
        return {name: proxy[name] for name in req.args}

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Say which fields are wrong, as `{dotted.field: [sentences]}`."""
        messages = error.messages
        if isinstance(messages, dict) and len(messages) == 1:
            messages = next(iter(messages.values()))
        raise Invalid(errors=flatten(messages)) from error


def flatten(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return marshmallow's nested messages as one level of dotted names; what concerns no field is under `_schema`."""
    if isinstance(messages, Mapping):
        flat: dict[str, list[str]] = {}
        for name, nested in messages.items():
            flat.update(flatten(nested, f"{prefix}.{name}" if prefix else str(name)))
        return flat
    sentences = messages if isinstance(messages, list) else [messages]
    if any(isinstance(part, Mapping) for part in sentences):
        return {k: v for i, part in enumerate(sentences) for k, v in flatten(part, f"{prefix}.{i}").items()}
    return {prefix or "_schema": [str(sentence) for sentence in sentences]}
