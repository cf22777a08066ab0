"""Field types of places, and what the API answers of them."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, validate
from marshmallow.fields import Field

from services.locations.domain import words
from services.locations.domain.sphere import Bounds, Point
from shared.http import Schema, fields

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,4}(\.[0-9]{1,20})?\s*", re.ASCII)


def degrees(value: Any, most: int) -> float:
    """Read degrees from a number or a decimal string. Raises ValidationError."""
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (_NUMBER.fullmatch(text) or _small(text)):
        raise ValidationError("Not a number of degrees.")
    number = float(text)
    if not -most <= number <= most:
        raise ValidationError(f"Must lie between -{most} and {most}.")
    return 180.0 if most == 180 and number == -180 else number


def _small(text: str) -> bool:
    """Whether it is a JSON number so near to 0 that it is written with an exponent."""
    return re.fullmatch(r"-?[0-9](\.[0-9]+)?e-[0-9]{1,3}", text, re.ASCII) is not None


class Latitude(Field[float]):
    """Degrees of latitude, read from a number or a decimal string, answered as a decimal string."""

    most = 90

    def __init__(self, **kwargs: Any) -> None:
        described = {"type": "string", "format": "decimal", "example": "30.267150", **kwargs.pop("metadata", {})}
        super().__init__(metadata=described, **kwargs)

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else f"{value:.6f}"

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> float:
        return degrees(value, self.most)


class Longitude(Latitude):
    """Degrees of longitude; -180 is read as 180."""

    most = 180


class Degrees(Latitude):
    """Degrees in a query string or a body, documented as a number."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "number", "minimum": -most, "maximum": most}
        self.most = most


class Decimals(Field[Decimal]):
    """A decimal number as a string, with a fixed number of places."""

    def __init__(self, places: int, *, least: str | None = None, most: str | None = None, **kwargs: Any) -> None:
        described = {"type": "string", "format": "decimal", **kwargs.pop("metadata", {})}
        super().__init__(metadata=described, **kwargs)
        self.places, self.least, self.most = places, least, most

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else f"{value:.{self.places}f}"

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Decimal:
        text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value).strip()
        if not re.fullmatch(rf"-?[0-9]{{1,9}}(\.[0-9]{{1,{self.places}}}0*)?", text, re.ASCII):
            raise ValidationError(f"Not a number with at most {self.places} decimal place(s).")
        number = Decimal(text)
        if (self.least and number < Decimal(self.least)) or (self.most and number > Decimal(self.most)):
            raise ValidationError(f"Must be {self.least} to {self.most}.")
        return number


class Number(fields.Float):
    """A finite number between two bounds."""

    def __init__(self, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        number = float(super()._deserialize(value, attr, data, **kwargs))
        if not math.isfinite(number):
            raise self.make_error("invalid", input=value)
        return number


class LatLng(Field[Point]):
    """`lat,lng` in degrees."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "example": "40.7484,-73.9967"}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Point:
        parts = str(value).split(",")
        if len(parts) != 2:
            raise ValidationError("Two numbers: lat,lng.")
        return Point(degrees(parts[0], 90), degrees(parts[1], 180))


class Box(Field[Bounds]):
    """`south,west,north,east` in degrees."""

    def __init__(self, **kwargs: Any) -> None:
        described = {"type": "string", "example": "29.9,-98.1,30.6,-97.3"}
        described["description"] = "south,west,north,east; west above east crosses the antimeridian"
        super().__init__(metadata=described, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Bounds:
        parts = str(value).split(",")
        if len(parts) != 4:
            raise ValidationError("Four numbers: south,west,north,east.")
        south, north = degrees(parts[0], 90), degrees(parts[2], 90)
        west, east = (float(part) if degrees(part, 180) == 180 else degrees(part, 180) for part in parts[1::2])
        if south > north:
            raise ValidationError("South must not be above north.")
        return Bounds(south, west, north, east)


def maybe(kind: type[Field[Any]], *args: Any, **kwargs: Any) -> Field[Any]:
    """Return a field that may be null."""
    return kind(*args, allow_none=True, **kwargs)


def line(most: int, **kwargs: Any) -> fields.String:
    """Return a field of one line of text."""
    return fields.String(validate=validate.Length(max=most, min=kwargs.pop("least", None)), **kwargs)


class Country(Schema):
    """A country; its id is the number of ISO 3166-1."""

    id = fields.Integer()
    name = fields.String()
    code = fields.String()
    code_3 = fields.String()
    numeric_code = maybe(fields.String)
    slug = fields.String()
    phone_code = maybe(fields.String)
    currency_code = maybe(fields.String)
    is_active = fields.Boolean()
    flag = fields.String()
    timezones = fields.List(fields.String())


class State(Schema):
    """A first-level part of a country."""

    id = fields.Integer()
    name = fields.String()
    code = fields.String()
    slug = fields.String()
    country = fields.Integer()
    country_name = fields.String()
    country_code = fields.String()
    is_active = fields.Boolean()
    meta_title = maybe(fields.String)
    meta_description = maybe(fields.String)
    iso_code = maybe(fields.String)
    type = maybe(fields.String)
    city_count = fields.Integer()


class City(Schema):
    """A city, town or village."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    state = fields.Integer()
    state_name = fields.String()
    state_code = fields.String()
    country = fields.Integer()
    country_name = fields.String()
    country_code = fields.String()
    population = maybe(fields.Integer)
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    metro_area = maybe(fields.String)
    is_major = fields.Boolean()
    is_active = fields.Boolean()
    service_count = fields.Integer()
    practitioner_count = fields.Integer()
    timezone = maybe(fields.String)
    meta_title = maybe(fields.String)
    meta_description = maybe(fields.String)
    seo_url = fields.String()
    distance_miles = maybe(Decimals, 2, metadata={"description": "Only with near."})


class ZipCode(Schema):
    """A postal code."""

    id = fields.Integer()
    code = fields.String()
    city = maybe(fields.Integer)
    city_name = maybe(fields.String)
    state_code = maybe(fields.String)
    country = fields.Integer()
    country_code = fields.String()
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    timezone = maybe(fields.String)
    kind = maybe(fields.String, validate=validate.OneOf(tuple(words.ZIP_KINDS.values())))
    is_active = fields.Boolean()
    other_city_names = fields.List(fields.String())
    distance_miles = maybe(Decimals, 2, metadata={"description": "Only with near."})
