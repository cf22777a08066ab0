"""JSON by orjson: datetimes as RFC 3339 with `Z`, UUIDs and dataclasses as themselves."""

from typing import Any

import orjson
from flask import Flask, current_app
from flask.json.provider import JSONProvider

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


class OrjsonProvider(JSONProvider):
    """Flask's JSON, written and read by orjson."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """Return `obj` as JSON text."""
        return orjson.dumps(obj, option=_OPTIONS).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """Return what the JSON text says. Raises ValueError."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return an answer with the JSON of the one argument."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), option=_OPTIONS)
        return current_app.response_class(body, mimetype="application/json")


def use_orjson(app: Flask) -> None:
    """Make `app` read and write JSON by orjson."""
    app.json = OrjsonProvider(app)
