"""Services that are shown first: featured, popular, similar ones."""

from typing import Any

from flask import Response
from marshmallow import validate
from sqlalchemy import Select, literal_column, select

from services.catalog.api.answers import public_list
from services.catalog.api.lists import PUBLIC_SERVICES
from services.catalog.api.parameters import Texts, TypeCodes
from services.catalog.api.shapes.services import ServiceList
from services.catalog.domain import words
from services.catalog.domain.errors import NotAPractitioner, ServiceNotFound
from services.catalog.models import Service
from services.catalog.operations.callers import practitioner
from services.catalog.queries.conditions import LISTED
from services.catalog.queries.documents import find
from services.catalog.queries.prices import price_guidance
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import ANYONE, PRACTITIONER, Blueprint, MethodView, QuerySchema, Schema, fields, identity
from shared.listing import Listing

shelves = Blueprint("service-shelves", "Services that are shown first.")

_FILTERS = {name: PUBLIC_SERVICES.filters[name] for name in ("service_type", "category")}
_COLUMNS: Select[*tuple[Any, ...]] = select(Service.id, literal_column("services.xmin::text::bigint").label("stamp"))
FEATURED = Listing(
    columns=_COLUMNS,
    key=Service.id,
    filters=_FILTERS,
    orderings={"average_rating": Service.rating_average},
    default_ordering="-average_rating",
)
POPULAR = Listing(
    columns=_COLUMNS,
    key=Service.id,
    filters=_FILTERS,
    orderings={
        "popularity": Service.popularity_score,
        "rating": Service.rating_weighted,
        "created_at": Service.created_at,
    },
    default_ordering="-popularity,-rating,-created_at",
)
SIMILAR = """
    SELECT o.id, o.xmin::text::bigint AS stamp
    FROM services s JOIN services o ON o.listed AND o.id <> s.id
    LEFT JOIN LATERAL (
        SELECT count(*) AS shared FROM service_modalities mine JOIN service_modalities theirs USING (modality_id)
        WHERE mine.service_id = s.id AND theirs.service_id = o.id
    ) m ON true
    WHERE s.id = %(id)s AND (o.category_id = s.category_id OR m.shared > 0)
      AND o.price_cents BETWEEN s.price_cents / 2 AND s.price_cents * 3 / 2
    ORDER BY o.practitioner_id = s.practitioner_id, m.shared DESC, o.rating_weighted DESC, o.popularity_score DESC,
             o.id DESC
    LIMIT %(limit)s
"""


class FeaturedQuery(QuerySchema):
    """How many, and of what."""

    limit = fields.Integer(load_default=12, validate=validate.Range(1, 50))
    service_type = TypeCodes()
    category = Texts()


class PopularQuery(QuerySchema):
    """How many, and of what."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))
    service_type = TypeCodes()
    category = Texts()


class SimilarQuery(QuerySchema):
    """How many."""

    limit = fields.Integer(load_default=6, validate=validate.Range(1, 24))


@shelves.route("/services/featured/")
class Featured(MethodView):
    """Featured services."""

    @shelves.operation("services_featured_retrieve", ANYONE)
    @shelves.arguments(FeaturedQuery, location="query")
    @shelves.response(200, ServiceList(many=True))
    def get(self, query: dict[str, Any]) -> Response:
        """List featured services, the best rated first."""
        return _shelf(FEATURED, query, [LISTED, Service.is_featured.is_(True)])


@shelves.route("/services/popular/")
class Popular(MethodView):
    """Popular services."""

    @shelves.operation("services_popular_retrieve", ANYONE)
    @shelves.arguments(PopularQuery, location="query")
    @shelves.response(200, ServiceList(many=True))
    def get(self, query: dict[str, Any]) -> Response:
        """List popular services: those booked most of late, then the best rated, then the newest."""
        return _shelf(POPULAR, query, [LISTED])


@shelves.route("/services/<ref:reference>/similar/")
class Similar(MethodView):
    """Similar services."""

    @shelves.operation("services_similar_retrieve", ANYONE, refuses=[ServiceNotFound])
    @shelves.arguments(SimilarQuery, location="query")
    @shelves.response(200, ServiceList(many=True))
    def get(self, query: dict[str, Any], reference: str) -> Response:
        """List services like this one, other practitioners' first."""
        with reading() as connection:
            row = find(connection, reference)
            if not row.visible:
                raise ServiceNotFound
            found = connection.exec_driver_sql(SIMILAR, {"id": row.id, "limit": query["limit"]})
            return public_list(connection, [dict(one._mapping) for one in found])


class PricesQuery(QuerySchema):
    """What is to be sold."""

    service_type = fields.String(required=True, validate=validate.OneOf(tuple(words.NUMBERS)))
    modality = fields.String(load_default=None, validate=validate.Length(max=100))
    category = fields.String(load_default=None, validate=validate.Length(max=100))
    duration_minutes = fields.Integer(load_default=None, validate=validate.Range(0, 10_080))


class Prices(Schema):
    """A quarter asks at most p25, half the median, three quarters p75."""

    count = fields.Integer()
    currency = fields.String()
    p25 = fields.String()
    median = fields.String()
    p75 = fields.String()


@shelves.route("/services/price-guidance/")
class PriceGuidance(MethodView):
    """Prices."""

    @shelves.operation("services_price_guidance_retrieve", PRACTITIONER, refuses=[NotAPractitioner, NotFound])
    @shelves.arguments(PricesQuery, location="query")
    @shelves.response(200, Prices)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Say what others ask for the same, where at least twenty do."""
        with transaction() as session:
            practitioner(session, identity())
            return price_guidance(
                session.connection(),
                {
                    "type_id": words.NUMBERS[query["service_type"]],
                    "modality": query["modality"],
                    "category": query["category"],
                    "minutes": query["duration_minutes"],
                },
            )


def _shelf(listing: Listing, query: dict[str, Any], where: list[Any]) -> Response:
    size = query.pop("limit")
    with reading() as connection:
        page = listing.page(connection, {**query, "page_size": size}, where=where, variant="shelf")
        return public_list(connection, page.rows)
