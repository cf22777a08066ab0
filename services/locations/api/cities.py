"""Cities, towns and villages."""

from typing import Any

from marshmallow import validate
from sqlalchemy import or_

from services.locations.api.caching import REFERENCE_SECONDS, let_caches_keep
from services.locations.api.countries import PAGE_SIZE_MAX
from services.locations.api.parameters import (
    around,
    country_field,
    country_id,
    near_fields,
    resolve_places,
    state_field,
)
from services.locations.api.shapes import City as CityShape
from services.locations.api.shapes import line
from services.locations.domain.errors import PlaceNotFound
from services.locations.models import City, naming
from services.locations.operations.curating import change_city
from services.locations.queries import places
from services.locations.queries.whole import whole_page
from shared.database import reading, transaction
from shared.http import ANYONE, STAFF, Blueprint, MethodView, QuerySchema, Schema, fields, identity, say
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

cities = Blueprint("cities", "Cities, towns and villages.")

RADIUS_MILES = 25
_FILTERS = {
    "country": Filter(country_field(), lambda bound: City.country_id == bound),
    "state": Filter(state_field(), lambda bound: City.state_id == bound),
    "is_major": Filter(fields.Boolean(), City.is_major.is_, by_value=True),
    "metro_area": Filter(line(100, least=1, metadata={"description": "Part of it."}), City.metro_area.ilike),
    "min_population": Filter(fields.Integer(validate=validate.Range(min=0)), lambda bound: City.population >= bound),
    "has_services": Filter(
        fields.Boolean(),
        lambda value: City.service_count > 0 if value else City.service_count == 0,
        by_value=True,
    ),
}
_ORDERINGS: dict[str, Any] = {"name": City.name, "population": City.population, "is_major": City.is_major}


def _found(bound: Any) -> Any:
    pattern = places.search_pattern(bound)
    return or_(City.search_text.like(pattern), City.metro_area.ilike(pattern))


CITIES = Listing(
    columns=places.CITY_COLUMNS,
    key=City.id,
    filters=_FILTERS,
    orderings=_ORDERINGS,
    default_ordering="-is_major,-population,name",
    search=_found,
    search_min=1,
    nullable=frozenset({"population"}),
    page_size_max=PAGE_SIZE_MAX,
)
CITIES_NEAR = Listing(
    columns=places.CITY_COLUMNS.add_columns(places.chord(City.geo).label("chord")),
    key=City.id,
    filters=_FILTERS,
    orderings={**_ORDERINGS, "distance": places.chord(City.geo)},
    default_ordering="distance",
    search=_found,
    search_min=1,
    nullable=frozenset({"population"}),
    page_size_max=PAGE_SIZE_MAX,
)
CitiesQuery = query_schema(CITIES_NEAR, "CitiesQuery", **near_fields(300))


class MetroQuery(QuerySchema):
    """Parameters of cities by metropolitan area."""

    metro_area = line(100, least=1, required=True)
    country = country_field()


class MajorCitiesQuery(QuerySchema):
    """Parameters of major cities."""

    country = country_field()
    limit = fields.Integer(validate=validate.Range(1, 500), load_default=500)


class PatchedCity(Schema):
    """What staff may change of a city."""

    is_active = fields.Boolean()
    is_major = fields.Boolean()
    metro_area = line(100, allow_none=True)
    meta_title = line(200, allow_none=True)
    meta_description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=1000))


@cities.route("/cities/", twins=["/locations/cities/"])
class Cities(MethodView):
    """All cities."""

    @cities.operation("cities_list", ANYONE)
    @cities.arguments(CitiesQuery, location="query")
    @cities.response(200, page_schema(CityShape))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List cities, major ones first; around a point the nearest first. Only staff see inactive ones."""
        let_caches_keep(REFERENCE_SECONDS)
        query, near = around(places.folded_search(query), RADIUS_MILES)
        if "metro_area" in query:
            query["metro_area"] = places.like_part(query["metro_area"])
        where = [] if identity().is_staff else [places.ACTIVE_CITY]
        variant = "active" if where else "all"
        with reading() as connection:
            query = resolve_places(connection, query)
            if near is None and where:
                page = whole_page(CITIES, connection, query, where=where)
            elif near is None:
                page = CITIES.page(connection, query, variant=variant)
            else:
                where = [*where, *places.within(City.geo)]
                page = CITIES_NEAR.page(connection, query, where=where, variant=f"{variant} near", parameters=near)
        return page_body(page, [places.shown_distance(row) for row in page.rows])


@cities.route("/cities/by_metro/", twins=["/locations/cities/by_metro/"])
class CitiesByMetro(MethodView):
    """Cities of a metropolitan area."""

    @cities.operation("cities_by_metro_retrieve", ANYONE)
    @cities.arguments(MetroQuery, location="query")
    @cities.response(200, CityShape(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """List the cities of a metropolitan area by population, at most 500."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            country = country_id(connection, query["country"]) if "country" in query else None
            found = places.cities_in_metro(connection, query["metro_area"], country)
        return [places.shown_distance(row) for row in found]


@cities.route("/cities/major_cities/", twins=["/locations/cities/major_cities/"])
class MajorCities(MethodView):
    """Major cities."""

    @cities.operation("cities_major_cities_retrieve", ANYONE)
    @cities.arguments(MajorCitiesQuery, location="query")
    @cities.response(200, CityShape(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """List major cities by population, at most 500."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            country = country_id(connection, query["country"]) if "country" in query else None
            found = places.major_cities(connection, country, query["limit"])
        return [places.shown_distance(row) for row in found]


@cities.route("/cities/by-slug/<ref:seo_url>/", twins=["/locations/cities/by-slug/<ref:seo_url>/"])
class CityBySlug(MethodView):
    """A city by the address of its page."""

    @cities.operation("cities_by_slug_retrieve", ANYONE, refuses=[PlaceNotFound])
    @cities.response(200, CityShape)
    def get(self, seo_url: str) -> dict[str, Any]:
        """Return a city by the address of its page: san-francisco-ca."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return _city(connection, City.seo_url == seo_url.lower())


@cities.route("/cities/<ref:reference>/", twins=["/locations/cities/<ref:reference>/"])
class OneCity(MethodView):
    """One city."""

    @cities.operation("cities_retrieve", ANYONE, refuses=[PlaceNotFound])
    @cities.response(200, CityShape)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a city by its id or the address of its page: san-francisco-ca."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return _city(connection, naming.city_named(reference))

    @cities.operation("cities_partial_update", STAFF, refuses=[PlaceNotFound])
    @cities.arguments(PatchedCity)
    @cities.response(200, CityShape)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Switch a city on or off, and set its metropolitan area and what search engines show of its page."""
        with transaction() as session:
            change_city(session, reference, body, by=identity())
            say("City updated successfully")
            return _city(session.connection(), naming.city_named(reference))


def _city(connection: Any, named: Any) -> dict[str, Any]:
    where = () if identity().is_staff else (places.ACTIVE_CITY,)
    return places.shown_distance(places.one(connection, places.CITY_COLUMNS, named, *where))
