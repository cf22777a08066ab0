"""Reviews: found, read, written, changed, taken back, and what they add up to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.reviews.api.caching import public
from services.reviews.api.fields import Reference
from services.reviews.api.lists import ReviewsQuery
from services.reviews.api.paging import reviews_page
from services.reviews.api.requests import (
    CanReviewQuery,
    PatchedReviewUpdateRequest,
    ReviewCreateRequest,
    ReviewUpdateRequest,
)
from services.reviews.api.shapes import (
    CanReview,
    ReviewCreate,
    ReviewDetail,
    ReviewList,
    ReviewStatistics,
    ReviewUpdate,
    Revision,
)
from services.reviews.domain import errors, words
from services.reviews.models import Review
from services.reviews.models.eligibility import About, Eligibility, eligibility
from services.reviews.operations.creating import Wish, create_review
from services.reviews.operations.editing import edit_review, withdraw_review
from services.reviews.operations.finding import locked
from services.reviews.operations.moderating import moderate
from services.reviews.queries import presenting
from services.reviews.queries import reviews as queries
from services.reviews.queries.statistics import statistics
from services.reviews.settings import settings
from shared.clock import utc_now
from shared.database import database, reading, retrying
from shared.errors import Forbidden, Invalid
from shared.http import (
    ANYONE,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema

reviews = Blueprint("reviews", "What clients think of what they booked.")

_CHANGING = (
    *(errors.ReviewNotFound, errors.NotYours, errors.EditWindowClosed, errors.ReviewLocked),
    Forbidden,
)


class StatisticsQuery(QuerySchema):
    """Whose numbers; with both, those of the service with this practitioner."""

    practitioner = Reference(metadata={"description": "A uuid, an id or a slug."})
    service = Reference(metadata={"description": "A uuid, an id or a slug."})


@reviews.route("/reviews/")
class Reviews(MethodView):
    """All published reviews."""

    @reviews.operation("reviews_list", ANYONE)
    @public
    @reviews.arguments(ReviewsQuery, location="query")
    @reviews.response(200, page_schema(ReviewList))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List reviews, newest first."""
        by = identity()
        with reading() as connection:
            page = reviews_page(connection, query, by=by)
            votes = queries.votes_of(connection, [row["id"] for row in page.rows], by=by)
        return page_body(page, [presenting.listed(row, votes) for row in page.rows])

    @reviews.operation(
        "reviews_create",
        SIGNED_IN,
        refuses=[
            *(errors.NoCompletedBooking, errors.AlreadyReviewed, errors.WindowClosed, errors.OwnService),
            *(errors.BookingMismatch, errors.MediaNotReady),
        ],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @reviews.arguments(ReviewCreateRequest)
    @reviews.response(201, ReviewCreate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Review a completed booking.

        Without `booking_uuid` it is the newest one that fits. The review is public at once, unless it holds contact
        details or looks like spam: then staff read it first, and `status` is `held`. Stars are never a reason.
        """
        names = ("rating", "comment", "is_anonymous", "answers", "media_ids")
        about = About(
            practitioner=body["practitioner_uuid"], service=body["service_uuid"], booking=body["booking_uuid"]
        )
        wish = Wish(about=about, **{name: body[name] for name in names})
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            review = create_review(session, wish, by=by, now=utc_now())
            set_version(review.version)
            # Others may wait for what this transaction holds: nothing is read that is known.
            answers = queries.answers_of(session, [review.id])[review.id] if wish.answers else []
            return {**_written(review), "answers": answers}

        made = retrying(work)
        say("Thank you. We read it before it is shown." if made["status"] == words.HELD else "Thank you.")
        return made


@reviews.route("/reviews/can_review/", twins=["/reviews/can-review/"])
class Can(MethodView):
    """Whether one may review."""

    @reviews.operation("reviews_can_review_retrieve", ANYONE)
    @reviews.arguments(CanReviewQuery, location="query")
    @reviews.response(200, CanReview)
    def get(self, query: dict[str, UUID]) -> dict[str, Any]:
        """Tell whether the caller may review this, and if not, why."""
        by = identity()
        if not by.is_signed_in:
            return _no(Eligibility(), "authentication_required", "Sign in to write a review.")
        about = About(**query)
        with database().transaction() as session:
            found = eligibility(
                session, about, user_id=by.user_id, now=utc_now(), window_days=settings().reviews_window_days
            )
        if found.refusal is not None:
            # A booking of another practitioner or service is, to somebody who only asks, no booking that fits.
            is_mismatch = isinstance(found.refusal, errors.BookingMismatch)
            refusal = errors.NoCompletedBooking() if is_mismatch else found.refusal
            return _no(found, refusal.code, refusal.message)
        assert found.booking is not None
        return {
            "can_review": True,
            "booking_uuid": found.booking.public_uuid,
            "reason": None,
            "code": None,
            "review_by": found.review_by,
            "existing_review": None,
        }


@reviews.route("/reviews/statistics/")
class Statistics(MethodView):
    """What reviews add up to."""

    @reviews.operation("reviews_statistics_retrieve", ANYONE)
    @public
    @reviews.arguments(StatisticsQuery, location="query")
    @reviews.response(200, ReviewStatistics)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Tell what reviews of a practitioner, a service, or of both together add up to."""
        if not query:
            raise Invalid.field("practitioner", "Name a practitioner or a service.")
        with reading() as connection:
            return statistics(
                connection,
                practitioner=query.get("practitioner"),
                service=query.get("service"),
                today=utc_now().date(),
            )


@reviews.route("/reviews/<uuid:public_uuid>/")
class One(MethodView):
    """One review."""

    @reviews.operation("reviews_retrieve", ANYONE, refuses=[errors.ReviewNotFound])
    @public
    @reviews.response(200, ReviewDetail)
    def get(self, public_uuid: UUID) -> dict[str, Any]:
        """Read a review. One that is not published is shown to its author and to staff."""
        by = identity()
        with reading() as connection:
            shown, version = queries.one_review(connection, public_uuid, by=by, now=utc_now())
        if by.is_signed_in:
            set_version(version)
        return shown

    @reviews.operation("reviews_update", SIGNED_IN, refuses=_CHANGING, matches=True)
    @reviews.arguments(ReviewUpdateRequest)
    @reviews.response(200, ReviewUpdate)
    def put(self, body: dict[str, Any], public_uuid: UUID) -> dict[str, Any]:
        """Change one's review within its first day and before it is answered. What is absent stays."""
        return _edit(public_uuid, body)

    @reviews.operation("reviews_partial_update", SIGNED_IN, refuses=_CHANGING, matches=True)
    @reviews.arguments(PatchedReviewUpdateRequest)
    @reviews.response(200, ReviewUpdate)
    def patch(self, body: dict[str, Any], public_uuid: UUID) -> dict[str, Any]:
        """Change one's review within its first day and before it is answered. What is absent stays."""
        return _edit(public_uuid, body)

    @reviews.operation(
        "reviews_destroy", SIGNED_IN, refuses=[*_CHANGING, errors.InvalidTransition, errors.ClaimedByOther]
    )
    @reviews.response(204)
    def delete(self, public_uuid: UUID) -> None:
        """Take one's review back within its first day; the booking may be reviewed anew. Staff remove it."""
        by = identity()

        def work(session: Any) -> None:
            review = locked(session, public_uuid)
            if by.is_staff and review.author_id != by.user_id:
                moderate(session, review, words.REMOVE, by=by, now=utc_now(), reason=words.OTHER)
            else:
                withdraw_review(session, review, by=by, now=utc_now())

        retrying(work)


@reviews.route("/reviews/<uuid:public_uuid>/revisions/")
class Revisions(MethodView):
    """Earlier texts."""

    @reviews.operation("reviews_revisions_retrieve", SIGNED_IN, refuses=[errors.ReviewNotFound])
    @reviews.response(200, Revision(many=True))
    def get(self, public_uuid: UUID) -> list[dict[str, Any]]:
        """List what a review said before, newest first: for its author and for staff."""
        with database().transaction() as session:
            return queries.revisions(session, public_uuid, by=identity())


def _edit(reference: UUID, body: Mapping[str, Any]) -> dict[str, Any]:
    by = identity()

    def work(session: Any) -> dict[str, Any]:
        review = locked(session, reference)
        require_match(review.version)
        edit_review(session, review, body, by=by, now=utc_now())
        set_version(review.version)
        return {**_written(review), "answers": queries.answers_of(session, [review.id])[review.id]}

    return retrying(work)


def _written(review: Review) -> dict[str, Any]:
    """Return a review as its author gets it back."""
    names = ("public_uuid", "rating", "comment", "is_anonymous", "created_at", "updated_at", "status", "is_published")
    return {
        **{name: getattr(review, name) for name in names},
        "is_edited": review.edited_at is not None,
        "can_edit_until": review.edit_until(settings().edit_window),
    }


def _no(found: Eligibility, code: str, reason: str) -> dict[str, Any]:
    """Return that the caller may not review, and why."""
    return {
        "can_review": False,
        "booking_uuid": None,
        "reason": reason,
        "code": code,
        "review_by": found.review_by,
        "existing_review": found.review,
    }
