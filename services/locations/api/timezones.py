"""Time zones."""

from typing import Any

from services.locations.api.caching import REFERENCE_SECONDS, let_caches_keep
from services.locations.api.parameters import country_field, country_id
from services.locations.api.shapes import Degrees, line, maybe
from services.locations.clients.zone_names import countries_by_zone
from services.locations.domain.errors import PlaceNotFound
from services.locations.domain.sphere import Point
from services.locations.domain.text import normalised, zip_digits
from services.locations.domain.timezones import described
from services.locations.models import lookups
from services.locations.queries import timezones as queries
from services.locations.settings import settings
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Invalid
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields

timezones = Blueprint("timezones", "Time zones.")


class Timezone(Schema):
    """A time zone, as its clocks go at one moment."""

    name = fields.String()
    label = fields.String()
    utc_offset = fields.String()
    utc_offset_minutes = fields.Integer()
    abbreviation = fields.String()
    is_dst = fields.Boolean()
    next_transition = maybe(fields.DateTime)
    country_codes = fields.List(fields.String())


class TimezonesQuery(QuerySchema):
    """Which time zones."""

    country = country_field()
    search = line(100)
    common = fields.Boolean(load_default=True, metadata={"description": "False: also former names."})


class ZoneLookup(QuerySchema):
    """A place, and a moment; now, if there is none."""

    lat = Degrees(90)
    lng = Degrees(180)
    zip = line(20)
    city = fields.Integer()
    at = fields.DateTime()


@timezones.route("/timezones/", twins=["/locations/timezones/"])
class Timezones(MethodView):
    """All time zones."""

    @timezones.operation("timezones_list", ANYONE)
    @timezones.arguments(TimezonesQuery, location="query")
    @timezones.response(200, Timezone(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """List time zones by their offset of now."""
        let_caches_keep(REFERENCE_SECONDS)
        country = None
        if "country" in query:
            with reading() as connection:
                row = lookups.country(connection, query["country"])
            if row is None:
                raise Invalid.field("country", "There is no such country.")
            country = row["code"]
        return queries.zones(country=country, search=query.get("search"), common=query["common"], at=utc_now())


@timezones.route("/timezones/lookup/", twins=["/locations/timezones/lookup/"])
class LookUpTimezone(MethodView):
    """The time zone of a place."""

    @timezones.operation("timezones_lookup_retrieve", ANYONE, refuses=[PlaceNotFound])
    @timezones.arguments(ZoneLookup, location="query")
    @timezones.response(200, Timezone)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the time zone of a point, a postal code or a city, as its clocks go at a moment."""
        name = self._name(query)
        if name is None:
            raise PlaceNotFound("No time zone is known there.")
        return described(name, query.get("at") or utc_now(), countries_by_zone().get(name, []))

    def _name(self, query: dict[str, Any]) -> str | None:
        with reading() as connection:
            if "lat" in query and "lng" in query:
                return queries.zone_of_point(connection, Point(query["lat"], query["lng"]))
            if "zip" in query:
                country = country_id(connection, settings().locations_default_country)
                code = zip_digits(normalised(query["zip"]), settings().locations_default_country)
                return queries.zone_of_zip(connection, country, code)
            if "city" in query:
                city = lookups.city_by_id(connection, query["city"])
                return city["timezone"] if city else None
        missing = [name for name in ("lat", "lng") if name not in query]
        raise Invalid(errors={name: ["lat and lng, zip, or city is needed."] for name in missing})
