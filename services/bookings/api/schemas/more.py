"""Notes, history, journeys, credits, series, statistics, the day plan and feeds, asked and answered."""

from marshmallow import validate

from services.bookings.api.fields import Id, Reference
from services.bookings.api.schemas.bookings import BookingDetail, BookingList
from services.bookings.api.schemas.parts import (
    BookingAddress,
    BookingPractitioner,
    BookingService,
    BookingUser,
)
from services.bookings.domain import words
from shared.http import QuerySchema, Schema, fields


class BookingNoteRequest(Schema):
    """A note; private ones are the practitioner's and staff's."""

    content = fields.String(required=True, multiline=True, validate=validate.Length(min=1, max=5_000))
    is_private = fields.Boolean(load_default=False)


class HistoryEntry(Schema):
    """One change of a booking."""

    id = fields.Integer()
    at = fields.DateTime()
    action = fields.String()
    from_status = fields.String(allow_none=True)
    to_status = fields.String(allow_none=True)
    actor_role = fields.String(metadata={"enum": ["client", "practitioner", "staff", "system"]})
    actor_name = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    changes = fields.Dict()


class Journey(Schema):
    """What belongs together: a purchase with its sessions, or one booking by itself."""

    journey_type = fields.String(metadata={"enum": list(words.KINDS)})
    bookings = fields.List(fields.Nested(BookingList))
    total_count = fields.Integer()
    completed_count = fields.Integer()
    upcoming_count = fields.Integer()
    needs_scheduling_count = fields.Integer()
    progress_percentage = fields.Float()
    next_session = fields.Nested(BookingList, allow_none=True)
    expires_at = fields.DateTime(allow_none=True)


class SessionCredit(Schema):
    """The sessions of one service that are left of a package or bundle."""

    parent_booking_id = fields.Integer()
    parent_booking_uuid = fields.UUID()
    kind = fields.String(metadata={"enum": list(words.CREDIT_KINDS)})
    name = fields.String()
    service = fields.Nested(BookingService)
    practitioner = fields.Nested(BookingPractitioner)
    total = fields.Integer()
    used = fields.Integer()
    scheduled = fields.Integer()
    remaining = fields.Integer()
    expired = fields.Integer()
    value_per_session = fields.Money()
    expires_at = fields.DateTime(allow_none=True)
    next_draft_booking_id = fields.Integer(allow_none=True)


class StatsQuery(QuerySchema):
    """As what, and over which days."""

    role = fields.String(load_default=words.CLIENT, validate=validate.OneOf((words.CLIENT, words.PRACTITIONER)))
    from_ = fields.Date(data_key="from")
    to = fields.Date()


class BookingStats(Schema):
    """One's bookings in numbers."""

    as_ = fields.String(data_key="as", metadata={"enum": [words.CLIENT, words.PRACTITIONER]})
    upcoming = fields.Integer()
    pending_payment = fields.Integer()
    completed = fields.Integer()
    canceled = fields.Integer()
    no_show = fields.Integer()
    unscheduled = fields.Integer()
    today = fields.Integer()
    cancellation_rate = fields.Float()
    no_show_rate = fields.Float()
    gross_amount = fields.Money()
    from_ = fields.Date(data_key="from")
    to = fields.Date()


class UserStats(Schema):
    """What a dashboard shows of somebody."""

    total_bookings = fields.Integer()
    completed_bookings = fields.Integer()
    upcoming_bookings = fields.Integer()
    favorite_practitioners = fields.Integer()
    favorite_services = fields.Integer()
    wellness_score = fields.Integer()
    member_since = fields.DateTime(allow_none=True)
    last_booking = fields.DateTime(allow_none=True)


class CalendarQuery(QuerySchema):
    """Which days of the plan."""

    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    timezone = fields.TimeZone()
    practitioner = Id()
    status = fields.Names(words.STATUSES, aliases={"cancelled": words.CANCELED, "no-show": words.NO_SHOW})
    type = fields.Names(("session", "workshop", "course", "hold", "time_off", "block"))


class Attendee(Schema):
    """Somebody who comes."""

    booking_id = fields.Integer()
    user = fields.Nested(BookingUser)
    status = fields.String()
    payment_status = fields.String()


class CalendarEvent(Schema):
    """Something in a practitioner's day; a group is one event."""

    key = fields.String()
    type = fields.String(metadata={"enum": ["session", "workshop", "course", "hold", "time_off", "block"]})
    service_session_id = fields.Integer(allow_none=True)
    booking_id = fields.Integer(allow_none=True)
    title = fields.String()
    start_time = fields.DateTime()
    end_time = fields.DateTime()
    buffer_minutes = fields.Integer()
    timezone = fields.String()
    status = fields.String()
    location_type = fields.String(allow_none=True)
    location = fields.Nested(BookingAddress, allow_none=True)
    meeting_url = fields.String(allow_none=True)
    max_participants = fields.Integer(allow_none=True)
    attendee_count = fields.Integer()
    waiting_count = fields.Integer()
    attendees = fields.List(fields.Nested(Attendee))
    has_conflict = fields.Boolean()


class CalendarFeed(Schema):
    """The secret address under which a calendar program reads one's bookings; told once, when it is made."""

    url = fields.String(allow_none=True, metadata={"format": "uri"})
    webcal_url = fields.String(allow_none=True, metadata={"format": "uri"})
    enabled = fields.Boolean()
    created_at = fields.DateTime(allow_none=True)
    last_fetched_at = fields.DateTime(allow_none=True)
    include = fields.String(metadata={"enum": ["client", "practitioner", "both"]})
    show_names = fields.Boolean()


class CalendarFeedRequest(Schema):
    """What the feed tells."""

    include = fields.String(load_default="both", validate=validate.OneOf(("client", "practitioner", "both")))
    show_names = fields.Boolean(load_default=True)


class RecurringRequest(Schema):
    """Appointments that recur: `frequency` with `count` or `until`, or an RRULE."""

    service_id = Reference(required=True)
    practitioner_id = Reference(load_default=None, allow_none=True)
    start_time = fields.DateTime(required=True)
    timezone = fields.TimeZone(required=True)
    frequency = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(("weekly", "biweekly", "monthly"))
    )
    count = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=2, max=26))
    until = fields.Date(load_default=None, allow_none=True)
    rrule = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    skip_conflicts = fields.Boolean(load_default=False)
    client_notes = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=5_000)
    )
    location_id = Id(load_default=None, allow_none=True)
    payment_method_id = Id(load_default=None, allow_none=True)
    apply_credits = fields.Boolean(load_default=True)
    dry_run = fields.Boolean(load_default=False)


class Occurrence(Schema):
    """One appointment of a series."""

    start_time = fields.DateTime()
    end_time = fields.DateTime()
    available = fields.Boolean()
    reason = fields.String(allow_none=True)
    booking_id = fields.Integer(allow_none=True)


class Recurring(Schema):
    """A series; on a dry run, what it would be."""

    series_id = fields.Integer(allow_none=True)
    booking = fields.Nested(BookingDetail, allow_none=True)
    occurrences = fields.List(fields.Nested(Occurrence))
    skipped = fields.List(fields.DateTime())
    total_amount = fields.Money()
    total_amount_cents = fields.Integer()


class CancelSeriesRequest(Schema):
    """How much of a series is canceled."""

    scope = fields.String(
        load_default="this_and_following", validate=validate.OneOf(("this_and_following", "all_upcoming"))
    )
    reason = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000))


class Kept(Schema):
    """An appointment that stays, and why."""

    id = fields.Integer()
    reason = fields.String()


class CancelSeries(Schema):
    """What was canceled of a series."""

    canceled = fields.List(fields.Integer())
    kept = fields.List(fields.Nested(Kept))
    refund_cents = fields.Integer()
    refund_amount = fields.Money()


class SessionInfo(Schema):
    """The dated session that is waited for."""

    id = fields.Integer()
    start_time = fields.DateTime(allow_none=True)
    title = fields.String(allow_none=True)


class Waitlist(Schema):
    """Somebody's place in a line."""

    id = fields.UUID()
    service = fields.Integer()
    service_session = fields.Integer(allow_none=True)
    user = fields.Integer()
    user_name = fields.String()
    service_name = fields.String()
    session_info = fields.Nested(SessionInfo, allow_none=True)
    joined_at = fields.DateTime()
    position = fields.Integer()
    status = fields.String(metadata={"enum": ["waiting", "notified", "converted", "expired", "removed"]})
    notified_at = fields.DateTime(allow_none=True)
    notification_count = fields.Integer()
    notes = fields.String(allow_none=True)
    offer_expires_at = fields.DateTime(allow_none=True)
    offer_exclusive = fields.Boolean()
    offered_start_time = fields.DateTime(allow_none=True)
    booking_id = fields.Integer(allow_none=True)


class WaitlistRequest(Schema):
    """What somebody wants to wait for; `service_id` and `service_session_id` are read as well."""

    service = Reference(load_default=None, allow_none=True)
    service_id = Reference(load_default=None, allow_none=True)
    service_session = Id(load_default=None, allow_none=True)
    service_session_id = Id(load_default=None, allow_none=True)
    notes = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=500))


class AcceptRequest(Schema):
    """How the place that was offered is paid."""

    payment_method_id = Id(load_default=None, allow_none=True)
    apply_credits = fields.Boolean(load_default=True)
    use_session_credit = fields.Boolean(load_default=False)
