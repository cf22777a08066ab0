"""What operations on reviews read."""

from typing import Any

from marshmallow import validate, validates_schema

from services.reviews.api.fields import Stars
from services.reviews.domain import words
from shared.errors import Invalid
from shared.http import QuerySchema, Schema, fields

COMMENT_MOST, RESPONSE_MOST, TEXT_MOST, PHOTOS_MOST, ANSWERS_MOST = 5_000, 2_000, 2_000, 6, 50


def _comment(**options: Any) -> fields.String:
    return fields.String(multiline=True, validate=validate.Length(max=COMMENT_MOST), **options)


class ReviewAnswerRequest(Schema):
    """An answer: the one value of its question's type."""

    question_id = fields.Integer(required=True)
    rating_answer = fields.Integer(validate=validate.Range(1, 5), allow_none=True)
    text_answer = fields.String(multiline=True, validate=validate.Length(max=TEXT_MOST), allow_none=True)
    boolean_answer = fields.Boolean(allow_none=True)


def _answers(**options: Any) -> Any:
    return fields.List(fields.Nested(ReviewAnswerRequest), validate=validate.Length(max=ANSWERS_MOST), **options)


class ReviewCreateRequest(Schema):
    """A review of a completed booking; without `booking_uuid`, of the newest that fits."""

    rating = Stars(required=True)
    comment = _comment(load_default="")
    practitioner_uuid = fields.UUID(load_default=None, allow_none=True)
    service_uuid = fields.UUID(load_default=None, allow_none=True)
    booking_uuid = fields.UUID(load_default=None, allow_none=True)
    is_anonymous = fields.Boolean(load_default=False)
    answers = _answers(load_default=list)
    media_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=PHOTOS_MOST))


class ReviewUpdateRequest(Schema):
    """What to change; what is absent stays."""

    comment = _comment()
    is_anonymous = fields.Boolean()
    rating = Stars()
    answers = _answers()


class PatchedReviewUpdateRequest(ReviewUpdateRequest):
    """What to change; what is absent stays."""


class ReviewVoteRequest(Schema):
    """Whether it helps."""

    is_helpful = fields.Boolean(required=True)


class ReviewReportRequest(Schema):
    """What is wrong with it."""

    reason = fields.String(required=True, validate=validate.OneOf(words.REPORT_REASONS))
    details = fields.String(multiline=True, load_default="", validate=validate.Length(max=TEXT_MOST))

    @validates_schema
    def explain_other(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse another reason that is not explained."""
        if data["reason"] == words.OTHER and not data["details"]:
            raise Invalid.field("details", "Say what is wrong.")


class ReviewResponseRequest(Schema):
    """The practitioner's answer."""

    response_text = fields.String(required=True, multiline=True, validate=validate.Length(1, RESPONSE_MOST))


class ModerateRequest(Schema):
    """A decision; `reason` with hide and remove."""

    action = fields.String(required=True, validate=validate.OneOf(words.ACTIONS))
    reason = fields.String(load_default="", validate=validate.OneOf(("", *words.REMOVAL_REASONS)))
    notes = fields.String(multiline=True, load_default="", validate=validate.Length(max=TEXT_MOST))
    notify_author = fields.Boolean(load_default=True)


class QuestionRequest(Schema):
    """A structured question."""

    question = fields.String(required=True, validate=validate.Length(1, 255))
    description = fields.String(multiline=True, load_default="", validate=validate.Length(max=TEXT_MOST))
    is_required = fields.Boolean(load_default=True)
    question_type = fields.String(required=True, validate=validate.OneOf(words.QUESTION_TYPES))
    order = fields.Integer(load_default=0, validate=validate.Range(0, 32_000))
    is_active = fields.Boolean(load_default=True)
    applies_to = fields.String(load_default=words.BOTH, validate=validate.OneOf(words.APPLIES_TO))


class PatchedQuestionRequest(Schema):
    """What to change of a question; what is absent stays."""

    question = fields.String(validate=validate.Length(1, 255))
    description = fields.String(multiline=True, validate=validate.Length(max=TEXT_MOST))
    is_required = fields.Boolean()
    question_type = fields.String(validate=validate.OneOf(words.QUESTION_TYPES))
    order = fields.Integer(validate=validate.Range(0, 32_000))
    is_active = fields.Boolean()
    applies_to = fields.String(validate=validate.OneOf(words.APPLIES_TO))


class CanReviewQuery(QuerySchema):
    """What somebody wants to review; one of them at least."""

    practitioner = fields.UUID()
    service = fields.UUID()
    booking = fields.UUID()

    @validates_schema
    def name_something(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse to answer about nothing."""
        if not data:
            raise Invalid.field("practitioner", "Name a practitioner, a service or a booking.")
