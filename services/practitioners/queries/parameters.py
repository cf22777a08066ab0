"""Query parameters that name several things, read into the facets of `Practitioner.tags`."""

import re
from collections.abc import Mapping
from typing import Any

from services.practitioners.domain import words
from services.practitioners.domain.text import place_key
from shared.http import fields


class Facets(fields.List[Any]):
    """Numbers, or words too, repeated or comma separated, read as facets with a prefix.

    `known` reads certain words as numbers; `slugs` lets other words through for the database to look up.
    """

    default_error_messages = {"facet": "Not understood: {part}."}  # noqa: RUF012 - marshmallow's form.

    def __init__(
        self, prefix: str, *, known: tuple[str, ...] = (), slugs: bool = False, pattern: str = r"[0-9]{1,18}"
    ) -> None:
        super().__init__(fields.String(), metadata={"description": "One or more, repeated or comma separated."})
        self.prefix = prefix
        self.known = known
        self.slugs = slugs
        self.pattern = re.compile(pattern)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> list[Any]:
        given = value if isinstance(value, list) else [value]
        parts = [part.strip().lower() for one in given for part in str(one).split(",") if part.strip()]
        return list(dict.fromkeys(self._facet(part) for part in parts[:100]))

    def _facet(self, part: str) -> str:
        if part in self.known:
            return f"{self.prefix}{self.known.index(part) + 1}"
        if self.pattern.fullmatch(part):
            return f"{self.prefix}{int(part)}" if part.isdigit() else f"{self.prefix}{part}"
        if self.slugs and re.fullmatch(r"[a-z0-9_-]{1,120}", part):
            return part
        raise self.make_error("facet", part=part[:60])


class Between(fields.Integer):
    """A whole number from `least` to `most`."""

    default_error_messages = {"range": "Must be {least} to {most}."}  # noqa: RUF012 - marshmallow's form.

    def __init__(self, least: int, most: int) -> None:
        super().__init__(metadata={"description": f"{least} to {most}."})
        self.least = least
        self.most = most

    def _validated(self, value: Any) -> int:
        number = super()._validated(value)
        if not self.least <= number <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return number


class Rating(fields.Float):
    """A rating from 0 to 5."""

    default_error_messages = {"range": "Must be 0 to 5."}  # noqa: RUF012 - marshmallow's form.

    def _validated(self, value: Any) -> Any:
        number = super()._validated(value)
        if not 0 <= number <= 5:
            raise self.make_error("range")
        return number


class PlaceName(fields.String):
    """The name, slug or code of a place, read as places are compared."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return place_key(super()._deserialize(value, attr, data, **kwargs)[:200])


class Box(fields.String):
    """A place in one box: `austin, tx` is read as `austin|tx`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        name, _, region = super()._deserialize(value, attr, data, **kwargs)[:200].replace("|", " ").partition(",")
        return f"{place_key(name)}|{place_key(region)}"


class Numbers(fields.String):
    """A fixed count of comma separated numbers, as a tuple."""

    default_error_messages = {"numbers": "Must be {count} numbers, separated by commas."}  # noqa: RUF012

    def __init__(self, count: int) -> None:
        super().__init__(metadata={"description": f"{count} numbers, comma separated."})
        self.count = count

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        parts = super()._deserialize(value, attr, data, **kwargs).split(",")
        if len(parts) != self.count or not all(
            re.fullmatch(r"\s*-?[0-9]{1,3}(\.[0-9]{1,15})?\s*", one) for one in parts
        ):
            raise self.make_error("numbers", count=self.count)
        return tuple(float(part) for part in parts)


LANGUAGE = r"[a-z]{2}"
LOCATION_TYPES = ("virtual", "in_person", "hybrid")
SERVICE_TYPES = words.SERVICE_TYPES
