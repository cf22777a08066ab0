"""Fields of streams' requests that shared fields do not have."""

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, validate
from marshmallow.fields import Field

from services.streams.domain import words
from shared.http import fields


class Reference(Field[str]):
    """An id or a uuid, as text."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        text = str(value).strip()
        if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
            return text
        try:
            return str(UUID(text))
        except ValueError as bad:
            raise ValidationError("An id or a uuid.") from bad


class Tier(Field[int]):
    """A tier by its word, read into its rank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "enum": list(words.TIERS), **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        if value not in words.TIERS:
            raise ValidationError(f"Must be one of: {', '.join(words.TIERS)}.")
        return words.rank(value)

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return value


class LocalTime(Field[datetime]):
    """A wall-clock time without a zone, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "example": "2026-01-31T19:00:00", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime:
        try:
            read = datetime.fromisoformat(value)
        except (TypeError, ValueError) as bad:
            raise ValidationError("Not a local date and time, such as 2026-01-31T19:00.") from bad
        if read.tzinfo is not None:
            raise ValidationError("A local time has no offset; the zone stands in timezone.")
        if not 1970 <= read.year <= 2200:
            raise ValidationError("Must lie between the years 1970 and 2200.")
        return read.replace(second=0, microsecond=0)

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return value


class Link(fields.String):
    """An address of at most 200 characters, https; http where it is our own files', on this machine."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"format": "uri", **kwargs.pop("metadata", {})}
        super().__init__(validate=validate.Length(max=200), metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(r"(https://[^\s/?#]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?)([/?#]\S*)?", text):
            raise ValidationError("Must be an https address.")
        return text


class Rate(Field[int]):
    """A percentage with two places, read into hundredths of a percent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "decimal", "example": "20.00"}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text, re.ASCII):
            raise ValidationError("Not a percentage with at most two places.")
        whole, _, part = text.partition(".")
        read = int(whole) * 100 + int((part + "00")[:2])
        if read > 10_000:
            raise ValidationError("At most 100.")
        return read

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return value


class ChatText(fields.String):
    """What somebody writes: 1 to 500 characters, of which some are no spaces; no control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(text) <= 500 or not any(unicodedata.category(one)[0] in "LNPSM" for one in text):
            raise ValidationError("Between 1 and 500 characters.")
        return text


def tags(**kwargs: Any) -> Any:
    """Return a list of at most twenty tags."""
    one = fields.String(validate=validate.Length(min=1, max=50))
    return fields.List(one, validate=validate.Length(max=20), **kwargs)


def one_of(*choices: str, **kwargs: Any) -> fields.String:
    """Return a field for one of a few words."""
    return fields.String(validate=validate.OneOf(choices), **kwargs)
