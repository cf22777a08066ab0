"""What waits for staff, and what they decide."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam

from services.reviews.api.lists import QUEUE, REPORTS, QueueQuery, ReportsQuery
from services.reviews.api.requests import ModerateRequest
from services.reviews.api.shapes import ModerationItem, ModerationLogEntry, StaffReport
from services.reviews.domain import errors
from services.reviews.models import Review
from services.reviews.operations.finding import locked
from services.reviews.operations.moderating import moderate
from services.reviews.queries import presenting
from services.reviews.queries import reviews as queries
from shared.clock import utc_now
from shared.database import database, reading, retrying
from shared.http import STAFF, Blueprint, MethodView, identity
from shared.http.pages import page_body, page_schema

moderation = Blueprint("review-moderation", "Reviews that wait for staff.")


@moderation.route("/reviews/moderation/")
class Queue(MethodView):
    """What waits."""

    @moderation.operation("reviews_moderation_retrieve", STAFF)
    @moderation.arguments(QueueQuery, location="query")
    @moderation.response(200, page_schema(ModerationItem))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what waits for staff: held and reported reviews, the gravest first."""
        by, now = identity(), utc_now()
        where: list[Any] = []
        if query.get("mine"):
            where = [Review.claimed_by == bindparam("me"), Review.claimed_until > bindparam("now")]
        with reading() as connection:
            page = QUEUE.page(
                connection,
                query,
                where=where,
                variant="mine" if where else "",
                parameters={"me": by.user_id, "now": now},
            )
            items = queries.queue_items(connection, page.rows, by=by, now=now)
        return page_body(page, items)


@moderation.route("/reviews/reports/")
class Reports(MethodView):
    """Reports."""

    @moderation.operation("reviews_reports_retrieve", STAFF)
    @moderation.arguments(ReportsQuery, location="query")
    @moderation.response(200, page_schema(StaffReport))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List reports, newest first."""
        with reading() as connection:
            page = REPORTS.page(connection, query)
        return page_body(page, [presenting.reported(row) for row in page.rows])


@moderation.route("/reviews/<uuid:public_uuid>/moderate/")
class Moderate(MethodView):
    """Deciding."""

    @moderation.operation(
        "reviews_moderate_create",
        STAFF,
        refuses=[errors.ReviewNotFound, errors.InvalidTransition, errors.ClaimedByOther],
    )
    @moderation.arguments(ModerateRequest)
    @moderation.response(200, ModerationItem)
    def post(self, body: dict[str, Any], public_uuid: UUID) -> dict[str, Any]:
        """Decide about a review, or claim it for ten minutes.

        `hide` and `remove` need a reason and uphold its reports; `approve`, `restore` and `dismiss` close them.
        """
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            moderate(session, locked(session, public_uuid), by=by, now=utc_now(), **body)
            session.flush()
            return queries.queue_item(session, public_uuid, by=by, now=utc_now())

        return retrying(work)


@moderation.route("/reviews/<uuid:public_uuid>/moderation_log/", twins=["/reviews/<uuid:public_uuid>/moderation-log/"])
class Log(MethodView):
    """What was decided."""

    @moderation.operation("reviews_moderation_log_retrieve", STAFF, refuses=[errors.ReviewNotFound])
    @moderation.response(200, ModerationLogEntry(many=True))
    def get(self, public_uuid: UUID) -> list[dict[str, Any]]:
        """List what was decided about a review, oldest first."""
        with database().transaction() as session:
            return queries.moderation_log(session, public_uuid)
