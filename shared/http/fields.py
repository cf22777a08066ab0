"""Field types of the API, stricter than marshmallow's own where a lenient reading would lose or change data.

Import as `from shared.http import fields`; everything marshmallow has under the same names is here too.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import marshmallow
from marshmallow import ValidationError
from marshmallow import fields as marshmallow_fields
from marshmallow.fields import URL, UUID, Constant, Email, Enum, Field, Float, List, Raw, Time, Url

__all__ = [
    "URL",
    "UUID",
    "Boolean",
    "Constant",
    "Date",
    "DateTime",
    "Dict",
    "Email",
    "Enum",
    "Field",
    "Float",
    "Integer",
    "List",
    "Money",
    "Names",
    "Nested",
    "Network",
    "Raw",
    "String",
    "Time",
    "TimeZone",
    "Url",
]

INT64_MAX = 2**63 - 1
MONEY_MAX_CENTS = 99_999_999_999
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ZONES: frozenset[str] = frozenset(available_timezones())


class Nested(marshmallow_fields.Nested):
    """Another schema in a field. Fields that name the same one plainly share it.

    Each schema copies its fields, and those of the schemas in it again: a service's operations would hold ten
    thousand of them.
    """

    @property
    def schema(self) -> marshmallow.Schema:
        """The schema in this field."""
        nested: Any = self.nested
        is_plain = isinstance(nested, type) and self.only is None and not self.exclude
        if is_plain and not any(self._nested_normalized_option(name) for name in ("load_only", "dump_only")):
            return _schema(nested, bool(self.many))
        return super().schema


@cache
def _schema(of: Any, many: bool) -> marshmallow.Schema:  # noqa: FBT001 - a key.
    made: marshmallow.Schema = of(many=many)
    return made


class Integer(marshmallow_fields.Integer):
    """A whole number within 64 bits. `true`, `1.5` and `"abc"` are refused; `"12"` is read (query strings)."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]{1,19}", value.strip()):
            raise self.make_error("invalid", input=value)
        number = super()._validated(value)
        if not -INT64_MAX - 1 <= number <= INT64_MAX:
            raise self.make_error("invalid", input=value)
        return int(number)


class Boolean(marshmallow_fields.Boolean):
    """`true` or `false`; in a query string also 1, 0, yes, no, on, off in any case."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and not getattr(self.root, "is_body", True):
            return super()._deserialize(value.strip().lower(), attr, data, **kwargs)
        raise self.make_error("invalid", input=value)


class String(marshmallow_fields.String):
    """Text: Unicode NFC, trimmed, without control characters; line breaks only where `multiline`."""

    default_error_messages = {"control": "Must not contain control characters."}  # noqa: RUF012 - marshmallow's form.

    def __init__(self, *, multiline: bool = False, trim: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.multiline = multiline
        self.trim = trim

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs))
        if (_CONTROL if self.multiline else _LINE_CONTROL).search(text):
            raise self.make_error("control")
        return text.strip() if self.trim else text


class Date(marshmallow_fields.Date):
    """A day of the years 1900 to 2200: beyond, no zone's midnight and no span of days is sure to exist."""

    default_error_messages = {"range": "Must lie between the years 1900 and 2200."}  # noqa: RUF012 - marshmallow's form.

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        read = super()._deserialize(value, attr, data, **kwargs)
        if not 1900 <= read.year <= 2200:
            raise self.make_error("range")
        return read


class DateTime(marshmallow_fields.AwareDateTime):
    """An instant, RFC 3339 with an offset, read into UTC; years 1970 to 2200."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's form.
        "range": "Must lie between the years 1970 and 2200.",
        "naive": "Must have an offset, for example 2026-01-31T09:00:00Z.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if isinstance(value, str) and " " in value:
            value = value.replace(" ", "+") if value.count(" ") == 1 and "T" in value else value
        try:
            read = super()._deserialize(value, attr, data, **kwargs)
        except OverflowError as far:
            raise self.make_error("range") from far
        if read.tzinfo is None:
            raise self.make_error("naive")
        if not 1970 <= read.year <= 2200:
            raise self.make_error("range")
        return read.astimezone(UTC)


class Money(Field[int]):
    """Integer cents inside, a decimal string of dollars outside (`"100.00"`).

    Reads strings and JSON numbers that are exact to two places. Refuses negatives unless `signed`, more places,
    exponents, other digits than 0-9, and amounts above 999,999,999.99.
    """

    default_error_messages = {"invalid": "Not an amount with at most two decimal places."}  # noqa: RUF012

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        metadata = {"type": "string", "format": "decimal", "example": "100.00", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.signed = signed

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else dollars(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        text = repr(value) if isinstance(value, float) else str(value).strip()
        if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,2})?", text, re.ASCII):
            raise self.make_error("invalid")
        try:
            cents = int(Decimal(text) * 100)
        except InvalidOperation as bad:
            raise self.make_error("invalid") from bad
        if abs(cents) > MONEY_MAX_CENTS or (cents < 0 and not self.signed):
            raise self.make_error("invalid")
        return cents


class TimeZone(String):
    """The name of an IANA time zone, for example `Europe/Berlin`."""

    default_error_messages = {"zone": "Not the name of an IANA time zone."}  # noqa: RUF012 - marshmallow's form.

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name not in _ZONES:
            raise self.make_error("zone")
        ZoneInfo(name)
        return name


class Network(String):
    """An IP address, or a network such as `10.0.0.0/8`; kept as it was typed."""

    default_error_messages = {"network": "Not an address or a network."}  # noqa: RUF012 - marshmallow's form.

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        typed = super()._deserialize(value, attr, data, **kwargs)
        try:
            ip_network(typed, strict=False)
        except ValueError as wrong:
            raise self.make_error("network") from wrong
        return typed


class Dict(marshmallow_fields.Dict):
    """A JSON object."""


class Names(Field[tuple[str, ...]]):
    """A comma list in a query string, each one of `choices`; `aliases` are read as what they stand for."""

    def __init__(self, choices: tuple[str, ...], *, aliases: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        described = {"type": "string", "description": "Comma list of " + ", ".join(choices) + "."}
        if isinstance(kwargs.get("load_default"), tuple | list):
            described["default"] = ",".join(kwargs["load_default"])
        super().__init__(metadata={**described, **kwargs.pop("metadata", {})}, **kwargs)
        self.choices = choices
        self.aliases = aliases or {}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        asked = [self.aliases.get(part.strip(), part.strip()) for part in str(value).split(",") if part.strip()]
        unknown = [part for part in asked if part not in self.choices]
        if unknown:
            raise ValidationError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(self.choices)}.")
        return tuple(dict.fromkeys(asked))


def dollars(cents: int) -> str:
    """Return integer cents as a decimal string with two places; `-5` is `"-0.05"`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def maybe(kind: Callable[..., Any], **options: Any) -> Any:
    """Return a field that may be null."""
    return kind(allow_none=True, **options)
