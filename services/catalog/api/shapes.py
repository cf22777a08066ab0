"""Schemas of what catalog answers."""

from collections.abc import Callable
from typing import Any

from services.catalog.domain import words
from shared.http import Schema, fields


def maybe(kind: Callable[..., Any], **options: Any) -> Any:
    """Return a field that may be null."""
    return kind(allow_none=True, **options)


class ServiceCategory(Schema):
    """A kind of service."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    slug = fields.String(dump_only=True)
    description = maybe(fields.String)
    icon = maybe(fields.String)
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    order = fields.Integer()
    service_count = fields.Integer(dump_only=True, metadata={"description": "Listed services."})
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class PractitionerServiceCategory(Schema):
    """A practitioner's own group of services."""

    id = fields.Integer(dump_only=True)
    practitioner = fields.Integer(dump_only=True)
    name = fields.String()
    slug = fields.String(dump_only=True)
    description = maybe(fields.String)
    icon = maybe(fields.String)
    color = maybe(fields.String)
    is_active = fields.Boolean()
    order = fields.Integer()
    service_count = fields.Integer(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class SimplePractitioner(Schema):
    """Who offers it."""

    id = fields.Integer(dump_only=True)
    display_name = fields.String(dump_only=True)
    slug = fields.String(dump_only=True)
    profile_image_url = maybe(fields.String, dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    professional_title = maybe(fields.String, dump_only=True)
    is_verified = fields.Boolean(dump_only=True)
    average_rating = fields.String(dump_only=True, metadata={"format": "decimal"})
    total_reviews = fields.Integer(dump_only=True)


class SimpleSchedule(Schema):
    """Weekly hours."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    is_default = fields.Boolean()
    timezone = fields.String()
    description = maybe(fields.String)


class SimpleLocation(Schema):
    """A place, as far as it is public."""

    id = fields.Integer()
    public_uuid = maybe(fields.UUID)
    name = maybe(fields.String)
    city = maybe(fields.String)
    city_name = maybe(fields.String)
    state_code = maybe(fields.String)
    country_code = maybe(fields.String)
    full_address = maybe(fields.String)
    latitude = maybe(fields.String, metadata={"format": "decimal"})
    longitude = maybe(fields.String, metadata={"format": "decimal"})
    timezone = maybe(fields.String)


class Modality(Schema):
    """A way of working."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    description = maybe(fields.String)
    icon = maybe(fields.String)
    category = maybe(fields.String)
    category_name = maybe(fields.String)
    category_slug = maybe(fields.String)
    category_color = maybe(fields.String)
    cluster = maybe(fields.String)
    short_description = maybe(fields.String)
    gray_zone = fields.Boolean(metadata={"description": "Borders on licensed therapy."})
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    order = fields.Integer()


class MediaAttachment(Schema):
    """A file that a service shows."""

    id = fields.String(metadata={"format": "uuid"})
    url = fields.String()
    thumbnail_url = maybe(fields.String)
    filename = maybe(fields.String)
    file_size = maybe(fields.Integer)
    content_type = maybe(fields.String)
    media_type = maybe(fields.String)
    title = maybe(fields.String)
    description = maybe(fields.String)
    alt_text = maybe(fields.String)
    is_primary = fields.Boolean()
    display_order = fields.Integer()
    width = maybe(fields.Integer)
    height = maybe(fields.Integer)
    duration = maybe(fields.Integer)
    created_at = maybe(fields.DateTime)


class ServiceBenefit(Schema):
    """What somebody gets out of it."""

    id = fields.Integer(dump_only=True)
    title = fields.String()
    description = maybe(fields.String)
    icon = maybe(fields.String)
    order = fields.Integer()
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class SessionAgendaItem(Schema):
    """A step of what happens."""

    id = fields.Integer(dump_only=True)
    title = fields.String()
    description = maybe(fields.String)
    start_time = maybe(fields.DateTime)
    end_time = maybe(fields.DateTime)
    order = fields.Integer()


class MyBooking(Schema):
    """The caller's booking of a session."""

    public_uuid = maybe(fields.UUID)
    status = fields.String()


class ServiceSession(Schema):
    """A date of a workshop or course."""

    id = fields.Integer(dump_only=True)
    title = maybe(fields.String)
    description = maybe(fields.String)
    start_time = maybe(fields.DateTime)
    end_time = maybe(fields.DateTime)
    duration = maybe(fields.Integer)
    max_participants = maybe(fields.Integer)
    current_participants = fields.Integer(dump_only=True)
    participant_count = fields.Integer(dump_only=True)
    waitlist_count = fields.Integer(dump_only=True)
    sequence_number = fields.Integer()
    room_url = maybe(fields.String, dump_only=True)
    status = fields.String()
    agenda = maybe(fields.String)
    agenda_items = fields.List(fields.Nested(SessionAgendaItem))
    benefits = fields.List(fields.Nested(ServiceBenefit))
    what_youll_learn = maybe(fields.String)
    address = maybe(fields.Integer)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    service = fields.Integer()
    service_name = fields.String(dump_only=True)
    service_type = fields.String(dump_only=True)
    practitioner_id = fields.Integer(dump_only=True)
    practitioner_name = fields.String(dump_only=True)
    price_cents = maybe(fields.Integer)
    price = fields.String(dump_only=True, metadata={"format": "decimal"})
    session_type = fields.String(dump_only=True)
    visibility = fields.String()
    booking_count = fields.Integer(dump_only=True)
    spots_available = maybe(fields.Integer, dump_only=True)
    available_spots = maybe(fields.Integer, dump_only=True)
    timezone = fields.String(dump_only=True)
    practitioner_location = fields.Nested(SimpleLocation, allow_none=True, dump_only=True)
    actual_start_time = maybe(fields.DateTime, dump_only=True)
    actual_end_time = maybe(fields.DateTime, dump_only=True)
    reschedule_count = fields.Integer(dump_only=True)
    original_start_time = maybe(fields.DateTime, dump_only=True)
    original_end_time = maybe(fields.DateTime, dump_only=True)
    shared_notes = maybe(fields.String)
    practitioner_notes = maybe(fields.String)
    my_booking = fields.Nested(MyBooking, allow_none=True, dump_only=True)


class ServiceResource(Schema):
    """Material for those who may see it."""

    id = fields.Integer(dump_only=True)
    title = fields.String()
    description = maybe(fields.String)
    resource_type = fields.String()
    attachment_level = fields.String()
    content = maybe(fields.String)
    file_url = maybe(fields.String)
    external_url = maybe(fields.String)
    file_name = maybe(fields.String)
    file_size = maybe(fields.Integer)
    file_type = maybe(fields.String)
    duration_seconds = maybe(fields.Integer)
    uploaded_by_name = maybe(fields.String, dump_only=True)
    access_level = fields.String()
    is_downloadable = fields.Boolean()
    available_from = maybe(fields.DateTime)
    available_until = maybe(fields.DateTime)
    order = fields.Integer()
    is_featured = fields.Boolean()
    tags = fields.List(fields.String())
    view_count = fields.Integer(dump_only=True)
    download_count = fields.Integer(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)
    service_id = maybe(fields.Integer)
    session_id = maybe(fields.Integer)
    booking_id = maybe(fields.Integer)
    media_id = maybe(fields.UUID)
    personal_note = maybe(fields.String)
    can_access = fields.Boolean(dump_only=True)


class ChildService(Schema):
    """What is contained; a hidden one has no address."""

    id = fields.Integer()
    public_uuid = maybe(fields.UUID)
    slug = maybe(fields.String)
    name = fields.String()
    price = fields.String(metadata={"format": "decimal"})
    price_cents = fields.Integer()
    duration_minutes = fields.Integer()
    service_type = fields.String()
    short_description = maybe(fields.String)
    status = fields.String()


class ServiceRelationship(Schema):
    """How a service is contained."""

    id = fields.Integer(dump_only=True)
    child_service = fields.Nested(ChildService)
    quantity = fields.Integer()
    order = fields.Integer()
    discount_percentage = fields.String(metadata={"format": "decimal"})
    is_required = fields.Boolean()
    description_override = maybe(fields.String)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class ServicePractitioner(Schema):
    """Somebody who offers a service; the share of revenue is for those whom it concerns."""

    id = fields.Integer(dump_only=True)
    practitioner = fields.Nested(SimplePractitioner, dump_only=True)
    is_primary = fields.Boolean()
    role = maybe(fields.String)
    revenue_share_percentage = maybe(fields.String, metadata={"format": "decimal"})
    created_at = fields.DateTime(dump_only=True)


class Language(Schema):
    """A language."""

    id = fields.Integer()
    code = fields.String()
    name = fields.String()
    native_name = fields.String()
    is_rtl = fields.Boolean()


class Tier(Schema):
    """Until how many hours before the start how much is refunded."""

    hours_before = fields.Integer()
    refund_percent = fields.Integer()


class CancellationPolicy(Schema):
    """What is refunded when a client cancels."""

    code = fields.String()
    tiers = fields.List(fields.Nested(Tier))


class Bookability(Schema):
    """Whether it can be found and bought, and what stands in the way (owner and staff)."""

    is_listed = fields.Boolean()
    is_purchasable = fields.Boolean()
    blockers = fields.List(fields.String())


class ServiceType(Schema):
    """A type of service; the numbers are fixed."""

    id = fields.Integer(dump_only=True)
    code = fields.String(metadata={"enum": list(words.NUMBERS)})
    name = fields.String()
    description = fields.String()
    is_active = fields.Boolean()
    order = fields.Integer()


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


class ChildServiceConfig(Schema):
    """A contained service, as it is written."""

    child_service_id = fields.Integer()
    quantity = fields.Integer()
    order = fields.Integer()
    discount_percentage = fields.String(metadata={"format": "decimal"})
    is_required = fields.Boolean()
    description_override = maybe(fields.String)


class ServiceCreateUpdate(Schema):
    """A service, as it is written."""

    id = fields.Integer(dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    slug = fields.String(dump_only=True)
    name = fields.String()
    description = maybe(fields.String)
    short_description = maybe(fields.String)
    price_cents = fields.Integer(dump_only=True)
    duration_minutes = fields.Integer()
    service_type_id = fields.Integer()
    category_id = maybe(fields.Integer)
    practitioner_category_id = maybe(fields.Integer)
    max_participants = fields.Integer()
    min_participants = fields.Integer()
    experience_level = fields.String()
    age_min = maybe(fields.Integer)
    age_max = maybe(fields.Integer)
    location_type = fields.String()
    address = maybe(fields.Integer)
    schedule = maybe(fields.Integer)
    what_youll_learn = maybe(fields.String)
    prerequisites = maybe(fields.String)
    includes = fields.List(fields.String())
    image = maybe(fields.String)
    tags = fields.List(fields.String())
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    is_public = fields.Boolean()
    status = fields.String()
    validity_days = fields.Integer()
    is_transferable = fields.Boolean()
    is_shareable = fields.Boolean()
    sessions_included = maybe(fields.Integer)
    bonus_sessions = fields.Integer()
    max_per_customer = maybe(fields.Integer)
    available_from = maybe(fields.DateTime)
    available_until = maybe(fields.DateTime)
    highlight_text = maybe(fields.String)
    terms_conditions = maybe(fields.String)
    additional_practitioner_ids = fields.List(fields.Integer())
    child_service_configs = fields.List(fields.Nested(ChildServiceConfig))
    modality_ids = fields.List(fields.Integer())
    bookability = fields.Nested(Bookability, dump_only=True)
