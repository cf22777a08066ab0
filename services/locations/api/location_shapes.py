"""What the API reads and answers of practitioners' locations."""

from typing import Any

from marshmallow import ValidationError, validate
from marshmallow.fields import Field

from services.locations.api.shapes import Decimals, Latitude, Longitude, line, maybe
from services.locations.domain import words
from shared.http import Schema, fields


class CountryReference(Field[str]):
    """A country by number, code or name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "example": "US"}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | str) or not 1 <= len(str(value).strip()) <= 100:
            raise ValidationError("A number, code or name of a country.")
        return str(value).strip()


class HttpsUrl(fields.Url):
    """An address of a page, https only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(schemes={"https"}, relative=False, validate=validate.Length(max=500), **kwargs)


def _place_id() -> fields.Integer:
    return fields.Integer(allow_none=True, validate=validate.Range(min=1))


class PractitionerLocation(Schema):
    """A place where a practitioner works. Others see no more of a hidden address than city and part of town."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    practitioner = fields.Integer()
    name = maybe(fields.String)
    address_line1 = fields.String()
    address_line2 = maybe(fields.String)
    city = maybe(fields.Integer)
    state = maybe(fields.Integer)
    postal_code = fields.String()
    country = maybe(fields.Integer)
    city_name = maybe(fields.String)
    state_name = maybe(fields.String)
    state_code = maybe(fields.String)
    country_name = maybe(fields.String)
    country_code = maybe(fields.String)
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    is_primary = fields.Boolean()
    is_virtual = fields.Boolean()
    is_in_person = fields.Boolean()
    service_radius_miles = maybe(Decimals, 1)
    full_address = fields.String()
    location_types = fields.List(fields.String())
    timezone = maybe(fields.String)
    address_visibility = fields.String()
    is_address_hidden = fields.Boolean()
    precision = maybe(fields.String)
    geocode_status = maybe(fields.String)
    virtual_platform = maybe(fields.String)
    virtual_url = maybe(fields.String)
    arrival_notes = maybe(fields.String)
    accessibility = fields.List(fields.String())
    warnings = fields.List(fields.String())
    version = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class AddressRequest(Schema):
    """The parts of an address; they count before those of the same names beside."""

    address_line1 = line(255)
    address_line2 = line(255, allow_none=True)
    city = _place_id()
    state = _place_id()
    postal_code = line(20)
    country = CountryReference(allow_none=True)
    latitude = Latitude(allow_none=True)
    longitude = Longitude(allow_none=True)


class PractitionerLocationRequest(Schema):
    """A location. In person it needs an address: by ids, or by names in `input_…`."""

    name = line(255, allow_none=True)
    address_line1 = line(255, least=1, allow_none=True)
    address_line2 = line(255, allow_none=True)
    city = _place_id()
    state = _place_id()
    postal_code = line(20, least=1, allow_none=True)
    country = CountryReference(allow_none=True)
    latitude = Latitude(allow_none=True)
    longitude = Longitude(allow_none=True)
    is_primary = fields.Boolean()
    is_virtual = fields.Boolean()
    is_in_person = fields.Boolean()
    service_radius_miles = Decimals(1, least="0.1", most="300", allow_none=True)
    address = fields.Nested(AddressRequest, allow_none=True)
    timezone = fields.TimeZone(allow_none=True)
    address_visibility = fields.String(validate=validate.OneOf(words.VISIBILITIES))
    virtual_platform = fields.String(validate=validate.OneOf(words.PLATFORMS), allow_none=True)
    virtual_url = HttpsUrl(allow_none=True)
    arrival_notes = fields.String(multiline=True, validate=validate.Length(max=1000), allow_none=True)
    accessibility = fields.List(
        fields.String(validate=validate.OneOf(words.ACCESSIBILITY)), validate=validate.Length(max=20)
    )
    input_city_name = line(100, allow_none=True)
    input_state_name = line(100, allow_none=True)
    input_state_code = line(10, allow_none=True)
    input_country_name = line(100, allow_none=True)
    input_country_code = line(2, allow_none=True)


class PinRequest(Schema):
    """Where the owner says the location is; nothing to find the address again."""

    latitude = Latitude(allow_none=True)
    longitude = Longitude(allow_none=True)


def merged(body: dict[str, Any]) -> dict[str, Any]:
    """Return a request with its `address` laid over its other fields, each kind of accessibility once."""
    read = {**body, **(body.get("address") or {})}
    read.pop("address", None)
    if read.get("accessibility"):
        read["accessibility"] = list(dict.fromkeys(read["accessibility"]))
    return read


class NearbyLocation(Schema):
    """A location with its distance. Where it was not measured, it is null."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    name = maybe(fields.String)
    practitioner_id = fields.String(metadata={"description": "The practitioner's public uuid."})
    practitioner = fields.Integer()
    practitioner_name = fields.String()
    practitioner_slug = fields.String()
    address_line1 = fields.String()
    address_line2 = maybe(fields.String)
    city = maybe(fields.Integer)
    state = maybe(fields.Integer)
    city_name = maybe(fields.String)
    state_code = maybe(fields.String)
    country_code = maybe(fields.String)
    postal_code = fields.String()
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    is_virtual = fields.Boolean()
    is_in_person = fields.Boolean()
    service_radius_miles = maybe(Decimals, 1)
    within_service_radius = fields.Boolean()
    distance_miles = maybe(Decimals, 2)
    distance_km = maybe(Decimals, 2)
    full_address = fields.String()
    location_types = fields.List(fields.String())
    timezone = fields.String()
