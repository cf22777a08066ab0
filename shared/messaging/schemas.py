"""marshmallow schemas derived from dataclasses: one source for what is written, read and documented.

Readers are tolerant: unknown fields are ignored, a missing field takes its default, and a word that is not in a
`Literal` becomes the field's default, so that a producer may add words before its readers know them.
"""

import dataclasses
import types
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, post_load

from shared.messaging.errors import Unreadable
from shared.messaging.messages import instant

P = TypeVar("P")

_schemas: dict[type[Any], type[Schema]] = {}
_readers: dict[type[Any], Schema] = {}


class Instant(fields.AwareDateTime):
    """An instant, written in UTC with `Z` and microseconds (RFC 3339); read with any offset."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _serialize(self, value: datetime | None, attr: str | None, *_rest: Any, **_options: Any) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{attr}: an event carries aware datetimes only")
        return instant(value)

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> datetime:
        return super()._deserialize(value, *rest, **options).astimezone(UTC)


class Choice(fields.Field[Any]):
    """One of a few words; an unknown one is read as `fallback`, or refused where there is none."""

    def __init__(self, choices: tuple[Any, ...], *, fallback: Any = missing, **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices
        self.fallback = fallback

    def _deserialize(self, value: Any, *_rest: Any, **_options: Any) -> Any:
        if value in self.choices:
            return value
        if self.fallback is missing:
            raise ValidationError(f"Must be one of: {', '.join(map(str, self.choices))}.")
        return self.fallback


class Series(fields.List[Any]):
    """A list that is read as a tuple."""

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> Any:
        return tuple(super()._deserialize(value, *rest, **options))


class PayloadSchema(Schema):
    """Base of derived schemas: reads into the dataclass it was derived from."""

    payload: type[Any]

    class Meta:
        unknown = EXCLUDE

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        return self.payload(**data)


def schema_of(payload: type[Any]) -> type[Schema]:
    """Return the marshmallow schema class of a dataclass.

    Understands str, int, float, bool, datetime (aware), date, time, timedelta (seconds), UUID, Decimal (a string),
    Literal, lists, tuples of one type, dicts by string, Any, other dataclasses, and each of them `| None`.
    """
    if payload not in _schemas:
        _schemas[payload] = _derive(payload)
    return _schemas[payload]


def _derive(payload: type[Any]) -> type[Schema]:
    hints = get_type_hints(payload)
    members: dict[str, Any] = {
        item.name: _field(hints[item.name], default=_default(item)) for item in dataclasses.fields(payload) if item.init
    }
    return type(f"{payload.__name__}Schema", (PayloadSchema,), {**members, "payload": payload})


def _reader(payload: type[Any]) -> Schema:
    if payload not in _readers:
        _readers[payload] = schema_of(payload)()
    return _readers[payload]


def dump(payload: Any) -> dict[str, Any]:
    """Return an event's payload as JSON values."""
    return cast("dict[str, Any]", _reader(type(payload)).dump(payload))


def load(payload: type[P], data: Mapping[str, Any]) -> P:
    """Read `data` as the reader's dataclass. Raises Unreadable with the fields that do not fit."""
    try:
        return cast("P", _reader(payload).load(data))
    except ValidationError as problem:
        raise Unreadable(f"{payload.__name__}: {problem.messages}") from problem


def _default(item: dataclasses.Field[Any]) -> Any:
    if item.default is not dataclasses.MISSING:
        return item.default
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory
    return missing


_PLAIN: dict[Any, type[fields.Field[Any]]] = {
    str: fields.String,
    bool: fields.Boolean,
    float: fields.Float,
    datetime: Instant,
    date: fields.Date,
    time: fields.Time,
    UUID: fields.UUID,
    Any: fields.Raw,
}


def _field(hint: Any, *, default: Any = missing) -> fields.Field[Any]:
    """Return the field for one annotation; `default` is a value, a factory or `missing`."""
    hint, nullable = _without_none(hint)
    if nullable and default is missing:
        default = None
    options: dict[str, Any] = {"allow_none": nullable or hint is Any}
    if default is missing:
        options["required"] = True
    else:
        options["load_default"] = default
    return _typed(hint, options, fallback=default)


def _typed(hint: Any, options: dict[str, Any], *, fallback: Any) -> fields.Field[Any]:
    origin = get_origin(hint)
    arguments = get_args(hint)
    if origin is Literal:
        return Choice(arguments, fallback=fallback, **options)
    if origin is list:
        return fields.List(_field(arguments[0]), **options)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return Series(_field(arguments[0]), **options)
    if origin in {dict, Mapping} or hint is dict:
        values = _field(arguments[1]) if arguments and arguments[1] is not Any else None
        return fields.Dict(keys=fields.String(), values=values, **options)
    if hint is int:
        return fields.Integer(strict=True, **options)
    if hint is Decimal:
        return fields.Decimal(as_string=True, **options)
    if hint is timedelta:
        return fields.TimeDelta(precision="seconds", **options)
    if dataclasses.is_dataclass(hint):
        return fields.Nested(schema_of(cast("type[Any]", hint)), **options)
    if hint in _PLAIN:
        return _PLAIN[hint](**options)
    raise TypeError(f"events cannot carry {hint!r}")


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into `X` and whether None is allowed."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint, False
    parts = [part for part in get_args(hint) if part is not types.NoneType]
    if len(parts) != 1:
        raise TypeError(f"events cannot carry {hint!r}: one type, or one type and None")
    return parts[0], len(parts) < len(get_args(hint))
