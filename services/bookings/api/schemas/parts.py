"""The parts that answers about bookings are made of."""

from shared.http import Schema, fields


class BookingPractitioner(Schema):
    """Whom a booking is with."""

    id = fields.Integer()
    public_uuid = fields.UUID(allow_none=True)
    name = fields.String()
    email = fields.Email(allow_none=True)
    avatar_url = fields.String(allow_none=True)
    bio = fields.String(allow_none=True)
    display_name = fields.String()
    slug = fields.String(allow_none=True)
    profile_image_url = fields.String(allow_none=True, metadata={"format": "uri"})


class BookingService(Schema):
    """What is booked, as it is today."""

    id = fields.Integer()
    public_uuid = fields.UUID(allow_none=True)
    name = fields.String()
    description = fields.String(allow_none=True)
    service_type = fields.String()
    service_type_code = fields.String()
    service_type_display = fields.String()
    duration_minutes = fields.Integer(allow_none=True)
    price_cents = fields.Integer(allow_none=True)
    location_type = fields.String()
    is_package = fields.Boolean()
    is_bundle = fields.Boolean()
    is_course = fields.Boolean()
    slug = fields.String(allow_none=True)
    image_url = fields.String(allow_none=True, metadata={"format": "uri"})


class BookingUser(Schema):
    """The client; the phone number is told to the practitioner and staff."""

    id = fields.Integer()
    email = fields.Email(allow_none=True)
    full_name = fields.String()
    avatar_url = fields.String(allow_none=True, metadata={"format": "uri"})
    phone_number = fields.String(allow_none=True)


class BookingServiceSession(Schema):
    """A dated session of a workshop or course."""

    id = fields.Integer()
    public_uuid = fields.UUID(allow_none=True)
    title = fields.String(allow_none=True)
    sequence_number = fields.Integer()
    start_time = fields.DateTime()
    end_time = fields.DateTime()
    status = fields.String()
    max_participants = fields.Integer(allow_none=True)
    current_participants = fields.Integer()
    spots_available = fields.Integer(allow_none=True)


class BookingAddress(Schema):
    """Where a booking takes place; the street once it is confirmed."""

    id = fields.Integer()
    city = fields.String()
    state_province = fields.String()
    country_code = fields.String()
    name = fields.String(allow_none=True)
    address_line_1 = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)


class BookingRoom(Schema):
    """The video room of a virtual or hybrid booking."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    name = fields.String()
    room_name = fields.String()
    status = fields.String(metadata={"enum": ["pending", "active", "in_use", "ended", "error"]})


class BookingPolicyTier(Schema):
    """With this notice, this much is given back."""

    hours_before = fields.Integer()
    refund_percent = fields.Integer()


class BookingCancellationPolicy(Schema):
    """The policy as it was when booked."""

    code = fields.String(metadata={"enum": ["flexible", "moderate", "strict", "non_refundable", "custom"]})
    tiers = fields.List(fields.Nested(BookingPolicyTier))
    course_days = fields.Integer()


class BookingPayment(Schema):
    """How the payment stands."""

    status = fields.String()
    order_uuid = fields.Raw(allow_none=True, metadata={"type": "string", "format": "uuid"})
    checkout_url = fields.String(allow_none=True, metadata={"format": "uri"})
    expires_at = fields.DateTime(allow_none=True)
    next_action_url = fields.String(allow_none=True, metadata={"format": "uri"})
    failure_code = fields.String(allow_none=True)
    failure_message = fields.String(allow_none=True)
    paid_cents = fields.Integer()
    refunded_cents = fields.Integer()
    refund_pending_cents = fields.Integer()


class BookingReminder(Schema):
    """When somebody is reminded."""

    id = fields.Integer()
    reminder_type = fields.String()
    scheduled_time = fields.DateTime()
    sent_at = fields.DateTime(allow_none=True)
    subject = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    is_sent = fields.Boolean()


class BookingNote(Schema):
    """A note about a booking."""

    id = fields.Integer()
    content = fields.String()
    is_private = fields.Boolean()
    author_name = fields.String()
    author_email = fields.Email(allow_none=True)
    author_role = fields.String()
    author_id = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
    can_edit = fields.Boolean()
