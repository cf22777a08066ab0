"""What operations on reviews answer with."""

from services.reviews.api.fields import Stars
from services.reviews.domain import words
from shared.http import Schema, fields
from shared.http.fields import maybe


class ReviewQuestion(Schema):
    """A structured question."""

    id = fields.Integer()
    question = fields.String(required=True)
    description = fields.String()
    is_required = fields.Boolean()
    question_type = fields.String(required=True, metadata={"enum": list(words.QUESTION_TYPES)})
    order = fields.Integer()
    is_active = fields.Boolean()
    applies_to = fields.String(metadata={"enum": list(words.APPLIES_TO)})
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class ReviewAnswer(Schema):
    """What a review answers to a question."""

    id = fields.Integer()
    question = fields.Nested(ReviewQuestion)
    rating_answer = maybe(fields.Integer)
    text_answer = fields.String()
    boolean_answer = maybe(fields.Boolean)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class OwnVote(Schema):
    """How the caller voted."""

    is_helpful = fields.Boolean()


class Photo(Schema):
    """An image of a review."""

    id = fields.UUID()
    url = maybe(fields.String)
    thumbnail_url = maybe(fields.String)
    media_type = maybe(fields.String)


class ReviewedPractitioner(Schema):
    """Who is reviewed."""

    public_uuid = maybe(fields.UUID)
    display_name = maybe(fields.String)
    professional_title = maybe(fields.String)
    profile_image_url = maybe(fields.String)


class ReviewedService(Schema):
    """What is reviewed."""

    public_uuid = fields.UUID()
    name = fields.String()
    description = maybe(fields.String)


class ReviewedBooking(Schema):
    """When it took place."""

    public_uuid = fields.UUID()
    start_time = maybe(fields.DateTime)
    end_time = maybe(fields.DateTime)


class ReviewList(Schema):
    """A review as lists show it."""

    public_uuid = fields.UUID()
    rating = Stars()
    comment = fields.String()
    practitioner_name = maybe(fields.String)
    service_name = maybe(fields.String)
    display_name = fields.String()
    user_avatar_url = maybe(fields.String, metadata={"format": "uri"})
    is_anonymous = fields.Boolean()
    is_verified = fields.Boolean()
    helpful_votes = fields.Integer()
    unhelpful_votes = fields.Integer()
    created_at = fields.DateTime()
    has_response = fields.Boolean()
    practitioner_uuid = maybe(fields.UUID)
    service_uuid = maybe(fields.UUID)
    response_text = fields.String()
    response_date = maybe(fields.DateTime)
    is_edited = fields.Boolean()
    media = fields.List(fields.Nested(Photo))
    user_vote = fields.Nested(OwnVote, allow_none=True)


class ReviewDetail(ReviewList):
    """A review in full."""

    answers = fields.List(fields.Nested(ReviewAnswer))
    practitioner = fields.Nested(ReviewedPractitioner)
    service = fields.Nested(ReviewedService, allow_none=True)
    booking = fields.Nested(
        ReviewedBooking, allow_none=True, metadata={"description": "For its author, whom it names, and staff."}
    )
    net_helpful_votes = fields.Integer()
    updated_at = fields.DateTime()
    status = fields.String(metadata={"enum": list(words.STATUSES)})
    is_published = fields.Boolean()
    can_edit = fields.Boolean()
    can_edit_until = maybe(fields.DateTime)
    hidden_reason = maybe(fields.String)
    reported_count = maybe(fields.Integer)


class ReviewCreate(Schema):
    """A review that was just written."""

    public_uuid = fields.UUID()
    rating = Stars(required=True)
    comment = fields.String()
    is_anonymous = fields.Boolean()
    answers = fields.List(fields.Nested(ReviewAnswer))
    created_at = fields.DateTime()
    status = fields.String()
    is_published = fields.Boolean()
    can_edit_until = fields.DateTime()


class ReviewUpdate(Schema):
    """A review that was just changed."""

    comment = fields.String()
    is_anonymous = fields.Boolean()
    rating = Stars()
    answers = fields.List(fields.Nested(ReviewAnswer))
    public_uuid = fields.UUID()
    is_edited = fields.Boolean()
    updated_at = fields.DateTime()
    can_edit_until = fields.DateTime()


class CanReview(Schema):
    """Whether the caller may review, and if not, why."""

    can_review = fields.Boolean()
    booking_uuid = maybe(fields.UUID)
    reason = maybe(fields.String)
    code = maybe(fields.String)
    review_by = maybe(fields.DateTime)
    existing_review = maybe(fields.UUID)


class PendingReview(Schema):
    """A booking that waits for the caller's review."""

    booking_uuid = fields.UUID()
    service_uuid = maybe(fields.UUID)
    service_name = fields.String()
    practitioner_uuid = maybe(fields.UUID)
    practitioner_name = fields.String()
    start_time = maybe(fields.DateTime)
    completed_at = fields.DateTime()
    review_by = maybe(fields.DateTime)


class ReviewVote(Schema):
    """How the caller voted, and how all did."""

    id = fields.Integer()
    is_helpful = fields.Boolean()
    user_display_name = fields.String()
    helpful_votes = fields.Integer()
    unhelpful_votes = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class ReviewReport(Schema):
    """A report, as the one who made it sees it."""

    id = fields.Integer()
    reason = fields.String()
    details = fields.String()
    is_resolved = fields.Boolean()
    resolved_at = maybe(fields.DateTime)
    resolution_notes = fields.String()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class ReviewResponse(Schema):
    """The practitioner's answer."""

    response_text = fields.String(required=True)
    response_date = fields.DateTime()
    message = fields.String()
    can_edit_until = fields.DateTime()


class Revision(Schema):
    """What a review said before."""

    rating = Stars()
    comment = fields.String()
    at = fields.DateTime()


class QuestionAverage(Schema):
    """What was answered to a question."""

    question_id = fields.Integer()
    question = fields.String()
    question_type = fields.String(metadata={"enum": ["rating", "boolean"]})
    average = maybe(fields.String)
    yes_percent = maybe(fields.Integer)
    answers = fields.Integer()


class ServiceRating(Schema):
    """The numbers of one service of a practitioner."""

    service_uuid = fields.UUID()
    service_name = fields.String()
    average_rating = fields.String()
    total_reviews = fields.Integer()


class ReviewStatistics(Schema):
    """What people think, all in all."""

    total_reviews = fields.Integer(required=True)
    average_rating = fields.String(required=True)
    rating_distribution = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": 'Always "1" to "5".'}
    )
    rating_percentages = fields.Dict(keys=fields.String(), values=fields.Integer())
    weighted_rating = fields.String()
    verified_reviews = fields.Integer(required=True)
    total_helpful_votes = fields.Integer(required=True)
    reviews_last_30_days = fields.Integer(required=True)
    reviews_last_90_days = fields.Integer(required=True)
    average_last_90_days = maybe(fields.String)
    response_rate = maybe(fields.Integer)
    median_response_hours = maybe(fields.Integer)
    recommend_percent = maybe(fields.Integer)
    question_averages = fields.List(fields.Nested(QuestionAverage))
    service_ratings = fields.List(fields.Nested(ServiceRating))


class StaffReport(Schema):
    """A report, as staff see it."""

    id = fields.Integer()
    review_uuid = fields.UUID()
    reporter_id = maybe(fields.Integer)
    reporter_name = fields.String()
    reporter_accuracy = maybe(fields.Integer)
    weight = fields.String()
    reason = fields.String()
    details = fields.String()
    is_resolved = fields.Boolean()
    resolution = maybe(fields.String)
    created_at = fields.DateTime()


class ModerationItem(Schema):
    """A review that waits for staff."""

    review = fields.Nested(ReviewDetail)
    score = fields.String()
    reports = fields.List(fields.Nested(StaffReport))
    held_reasons = fields.List(fields.String())
    first_reported_at = maybe(fields.DateTime)
    claimed_by = maybe(fields.Integer)
    claimed_until = maybe(fields.DateTime)


class ModerationLogEntry(Schema):
    """One decision."""

    id = fields.Integer()
    action = fields.String()
    from_status = fields.String()
    to_status = fields.String()
    reason = fields.String()
    notes = fields.String()
    by = maybe(fields.Integer)
    at = fields.DateTime()
