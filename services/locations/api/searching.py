"""Finding locations: near a point, in a place, on a map."""

from typing import Any

from marshmallow import ValidationError, validate, validates_schema
from sqlalchemy import Connection

from services.locations.api.caching import NEARBY_SECONDS, let_caches_keep
from services.locations.api.location_shapes import CountryReference, NearbyLocation
from services.locations.api.parameters import country_id
from services.locations.api.shapes import Box, Decimals, Degrees, Latitude, Longitude, Number, line, maybe
from services.locations.domain import words
from services.locations.domain.addresses import Question
from services.locations.domain.errors import LocationNotFound, PlaceNotFound
from services.locations.domain.sphere import METRES_PER_MILE, Point, metres_between, miles
from services.locations.domain.text import normalised, zip_digits
from services.locations.models import lookups
from services.locations.operations.callers import named
from services.locations.operations.geocoding import geocoding
from services.locations.operations.throttling import throttle
from services.locations.queries import locations as queries
from services.locations.queries import nearby
from services.locations.settings import settings
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Invalid, RateLimited
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields, identity, say

searching = Blueprint("location-search", "Finding where practitioners work.")


def _kind() -> fields.String:
    return fields.String(validate=validate.OneOf(words.LOCATION_TYPES), load_default=words.BOTH)


def _unit() -> fields.String:
    return fields.String(validate=validate.OneOf(words.UNITS), load_default=words.MILES)


def _limit(most: int, default: int) -> fields.Integer:
    return fields.Integer(validate=validate.Range(1, most), load_default=default)


class NearbyQuery(QuerySchema):
    """A point and what lies around it."""

    lat = Degrees(90, required=True)
    lng = Degrees(180, required=True)
    radius = Number(0.1, 300, load_default=10.0)
    unit = _unit()
    location_type = _kind()
    limit = _limit(nearby.MOST, nearby.MOST)


class BoundsQuery(QuerySchema):
    """A part of the map."""

    bounds = Box(required=True)
    zoom = fields.Integer(validate=validate.Range(1, 20))
    location_type = _kind()
    limit = _limit(500, 200)


class CoverageQuery(QuerySchema):
    """Where somebody wants the practitioner to come."""

    lat = Degrees(90)
    lng = Degrees(180)
    zip = line(20)

    @validates_schema
    def require_a_place(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what names no place."""
        if "zip" not in data and not ("lat" in data and "lng" in data):
            raise ValidationError(
                {name: ["lat and lng, or zip."] for name in ("lat", "lng", "zip") if name not in data}
            )


class LocationSearchRequest(Schema):
    """A point, an address, or a place; with a point and a place both hold."""

    latitude = Latitude(allow_none=True)
    longitude = Longitude(allow_none=True)
    address = line(300, allow_none=True)
    radius = Number(0.1, 300, load_default=25.0)
    unit = _unit()
    city = fields.Integer(allow_none=True)
    state = fields.Integer(allow_none=True)
    country = CountryReference(allow_none=True)
    postal_code = line(20, allow_none=True)
    location_type = _kind()
    limit = _limit(nearby.MOST, nearby.MOST)
    include_mobile = fields.Boolean(load_default=True)


class Cluster(Schema):
    """Several locations in one part of the map."""

    latitude = Latitude()
    longitude = Longitude()
    count = fields.Integer()


class MapPart(Schema):
    """The locations on a part of the map, or where how many are."""

    clustered = fields.Boolean()
    locations = fields.List(fields.Nested(NearbyLocation))
    clusters = fields.List(fields.Nested(Cluster))


class Coverage(Schema):
    """Whether a practitioner comes to a place."""

    covers = fields.Boolean()
    distance_miles = Decimals(2)
    service_radius_miles = maybe(Decimals, 1)


def _metres(query: dict[str, Any]) -> float:
    return float(query["radius"] * (1000 if query["unit"] == words.KILOMETRES else METRES_PER_MILE))


@searching.route("/practitioner-locations/nearby/", twins=["/locations/practitioner-locations/nearby/"])
class Nearby(MethodView):
    """Locations near a point."""

    @searching.operation("practitioner_locations_nearby_retrieve", ANYONE)
    @searching.arguments(NearbyQuery, location="query")
    @searching.response(200, NearbyLocation(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """List locations near a point, nearest first, also those whose service area holds it."""
        let_caches_keep(NEARBY_SECONDS)
        point, place = Point(query["lat"], query["lng"]), nearby.Place()
        with reading() as connection:
            if query["location_type"] == words.VIRTUAL:
                rows = nearby.virtual(connection, place, limit=query["limit"])
            else:
                rows = nearby.near(connection, point, metres=_metres(query), limit=query["limit"], place=place)
        return [nearby.shown(row) for row in rows]


@searching.route("/practitioner-locations/search/", twins=["/locations/practitioner-locations/search/"])
class Search(MethodView):
    """Locations near an address or in a place."""

    @searching.operation("practitioner_locations_search_create", ANYONE, refuses=[RateLimited])
    @searching.arguments(LocationSearchRequest)
    @searching.response(200, NearbyLocation(many=True))
    def post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """List locations near a point or an address, or in a city, state or country."""
        with reading() as connection:
            place = _place(connection, body)
        point, is_lost = _point(body, place)
        if is_lost:
            say("This address was not found.")
            return []
        limit = body["limit"]
        with reading() as connection:
            if body["location_type"] == words.VIRTUAL:
                rows = nearby.virtual(connection, place, limit=limit)
            elif point is None:
                rows = nearby.in_place(connection, place, kind=body["location_type"], limit=limit)
            else:
                mobile = body["include_mobile"]
                rows = nearby.near(
                    connection, point, metres=_metres(body), limit=limit, place=place, include_mobile=mobile
                )
                if body["location_type"] == words.BOTH and place.is_given and len(rows) < limit:
                    rows += nearby.only_virtual(connection, place, limit=limit - len(rows))
        return [nearby.shown(row) for row in rows]


def _place(connection: Connection, body: dict[str, Any]) -> nearby.Place:
    country = body.get("country")
    return nearby.Place(
        city=body.get("city"),
        state=body.get("state"),
        country=None if country is None else country_id(connection, country),
    )


def _point(body: dict[str, Any], place: nearby.Place) -> tuple[Point | None, bool]:
    """Return the point that is asked for, and whether an address was asked for that nobody finds. Raises Invalid."""
    latitude, longitude = body.get("latitude"), body.get("longitude")
    if (latitude is None) != (longitude is None):
        raise Invalid.field("latitude" if latitude is None else "longitude", "A point needs both.")
    if latitude is not None and longitude is not None:
        return Point(latitude, longitude), False
    if place.city is not None or place.state is not None:
        return None, False
    address, code = body.get("address"), body.get("postal_code")
    if not address and not code:
        if place.is_given or body["location_type"] == words.VIRTUAL:
            return None, False
        raise Invalid.field("latitude", "A point, an address or a place is needed.")
    by = identity()
    throttle("geocode" if by.is_signed_in else "resolve", by=by, now=utc_now())
    with reading() as connection:
        row = lookups.country(connection, place.country or settings().locations_default_country)
    country = row["code"] if row else settings().locations_default_country
    question = Question(text=address or "", postal_code="" if address else code or "", country=country)
    # Nobody spends our calls to Google without signing in.
    answer = geocoding().geocode(question) if by.is_signed_in and address else geocoding().offline(question)
    return (answer.best.point, False) if answer.best else (None, True)


@searching.route("/practitioner-locations/in_bounds/", twins=["/locations/practitioner-locations/in_bounds/"])
class InBounds(MethodView):
    """Locations on a map."""

    @searching.operation("practitioner_locations_in_bounds_retrieve", ANYONE)
    @searching.arguments(BoundsQuery, location="query")
    @searching.response(200, MapPart)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the locations on a part of the map; many, or few from far above, as clusters."""
        let_caches_keep(NEARBY_SECONDS)
        zoom, kind, limit = query.get("zoom"), query["location_type"], query["limit"]
        with reading() as connection:
            rows: list[dict[str, Any]] | None = None
            if zoom is None or zoom > nearby.CLUSTER_ZOOM_MAX:
                rows = nearby.in_bounds(connection, query["bounds"], kind=kind, limit=limit + 1)
            if rows is not None and len(rows) <= limit:
                return {"clustered": False, "locations": [nearby.shown(row) for row in rows], "clusters": []}
            found = nearby.clusters(connection, query["bounds"], kind=kind, zoom=zoom)
        return {"clustered": True, "locations": [], "clusters": found}


@searching.route(
    "/practitioner-locations/<ref:reference>/covers/",
    twins=["/locations/practitioner-locations/<ref:reference>/covers/"],
)
class Covers(MethodView):
    """Where a practitioner comes."""

    @searching.operation(
        "practitioner_locations_check_coverage_retrieve", ANYONE, refuses=[LocationNotFound, PlaceNotFound]
    )
    @searching.arguments(CoverageQuery, location="query")
    @searching.response(200, Coverage)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """Tell whether a practitioner comes to a place; of a hidden address the distance in whole miles only."""
        with reading() as connection:
            row, is_own = queries.seen(connection, named(reference), by=identity())
            point = _asked_point(connection, query)
        prefix = "" if is_own else "public_"
        if row[f"{prefix}latitude"] is None:
            raise LocationNotFound
        start = Point(float(row[f"{prefix}latitude"]), float(row[f"{prefix}longitude"]))
        metres = metres_between(start, point)
        radius = row["service_radius_miles"]
        is_hidden = not is_own and row["address_visibility"] != words.PUBLIC
        shown = miles(metres)
        return {
            "covers": radius is not None and metres <= float(radius) * METRES_PER_MILE,
            "distance_miles": shown.to_integral_value() if is_hidden else shown,
            "service_radius_miles": radius,
        }


def _asked_point(connection: Connection, query: dict[str, Any]) -> Point:
    if "lat" in query and "lng" in query:
        return Point(query["lat"], query["lng"])
    country = lookups.country(connection, settings().locations_default_country)
    code = zip_digits(normalised(query["zip"]), settings().locations_default_country)
    found = lookups.point_of(lookups.zipcode(connection, country["id"], code) if country else None)
    if found is None:
        raise PlaceNotFound
    return found
