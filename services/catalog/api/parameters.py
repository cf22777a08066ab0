"""Query parameters of lists of services that shared fields do not have."""

import re
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from marshmallow.fields import Field

from services.catalog.domain import words

MOST = 50


class Texts(Field[tuple[str, ...]]):
    """A comma list of words, lower-cased."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip().lower() for part in str(value).split(",") if part.strip()))
        if not parts or len(parts) > MOST or any(len(part) > 200 for part in parts):
            raise ValidationError(f"A comma list of 1 to {MOST} words.")
        return parts


class Numbers(Field[tuple[int, ...]]):
    """A comma list of ids."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[int, ...]:
        parts = [part.strip() for part in str(value).split(",") if part.strip()]
        if not parts or len(parts) > MOST or not all(re.fullmatch(r"[0-9]{1,18}", part, re.ASCII) for part in parts):
            raise ValidationError(f"A comma list of 1 to {MOST} numbers.")
        return tuple(dict.fromkeys(map(int, parts)))


class TypeCodes(Field[tuple[int, ...]]):
    """A comma list of types of service, by code."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[int, ...]:
        codes = [words.TYPE_ALIASES.get(part.strip(), part.strip()) for part in str(value).split(",") if part.strip()]
        unknown = [code for code in codes if code not in words.NUMBERS]
        if unknown or not codes:
            raise ValidationError(f"Known: {', '.join(words.NUMBERS)}.")
        return tuple(dict.fromkeys(words.NUMBERS[code] for code in codes))


class Dollars(Field[int]):
    """An amount of dollars, read into cents; a bound of a range, so more places than two are cut."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        text = str(value).strip()
        if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,6})?", text, re.ASCII):
            raise ValidationError("Not an amount.")
        whole, _point, part = text.partition(".")
        return int(whole) * 100 + int((part + "00")[:2])


class Point(Field[tuple[float, float]]):
    """`lat,lng` in degrees."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[float, float]:
        parts = str(value).split(",")
        if len(parts) != 2 or not all(re.fullmatch(r"\s*-?[0-9]{1,3}(\.[0-9]+)?\s*", part, re.ASCII) for part in parts):
            raise ValidationError("lat,lng in degrees.")
        lat, lng = map(float, parts)
        if not (-90 <= lat <= 90 and -180 <= lng <= 180):
            raise ValidationError("lat,lng in degrees.")
        return lat, lng


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


class Status(Field[str]):
    """A status of a service; older clients' words are read too."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        read = words.STATUS_ALIASES.get(str(value).strip(), str(value).strip())
        if read not in words.STATUSES:
            raise ValidationError(f"Must be one of: {', '.join(words.STATUSES)}.")
        return read
