"""Addresses: finding them on the map, checking them, and what is at a point."""

from typing import Any

from marshmallow import ValidationError, validate, validates_schema
from marshmallow.fields import Field

from services.locations.api.location_shapes import CountryReference
from services.locations.api.shapes import Degrees, Latitude, Longitude, line, maybe
from services.locations.domain import words
from services.locations.domain.addresses import GRANULARITIES, Correction, Found, Question, Verdict
from services.locations.domain.errors import NothingThere
from services.locations.domain.sphere import Point
from services.locations.models import lookups
from services.locations.operations.geocoding import geocoding
from services.locations.operations.throttling import throttle
from services.locations.settings import settings
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Invalid, RateLimited
from shared.http import SIGNED_IN, Blueprint, MethodView, Schema, fields, identity

addresses = Blueprint("addresses", "Finding and checking addresses.")


class NameOrId(Field[str]):
    """A city or state by id or by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string"}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int | str:  # type: ignore[override]
        if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 100:
            raise ValidationError("An id or a name.")
        return value if isinstance(value, int) else value.strip()


class AddressToValidate(Schema):
    """An address in one line, or its parts."""

    address = line(500)
    address_line1 = line(255)
    address_line2 = line(255, allow_none=True)
    city = NameOrId(allow_none=True)
    state = NameOrId(allow_none=True)
    postal_code = line(20, allow_none=True)
    country = CountryReference(allow_none=True)

    @validates_schema
    def require_something(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what holds no address at all."""
        if not any(data.get(name) for name in ("address", "address_line1", "city", "state", "postal_code")):
            raise ValidationError({"address": ["An address is needed, in one line or in parts."]})


class AddressComponents(Schema):
    """The parts of an address."""

    street_number = maybe(fields.String)
    street = maybe(fields.String)
    unit = maybe(fields.String)
    city = maybe(fields.String)
    state = maybe(fields.String)
    postal_code = maybe(fields.String)
    country = maybe(fields.String)


class Geocode(Schema):
    """A place that an address means; `precision` says how exact the point is."""

    formatted_address = fields.String()
    latitude = Latitude()
    longitude = Longitude()
    precision = fields.String(validate=validate.OneOf(words.PRECISIONS[:-1]))
    partial_match = fields.Boolean()
    components = fields.Nested(AddressComponents)
    city = maybe(fields.Integer)
    state = maybe(fields.Integer)
    country = maybe(fields.Integer)
    timezone = fields.String()
    place_id = maybe(fields.String)
    bounds = maybe(fields.String, metadata={"description": "south,west,north,east"})


class Geocodes(Schema):
    """The places that an address may mean, best first."""

    results = fields.List(fields.Nested(Geocode))
    source = fields.String(validate=validate.OneOf((words.GOOGLE, words.OFFLINE, words.CACHE)))


class AddressCorrection(Schema):
    """What was written otherwise than it is called."""

    component = fields.String()
    before = fields.String(data_key="from")
    after = fields.String(data_key="to")


class AddressVerdict(Schema):
    """Whether an address can be used, and what is sure about it."""

    valid = fields.Boolean()
    error = maybe(fields.String)
    formatted_address = maybe(fields.String)
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    components = fields.Nested(AddressComponents)
    granularity = fields.String(validate=validate.OneOf(GRANULARITIES))
    confirmed = fields.List(fields.String())
    unconfirmed = fields.List(fields.String())
    corrections = fields.List(fields.Nested(AddressCorrection))
    missing = fields.List(fields.String())
    city = maybe(fields.Integer)
    state = maybe(fields.Integer)
    country = maybe(fields.Integer)
    timezone = maybe(fields.String)
    place_id = maybe(fields.String)
    source = fields.String(validate=validate.OneOf((words.GOOGLE, words.OFFLINE, words.CACHE)))


class PointRequest(Schema):
    """A point on the map."""

    latitude = Degrees(90, required=True)
    longitude = Degrees(180, required=True)


@addresses.route("/locations/geocode/")
class GeocodeAddress(MethodView):
    """Finding an address."""

    @addresses.operation("locations_geocode_create", SIGNED_IN, refuses=[RateLimited])
    @addresses.arguments(AddressToValidate)
    @addresses.response(200, Geocodes)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Find an address on the map."""
        throttle("geocode", by=identity(), now=utc_now())
        answer = geocoding().geocode(_question(body))
        return {"results": [_shown(one) for one in answer.results], "source": answer.source}


@addresses.route("/locations/reverse_geocode/")
class ReverseGeocode(MethodView):
    """What is at a point."""

    @addresses.operation("locations_reverse_geocode_create", SIGNED_IN, refuses=[RateLimited, NothingThere])
    @addresses.arguments(PointRequest)
    @addresses.response(200, Geocode)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the address at a point, or the nearest place that is known."""
        throttle("geocode", by=identity(), now=utc_now())
        found = geocoding().reverse(Point(body["latitude"], body["longitude"]))
        if found is None:
            raise NothingThere
        return _shown(found)


class _Validate(MethodView):
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell whether an address can be used, what was mended, and what nobody can confirm."""
        throttle("validate", by=identity(), now=utc_now())
        verdict, source = geocoding().verdict(_question(body))
        return _judged(verdict, source)


@addresses.route("/locations/validate_address/")
class ValidateAddress(_Validate):
    """Checking an address."""

    @addresses.operation("locations_validate_address_create", SIGNED_IN, refuses=[RateLimited])
    @addresses.arguments(AddressToValidate)
    @addresses.response(200, AddressVerdict)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Check an address.

        Tells whether it can be used, what was mended, and what nobody can confirm.
        """
        return super().post(body)


@addresses.route(
    "/practitioner-locations/validate_address/", twins=["/locations/practitioner-locations/validate_address/"]
)
class ValidateLocationAddress(_Validate):
    """Checking an address before a location is made of it."""

    @addresses.operation("practitioner_locations_validate_address_create", SIGNED_IN, refuses=[RateLimited])
    @addresses.arguments(AddressToValidate)
    @addresses.response(200, AddressVerdict)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Check an address.

        Tells whether it can be used, what was mended, and what nobody can confirm.
        """
        return super().post(body)


def _question(body: dict[str, Any]) -> Question:
    """Return the address that is asked for, with names for ids. Raises Invalid for unknown ids and countries."""
    with reading() as connection:
        asked = body.get("country") or settings().locations_default_country
        country = lookups.country(connection, asked)
        if country is None:
            raise Invalid.field("country", "There is no such country.")
        names = {}
        for name, find in (("city", lookups.city_by_id), ("state", lookups.state_by_id)):
            value = body.get(name)
            if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
                row = find(connection, min(int(value), fields.INT64_MAX))
                if row is None:
                    raise Invalid.field(name, f"There is no such {name}.")
                value = row["name"] if name == "city" else row["code"]
            names[name] = value or ""
    return Question(
        text=body.get("address") or "",
        line1=body.get("address_line1") or "",
        line2=body.get("address_line2") or "",
        postal_code=body.get("postal_code") or "",
        country=country["code"],
        **names,
    )


def _shown(found: Found) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in ("formatted_address", "precision", "partial_match", "components")},
        **{name: getattr(found, name) for name in ("place_id", "bounds")},
        **_placed(found),
        "timezone": found.timezone or "UTC",
    }


def _judged(verdict: Verdict, source: str) -> dict[str, Any]:
    same = (
        *("valid", "error", "formatted_address", "components", "granularity", "confirmed", "unconfirmed", "missing"),
        *("timezone", "place_id"),
    )
    corrections: list[Correction] = list(verdict.corrections)
    return {
        **{name: getattr(verdict, name) for name in same},
        **_placed(verdict),
        "corrections": corrections,
        "source": source,
    }


def _placed(found: Found | Verdict) -> dict[str, Any]:
    return {
        "latitude": found.point.latitude if found.point else None,
        "longitude": found.point.longitude if found.point else None,
        "city": found.city_id,
        "state": found.state_id,
        "country": found.country_id,
    }
