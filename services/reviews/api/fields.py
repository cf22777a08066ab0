"""Fields of reviews' own."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from services.reviews.domain import figures
from shared.http import fields

_RATING = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def _hundredths(value: Any, *, low: int = 100) -> int:
    """Return a rating in hundredths of a star. Raises ValidationError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValidationError("Not a rating.")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if not _RATING.fullmatch(text):
        raise ValidationError("Not a rating.")
    exact = Decimal(text) * 100
    if exact != int(exact):
        raise ValidationError("At most two decimal places.")
    if not low <= exact <= 500:
        raise ValidationError("Must be from 1 to 5.")
    return int(exact)


class Stars(fields.Field[int]):
    """A rating: hundredths of a star inside, a decimal string outside (`"4.50"`). Reads strings and numbers."""

    def __init__(self, *, low: int = 100, **options: Any) -> None:
        metadata = {"type": "string", "format": "decimal", "example": "4.50", **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)
        self.low = low

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **_: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature.
        return None if value is None else figures.stars(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> int:  # noqa: ARG002 - marshmallow's signature.
        return _hundredths(value, low=self.low)


class StarRange(fields.Field[tuple[int, int]]):
    """A filter: `4` is four stars and something, `4.5` and `4.00` are exact. Both bounds are included."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature.
        data: Mapping[str, Any] | None,  # noqa: ARG002 - marshmallow's signature.
        **_: Any,
    ) -> tuple[int, int]:
        read = _hundredths(value)
        return (read, read) if "." in str(value) else (read, read + 99)


class Reference(fields.Field[Any]):
    """An id, a uuid or a slug: read as int, UUID or str."""

    default_error_messages = {"invalid": "Not an id, a uuid or a slug."}  # noqa: RUF012 - marshmallow's form.

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string", **options.pop("metadata", {})}, **options)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature.
        data: Mapping[str, Any] | None,  # noqa: ARG002 - marshmallow's signature.
        **_: Any,
    ) -> int | UUID | str:
        text = str(value).strip()
        if text.isascii() and text.isdigit():
            if not 0 < int(text) <= fields.INT64_MAX:
                raise self.make_error("invalid")
            return int(text)
        try:
            return UUID(text)
        except ValueError:
            pass
        if not _SLUG.fullmatch(text):
            raise self.make_error("invalid")
        return text
