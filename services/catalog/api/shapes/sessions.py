"""Dated sessions."""

from services.catalog.api.shapes.parts import ServiceBenefit, SessionAgendaItem, SimpleLocation
from shared.http import Schema, fields
from shared.http.fields import maybe


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
