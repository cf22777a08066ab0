"""Finding somebody over HTTP."""

from typing import Any

from services.practitioners.api.caching import kept_for_strangers
from services.practitioners.api.places import asked_circle
from services.practitioners.api.schemas.profiles import PractitionerList
from services.practitioners.api.schemas.search import (
    AutocompleteQuery,
    BatchRequest,
    Completion,
    FacetsQuery,
    FeaturedQuery,
    PractitionerSearchHitPage,
    SearchFacets,
    SearchQuery,
    SimilarQuery,
)
from services.practitioners.api.searching import asked_by, search_page
from services.practitioners.domain.errors import PageTooDeep, PlaceNotFound, PractitionerNotFound
from services.practitioners.queries.facets import facets
from services.practitioners.queries.limits import bounded_reading
from services.practitioners.queries.places import completions
from services.practitioners.queries.previewing import ids_named
from services.practitioners.queries.profiles import is_visible, profile_row
from services.practitioners.queries.search import by_ids, featured, similar
from shared.database import reading
from shared.errors import Invalid
from shared.http import ANYONE, Blueprint, MethodView

search = Blueprint("search", "Finding somebody.")

FEATURED_RADIUS_KM = 100.0
Body = dict[str, Any]


@search.route("/practitioners/search/")
class Search(MethodView):
    """Finding somebody."""

    @search.operation("practitioners_search_retrieve", ANYONE, refuses=[PageTooDeep, PlaceNotFound])
    @kept_for_strangers
    @search.arguments(SearchQuery, location="query")
    @search.response(200, PractitionerSearchHitPage)
    def get(self, query: Body) -> Body:
        """Search practitioners by words, place and facets.

        Beside the page stand what was understood and, with `include=facets`, what else could be asked for.
        """
        return search_page(query)


@search.route("/practitioners/facets/")
class Facets(MethodView):
    """What could be asked for."""

    @search.operation("practitioners_facets_retrieve", ANYONE)
    @kept_for_strangers
    @search.arguments(FacetsQuery, location="query")
    @search.response(200, SearchFacets)
    def get(self, query: Body) -> Body:
        """Return the facets of a search with their counts."""
        with bounded_reading() as connection:
            return facets(connection, asked_by(query))


@search.route("/practitioners/autocomplete/")
class Autocomplete(MethodView):
    """What somebody may be typing."""

    @search.operation("practitioners_autocomplete_retrieve", ANYONE)
    @search.arguments(AutocompleteQuery, location="query")
    @search.response(200, Completion(many=True))
    def get(self, query: Body) -> list[Body]:
        """Return what somebody may be typing: words first, then people."""
        with reading() as connection:
            return completions(connection, query["q"], limit=query["limit"])


@search.route("/practitioners/featured/")
class Featured(MethodView):
    """Who stands first."""

    @search.operation("practitioners_featured_retrieve", ANYONE)
    @kept_for_strangers
    @search.arguments(FeaturedQuery, location="query")
    @search.response(200, PractitionerList(many=True))
    def get(self, query: Body) -> list[Body]:
        """Return featured practitioners, the best rated first."""
        circle = asked_circle(query, radius_km=FEATURED_RADIUS_KM)
        with reading() as connection:
            return featured(connection, limit=query["limit"], circle=circle)


@search.route("/practitioners/batch/")
class Batch(MethodView):
    """Several at once."""

    @search.operation("practitioners_batch_create", ANYONE)
    @search.arguments(BatchRequest)
    @search.response(200, PractitionerList(many=True))
    def post(self, body: Body) -> list[Body]:
        """Return several practitioners in the asked order; those that are not to be seen are left out."""
        if not all(isinstance(one, int | str) and not isinstance(one, bool) for one in body["ids"]):
            raise Invalid.field("ids", "Each an integer or a uuid.")
        with reading() as connection:
            return by_ids(connection, ids_named(connection, [str(one) for one in body["ids"]]))


@search.route("/practitioners/<ref:reference>/similar/")
class Similar(MethodView):
    """Others like this one."""

    @search.operation("practitioners_similar_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @search.arguments(SimilarQuery, location="query")
    @search.response(200, PractitionerList(many=True))
    def get(self, query: Body, reference: str) -> list[Body]:
        """Return listed practitioners that share most with this one."""
        with reading() as connection:
            row = profile_row(connection, reference)
            if not is_visible(row):
                raise PractitionerNotFound
            return similar(connection, row, limit=query["limit"])
