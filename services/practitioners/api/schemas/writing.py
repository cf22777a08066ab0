"""What is sent about profiles."""

from marshmallow import ValidationError, validate

from services.practitioners.domain import words
from services.practitioners.domain.text import SLUG_MAX
from shared.http import Schema, fields


def https(value: str) -> None:
    """Refuse addresses that are not https. Raises ValidationError."""
    if value and not value.startswith("https://"):
        raise ValidationError("Must be an https address.")


def https_url(**options: object) -> fields.String:
    """Return a field for an https address."""
    return fields.String(
        validate=[validate.Length(max=500), https],
        metadata={"format": "uri"},
        **options,  # type: ignore[arg-type]
    )


def text(most: int, *, least: int = 0, **options: object) -> fields.String:
    """Return a field for a text of limited length."""
    return fields.String(validate=validate.Length(min=least, max=most), **options)  # type: ignore[arg-type]


def ids() -> fields.List[int]:
    """Return a field for a list of numbers."""
    return fields.List(
        fields.Integer(validate=validate.Range(min=1)), load_only=True, validate=validate.Length(max=200)
    )


class PractitionerApplicationRequest(Schema):
    """The first facts of an applicant."""

    display_name = text(255, allow_none=True)
    professional_title = text(255, allow_none=True)
    bio = text(2000, multiline=True, allow_none=True)
    years_of_experience = fields.Integer(validate=validate.Range(min=0, max=80), allow_none=True)
    profile_image_url = https_url(allow_none=True)
    timezone = fields.TimeZone(validate=validate.Length(max=64))


class PractitionerUpdateRequest(Schema):
    """Changes of a profile; what is absent stays."""

    display_name = text(255, allow_none=True)
    professional_title = text(255, allow_none=True)
    bio = text(2000, multiline=True, allow_none=True)
    quote = text(500, multiline=True, allow_none=True)
    profile_image_url = https_url(allow_none=True)
    profile_video_url = https_url(allow_none=True)
    years_of_experience = fields.Integer(validate=validate.Range(min=0, max=80), allow_none=True)
    buffer_time = fields.Integer(validate=validate.Range(min=0, max=240))
    specialization_ids = ids()
    style_ids = ids()
    topic_ids = ids()
    modality_ids = ids()
    certification_ids = ids()
    education_ids = ids()
    profile_image_media_id = fields.UUID(allow_none=True)
    profile_video_media_id = fields.UUID(allow_none=True)
    practitioner_status = fields.String(validate=validate.OneOf(words.ACTIVITIES))
    vacation_until = fields.Date(allow_none=True)
    languages = fields.List(
        fields.String(validate=validate.Regexp(r"^[a-z]{2}$", error="Must be an ISO 639-1 code.")),
        validate=validate.Length(max=20),
    )
    slug = text(SLUG_MAX)


class CertificationRequest(Schema):
    """A certificate."""

    certificate = text(255, allow_none=True)
    institution = text(255, allow_none=True)
    issue_date = fields.Date(allow_none=True)
    expiry_date = fields.Date(allow_none=True)
    order = fields.Integer(validate=validate.Range(min=0, max=100_000), allow_none=True)
    document_id = fields.UUID(allow_none=True)
    practitioner_id = fields.Integer(metadata={"description": "For staff."})


class EducationRequest(Schema):
    """A school or a degree."""

    degree = text(255, allow_none=True)
    educational_institute = text(255, allow_none=True)
    order = fields.Integer(validate=validate.Range(min=0, max=100_000), allow_none=True)
    year = fields.Integer(validate=validate.Range(min=1900, max=2100), allow_none=True)
    practitioner_id = fields.Integer(metadata={"description": "For staff."})


class QuestionRequest(Schema):
    """A question with its answer."""

    title = text(500, least=1, required=True)
    answer = text(5000, multiline=True, allow_none=True)
    order = fields.Integer(validate=validate.Range(min=0, max=100_000), allow_none=True)


class QuestionOrder(Schema):
    """The questions in the wished order."""

    question_ids = fields.List(fields.Integer(), required=True, validate=validate.Length(max=200))


class TaxonomyRequest(Schema):
    """A word that practitioners describe themselves with."""

    content = text(100, least=1, required=True)
    order = fields.Integer(validate=validate.Range(min=0, max=100_000))


class SpecializationRequest(TaxonomyRequest):
    """What somebody is good at."""


class StyleRequest(TaxonomyRequest):
    """How somebody works."""


class TopicRequest(TaxonomyRequest):
    """What somebody helps with."""


class FeatureRequest(Schema):
    """Whether, and until when, somebody stands first."""

    featured = fields.Boolean(required=True)
    until = fields.DateTime(allow_none=True)
