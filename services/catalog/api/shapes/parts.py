"""What belongs to a service: people, places, files, benefits, contained services, terms."""

from shared.http import Schema, fields
from shared.http.fields import maybe


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
