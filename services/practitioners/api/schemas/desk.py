"""A practitioner's desk."""

from marshmallow import validate

from services.practitioners.api.schemas.writing import text
from services.practitioners.queries.desk import CLIENTS
from shared.http import QuerySchema, Schema, fields
from shared.http.pages import page_schema, query_schema


class Measure(Schema):
    """A number, and how it changed."""

    value = fields.Integer()
    change = fields.Float()
    is_positive = fields.Boolean()


class MoneyMeasure(Measure):
    """Cents, and how they changed."""

    value_display = fields.String()


class RatingMeasure(Schema):
    """The rating."""

    value = fields.Float()
    total_reviews = fields.Integer()
    change = fields.Float()
    is_positive = fields.Boolean()


class Period(Schema):
    """From when to when."""

    start = fields.Date()
    end = fields.Date()
    timezone = fields.String()


class PractitionerStats(Schema):
    """This month so far against the same days of last month."""

    total_bookings = fields.Nested(Measure)
    total_revenue = fields.Nested(MoneyMeasure)
    active_clients = fields.Nested(Measure)
    average_rating = fields.Nested(RatingMeasure)
    upcoming_bookings = fields.Integer()
    period = fields.Nested(Period)


class ZoneQuery(QuerySchema):
    """Whose days."""

    timezone = fields.TimeZone(validate=validate.Length(max=64))


class AnalyticsQuery(ZoneQuery):
    """How many days."""

    days = fields.Integer(load_default=30, validate=validate.Range(min=1, max=366))


class PractitionerClient(Schema):
    """Somebody who has booked."""

    id = fields.Integer()
    email = fields.String()
    full_name = fields.String()
    display_name = fields.String()
    avatar_url = fields.String(allow_none=True)
    phone_number = fields.String(allow_none=True)
    total_bookings = fields.Integer()
    total_spent = fields.Integer(metadata={"description": "Cents."})
    total_spent_display = fields.String()
    last_booking_date = fields.DateTime(allow_none=True)
    next_booking_date = fields.DateTime(allow_none=True)
    session_types = fields.List(fields.String())


class PractitionerClientDetail(PractitionerClient):
    """Everything about a client."""

    first_booking_date = fields.DateTime(allow_none=True)
    completed_bookings = fields.Integer()
    canceled_bookings = fields.Integer()
    no_show_bookings = fields.Integer()
    notes_count = fields.Integer()


ClientPage = page_schema(PractitionerClient)
ClientsQuery = query_schema(CLIENTS, "ClientsQuery")


class NoteText(Schema):
    """What is written down."""

    content = text(5000, least=1, multiline=True, required=True)


class ClientNote(Schema):
    """What a practitioner wrote down about a client."""

    id = fields.Integer()
    content = fields.String()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
    practitioner_name = fields.String()


class MissingPart(Schema):
    """What would make a profile better."""

    field = fields.String()
    message = fields.String()
    weight = fields.Integer()


class Completeness(Schema):
    """How complete a profile is."""

    score = fields.Integer()
    missing = fields.List(fields.Nested(MissingPart))
    publishable = fields.Boolean()


class ProfileViews(Schema):
    """How often a profile was looked at."""

    total = fields.Integer()
    trend = fields.Float()
    daily_average = fields.Float()


class Overview(Schema):
    """The numbers in short."""

    profile_views = fields.Nested(ProfileViews)
    total_bookings = fields.Integer()
    completed_bookings = fields.Integer()
    canceled_bookings = fields.Integer()
    cancellation_rate = fields.Float()
    conversion_rate = fields.Float()
    unique_customers = fields.Integer()
    repeat_customers = fields.Integer()
    retention_rate = fields.Float()


class PopularService(Schema):
    """How a service does."""

    title = fields.String()
    type = fields.String()
    bookings = fields.Integer()
    revenue = fields.Integer()
    revenue_display = fields.String()


class DayOfTrend(Schema):
    """How a day went."""

    date = fields.Date()
    bookings = fields.Integer()
    revenue = fields.Integer()
    revenue_display = fields.String()


class PeakHour(Schema):
    """How many bookings begin in an hour."""

    hour = fields.Integer()
    bookings = fields.Integer()


class PeakDay(Schema):
    """How many bookings begin on a weekday."""

    weekday = fields.String()
    bookings = fields.Integer()


class PractitionerAnalytics(Schema):
    """What happened in the last days."""

    overview = fields.Nested(Overview)
    service_popularity = fields.List(fields.Nested(PopularService))
    booking_trend = fields.List(fields.Nested(DayOfTrend))
    peak_hours = fields.List(fields.Nested(PeakHour))
    peak_days = fields.List(fields.Nested(PeakDay))
