"""States, provinces and other first-level parts of countries."""

from typing import Any

from marshmallow import validate

from services.locations.api.caching import REFERENCE_SECONDS, let_caches_keep
from services.locations.api.countries import PAGE_SIZE_MAX, with_long_pages
from services.locations.api.parameters import country_field, resolve_places
from services.locations.api.shapes import State as StateShape
from services.locations.api.shapes import line
from services.locations.domain.errors import PlaceNotFound
from services.locations.models import Country, State, naming
from services.locations.operations.curating import change_state
from services.locations.queries import places
from services.locations.queries.whole import whole_page
from shared.database import reading, transaction
from shared.http import ANYONE, STAFF, Blueprint, MethodView, Schema, fields, identity, say
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

states = Blueprint("states", "States, provinces and territories.")

STATES = Listing(
    columns=places.STATE_COLUMNS,
    key=State.id,
    filters={
        "country": Filter(country_field(), lambda bound: State.country_id == bound),
        "code": Filter(line(10), lambda bound: State.code == bound),
        "is_active": Filter(fields.Boolean(), State.is_active.is_, by_value=True),
    },
    orderings={"name": State.name, "code": State.code},
    default_ordering="name",
    search=lambda bound: State.search_text.like(places.search_pattern(bound)),
    search_min=1,
    page_size_max=PAGE_SIZE_MAX,
)
StatesQuery = query_schema(STATES, "StatesQuery")


class PatchedState(Schema):
    """What staff may change of a state."""

    is_active = fields.Boolean()
    meta_title = line(200, allow_none=True)
    meta_description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=1000))


@states.route("/states/", twins=["/locations/states/"])
class States(MethodView):
    """All states."""

    @states.operation("states_list", ANYONE)
    @states.arguments(StatesQuery, location="query")
    @states.response(200, page_schema(StateShape))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List states; only staff see inactive ones."""
        let_caches_keep(REFERENCE_SECONDS)
        if "code" in query:
            query["code"] = query["code"].upper()
        with reading() as connection:
            asked = places.folded_search(resolve_places(connection, with_long_pages(query), states=False))
            if identity().is_staff:
                return page_body(STATES.page(connection, asked, variant="all"))
            return page_body(whole_page(STATES, connection, asked, where=[places.ACTIVE_STATE]))


@states.route(
    "/states/by-slug/<ref:country_code>/<ref:slug>/", twins=["/locations/states/by-slug/<ref:country_code>/<ref:slug>/"]
)
class StateBySlug(MethodView):
    """A state by the address of its page."""

    @states.operation("states_by_slug_retrieve", ANYONE, refuses=[PlaceNotFound])
    @states.response(200, StateShape)
    def get(self, country_code: str, slug: str) -> dict[str, Any]:
        """Return a state by its country's code and its slug."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            where = (Country.code == country_code.upper()[:3], State.slug == slug.lower(), *_visible())
            return places.one(connection, places.STATE_COLUMNS, *where)


@states.route("/states/<ref:reference>/", twins=["/locations/states/<ref:reference>/"])
class OneState(MethodView):
    """One state."""

    @states.operation("states_retrieve", ANYONE, refuses=[PlaceNotFound])
    @states.response(200, StateShape)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a state by its id, or by country and code: US-CA."""
        let_caches_keep(REFERENCE_SECONDS)
        with reading() as connection:
            return places.one(connection, places.STATE_COLUMNS, naming.state_named(reference), *_visible())

    @states.operation("states_partial_update", STAFF, refuses=[PlaceNotFound])
    @states.arguments(PatchedState)
    @states.response(200, StateShape)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Switch a state on or off, and set what search engines show of its page."""
        with transaction() as session:
            change_state(session, reference, body, by=identity())
            say("State updated successfully")
            return places.one(session.connection(), places.STATE_COLUMNS, naming.state_named(reference))


def _visible() -> tuple[Any, ...]:
    return () if identity().is_staff else (places.ACTIVE_STATE,)
