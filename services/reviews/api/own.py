"""One's own reviews, those to write, and those that a practitioner received."""

from typing import Any

from sqlalchemy import bindparam, select

from services.reviews.api.lists import OWN, PENDING, RECEIVED, OwnQuery, PendingQuery, ReceivedQuery
from services.reviews.api.shapes import PendingReview, ReviewDetail
from services.reviews.domain import windows, words
from services.reviews.domain.errors import NotAPractitioner
from services.reviews.models import Practitioner, Review
from services.reviews.queries import reviews as queries
from services.reviews.settings import settings
from shared.clock import utc_now
from shared.database import reading
from shared.http import PRACTITIONER, SIGNED_IN, Blueprint, MethodView, identity
from shared.http.pages import page_body, page_schema

own = Blueprint("own-reviews", "Reviews that one wrote, may write, or received.")

ReviewDetailPage = page_schema(ReviewDetail)


@own.route("/reviews/my_reviews/", twins=["/reviews/my-reviews/"])
class MyReviews(MethodView):
    """What one wrote."""

    @own.operation("reviews_my_reviews_retrieve", SIGNED_IN)
    @own.arguments(OwnQuery, location="query")
    @own.response(200, ReviewDetailPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's own reviews, whatever became of them; not those that one took back."""
        by = identity()
        with reading() as connection:
            page = OWN.page(
                connection,
                query,
                where=[Review.author_id == bindparam("me"), Review.status != words.WITHDRAWN],
                parameters={"me": by.user_id},
            )
            shown = queries.details(connection, page.rows, by=by, now=utc_now(), with_votes=False)
        return page_body(page, shown)


@own.route("/reviews/pending/")
class Pending(MethodView):
    """What one may review."""

    @own.operation("reviews_pending_retrieve", SIGNED_IN)
    @own.arguments(PendingQuery, location="query")
    @own.response(200, page_schema(PendingReview))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's completed bookings that wait for a review, the newest first."""
        days = settings().reviews_window_days
        parameters = {"me": identity().user_id, "oldest": windows.oldest(utc_now(), days=days)}
        with reading() as connection:
            page = PENDING.page(connection, query, parameters=parameters)
        shown = [{**row, "review_by": windows.review_by(row["completed_at"], days=days)} for row in page.rows]
        return page_body(page, shown)


@own.route("/reviews/received/")
class Received(MethodView):
    """What was written about one."""

    @own.operation("reviews_received_retrieve", PRACTITIONER, refuses=[NotAPractitioner])
    @own.arguments(ReceivedQuery, location="query")
    @own.response(200, ReviewDetailPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the published reviews of the caller's work; `has_response=false` are those to answer."""
        by = identity()
        with reading() as connection:
            mine = connection.scalar(
                select(Practitioner.id).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
            )
            if mine is None:
                raise NotAPractitioner
            page = RECEIVED.page(
                connection,
                query,
                where=[Review.practitioner_id == bindparam("mine"), Review.status == words.PUBLISHED],
                parameters={"mine": mine},
            )
            shown = queries.details(connection, page.rows, by=by, now=utc_now(), with_votes=False)
        return page_body(page, shown)
