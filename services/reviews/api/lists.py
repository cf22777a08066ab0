"""Lists of reviews: which of them, and in which order."""

from typing import Any

from marshmallow import validate
from sqlalchemy import ColumnElement, any_, bindparam, func, or_, select

from services.reviews.api.fields import Reference, StarRange, Stars
from services.reviews.domain import words
from services.reviews.models import Booking, Practitioner, Report, Review, Service
from services.reviews.queries.rows import DETAILED, LISTED, QUEUED, REPORTED
from shared.http import fields
from shared.http.pages import query_schema
from shared.listing import Filter, Listing

Clause = ColumnElement[bool]


def _least(bound: ColumnElement[int]) -> Clause:
    return Review.rating >= bound


def _most(bound: ColumnElement[int]) -> Clause:
    return Review.rating <= bound


def _filled(column: Any) -> Any:
    return lambda wanted: column != "" if wanted else column == ""


def _with_photos(wanted: bool) -> Clause:  # noqa: FBT001 - a filter's value.
    return func.jsonb_array_length(Review.photos) > 0 if wanted else func.jsonb_array_length(Review.photos) == 0


REVIEWS = Listing(
    columns=LISTED,
    key=Review.id,
    filters={
        "min_rating": Filter(Stars(low=0), _least),
        "max_rating": Filter(Stars(low=0), _most),
        "is_verified": Filter(fields.Boolean(), Review.is_verified.is_, by_value=True),
        "is_anonymous": Filter(fields.Boolean(), Review.is_anonymous.is_, by_value=True),
        "has_response": Filter(fields.Boolean(), _filled(Review.response_text), by_value=True),
        "has_comment": Filter(fields.Boolean(), _filled(Review.comment), by_value=True),
        "has_media": Filter(fields.Boolean(), _with_photos, by_value=True),
        "created_after": Filter(fields.DateTime(), lambda bound: Review.created_at >= bound),
        "created_before": Filter(fields.DateTime(), lambda bound: Review.created_at < bound),
    },
    orderings={
        "created_at": Review.created_at,
        "rating": Review.rating,
        "helpful_votes": Review.helpful,
        "net_helpful_votes": Review.helpful - Review.unhelpful,
        "helpful": Review.helpful_score,
    },
    default_ordering="-created_at",
    # Names are given as PostgreSQL reads them: `anna:*A & m:*A`.
    search=lambda bound: Review.search.op("@@")(
        func.websearch_to_tsquery("english", bound).op("||")(func.to_tsquery("simple", bindparam("names")))
    ),
)

OWN = Listing(
    columns=DETAILED,
    key=Review.id,
    filters={
        "status": Filter(fields.String(validate=validate.OneOf(words.STATUSES)), lambda bound: Review.status == bound)
    },
    orderings={"created_at": Review.created_at, "rating": Review.rating},
    default_ordering="-created_at",
)

RECEIVED = Listing(
    columns=DETAILED,
    key=Review.id,
    filters={
        "has_response": Filter(fields.Boolean(), _filled(Review.response_text), by_value=True),
        "min_rating": Filter(Stars(low=0), _least),
        "max_rating": Filter(Stars(low=0), _most),
        "service": Filter(fields.UUID(), lambda bound: Service.public_uuid == bound),
    },
    orderings={"created_at": Review.created_at, "rating": Review.rating, "helpful": Review.helpful_score},
    default_ordering="-created_at",
)

PENDING = Listing(
    columns=select(
        Booking.public_uuid.label("booking_uuid"),
        Service.public_uuid.label("service_uuid"),
        func.coalesce(Service.name, "").label("service_name"),
        Practitioner.public_uuid.label("practitioner_uuid"),
        func.coalesce(Practitioner.display_name, "").label("practitioner_name"),
        Booking.starts_at.label("start_time"),
        Booking.completed_at,
    )
    .select_from(Booking)
    .outerjoin(Service, Service.id == Booking.service_id)
    .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
    .where(
        Booking.user_id == bindparam("me"),
        Booking.status == words.COMPLETED,
        Booking.completed_at >= bindparam("oldest"),
        Practitioner.user_id.is_distinct_from(bindparam("me")),
        ~select(Review.id)
        .where(Review.booking_id == Booking.booking_id, Review.status != words.WITHDRAWN)
        .correlate(Booking)
        .exists(),
    ),
    key=Booking.booking_id,
    orderings={"completed_at": Booking.completed_at},
    default_ordering="-completed_at",
)

_OPEN = or_(Review.reports_open > 0, Review.status == words.HELD)
_REPORTED_FOR = select(Report.review_id).where(Report.resolution.is_(None))
_QUEUES: dict[str, Clause] = {
    words.OPEN: _OPEN,
    **{status: Review.status == status for status in (words.HELD, words.HIDDEN, words.REMOVED)},
}

QUEUE = Listing(
    columns=QUEUED,
    key=Review.id,
    filters={
        "status": Filter(
            fields.String(validate=validate.OneOf(tuple(_QUEUES)), load_default=words.OPEN),
            lambda wanted: _QUEUES[wanted],
            by_value=True,
        ),
        "reason": Filter(
            fields.String(validate=validate.Length(max=20)),
            lambda bound: or_(
                Review.id.in_(_REPORTED_FOR.where(Report.reason == bound)), bound == any_(Review.held_reasons)
            ),
        ),
        "practitioner": Filter(fields.UUID(), lambda bound: Practitioner.public_uuid == bound),
    },
    orderings={
        "score": Review.queue_score,
        "first_reported_at": Review.first_reported_at,
        "created_at": Review.created_at,
    },
    default_ordering="-score",
    nullable=frozenset({"first_reported_at"}),
)

REPORTS = Listing(
    columns=REPORTED,
    key=Report.id,
    filters={
        "is_resolved": Filter(
            fields.Boolean(),
            lambda wanted: Report.resolution.is_not(None) if wanted else Report.resolution.is_(None),
            by_value=True,
        ),
        "reason": Filter(
            fields.String(validate=validate.OneOf(words.REPORT_REASONS)), lambda bound: Report.reason == bound
        ),
    },
    orderings={"created_at": Report.created_at, "weight": Report.weight},
    default_ordering="-created_at",
)

ReviewsQuery = query_schema(
    REVIEWS,
    "ReviewsQuery",
    practitioner=Reference(metadata={"description": "A uuid, an id or a slug."}),
    service=Reference(metadata={"description": "A uuid, an id or a slug."}),
    rating=StarRange(metadata={"type": "string", "example": "4"}),
    user=fields.UUID(metadata={"description": "Anonymous reviews of others are left out."}),
    is_published=fields.Boolean(metadata={"description": "For staff."}),
    search=fields.String(validate=validate.Length(2, 100)),
)
OwnQuery = query_schema(OWN, "OwnReviewsQuery")
ReceivedQuery = query_schema(RECEIVED, "ReceivedReviewsQuery")
PendingQuery = query_schema(PENDING, "PendingReviewsQuery")
QueueQuery = query_schema(QUEUE, "ModerationQuery", mine=fields.Boolean())
ReportsQuery = query_schema(REPORTS, "ReportsQuery")
