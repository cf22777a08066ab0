"""Postal codes."""

import re
from typing import Any

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
from services.locations.api.shapes import ZipCode, line
from services.locations.domain.errors import PlaceNotFound
from services.locations.domain.text import normalised, zip_digits
from services.locations.models import Zipcode
from services.locations.queries import places
from services.locations.queries.whole import whole_page
from services.locations.settings import settings
from shared.database import reading
from shared.errors import Invalid
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, fields
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

zipcodes = Blueprint("zipcodes", "Postal codes.")

RADIUS_MILES = 10
_FILTERS = {
    "city": Filter(fields.Integer(), lambda bound: Zipcode.city_id == bound),
    "state": Filter(state_field(), lambda bound: Zipcode.state_id == bound),
    "country": Filter(country_field(), lambda bound: Zipcode.country_id == bound),
    "code": Filter(line(20, metadata={"description": "Its beginning."}), Zipcode.code.like),
}
ZIPCODES = Listing(
    columns=places.ZIP_COLUMNS,
    key=Zipcode.id,
    filters=_FILTERS,
    orderings={"code": Zipcode.code},
    default_ordering="code",
    search=Zipcode.code.like,
    search_min=1,
    page_size_max=PAGE_SIZE_MAX,
)
ZIPCODES_NEAR = Listing(
    columns=places.ZIP_COLUMNS.add_columns(places.chord(Zipcode.geo).label("chord")),
    key=Zipcode.id,
    filters=_FILTERS,
    orderings={"code": Zipcode.code, "distance": places.chord(Zipcode.geo)},
    default_ordering="distance",
    search=Zipcode.code.like,
    search_min=1,
    page_size_max=PAGE_SIZE_MAX,
)
ZipcodesQuery = query_schema(ZIPCODES_NEAR, "ZipcodesQuery", **near_fields(100))


class ZipLookup(QuerySchema):
    """Parameters of looking up a postal code."""

    code = line(20, least=1, required=True)
    country = country_field()


@zipcodes.route("/zipcodes/", twins=["/locations/zipcodes/"])
class Zipcodes(MethodView):
    """All postal codes."""

    @zipcodes.operation("zipcodes_list", ANYONE)
    @zipcodes.arguments(ZipcodesQuery, location="query")
    @zipcodes.response(200, page_schema(ZipCode))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List postal codes; `code` and `search` are beginnings. Around a point the nearest come first."""
        let_caches_keep(REFERENCE_SECONDS)
        query, near = around(query, RADIUS_MILES)
        for name in ("code", "search"):
            if name in query:
                query[name] = _beginning(query[name])
        with reading() as connection:
            query = resolve_places(connection, query)
            if near is None:
                page = whole_page(ZIPCODES, connection, query, where=())
            else:
                where = places.within(Zipcode.geo)
                page = ZIPCODES_NEAR.page(connection, query, where=where, variant="near", parameters=near)
        return page_body(page, [places.shown_distance(row) for row in page.rows])


@zipcodes.route("/zipcodes/lookup/", twins=["/locations/zipcodes/lookup/"])
class LookUpZipcode(MethodView):
    """Looking up a postal code."""

    @zipcodes.operation("zipcodes_lookup_retrieve", ANYONE, refuses=[PlaceNotFound])
    @zipcodes.arguments(ZipLookup, location="query")
    @zipcodes.response(200, ZipCode)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return a postal code; also an inactive one. ZIP+4 is cut to five."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            country = country_id(connection, query.get("country", settings().locations_default_country))
            code = zip_digits(normalised(query["code"]), "US" if country == 840 else "")
            if country == 840 and code.isdigit() and len(code) != 5:
                raise Invalid.field("code", "A US zip code has five digits.")
            found = places.one(connection, places.ZIP_COLUMNS, Zipcode.code == code, Zipcode.country_id == country)
        return places.shown_distance(found)


@zipcodes.route("/zipcodes/<id:zip_id>/", twins=["/locations/zipcodes/<id:zip_id>/"])
class OneZipcode(MethodView):
    """One postal code."""

    @zipcodes.operation("zipcodes_retrieve", ANYONE, refuses=[PlaceNotFound])
    @zipcodes.response(200, ZipCode)
    def get(self, zip_id: int) -> dict[str, Any]:
        """Return a postal code by its id."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return places.shown_distance(places.one(connection, places.ZIP_COLUMNS, Zipcode.id == zip_id))


def _beginning(text: str) -> str:
    """Return the LIKE pattern of codes that begin so."""
    asked = zip_digits(normalised(text), "US")
    return re.sub(r"([\\%_])", r"\\\1", asked) + "%"
