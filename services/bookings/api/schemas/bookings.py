"""Bookings as they are answered."""

from services.bookings.api.schemas.parts import (
    BookingAddress,
    BookingCancellationPolicy,
    BookingNote,
    BookingPayment,
    BookingPractitioner,
    BookingReminder,
    BookingRoom,
    BookingService,
    BookingServiceSession,
    BookingUser,
)
from services.bookings.domain import words
from shared.http import Schema, fields

_STATUS = {"enum": list(words.STATUSES)}
_PAYMENT_STATUS = {"enum": list(words.PAYMENT_STATUSES)}


class BookingList(Schema):
    """A booking in a list."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    practitioner = fields.Nested(BookingPractitioner)
    service = fields.Nested(BookingService)
    status = fields.String(metadata=_STATUS)
    status_display = fields.String()
    payment_status = fields.String(metadata=_PAYMENT_STATUS)
    payment_status_display = fields.String()
    price_charged = fields.Money()
    final_amount = fields.Money()
    duration_minutes = fields.Integer()
    is_upcoming = fields.Boolean()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
    start_time = fields.DateTime(allow_none=True)
    end_time = fields.DateTime(allow_none=True)
    user = fields.Nested(BookingUser)
    service_session = fields.Nested(BookingServiceSession, allow_none=True)
    status_detail = fields.String(allow_none=True)
    booking_type = fields.String()
    location_type = fields.String()
    timezone = fields.String()
    title = fields.String(allow_none=True)
    parent_booking_id = fields.Integer(allow_none=True)
    series_id = fields.Integer(allow_none=True)
    sessions_total = fields.Integer(allow_none=True)
    sessions_completed = fields.Integer(allow_none=True)
    sessions_remaining = fields.Integer(allow_none=True)
    expires_at = fields.DateTime(allow_none=True)
    hold_expires_at = fields.DateTime(allow_none=True)
    can_be_canceled = fields.Boolean()
    can_be_rescheduled = fields.Boolean()


class BookingDetail(BookingList):
    """A booking in full."""

    room = fields.Nested(BookingRoom, allow_none=True)
    location = fields.Nested(BookingAddress, allow_none=True)
    actual_start_time = fields.DateTime(allow_none=True)
    actual_end_time = fields.DateTime(allow_none=True)
    description = fields.String(allow_none=True)
    client_notes = fields.String(allow_none=True)
    practitioner_notes = fields.String(allow_none=True)
    meeting_url = fields.String(allow_none=True, metadata={"format": "uri"})
    meeting_id = fields.String(allow_none=True)
    discount_amount = fields.Money()
    price_charged_cents = fields.Integer()
    discount_amount_cents = fields.Integer()
    final_amount_cents = fields.Integer()
    service_name_snapshot = fields.String()
    service_description_snapshot = fields.String()
    practitioner_name_snapshot = fields.String()
    service_duration_snapshot = fields.Integer(allow_none=True)
    package_name_snapshot = fields.String()
    package_contents_snapshot = fields.Raw(allow_none=True, metadata={"type": "array", "items": {"type": "object"}})
    bundle_name_snapshot = fields.String()
    bundle_sessions_snapshot = fields.Integer(allow_none=True)
    completed_at = fields.DateTime(allow_none=True)
    no_show_at = fields.DateTime(allow_none=True)
    canceled_at = fields.DateTime(allow_none=True)
    canceled_by = fields.String(allow_none=True)
    cancellation_reason = fields.String(allow_none=True)
    confirmed_at = fields.DateTime(allow_none=True)
    started_at = fields.DateTime(allow_none=True)
    status_changed_at = fields.DateTime()
    is_active = fields.Boolean()
    is_individual_session = fields.Boolean()
    is_group_session = fields.Boolean()
    is_package_booking = fields.Boolean()
    is_course_booking = fields.Boolean()
    is_parent_booking = fields.Boolean()
    child_bookings = fields.List(fields.Nested(BookingList))
    parent_booking_uuid = fields.UUID(allow_none=True)
    rescheduled_from_id = fields.Integer(allow_none=True)
    rescheduled_from_uuid = fields.UUID(allow_none=True)
    reminders = fields.List(fields.Nested(BookingReminder))
    notes = fields.List(fields.Nested(BookingNote))
    allocated_amount_cents = fields.Integer()
    currency = fields.String()
    payment = fields.Nested(BookingPayment)
    cancellation_policy = fields.Nested(BookingCancellationPolicy)
    free_cancellation_until = fields.DateTime(allow_none=True)
    refund_if_canceled_now_cents = fields.Integer()
    reschedule_count = fields.Integer()
    original_start_time = fields.DateTime(allow_none=True)
    can_be_reviewed = fields.Boolean()
    version = fields.Integer()


class BookingCreate(BookingDetail):
    """A booking that was just made; `booking` is the same again, for clients that read it there."""

    location_id = fields.Integer(allow_none=True)
    service_session_id = fields.Integer(allow_none=True)
    price_override_cents = fields.Integer(allow_none=True)
    booking = fields.Nested(BookingDetail)


class BookingCancel(BookingDetail):
    """A canceled booking, and what is given back."""

    message = fields.String()
    refund_cents = fields.Integer()
    refund_amount = fields.Money()
    credit_restored = fields.Boolean()
    restored_booking_id = fields.Integer(allow_none=True)


class BookingReschedule(BookingDetail):
    """A moved booking, and where it was."""

    reason = fields.String(allow_none=True)
    previous_start_time = fields.DateTime()
    previous_end_time = fields.DateTime()


class BookingUpdate(Schema):
    """What can be written on a booking."""

    title = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    client_notes = fields.String(allow_none=True)
    practitioner_notes = fields.String(allow_none=True)
    location_id = fields.Integer(allow_none=True)
    meeting_url = fields.String(allow_none=True, metadata={"format": "uri"})
    meeting_id = fields.String(allow_none=True)
    timezone = fields.String()
    id = fields.Integer()
    public_uuid = fields.UUID()
    location = fields.Nested(BookingAddress, allow_none=True)
    status = fields.String(metadata=_STATUS)
    updated_at = fields.DateTime()
    version = fields.Integer()
