"""Countries."""

from typing import Any

from services.locations.api.caching import REFERENCE_SECONDS, let_caches_keep
from services.locations.api.shapes import Country as CountryShape
from services.locations.api.shapes import line, maybe
from services.locations.clients.formats import address_format
from services.locations.domain.errors import PlaceNotFound
from services.locations.models import Country, naming
from services.locations.operations.curating import change_country
from services.locations.queries import places
from services.locations.queries.whole import whole_page
from shared.database import reading, transaction
from shared.http import ANYONE, STAFF, Blueprint, MethodView, Schema, fields, identity, say
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

countries = Blueprint("countries", "Countries, by ISO 3166-1.")

PAGE_SIZE_MAX = 500
LONG_PAGE = 100

COUNTRIES = Listing(
    columns=places.COUNTRY_COLUMNS,
    key=Country.id,
    filters={
        "code": Filter(line(3), lambda bound: Country.code == bound),
        "currency_code": Filter(line(3), lambda bound: Country.currency_code == bound),
        "is_active": Filter(fields.Boolean(), Country.is_active.is_, by_value=True),
    },
    orderings={"name": Country.name, "code": Country.code},
    default_ordering="name",
    search=lambda bound: Country.search_text.like(places.search_pattern(bound)),
    search_min=1,
    page_size_max=PAGE_SIZE_MAX,
)
CountriesQuery = query_schema(COUNTRIES, "CountriesQuery")


class Region(Schema):
    """A state as addresses name it."""

    code = fields.String()
    name = fields.String()


class AddressFormat(Schema):
    """How addresses of a country are written: the order, what is required, how parts are called."""

    country_code = fields.String()
    format = fields.String(metadata={"example": "%N%n%O%n%A%n%C, %S %Z"})
    required = fields.List(fields.String())
    upper = fields.List(fields.String())
    postal_code_pattern = maybe(fields.String)
    postal_code_examples = fields.List(fields.String())
    state_label = fields.String()
    city_label = fields.String()
    postal_code_label = fields.String()
    states = fields.List(fields.Nested(Region))


class PatchedCountry(Schema):
    """What staff may change of a country."""

    is_active = fields.Boolean()


def with_long_pages(query: dict[str, Any]) -> dict[str, Any]:
    """Return the query with the size of pages that short reference lists have."""
    return query if "limit" in query or "offset" in query else {"page_size": LONG_PAGE, **query}


@countries.route("/countries/", twins=["/locations/countries/"])
class Countries(MethodView):
    """All countries."""

    @countries.operation("countries_list", ANYONE)
    @countries.arguments(CountriesQuery, location="query")
    @countries.response(200, page_schema(CountryShape))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List countries; only staff see inactive ones."""
        let_caches_keep(REFERENCE_SECONDS)
        for name in ("code", "currency_code"):
            if name in query:
                query[name] = query[name].upper()
        asked = places.folded_search(with_long_pages(query))
        with reading() as connection:
            if identity().is_staff:
                page = COUNTRIES.page(connection, asked, variant="all")
            else:
                page = whole_page(COUNTRIES, connection, asked, where=[places.ACTIVE_COUNTRY])
        return page_body(page, [places.shown_country(row) for row in page.rows])


@countries.route("/countries/<ref:reference>/", twins=["/locations/countries/<ref:reference>/"])
class OneCountry(MethodView):
    """One country."""

    @countries.operation("countries_retrieve", ANYONE, refuses=[PlaceNotFound])
    @countries.response(200, CountryShape)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a country by ISO number, two or three letters, or slug."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return _country(connection, reference)

    @countries.operation("countries_partial_update", STAFF, refuses=[PlaceNotFound])
    @countries.arguments(PatchedCountry)
    @countries.response(200, CountryShape)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Switch a country on or off."""
        with transaction() as session:
            change_country(session, reference, body, by=identity())
            say("Country updated successfully")
            return _country(session.connection(), reference)


@countries.route(
    "/countries/<ref:reference>/address_format/", twins=["/locations/countries/<ref:reference>/address_format/"]
)
class CountryAddressFormat(MethodView):
    """How addresses are written."""

    @countries.operation("countries_address_format_retrieve", ANYONE, refuses=[PlaceNotFound])
    @countries.response(200, AddressFormat)
    def get(self, reference: str) -> dict[str, Any]:
        """Return how addresses of a country are written, for forms."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return address_format(_country(connection, reference)["code"])


def _country(connection: Any, reference: str) -> dict[str, Any]:
    where = () if identity().is_staff else (places.ACTIVE_COUNTRY,)
    found = places.one(connection, places.COUNTRY_COLUMNS, naming.country_named(reference), *where)
    return places.shown_country(found)
