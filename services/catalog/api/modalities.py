"""Ways of working, and their families."""

from typing import Any

from marshmallow import validate
from sqlalchemy import ColumnElement, func, literal_column, or_, select

from services.catalog.api.requests import line, number, text
from services.catalog.api.shapes.taxonomy import Modality as ModalityShape
from services.catalog.domain.errors import ModalityInUse, NameTaken
from services.catalog.models import Modality, ModalityCategory
from services.catalog.operations import modalities as operations
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import (
    ANYONE,
    STAFF,
    Blueprint,
    MethodView,
    Schema,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.fields import maybe
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

modalities = Blueprint("modalities", "Ways of working, and their families.")


class Question(Schema):
    """A question that is asked often."""

    question = line(500, least=1, required=True)
    answer = text(5000)


class ModalityDetail(ModalityShape):
    """A way of working, in full."""

    long_description = maybe(fields.String)
    benefits = fields.List(fields.String())
    faqs = fields.List(fields.Nested(Question))
    seo_meta_title = maybe(fields.String)
    seo_meta_description = maybe(fields.String)
    seo_primary_keyword = maybe(fields.String)
    seo_secondary_keywords = fields.List(fields.String())
    related_modality_slugs = fields.List(fields.String())
    practitioner_count = fields.Integer()
    service_count = fields.Integer()


class ModalityFamily(Schema):
    """A family of ways of working."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    short_description = fields.String()
    icon = maybe(fields.String)
    color = fields.String()
    order = fields.Integer()
    is_active = fields.Boolean()
    modality_count = fields.Integer()


class ModalityRequest(Schema):
    """A way of working."""

    name = line(100, least=1, required=True)
    description = text()
    icon = line(50, allow_none=True)
    category_id = number(1, fields.INT64_MAX, allow_none=True)
    cluster = line(100, allow_none=True)
    short_description = text(500)
    long_description = text()
    benefits = fields.List(line(500), validate=validate.Length(max=50))
    faqs = fields.List(fields.Nested(Question), validate=validate.Length(max=50))
    gray_zone = fields.Boolean()
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    position = number(0, data_key="order")
    related_modality_ids = fields.List(number(1, fields.INT64_MAX), validate=validate.Length(max=50))
    seo_meta_title = line(200, allow_none=True)
    seo_meta_description = text(500)
    seo_primary_keyword = line(100, allow_none=True)
    seo_secondary_keywords = fields.List(line(100), validate=validate.Length(max=50))


_RELATED: ColumnElement[Any] = literal_column(
    "ARRAY(SELECT r.slug FROM modality_links k JOIN modalities r ON r.id = k.related_id"
    " WHERE k.modality_id = modalities.id AND r.is_active ORDER BY r.position)"
)
_SAME = (
    *("id", "name", "slug", "description", "icon", "cluster", "short_description", "gray_zone", "is_active"),
    *("is_featured", "long_description", "benefits", "faqs", "seo_meta_title", "seo_meta_description"),
    *("seo_primary_keyword", "seo_secondary_keywords", "version"),
)

MODALITIES = Listing(
    columns=select(
        *(getattr(Modality, name) for name in _SAME),
        Modality.position.label("order"),
        Modality.services_count.label("service_count"),
        Modality.practitioners_count.label("practitioner_count"),
        ModalityCategory.name.label("category"),
        ModalityCategory.name.label("category_name"),
        ModalityCategory.slug.label("category_slug"),
        ModalityCategory.color.label("category_color"),
        _RELATED.label("related_modality_slugs"),
    )
    .select_from(Modality)
    .outerjoin(ModalityCategory, ModalityCategory.id == Modality.category_id),
    key=Modality.id,
    filters={
        "is_active": Filter(fields.Boolean(), Modality.is_active.is_, by_value=True),
        "is_featured": Filter(fields.Boolean(), Modality.is_featured.is_, by_value=True),
        "gray_zone": Filter(fields.Boolean(), Modality.gray_zone.is_, by_value=True),
        "category": Filter(
            line(100), lambda bound: or_(ModalityCategory.slug == bound, ModalityCategory.name == bound)
        ),
        "category_ref__slug": Filter(line(100), lambda bound: ModalityCategory.slug == bound),
        "cluster": Filter(line(100), lambda bound: Modality.cluster == bound),
    },
    orderings={"order": Modality.position, "name": Modality.name},
    default_ordering="order",
    search=lambda bound: func.strpos(func.lower(Modality.name), func.lower(bound)) > 0,
    page_size_max=500,
)
FAMILIES = Listing(
    columns=select(
        ModalityCategory.id,
        ModalityCategory.name,
        ModalityCategory.slug,
        ModalityCategory.short_description,
        ModalityCategory.icon,
        ModalityCategory.color,
        ModalityCategory.position.label("order"),
        ModalityCategory.is_active,
        literal_column(
            "(SELECT count(*) FROM modalities m WHERE m.category_id = modality_categories.id AND m.is_active)"
        ).label("modality_count"),
    ),
    key=ModalityCategory.id,
    filters={"is_active": Filter(fields.Boolean(), ModalityCategory.is_active.is_, by_value=True)},
    orderings={"order": ModalityCategory.position, "name": ModalityCategory.name},
    default_ordering="order",
    page_size_max=500,
)
ModalitiesQuery = query_schema(MODALITIES, "ModalitiesQuery", search=line(200))
FamiliesQuery = query_schema(FAMILIES, "FamiliesQuery")


@modalities.route("/modalities/")
class Modalities(MethodView):
    """All modalities."""

    @modalities.operation("modalities_list", ANYONE)
    @modalities.arguments(ModalitiesQuery, location="query")
    @modalities.response(200, page_schema(ModalityDetail))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List modalities; only staff see inactive ones."""
        where = [] if identity().is_staff else [Modality.is_active.is_(True)]
        with reading() as connection:
            return page_body(MODALITIES.page(connection, query, where=where, variant="active" if where else "all"))

    @modalities.operation("modalities_create", STAFF, refuses=[NameTaken])
    @modalities.arguments(ModalityRequest)
    @modalities.response(201, ModalityDetail)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a modality."""
        with transaction() as session:
            made = operations.create_modality(session, body)
            say("Modality created successfully")
            return _one(session.connection(), Modality.id == made.id)


@modalities.route("/modalities/by-slug/<ref:slug>/")
class ModalityBySlug(MethodView):
    """A modality by its address."""

    @modalities.operation("modalities_by_slug_retrieve", ANYONE, refuses=[NotFound])
    @modalities.response(200, ModalityDetail)
    def get(self, slug: str) -> dict[str, Any]:
        """Return a modality by its slug."""
        with reading() as connection:
            return _one(connection, Modality.slug == slug)


@modalities.route("/modalities/<id:modality_id>/")
class OneModality(MethodView):
    """One modality."""

    @modalities.operation("modalities_retrieve", ANYONE, refuses=[NotFound])
    @modalities.response(200, ModalityDetail)
    def get(self, modality_id: int) -> dict[str, Any]:
        """Return a modality."""
        with reading() as connection:
            return _one(connection, Modality.id == modality_id)

    @modalities.operation("modalities_partial_update", STAFF, refuses=[NotFound, NameTaken], matches=True)
    @modalities.arguments(ModalityRequest(partial=True))
    @modalities.response(200, ModalityDetail)
    def patch(self, body: dict[str, Any], modality_id: int) -> dict[str, Any]:
        """Change parts of a modality. Its address stays."""
        with transaction() as session:
            found = operations.modality_to_change(session, modality_id)
            require_match(found.version)
            operations.update_modality(session, found, body)
            say("Modality updated successfully")
            return _one(session.connection(), Modality.id == modality_id)

    @modalities.operation("modalities_destroy", STAFF, refuses=[NotFound, ModalityInUse])
    @modalities.response(204)
    def delete(self, modality_id: int) -> None:
        """Delete a modality that no service offers."""
        with transaction() as session:
            operations.delete_modality(session, operations.modality_to_change(session, modality_id))


@modalities.route("/modality-categories/")
class Families(MethodView):
    """All families."""

    @modalities.operation("modality_categories_list", ANYONE)
    @modalities.arguments(FamiliesQuery, location="query")
    @modalities.response(200, page_schema(ModalityFamily))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List families of modalities; only staff see inactive ones."""
        where = [] if identity().is_staff else [ModalityCategory.is_active.is_(True)]
        with reading() as connection:
            return page_body(FAMILIES.page(connection, query, where=where, variant="active" if where else "all"))


@modalities.route("/modality-categories/<id:category_id>/")
class OneFamily(MethodView):
    """One family."""

    @modalities.operation("modality_categories_retrieve", ANYONE, refuses=[NotFound])
    @modalities.response(200, ModalityFamily)
    def get(self, category_id: int) -> dict[str, Any]:
        """Return a family of modalities."""
        active = () if identity().is_staff else (ModalityCategory.is_active.is_(True),)
        with reading() as connection:
            row = connection.execute(FAMILIES.columns.where(ModalityCategory.id == category_id, *active)).first()
        if row is None:
            raise NotFound
        return dict(row._mapping)


def _one(connection: Any, condition: Any) -> dict[str, Any]:
    row = connection.execute(MODALITIES.columns.where(condition)).first()
    if row is None or (not row.is_active and not identity().is_staff):
        raise NotFound
    set_version(row.version)
    return dict(row._mapping)
