"""What others do with a review: vote, report, respond."""

from typing import Any
from uuid import UUID

from services.reviews.api.requests import ReviewReportRequest, ReviewResponseRequest, ReviewVoteRequest
from services.reviews.api.shapes import ReviewReport, ReviewResponse, ReviewVote
from services.reviews.domain import errors, windows
from services.reviews.domain.display import display_name
from services.reviews.models import Review
from services.reviews.operations import reporting, responding, voting
from services.reviews.operations.finding import author_of, locked
from shared.clock import utc_now
from shared.database import retrying
from shared.errors import NotFound
from shared.http import PRACTITIONER, SIGNED_IN, Blueprint, MethodView, identity, require_match, say, set_version

reactions = Blueprint("review-reactions", "Votes, reports and responses.")

_RESPONSE = (errors.NotTheReviewed, errors.ReviewNotFound)


@reactions.route("/reviews/<uuid:public_uuid>/vote/")
class Votes(MethodView):
    """Voting."""

    @reactions.operation(
        "reviews_vote_create", SIGNED_IN, refuses=[errors.ReviewNotFound, errors.OwnReview, errors.OwnService]
    )
    @reactions.arguments(ReviewVoteRequest)
    @reactions.response(200, ReviewVote)
    def post(self, body: dict[str, bool], public_uuid: UUID) -> dict[str, Any]:
        """Say whether a review helps. Again is the same; the other value replaces it."""
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            review = locked(session, public_uuid)
            vote = voting.vote(session, review, is_helpful=body["is_helpful"], by=by)
            voter = author_of(session, by.user_id)
            return {
                **{name: getattr(vote, name) for name in ("id", "is_helpful", "created_at", "updated_at")},
                "user_display_name": display_name(
                    first_name=voter.first_name, last_name=voter.last_name, is_anonymous=False
                ),
                "helpful_votes": review.helpful,
                "unhelpful_votes": review.unhelpful,
            }

        return retrying(work)


@reactions.route("/reviews/<uuid:public_uuid>/unvote/")
class Unvote(MethodView):
    """Voting no longer."""

    @reactions.operation("reviews_unvote_destroy", SIGNED_IN, refuses=[errors.ReviewNotFound, NotFound])
    @reactions.response(204)
    def delete(self, public_uuid: UUID) -> None:
        """Take one's vote back."""
        by = identity()
        retrying(lambda session: voting.unvote(session, locked(session, public_uuid), by=by))


@reactions.route("/reviews/<uuid:public_uuid>/report/")
class Reports(MethodView):
    """Reporting."""

    @reactions.operation(
        "reviews_report_create",
        SIGNED_IN,
        refuses=[errors.ReviewNotFound, errors.OwnReview, errors.AlreadyReported, errors.TooManyReports],
    )
    @reactions.arguments(ReviewReportRequest)
    @reactions.response(201, ReviewReport)
    def post(self, body: dict[str, str], public_uuid: UUID) -> dict[str, Any]:
        """Report a review that breaks the rules. Low stars do not."""
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            made = reporting.report(session, locked(session, public_uuid), by=by, now=utc_now(), **body)
            names = ("id", "reason", "details", "resolved_at", "resolution_notes", "created_at", "updated_at")
            return {**{name: getattr(made, name) for name in names}, "is_resolved": made.resolution is not None}

        told = retrying(work)
        say("Thank you. We will look at it.")
        return told


@reactions.route("/reviews/<uuid:public_uuid>/respond/")
class Responses(MethodView):
    """Responding."""

    @reactions.operation(
        "reviews_respond_create", PRACTITIONER, refuses=[*_RESPONSE, errors.NotPublished, errors.AlreadyResponded]
    )
    @reactions.arguments(ReviewResponseRequest)
    @reactions.response(200, ReviewResponse)
    def post(self, body: dict[str, str], public_uuid: UUID) -> dict[str, Any]:
        """Answer a review of one's own work, publicly and once."""
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            review = locked(session, public_uuid)
            responding.respond(session, review, body["response_text"], by=by, now=utc_now())
            return _response(review, "Response added successfully")

        return retrying(work)

    @reactions.operation(
        "reviews_respond_partial_update", PRACTITIONER, refuses=[*_RESPONSE, errors.EditWindowClosed], matches=True
    )
    @reactions.arguments(ReviewResponseRequest)
    @reactions.response(200, ReviewResponse)
    def patch(self, body: dict[str, str], public_uuid: UUID) -> dict[str, Any]:
        """Change one's response within a day."""
        by = identity()

        def work(session: Any) -> dict[str, Any]:
            review = locked(session, public_uuid)
            require_match(review.version)
            responding.change_response(session, review, body["response_text"], by=by, now=utc_now())
            return _response(review, "Response changed successfully")

        return retrying(work)

    @reactions.operation("reviews_respond_destroy", PRACTITIONER, refuses=[*_RESPONSE, errors.EditWindowClosed])
    @reactions.response(204)
    def delete(self, public_uuid: UUID) -> None:
        """Take one's response back within a day; staff may at any time."""
        by = identity()
        retrying(
            lambda session: responding.remove_response(session, locked(session, public_uuid), by=by, now=utc_now())
        )


def _response(review: Review, message: str) -> dict[str, Any]:
    assert review.response_at is not None
    set_version(review.version)
    say(message)
    return {
        "response_text": review.response_text,
        "response_date": review.response_at,
        "message": message,
        "can_edit_until": review.response_at + windows.RESPONSE_EDIT,
    }
