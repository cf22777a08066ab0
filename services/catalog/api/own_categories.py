"""Groups in which practitioners show their services."""

from typing import Any

from marshmallow import validate
from sqlalchemy import bindparam, select

from services.catalog.api.requests import line, number, text
from services.catalog.api.shapes.taxonomy import PractitionerServiceCategory
from services.catalog.domain.errors import LimitReached, NameTaken, NotAPractitioner
from services.catalog.models import Practitioner
from services.catalog.models import PractitionerCategory as Category
from services.catalog.operations import own_categories as operations
from shared.database import reading, transaction
from shared.errors import NotFound, Unauthenticated
from shared.http import (
    ANYONE,
    PRACTITIONER,
    Blueprint,
    MethodView,
    Schema,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

own_categories = Blueprint("practitioner-categories", "Groups in which practitioners show their services.")

OWN_CATEGORIES = Listing(
    columns=select(
        Category.id,
        Category.practitioner_id.label("practitioner"),
        Category.name,
        Category.slug,
        Category.description,
        Category.icon,
        Category.color,
        Category.is_active,
        Category.position.label("order"),
        Category.services_count.label("service_count"),
        Category.created_at,
        Category.updated_at,
    ),
    key=Category.id,
    filters={"is_active": Filter(fields.Boolean(), Category.is_active.is_, by_value=True)},
    orderings={"order": Category.position, "name": Category.name, "created_at": Category.created_at},
    default_ordering="order",
)
OwnCategoriesQuery = query_schema(OWN_CATEGORIES, "OwnCategoriesQuery", practitioner=number(1, fields.INT64_MAX))


class PractitionerServiceCategoryRequest(Schema):
    """A group of services."""

    name = line(100, least=1, required=True)
    description = text(2000)
    icon = line(50, allow_none=True)
    color = fields.String(allow_none=True, validate=validate.Regexp(r"^#[0-9A-Fa-f]{6}$"))
    is_active = fields.Boolean()
    position = number(0, data_key="order")


class ReorderRequest(Schema):
    """Categories in the wished order; those left out keep theirs behind."""

    category_ids = fields.List(fields.Integer(), required=True)


class ReorderResult(Schema):
    """All categories in their new order."""

    message = fields.String()
    categories = fields.List(fields.Nested(PractitionerServiceCategory))


@own_categories.route("/practitioner-categories/")
class OwnCategories(MethodView):
    """All groups."""

    @own_categories.operation("practitioner_categories_list", ANYONE, refuses=[Unauthenticated, NotAPractitioner])
    @own_categories.arguments(OwnCategoriesQuery, location="query")
    @own_categories.response(200, page_schema(PractitionerServiceCategory))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's own groups, or with `practitioner` the active ones of somebody who is listed."""
        by, asked = identity(), query.pop("practitioner", None)
        mine = select(Practitioner.id).where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))
        if asked is None:
            if not by.is_signed_in:
                raise Unauthenticated
            query.setdefault("is_active", True)
            where, variant = [Category.practitioner_id.in_(mine)], "own"
            parameters = {"me": by.user_id}
        else:
            listed = select(Practitioner.id).where(Practitioner.id == bindparam("who"), Practitioner.is_listed)
            where, variant = [Category.practitioner_id.in_(listed), Category.is_active.is_(True)], "theirs"
            parameters = {"who": asked}
        with reading() as connection:
            if asked is None and connection.scalar(mine, {"me": by.user_id}) is None:
                raise NotAPractitioner
            page = OWN_CATEGORIES.page(connection, query, where=where, variant=variant, parameters=parameters)
            return page_body(page)

    @own_categories.operation(
        "practitioner_categories_create", PRACTITIONER, refuses=[NotAPractitioner, NameTaken, LimitReached]
    )
    @own_categories.arguments(PractitionerServiceCategoryRequest)
    @own_categories.response(201, PractitionerServiceCategory)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a group of one's own."""
        with transaction() as session:
            made = operations.create_own_category(session, body, by=identity())
            set_version(made.version)
            say("Category created successfully")
            return _shown(made)


@own_categories.route("/practitioner-categories/reorder/")
class Reorder(MethodView):
    """Their order."""

    @own_categories.operation("practitioner_categories_reorder_create", PRACTITIONER, refuses=[NotAPractitioner])
    @own_categories.arguments(ReorderRequest)
    @own_categories.response(200, ReorderResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Put one's groups into another order."""
        with transaction() as session:
            ordered = operations.reorder_own_categories(session, body["category_ids"], by=identity())
            message = "Categories reordered successfully"
            say(message)
            return {"message": message, "categories": [_shown(one) for one in ordered]}


@own_categories.route("/practitioner-categories/<id:category_id>/")
class OneOwnCategory(MethodView):
    """One group."""

    @own_categories.operation("practitioner_categories_retrieve", PRACTITIONER, refuses=[NotAPractitioner, NotFound])
    @own_categories.response(200, PractitionerServiceCategory)
    def get(self, category_id: int) -> dict[str, Any]:
        """Return a group of one's own."""
        with transaction() as session:
            found = operations.own_category_to_change(session, category_id, by=identity())
            set_version(found.version)
            return _shown(found)

    @own_categories.operation(
        "practitioner_categories_update", PRACTITIONER, refuses=[NotAPractitioner, NotFound, NameTaken], matches=True
    )
    @own_categories.arguments(PractitionerServiceCategoryRequest)
    @own_categories.response(200, PractitionerServiceCategory)
    def put(self, body: dict[str, Any], category_id: int) -> dict[str, Any]:
        """Change a group as a whole; its place stays unless it is named."""
        whole = {"description": None, "icon": None, "color": None, "is_active": True}
        return _change(category_id, {**whole, **body})

    @own_categories.operation(
        "practitioner_categories_partial_update",
        PRACTITIONER,
        refuses=[NotAPractitioner, NotFound, NameTaken],
        matches=True,
    )
    @own_categories.arguments(PractitionerServiceCategoryRequest(partial=True))
    @own_categories.response(200, PractitionerServiceCategory)
    def patch(self, body: dict[str, Any], category_id: int) -> dict[str, Any]:
        """Change parts of a group."""
        return _change(category_id, body)

    @own_categories.operation("practitioner_categories_destroy", PRACTITIONER, refuses=[NotAPractitioner, NotFound])
    @own_categories.response(204)
    def delete(self, category_id: int) -> None:
        """Delete a group. Its services stay, in none."""
        with transaction() as session:
            operations.delete_own_category(
                session, operations.own_category_to_change(session, category_id, by=identity())
            )


def _change(category_id: int, body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        found = operations.own_category_to_change(session, category_id, by=identity())
        require_match(found.version)
        operations.update_own_category(session, found, body)
        set_version(found.version)
        say("Category updated successfully")
        return _shown(found)


def _shown(row: Category) -> dict[str, Any]:
    names = ("id", "name", "slug", "description", "icon", "color", "is_active", "created_at", "updated_at")
    return {
        **{name: getattr(row, name) for name in names},
        "practitioner": row.practitioner_id,
        "order": row.position,
        "service_count": row.services_count,
    }
