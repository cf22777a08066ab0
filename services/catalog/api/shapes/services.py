"""Services, as cards and in full."""

from services.catalog.api.shapes.parts import (
    Bookability,
    CancellationPolicy,
    ChildService,
    MediaAttachment,
    ServiceBenefit,
    ServicePractitioner,
    ServiceRelationship,
    ServiceResource,
    SessionAgendaItem,
    SimpleLocation,
    SimplePractitioner,
    SimpleSchedule,
)
from services.catalog.api.shapes.sessions import ServiceSession
from services.catalog.api.shapes.taxonomy import Language, Modality, PractitionerServiceCategory, ServiceCategory
from shared.http import Schema, fields
from shared.http.fields import maybe


class _ServiceBase(Schema):
    id = fields.Integer(dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    name = fields.String()
    short_description = maybe(fields.String)
    price_cents = fields.Integer()
    price = fields.String(dump_only=True, metadata={"format": "decimal"})
    duration_minutes = fields.Integer()
    duration_display = fields.String(dump_only=True)
    service_type = fields.Integer()
    service_type_display = fields.String(dump_only=True)
    service_type_code = fields.String(dump_only=True)
    category = fields.Nested(ServiceCategory, allow_none=True, dump_only=True)
    primary_practitioner = fields.Nested(SimplePractitioner, allow_none=True, dump_only=True)
    max_participants = fields.Integer()
    experience_level = fields.String()
    location_type = fields.String()
    schedule = fields.Nested(SimpleSchedule, allow_none=True, dump_only=True)
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    is_public = fields.Boolean()
    status = fields.String()
    average_rating = fields.String(dump_only=True, metadata={"format": "decimal"})
    total_reviews = fields.Integer(dump_only=True)
    total_bookings = fields.Integer(dump_only=True)
    primary_image = fields.Nested(MediaAttachment, allow_none=True, dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)
    slug = fields.String(dump_only=True)
    practitioner_category = fields.Nested(PractitionerServiceCategory, allow_none=True, dump_only=True)
    modalities = fields.List(fields.Nested(Modality))
    image_url = maybe(fields.String, dump_only=True)
    practitioner_location = fields.Nested(SimpleLocation, allow_none=True, dump_only=True)
    sessions_included = maybe(fields.Integer, dump_only=True)
    savings_percentage = fields.Float(dump_only=True)
    first_session_date = maybe(fields.DateTime, dump_only=True)
    last_session_date = maybe(fields.DateTime, dump_only=True)
    next_session_date = maybe(fields.DateTime, dump_only=True)
    start_date = maybe(fields.DateTime, dump_only=True)
    spots_available = maybe(fields.Integer, dump_only=True)
    is_purchasable = fields.Boolean(dump_only=True)
    has_ended = fields.Boolean(dump_only=True)
    published_at = maybe(fields.DateTime, dump_only=True)


class ServiceList(_ServiceBase):
    """A service as lists show it."""


class ServiceDetail(_ServiceBase):
    """A service in full."""

    description = maybe(fields.String)
    additional_practitioners = fields.List(fields.Nested(SimplePractitioner))
    min_participants = fields.Integer()
    age_min = maybe(fields.Integer)
    age_max = maybe(fields.Integer)
    what_youll_learn = maybe(fields.String)
    prerequisites = maybe(fields.String)
    requirements = maybe(fields.String, dump_only=True)
    includes = fields.List(fields.String())
    address = maybe(fields.Integer)
    image = maybe(fields.String, dump_only=True)
    tags = fields.List(fields.String())
    languages = fields.List(fields.Integer())
    validity_days = fields.Integer()
    is_transferable = fields.Boolean()
    is_shareable = fields.Boolean()
    bonus_sessions = fields.Integer()
    max_per_customer = maybe(fields.Integer)
    available_from = maybe(fields.DateTime)
    available_until = maybe(fields.DateTime)
    highlight_text = maybe(fields.String)
    terms_conditions = maybe(fields.String)
    media_attachments = fields.List(fields.Nested(MediaAttachment))
    child_services = fields.List(fields.Nested(ChildService))
    sessions = fields.List(fields.Nested(ServiceSession))
    resources = fields.List(fields.Nested(ServiceResource))
    price_per_session = fields.String(dump_only=True, metadata={"format": "decimal"})
    original_price = fields.String(dump_only=True, metadata={"format": "decimal"})
    savings_amount = fields.String(dump_only=True, metadata={"format": "decimal"})
    total_sessions = fields.Integer(dump_only=True)
    benefits = fields.List(fields.Nested(ServiceBenefit))
    agenda_items = fields.List(fields.Nested(SessionAgendaItem))
    waitlist_count = fields.Integer(dump_only=True)
    practitioner_relationships = fields.List(fields.Nested(ServicePractitioner))
    cancellation_policy = fields.String(dump_only=True)
    child_relationships = fields.List(fields.Nested(ServiceRelationship))
    language_details = fields.List(fields.Nested(Language))
    cancellation_policy_rules = fields.Nested(CancellationPolicy, dump_only=True)
    bookability = fields.Nested(Bookability, dump_only=True)
    rating_distribution = fields.Dict(dump_only=True)
    is_waitlisted = fields.Boolean(dump_only=True)


class Package(ServiceDetail):
    """A package in full."""


class Bundle(ServiceDetail):
    """A bundle in full."""
