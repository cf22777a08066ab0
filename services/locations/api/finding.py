"""Finding places: one box of text, completing it, distances, areas."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError, validate
from marshmallow.fields import Field
from sqlalchemy import Connection

from services.locations.api.caching import REFERENCE_SECONDS, let_caches_keep
from services.locations.api.shapes import City as CityShape
from services.locations.api.shapes import Decimals, Degrees, Latitude, LatLng, Longitude, Number, degrees, line, maybe
from services.locations.domain import words
from services.locations.domain.addresses import Question
from services.locations.domain.errors import LocationNotFound, PlaceNotFound
from services.locations.domain.sphere import METRES_PER_MILE, Point, bearing, kilometres, metres_between, miles
from services.locations.domain.text import normalised
from services.locations.models import lookups
from services.locations.operations.geocoding import geocoding
from services.locations.operations.throttling import throttle
from services.locations.queries import measuring
from services.locations.queries.measuring import End
from services.locations.queries.resolving import Place, resolve
from services.locations.queries.suggestions import address_suggestion, suggest
from services.locations.settings import settings
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Invalid, RateLimited
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields, identity

finding = Blueprint("locations", "Finding places and measuring between them.")

ADDRESS_MILES = 10.0
_RADIUS = {"rooftop": ADDRESS_MILES, "street": ADDRESS_MILES, "postal_code": 5.0, "city": 15.0, "state": 150.0}


class PlaceReference(Field[tuple[str, Any]]):
    """`lat,lng`, `zip:10001`, `city:5128581`, or a location's uuid."""

    def __init__(self, **kwargs: Any) -> None:
        described = {"type": "string", "description": "lat,lng | zip:10001 | city:5128581 | location uuid"}
        super().__init__(metadata=described, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[str, Any]:
        text = normalised(str(value))
        kind, colon, rest = text.partition(":")
        if colon and kind == "zip" and 0 < len(rest) <= 20:
            return "zip", rest
        if colon and kind == "city" and rest.isascii() and rest.isdigit():
            return "city", min(int(rest[:19]), fields.INT64_MAX)
        if "," in text:
            latitude, _, longitude = text.partition(",")
            return "point", Point(degrees(latitude, 90), degrees(longitude, 180))
        try:
            return "location", UUID(text)
        except ValueError as bad:
            raise ValidationError("lat,lng or zip:… or city:… or a location's uuid.") from bad


class DistanceQuery(QuerySchema):
    """Two places."""

    start = PlaceReference(required=True, data_key="from")
    end = PlaceReference(required=True, data_key="to")
    unit = fields.String(validate=validate.OneOf(words.UNITS), load_default=words.MILES)


class DistanceEnd(Schema):
    """One end of a distance."""

    latitude = Latitude()
    longitude = Longitude()
    name = maybe(fields.String)


class Distance(Schema):
    """How far two places are from each other, as the crow flies."""

    distance_miles = Decimals(2)
    distance_km = Decimals(2)
    bearing = fields.Float()
    start = fields.Nested(DistanceEnd, data_key="from")
    end = fields.Nested(DistanceEnd, data_key="to")


class AutocompleteQuery(QuerySchema):
    """What was typed so far."""

    q = fields.String(required=True, validate=validate.Length(2, 100))
    country = line(60, metadata={"description": "ISO code(s), comma separated."})
    types = fields.Names(words.PLACE_TYPES, load_default=words.PLACE_TYPES)
    near = LatLng()
    limit = fields.Integer(validate=validate.Range(1, 20), load_default=8)
    session_token = fields.UUID(metadata={"description": "Of Google's billing session; addresses need one."})


class PlaceSuggestion(Schema):
    """A place that may be meant."""

    type = fields.String(validate=validate.OneOf(words.PLACE_TYPES))
    id = maybe(fields.Integer)
    text = fields.String()
    secondary_text = fields.String()
    highlight = fields.String(metadata={"description": "HTML; what was typed is in <em>."})
    latitude = maybe(Latitude)
    longitude = maybe(Longitude)
    slug = maybe(fields.String)
    place_id = maybe(fields.String)


class ResolveQuery(QuerySchema):
    """One box of text."""

    q = line(200, least=1, required=True)
    country = line(60)


class ResolvedPlace(Schema):
    """The place that a text means, and half its size."""

    type = fields.String(validate=validate.OneOf(("point", *words.PLACE_TYPES)))
    name = fields.String()
    latitude = Latitude()
    longitude = Longitude()
    radius_miles = fields.Float()
    city = maybe(fields.Integer)
    state = maybe(fields.Integer)
    country = maybe(fields.Integer)
    timezone = fields.String()


class AreaQuery(QuerySchema):
    """A circle."""

    lat = Degrees(90, required=True)
    lng = Degrees(180, required=True)
    radius = Number(1, 300, load_default=25.0)


class ServiceArea(Schema):
    """What lies in a circle."""

    cities_count = fields.Integer()
    total_population = fields.Integer()
    practitioner_count = fields.Integer()
    major_cities = fields.List(fields.Nested(CityShape))


@finding.route("/locations/distance/")
class MeasureDistance(MethodView):
    """Distances."""

    @finding.operation("locations_distance_retrieve", ANYONE, refuses=[PlaceNotFound, LocationNotFound])
    @finding.arguments(DistanceQuery, location="query")
    @finding.response(200, Distance)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the great-circle distance of two places; of a location, from the point that everybody may know."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            start, end = _end(connection, *query["start"]), _end(connection, *query["end"])
        metres = metres_between(start.point, end.point)
        return {
            "distance_miles": miles(metres),
            "distance_km": kilometres(metres),
            "bearing": bearing(start.point, end.point),
            "start": _shown_end(start),
            "end": _shown_end(end),
        }


@finding.route("/locations/autocomplete/")
class Autocomplete(MethodView):
    """Completing."""

    @finding.operation("locations_autocomplete_retrieve", ANYONE, refuses=[RateLimited])
    @finding.arguments(AutocompleteQuery, location="query")
    @finding.response(200, PlaceSuggestion(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Complete what somebody types: our own places first; addresses only with Google, signed in."""
        by, asked, limit = identity(), query["q"], query["limit"]
        throttle("autocomplete", by=by, now=utc_now())
        with reading() as connection:
            rows = [_country(connection, code) for code in query.get("country", "").split(",") if code.strip()]
            found = suggest(
                connection,
                asked,
                countries=[row["id"] for row in rows],
                types=query["types"],
                near=query.get("near"),
                limit=limit,
            )
        token = query.get("session_token")
        if "address" in query["types"] and by.is_signed_in and token is not None and len(found) < limit:
            codes = tuple(row["code"] for row in rows)
            more = geocoding().suggestions(asked, session_token=str(token), countries=codes, point=query.get("near"))
            found += [address_suggestion(*one, asked) for one in more[: limit - len(found)]]
        return found


@finding.route("/locations/resolve/")
class Resolve(MethodView):
    """One box."""

    @finding.operation("locations_resolve_retrieve", ANYONE, refuses=[RateLimited, PlaceNotFound])
    @finding.arguments(ResolveQuery, location="query")
    @finding.response(200, ResolvedPlace)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the one place that a text means: a point, a postal code, a city, a state, a country, an address."""
        by = identity()
        throttle("resolve", by=by, now=utc_now())
        with reading() as connection:
            default = _country(connection, settings().locations_default_country)
            country = _country(connection, query["country"]) if "country" in query else None
            place = resolve(connection, query["q"], country=country, default=default)
        if place is None:
            question = Question(text=query["q"], country=(country or default)["code"])
            answer = geocoding().geocode(question) if by.is_signed_in else geocoding().offline(question)
            place = _as_place(answer.best)
        if place is None:
            raise PlaceNotFound
        return {
            **{name: getattr(place, name) for name in ("type", "name", "radius_miles", "city", "state", "country")},
            "latitude": place.point.latitude,
            "longitude": place.point.longitude,
            "timezone": place.timezone or "UTC",
        }


@finding.route("/locations/service_area/")
class ServiceAreaFigures(MethodView):
    """Areas."""

    @finding.operation("locations_service_area_retrieve", ANYONE)
    @finding.arguments(AreaQuery, location="query")
    @finding.response(200, ServiceArea)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return how many cities, people and practitioners lie in a circle, and its twenty largest cities."""
        let_caches_keep(REFERENCE_SECONDS)
        point = Point(query["lat"], query["lng"])
        with reading() as connection:
            return measuring.service_area(connection, point, query["radius"] * METRES_PER_MILE)


def _end(connection: Connection, kind: str, value: Any) -> End:
    if kind == "zip":
        return measuring.zip_end(connection, value, country=settings().locations_default_country)
    if kind == "city":
        return measuring.city_end(connection, value)
    return End(value) if kind == "point" else measuring.location_end(connection, value)


def _shown_end(end: End) -> dict[str, Any]:
    return {"latitude": end.point.latitude, "longitude": end.point.longitude, "name": end.name}


def _country(connection: Connection, asked: str) -> dict[str, Any]:
    row = lookups.country(connection, asked)
    if row is None:
        raise Invalid.field("country", "There is no such country.")
    return row


def _as_place(found: Any) -> Place | None:
    """Return what a geocoder found as a place; no guess from a state or country that is left of an address."""
    if found is None or found.partial_match or found.precision == "country":
        return None
    return Place(
        type="address" if found.precision in ("rooftop", "street") else found.precision,
        name=found.formatted_address,
        point=found.point,
        radius_miles=_RADIUS[found.precision],
        city=found.city_id,
        state=found.state_id,
        country=found.country_id,
        timezone=found.timezone,
    )
