"""Searching services."""

import unicodedata
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, request
from marshmallow import validate
from sqlalchemy import Connection, bindparam, select

from services.catalog.api.answers import public_answer, public_fragments
from services.catalog.api.lists import EXTRA, SERVICES, narrowed
from services.catalog.api.parameters import Dollars, Point, Reference, Texts, TypeCodes
from services.catalog.api.shapes.services import ServiceList
from services.catalog.domain import words
from services.catalog.domain.errors import PageTooDeep
from services.catalog.models import Service
from services.catalog.queries.conditions import LISTED, RADIUS_KM, around_parameters, matching
from services.catalog.queries.facets import COLUMNS, FACETS, Pool, facets_among, facets_of, numbers, own_parameters
from services.catalog.queries.fragments import etag
from services.catalog.queries.gauging import COUNT_MAX
from services.catalog.queries.marking import highlights
from services.catalog.queries.search import AROUND, PRICED, SORTS, Hits, Wish, of_categories, search
from services.catalog.queries.suggestions import KINDS, suggestions
from shared.database import reading
from shared.errors import Invalid, NotFound
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields
from shared.http.fields import maybe
from shared.listing.statements import compiled

searching = Blueprint("search", "Finding services.")

PAGE_SIZE_MAX = 100


class SearchQuery(QuerySchema):
    """What is looked for."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    category = Texts()
    service_type = TypeCodes()
    practitioner = Reference()
    location_type = fields.String(validate=validate.OneOf(words.LOCATION_TYPES))
    min_price = Dollars()
    max_price = Dollars()
    min_duration = fields.Integer(validate=validate.Range(min=0))
    max_duration = fields.Integer(validate=validate.Range(min=0))
    experience_level = fields.String(validate=validate.OneOf(words.EXPERIENCE_LEVELS))
    is_featured = fields.Boolean()
    has_availability = fields.Boolean()
    min_rating = fields.Float(validate=validate.Range(0, 5))
    modality = Texts()
    modality_category = Texts()
    language = Texts()
    tags = Texts()
    near = Point()
    radius_km = fields.Float(validate=validate.Range(1, 500))
    city = fields.String(validate=validate.Length(max=100))
    starts_after = fields.DateTime()
    starts_before = fields.DateTime()
    sort_by = fields.String(validate=validate.OneOf(tuple(SORTS)))
    facets = fields.Names(FACETS)
    typo = fields.Boolean(load_default=True)
    highlight = fields.Boolean(load_default=False)
    page = fields.Integer(load_default=1, validate=validate.Range(min=1))
    page_size = fields.Integer(load_default=20, validate=validate.Range(min=1))


class SearchResult(Schema):
    """A page of what was found."""

    results = fields.List(fields.Nested(ServiceList))
    count = fields.Integer()
    page = fields.Integer()
    current_page = fields.Integer()
    page_size = fields.Integer()
    total_pages = fields.Integer()
    next = maybe(fields.String)
    previous = maybe(fields.String)
    count_exact = fields.Boolean(metadata={"description": "False: at least `count`."})
    query = fields.Dict(metadata={"description": "q, corrected, applied."})
    facets = fields.Dict(
        metadata={"description": "Only with `facets=`. Counted among 2,000 services at most, and raised to `count`."}
    )
    highlights = fields.Dict(
        metadata={
            "description": "Only with `highlight=true`: by id, `name` and `short_description` as HTML, what matches "
            "between <em> and </em>, the rest escaped."
        }
    )


class SuggestionsQuery(QuerySchema):
    """What somebody has typed so far."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=80))
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 20))
    kinds = fields.Names(KINDS)


class Suggestion(Schema):
    """How it may go on; the matched part stands between <em> and </em>, the rest is escaped."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    text = fields.String()
    highlighted = fields.String()
    slug = maybe(fields.String)
    id = maybe(fields.Integer)
    image_url = maybe(fields.String)


_DATED = "EXISTS (SELECT FROM service_sessions d WHERE d.service_id = s.id AND d.status = 'scheduled'"
_CONDITIONS = {
    "service_type": "s.type_id = ANY(%(service_type)s)",
    "practitioner": "s.practitioner_id IN (SELECT id FROM practitioners"
    " WHERE id::text = %(practitioner)s OR public_uuid::text = %(practitioner)s)",
    "location_type": "s.location_type = %(location_type)s",
    **dict(zip(("min_price", "max_price"), PRICED, strict=True)),
    "min_duration": "s.duration_minutes >= %(min_duration)s",
    "max_duration": "s.duration_minutes <= %(max_duration)s",
    "experience_level": "s.experience_level = %(experience_level)s",
    "is_featured": "s.is_featured = %(is_featured)s",
    "has_availability": "(coalesce(s.available_from <= now(), true) AND coalesce(s.available_until > now(), true)"
    " AND NOT (s.sold_out AND s.type_id IN (2, 3)) AND (s.type_id <> 1 OR EXISTS (SELECT FROM schedules h"
    " WHERE h.practitioner_id = s.practitioner_id AND (h.is_default OR h.id = s.schedule_id)))) = %(has_availability)s",
    "min_rating": "s.rating_average >= %(min_rating)s",
    "modality": "s.id IN (SELECT sm.service_id FROM service_modalities sm JOIN modalities m ON m.id = sm.modality_id"
    " WHERE m.slug = ANY(%(modality)s))",
    "modality_category": "s.id IN (SELECT sm.service_id FROM service_modalities sm"
    " JOIN modalities m ON m.id = sm.modality_id JOIN modality_categories mc ON mc.id = m.category_id"
    " WHERE mc.slug = ANY(%(modality_category)s))",
    "language": "s.id IN (SELECT sl.service_id FROM service_languages sl JOIN languages l ON l.id = sl.language_id"
    " WHERE l.code = ANY(%(language)s))",
    "tags": "s.tags && %(tags)s",
    "city": "(s.city_slug = lower(%(city)s) OR s.location_id = ANY(ARRAY("
    "SELECT id FROM locations WHERE lower(city_name) = lower(%(city)s))))",
    "starts_after": f"{_DATED} AND d.starts_at >= %(starts_after)s)",
    "starts_before": f"{_DATED} AND d.starts_at < %(starts_before)s)",
}
_NAMED = ("category", *_CONDITIONS)


@searching.route("/services/search/")
class Search(MethodView):
    """Searching."""

    @searching.operation("services_search_retrieve", ANYONE, refuses=[PageTooDeep, NotFound])
    @searching.arguments(SearchQuery, location="query")
    @searching.response(200, SearchResult)
    def get(self, query: dict[str, Any]) -> Response:
        """Search services by words, place, time and everything else that they have."""
        wish = _wish(query)
        hits = search(wish)
        if wish.page > 1 and not hits.rows:
            raise NotFound("There is no such page.")
        facets = facets_of(wish, query["facets"], hits) if query.get("facets") else {}
        with reading() as connection:
            fragments = public_fragments(connection, hits.rows, full=False)
            marked = _highlights(connection, query, hits)
        applied = {name: request.args[name] for name in _NAMED if name in request.args}
        body = {
            "results": [one.json for one in fragments],
            "count": hits.count,
            "page": wish.page,
            "current_page": wish.page,
            "page_size": wish.page_size,
            "total_pages": -(-hits.count // wish.page_size),
            "next": _link(wish.page + 1) if wish.page * wish.page_size < hits.count else None,
            "previous": _link(wish.page - 1) if wish.page > 1 else None,
            "count_exact": hits.exact,
            "query": {"q": query["q"], "corrected": hits.corrected, "applied": applied},
            "facets": facets,
            "highlights": marked,
        }
        return public_answer(body, etag(fragments, hits.count, hits.corrected, facets, marked, query["q"]))


class FacetCounts(Schema):
    """How many services each choice leaves."""

    facets = fields.Dict()
    count = fields.Integer()
    count_exact = fields.Boolean()


_NO_FACETS = ("page", "page_size", "limit", "offset", "cursor", "ordering", "include_deleted")
FacetsQuery = type(
    "FacetsQuery",
    (QuerySchema,),
    {
        "__doc__": "The filters of the list of services.",
        **{name: filter_.field for name, filter_ in SERVICES.filters.items()},
        **{name: field for name, field in EXTRA.items() if name not in _NO_FACETS},
    },
)


@searching.route("/services/facets/")
class Facets(MethodView):
    """Counting."""

    @searching.operation("services_facets_retrieve", ANYONE)
    @searching.arguments(FacetsQuery, location="query")
    @searching.response(200, FacetCounts)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Count what each further choice would leave; every facet without its own filter."""
        narrowing, _, around = narrowed(query)
        without = {facet: frozenset(own_parameters(facet)) & set(query) for facet in FACETS}
        selects = {
            left_out: _select(query, [LISTED, *narrowing], left_out, around, f"p{place}_")
            for place, left_out in enumerate(dict.fromkeys((frozenset[str](), *without.values())))
        }
        with reading() as connection:
            counts = dict(zip(selects, numbers(connection, list(selects.values())), strict=True))
            pools = {left_out: Pool(*select, counts[left_out]) for left_out, select in selects.items()}
            facets = facets_among(connection, {facet: pools[left_out] for facet, left_out in without.items()})
        count = counts[frozenset()]
        return {"facets": facets, "count": min(count, COUNT_MAX), "count_exact": count <= COUNT_MAX}


@searching.route("/services/autocomplete/")
class Autocomplete(MethodView):
    """Completing."""

    @searching.operation("services_autocomplete_retrieve", ANYONE)
    @searching.arguments(SuggestionsQuery, location="query")
    @searching.response(200, Suggestion(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Suggest how the words may go on."""
        with reading() as connection:
            return suggestions(connection, query["q"], limit=query["limit"], kinds=query.get("kinds") or KINDS)


def _select(
    query: dict[str, Any], clauses: list[Any], left_out: frozenset[str], values: dict[str, Any], prefix: str
) -> tuple[str, dict[str, Any]]:
    """Return the text that selects what facets count, with its parameters, whose names begin with `prefix`."""
    wanted = list(clauses)
    for name, filter_ in SERVICES.filters.items():
        if name in query and name not in left_out:
            value = list(query[name]) if isinstance(query[name], tuple) else query[name]
            wanted.append(filter_.clause(value if filter_.by_value else bindparam(f"f_{name}", value)))
    if query.get("search"):
        wanted.append(matching(bindparam("f_search", query["search"])))
    made = compiled(select(*(getattr(Service, name) for name in COLUMNS)).where(*wanted))
    parameters = {f"{prefix}{name}": value for name, value in {**made.literal, **values}.items()}
    return made.sql.replace("%(", f"%({prefix}"), parameters


def _highlights(connection: Connection, query: dict[str, Any], hits: Hits) -> dict[str, dict[str, str]]:
    words_found = hits.corrected or query["q"]
    if not (query["highlight"] and words_found and hits.rows):
        return {}
    return highlights(connection, [service_id for service_id, _stamp in hits.rows], words_found)


def _wish(query: dict[str, Any]) -> Wish:
    """Return what is looked for. Raises Invalid, PageTooDeep."""
    for least, most in (("min_price", "max_price"), ("min_duration", "max_duration")):
        if least in query and most in query and query[least] > query[most]:
            raise Invalid.field(least, f"Must not be more than {most}.")
    size = min(query["page_size"], PAGE_SIZE_MAX)
    if query["page"] * size > COUNT_MAX:
        raise PageTooDeep
    q = unicodedata.normalize("NFKC", query["q"]).lower()
    names = [name for name in _NAMED if name in query]
    parameters = {name: list(query[name]) if isinstance(query[name], tuple) else query[name] for name in names}
    conditions = [_CONDITIONS[name] for name in names if name != "category"]
    if "category" in names:
        of_these, slugs = of_categories(query["category"])
        conditions.insert(0, of_these)
        parameters |= slugs
    if "starts_after" in names and "starts_before" in names:
        # One session within both bounds, not one behind the first and another before the second.
        conditions.append(f"{_DATED} AND d.starts_at >= %(starts_after)s AND d.starts_at < %(starts_before)s)")
    sort = query.get("sort_by") or ("relevance" if q else "-created_at")
    if "near" in query:
        conditions.append(AROUND)
        parameters |= around_parameters(query["near"], query.get("radius_km", RADIUS_KM))
    elif sort == "distance":
        raise Invalid.field("sort_by", "distance needs near.")
    return Wish(
        q=q,
        conditions=tuple(conditions),
        named=tuple(names),
        parameters=parameters,
        sort=sort,
        page=query["page"],
        page_size=size,
        typo=query["typo"],
    )


def _link(page: int) -> str:
    kept = [(name, value) for name, value in parse_qsl(request.query_string.decode("latin-1")) if name != "page"]
    origin = f"{request.headers.get('X-Forwarded-Proto', 'http')}://"
    origin += request.headers.get("X-Forwarded-Host", request.host)
    base = request.headers.get("X-Estuary-Base", "/api/v1/drf")
    return f"{origin}{base}{request.path}?{urlencode([*kept, ('page', page)])}"
