"""Kinds of service."""

from typing import Any

from flask import Response
from marshmallow import validate
from sqlalchemy import func, or_, select

from services.catalog.api.answers import public_answer
from services.catalog.api.requests import ServiceCategoryRequest
from services.catalog.api.shapes.taxonomy import ServiceCategory
from services.catalog.domain.errors import CategoryInUse, NameTaken
from services.catalog.models import ServiceCategory as Category
from services.catalog.operations import categories as operations
from services.catalog.queries.fragments import etag_of
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import (
    ANYONE,
    STAFF,
    Blueprint,
    MethodView,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

categories = Blueprint("service-categories", "Kinds of service.")

CATEGORIES = Listing(
    columns=select(
        Category.id,
        Category.name,
        Category.slug,
        Category.description,
        Category.icon,
        Category.is_active,
        Category.is_featured,
        Category.position.label("order"),
        Category.services_count.label("service_count"),
        Category.created_at,
        Category.updated_at,
        Category.version,
    ),
    key=Category.id,
    filters={
        "is_featured": Filter(fields.Boolean(), Category.is_featured.is_, by_value=True),
        "is_active": Filter(fields.Boolean(), Category.is_active.is_, by_value=True),
    },
    orderings={
        "order": Category.position,
        "name": Category.name,
        "created_at": Category.created_at,
        "service_count": Category.services_count,
    },
    default_ordering="order",
    search=lambda bound: or_(
        func.strpos(func.lower(Category.name), func.lower(bound)) > 0,
        func.strpos(func.lower(func.coalesce(Category.description, "")), func.lower(bound)) > 0,
    ),
)
CategoriesQuery = query_schema(CATEGORIES, "CategoriesQuery", search=fields.String(validate=validate.Length(max=200)))
FEATURED_MAX = 50


@categories.route("/service-categories/")
class Categories(MethodView):
    """All categories."""

    @categories.operation("service_categories_list", ANYONE)
    @categories.arguments(CategoriesQuery, location="query")
    @categories.response(200, page_schema(ServiceCategory))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List categories; only staff see inactive ones."""
        where = [] if identity().is_staff else [Category.is_active.is_(True)]
        with reading() as connection:
            return page_body(CATEGORIES.page(connection, query, where=where, variant="all" if not where else "active"))

    @categories.operation("service_categories_create", STAFF, refuses=[NameTaken])
    @categories.arguments(ServiceCategoryRequest)
    @categories.response(201, ServiceCategory)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a category. Its address follows from its name and never changes."""
        with transaction() as session:
            made = operations.create_category(session, body)
            set_version(made.version)
            say("Category created successfully")
            return _shown(made)


@categories.route("/service-categories/featured/")
class FeaturedCategories(MethodView):
    """Categories that are shown first."""

    @categories.operation("service_categories_featured_retrieve", ANYONE)
    @categories.response(200, ServiceCategory(many=True))
    def get(self) -> Response:
        """List the featured categories."""
        where = [Category.is_active.is_(True), Category.is_featured.is_(True)]
        with reading() as connection:
            rows = CATEGORIES.all(connection, where=where, variant="featured", parameters={}, limit=FEATURED_MAX)
        shown = ServiceCategory(many=True).dump(rows)
        return public_answer(shown, etag_of(shown))


@categories.route("/service-categories/<ref:slug>/")
class OneCategory(MethodView):
    """One category."""

    @categories.operation("service_categories_retrieve", ANYONE, refuses=[NotFound])
    @categories.response(200, ServiceCategory)
    def get(self, slug: str) -> dict[str, Any]:
        """Return a category by its slug or id."""
        with transaction() as session:
            found = operations.find_category(session, slug)
            if not found.is_active and not identity().is_staff:
                raise NotFound
            set_version(found.version)
            return _shown(found)

    @categories.operation("service_categories_update", STAFF, refuses=[NotFound, NameTaken], matches=True)
    @categories.arguments(ServiceCategoryRequest)
    @categories.response(200, ServiceCategory)
    def put(self, body: dict[str, Any], slug: str) -> dict[str, Any]:
        """Change a category as a whole."""
        whole = {"description": None, "icon": None, "is_active": True, "is_featured": False, "position": 0}
        return _change(slug, {**whole, **body})

    @categories.operation("service_categories_partial_update", STAFF, refuses=[NotFound, NameTaken], matches=True)
    @categories.arguments(ServiceCategoryRequest(partial=True))
    @categories.response(200, ServiceCategory)
    def patch(self, body: dict[str, Any], slug: str) -> dict[str, Any]:
        """Change parts of a category."""
        return _change(slug, body)

    @categories.operation("service_categories_destroy", STAFF, refuses=[NotFound, CategoryInUse])
    @categories.response(204)
    def delete(self, slug: str) -> None:
        """Delete a category that no service is in."""
        with transaction() as session:
            operations.delete_category(session, operations.find_category(session, slug, lock=True))


def _change(slug: str, body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        found = operations.find_category(session, slug, lock=True)
        require_match(found.version)
        operations.update_category(session, found, body)
        set_version(found.version)
        say("Category updated successfully")
        return _shown(found)


def _shown(row: Category) -> dict[str, Any]:
    names = ("id", "name", "slug", "description", "icon", "is_active", "is_featured", "created_at", "updated_at")
    return {**{name: getattr(row, name) for name in names}, "order": row.position, "service_count": row.services_count}
