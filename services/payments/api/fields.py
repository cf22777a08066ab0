"""Fields and checks that several resources of payments read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from marshmallow import ValidationError, validates_schema

from services.payments.domain.addresses import may_lead_to
from services.payments.settings import settings
from shared.http import QuerySchema, fields


class Since(fields.DateTime):
    """A day (its beginning in UTC) or an instant."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        day = _day(value)
        return super()._deserialize(value, attr, data, **kwargs) if day is None else _midnight(day)


class Until(fields.DateTime):
    """A day (all of it) or an instant, as the exclusive end of a range."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        day = _day(value)
        if day is None:
            return super()._deserialize(value, attr, data, **kwargs) + timedelta(microseconds=1)
        return _midnight(day) + timedelta(days=1)


class Reference(fields.String):
    """An id, a uuid, a slug or one of Stripe's ids; numbers are taken too."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > 255:
            raise ValidationError("Too long.")
        return text


class IdOrUuid(fields.Field[Any]):
    """A number or a uuid, in a query string."""

    def _deserialize(self, value: Any, *_: Any, **_options: Any) -> int | UUID:
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) < 19:
            return int(text)
        try:
            return UUID(text)
        except ValueError as bad:
            raise ValidationError("Must be an id or a uuid.") from bad


class PageUrl(fields.String):
    """A web address to return to; `{CHECKOUT_SESSION_ID}` in it is kept, a unicode host becomes punycode."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError as bad:
            raise ValidationError("Not a web address.") from bad
        if parts.scheme not in ("http", "https") or not host or len(text) > 2000:
            raise ValidationError("Not a web address.")
        ascii_host = host if host.isascii() else host.encode("idna").decode()
        netloc = ascii_host if port is None else f"{ascii_host}:{port}"
        if not may_lead_to(text, settings().checkout_allowed_origins):
            raise ValidationError("This origin is not allowed.")
        return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def in_order(schema: type[QuerySchema], start: str = "date_from", end: str = "date_to") -> type[QuerySchema]:
    """Return the schema with the check that a range does not end before it begins."""

    class Ordered(schema):  # type: ignore[valid-type, misc]
        @validates_schema
        def check_range(self, data: Mapping[str, Any], **_: Any) -> None:
            if data.get(start) and data.get(end) and data[start] >= data[end]:
                raise ValidationError({start: [f"Must not be after {end}."]})

    Ordered.__name__ = Ordered.__qualname__ = schema.__name__
    Ordered.__doc__ = schema.__doc__
    return Ordered


CARD_WORDS = frozenset({"number", "card_number", "cvc", "cvv", "source", "card", "pan"})


def refuse_card_data(body: Mapping[str, Any]) -> None:
    """Refuse a card's number or code in a body; the value is neither kept nor logged. Raises ValidationError."""
    for name, value in body.items():
        digits = "".join(part for part in str(value) if part.isdigit()) if isinstance(value, str | int) else ""
        looks_like_card = 13 <= len(digits) <= 19 and _passes_luhn(digits) and len(digits) >= len(str(value)) - 4
        if name.lower() in CARD_WORDS or looks_like_card:
            raise ValidationError({name[:60]: ["Card data must never be sent here; use Stripe's own fields."]})


def _passes_luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(int(each) for each in reversed(number)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _day(value: Any) -> date | None:
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2200 else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
