"""Shelves that streams stand on."""

from typing import Any

from services.streams.api.lists import BY_CATEGORY, CATEGORIES, STREAMS, CategoriesQuery, ShelfQuery
from services.streams.api.pages import StreamPage
from services.streams.api.stream_schemas import CategoryChange, CategoryRequest, StreamCategory
from services.streams.domain import errors
from services.streams.models import StreamCategory as CategoryRow
from services.streams.operations import categories as operations
from services.streams.queries.shown import binds, streams_shown_to
from services.streams.queries.streams import one_category, stream_shown
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.http import ANYONE, STAFF, Blueprint, MethodView, identity, say
from shared.http.pages import page_body, page_schema

categories = Blueprint("stream-categories", "Shelves that streams stand on.")


@categories.route("/stream-categories/")
class Categories(MethodView):
    """All categories."""

    @categories.operation("stream_categories_list", ANYONE)
    @categories.arguments(CategoriesQuery, location="query")
    @categories.response(200, page_schema(StreamCategory))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List categories; those that are switched off only to staff."""
        by = identity()
        where = [] if by.is_staff else [CategoryRow.is_active.is_(True)]
        with reading() as connection:
            page = CATEGORIES.page(
                connection,
                query,
                where=where,
                variant="staff" if by.is_staff else "public",
                parameters={"now": utc_now()},
            )
        return page_body(page)

    @categories.operation("stream_categories_create", STAFF, refuses=[errors.NameTaken])
    @categories.arguments(CategoryRequest)
    @categories.response(201, StreamCategory)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a category."""
        with transaction() as session:
            made = operations.create_category(session, body)
            say("Category created successfully")
            return one_category(session, str(made.id), now=utc_now())


@categories.route("/stream-categories/<ref:reference>/")
class OneCategory(MethodView):
    """One category."""

    @categories.operation("stream_categories_retrieve", ANYONE, refuses=[errors.CategoryNotFound])
    @categories.response(200, StreamCategory)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a category, by id or slug."""
        with transaction() as session:
            found = one_category(session, reference, now=utc_now())
        if not found["is_active"] and not identity().is_staff:
            raise errors.CategoryNotFound
        return found

    @categories.operation(
        "stream_categories_partial_update", STAFF, refuses=[errors.CategoryNotFound, errors.NameTaken]
    )
    @categories.arguments(CategoryChange)
    @categories.response(200, StreamCategory)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a category."""
        with transaction() as session:
            found = one_category(session, reference, now=utc_now())
            operations.change_category(session, found["id"], body)
            return one_category(session, str(found["id"]), now=utc_now())


@categories.route("/stream-categories/<ref:reference>/streams/")
class StreamsOfCategory(MethodView):
    """What stands there."""

    @categories.operation("stream_categories_streams_retrieve", ANYONE, refuses=[errors.CategoryNotFound])
    @categories.arguments(ShelfQuery, location="query")
    @categories.response(200, StreamPage)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List the streams of a category, those with most members first."""
        by, now = identity(), utc_now()
        with transaction() as session:
            category_id = one_category(session, reference, now=now)["id"]
        clauses, variant = streams_shown_to(by)
        with reading() as connection:
            page = STREAMS.page(
                connection,
                {"ordering": ("-subscriber_count",), **query},
                where=[*clauses, BY_CATEGORY],
                variant=f"{variant} categories",
                parameters={**binds(by, now), "categories": [category_id]},
            )
        return page_body(page, [stream_shown(row, by, now) for row in page.rows])
