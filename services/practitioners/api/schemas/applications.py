"""Applications: progress, status, review."""

from marshmallow import validate

from services.practitioners.api.schemas.profiles import PractitionerPrivate
from services.practitioners.api.schemas.writing import https_url, text
from services.practitioners.domain import words
from services.practitioners.domain.steps import STEPS
from services.practitioners.queries.applications import APPLICATIONS
from shared.http import QuerySchema, Schema, fields
from shared.http.pages import page_schema, query_schema


class OnboardingStep(Schema):
    """One of the six steps."""

    step = fields.String()
    title = fields.String()
    required = fields.Boolean()
    state = fields.String()
    missing = fields.List(fields.String())


class OnboardingProgress(Schema):
    """How far somebody is on the way to their first booking."""

    id = fields.UUID()
    status = fields.String()
    current_step = fields.String()
    steps_completed = fields.List(fields.String())
    steps_skipped = fields.List(fields.String())
    steps = fields.List(fields.Nested(OnboardingStep))
    completion_percentage = fields.Integer()
    next_step_description = fields.String()
    stall_reason = fields.String(allow_none=True)
    rejection_reason = fields.String(allow_none=True)
    started_at = fields.DateTime()
    last_updated = fields.DateTime()
    completed_at = fields.DateTime(allow_none=True)


class ApplicationStarted(PractitionerPrivate):
    """A new profile with the steps ahead."""

    onboarding = fields.Nested(OnboardingProgress)


class ApplicationStatus(Schema):
    """Where an application stands."""

    practitioner_status = fields.String()
    verification_status = fields.String()
    onboarding = fields.Nested(OnboardingProgress)
    can_submit = fields.Boolean()
    message = fields.String(allow_none=True)
    requested_changes = fields.List(fields.String())
    submitted_at = fields.DateTime(allow_none=True)
    reviewed_at = fields.DateTime(allow_none=True)


class VerificationDocument(Schema):
    """Evidence; its address opens only for the owner and staff."""

    id = fields.UUID(dump_only=True)
    document_type = fields.String()
    document_url = fields.String(dump_only=True)
    media_id = fields.UUID(allow_none=True)
    status = fields.String(dump_only=True)
    rejection_reason = fields.String(dump_only=True, allow_none=True)
    notes = fields.String(allow_none=True)
    expires_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class StatusLine(Schema):
    """One line of an application's history."""

    at = fields.DateTime()
    from_status = fields.String(data_key="from")
    to = fields.String()
    by = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class ApplicationDetail(PractitionerPrivate):
    """Everything about an application."""

    onboarding = fields.Nested(OnboardingProgress)
    documents = fields.List(fields.Nested(VerificationDocument))
    history = fields.List(fields.Nested(StatusLine))
    assigned_to = fields.Integer(allow_none=True)


class DocumentCounts(Schema):
    """Documents by status."""

    pending = fields.Integer()
    approved = fields.Integer()
    rejected = fields.Integer()


class ApplicationRow(Schema):
    """An application in the queue."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    display_name = fields.String()
    email = fields.String()
    verification_status = fields.String()
    submitted_at = fields.DateTime(allow_none=True)
    assigned_to = fields.Integer(allow_none=True)
    documents = fields.Nested(DocumentCounts)
    completion_percentage = fields.Integer()


ApplicationPage = page_schema(ApplicationRow)
ApplicationsQuery = query_schema(
    APPLICATIONS,
    "ApplicationsQuery",
    assigned_to=fields.String(metadata={"description": "A user id, or `me`."}),
)


class StepRequest(Schema):
    """A step that is done, or skipped."""

    step = fields.String(required=True, validate=validate.OneOf(STEPS))
    skip = fields.Boolean(load_default=False)


class SubmitRequest(Schema):
    """A word to staff."""

    note = text(1000, multiline=True, allow_none=True)


class NoteRequest(Schema):
    """A note of staff."""

    note = text(2000, multiline=True, allow_none=True)


class RejectRequest(Schema):
    """Why not."""

    reason = text(2000, least=1, multiline=True, required=True)
    reason_codes = fields.List(
        fields.String(
            validate=validate.OneOf(("incomplete", "unqualified", "identity", "policy", "duplicate", "other"))
        ),
        validate=validate.Length(max=10),
    )
    may_reapply = fields.Boolean(load_default=True)
    note = text(2000, multiline=True, allow_none=True)


class ChangesRequest(Schema):
    """What staff would like to see."""

    message = text(2000, least=1, multiline=True, required=True)
    fields_named = fields.List(
        fields.String(validate=validate.Length(max=60)),
        data_key="fields",
        load_default=list,
        validate=validate.Length(max=50),
    )


class SuspendRequest(Schema):
    """Why somebody is taken off the market, and until when."""

    reason = text(2000, least=1, multiline=True, required=True)
    reason_code = fields.String(
        load_default="other",
        validate=validate.OneOf(("policy", "fraud", "safety", "payment", "document_expired", "other")),
    )
    until = fields.DateTime(allow_none=True)
    message = text(2000, multiline=True, allow_none=True)


class OnboardedPractitioner(Schema):
    """What completing onboarding changed."""

    id = fields.Integer()
    is_onboarded = fields.Boolean()
    onboarding_completed_at = fields.DateTime(allow_none=True)
    practitioner_status = fields.String()


class OnboardingCompleted(Schema):
    """The application is on its way."""

    detail = fields.String()
    practitioner = fields.Nested(OnboardedPractitioner)


class VerificationDocumentRequest(Schema):
    """Evidence: a private file of one's own, or (older clients) an https address."""

    document_type = fields.String(required=True, validate=validate.OneOf(words.DOCUMENT_TYPES))
    media_id = fields.UUID()
    document_url = https_url()
    notes = text(2000, multiline=True, allow_none=True)
    expires_at = fields.DateTime(allow_none=True)


class DocumentsQuery(QuerySchema):
    """Which documents."""

    status = fields.String(validate=validate.OneOf(words.DOCUMENT_STATUSES))
    document_type = fields.String(validate=validate.OneOf(words.DOCUMENT_TYPES))


class DocumentDecision(Schema):
    """What staff decide about a document."""

    decision = fields.String(required=True, validate=validate.OneOf((words.APPROVED, words.REJECTED)))
    rejection_reason = text(1000, multiline=True, allow_none=True)
    expires_at = fields.DateTime(allow_none=True)
    notes = text(2000, multiline=True, allow_none=True)


class EmailVerificationAnswer(Schema):
    """Whether a mail is on its way."""

    detail = fields.String()
    already_verified = fields.Boolean()
