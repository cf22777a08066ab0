"""Fields of bookings' own."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from marshmallow import ValidationError

from shared.http import fields

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class Reference(fields.Field[Any]):
    """An id, a uuid or a slug: read as int, UUID or str."""

    default_error_messages = {"invalid": "Not an id, a uuid or a slug."}  # noqa: RUF012 - marshmallow's form.

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string", "example": "42", **options.pop("metadata", {})}, **options)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature.
        data: Mapping[str, Any] | None,  # noqa: ARG002 - marshmallow's signature.
        **kwargs: Any,  # noqa: ARG002 - marshmallow's signature.
    ) -> int | UUID | str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.make_error("invalid")
        text = str(value).strip()
        if text.isascii() and text.lstrip("-").isdigit():
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


class Id(fields.Integer):
    """A positive 64-bit number."""

    def _validated(self, value: Any) -> int:
        number = super()._validated(value)
        if number < 1:
            raise self.make_error("invalid", input=value)
        return number


def web_address(value: str) -> None:
    """Refuse what is not an http or https address."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValidationError("Must be an http or https address.")
