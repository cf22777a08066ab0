"""Searching, and free times beside what is found."""

from marshmallow import validate

from services.practitioners.api.schemas.lists import PLACE_PARAMETERS
from services.practitioners.api.schemas.profiles import PractitionerList
from services.practitioners.queries.listing import FILTERS, PRACTITIONERS
from services.practitioners.queries.parameters import LANGUAGE, Facets, Numbers
from shared.http import QuerySchema, Schema, fields
from shared.http.pages import page_schema, query_schema

_WORDS = validate.Length(max=200)
_MORE = {
    "search": fields.String(validate=_WORDS),
    "q": fields.String(validate=_WORDS),
    **PLACE_PARAMETERS,
    "service_type_ids": Facets("k"),
    "category_ids": Facets("c"),
    "specialization_ids": Facets("s"),
    "style_ids": Facets("y"),
    "topic_ids": Facets("t"),
    "modality_ids": Facets("m"),
    "languages": Facets("l:", pattern=LANGUAGE),
    "min_experience_years": fields.Integer(validate=validate.Range(min=0)),
    "featured_only": fields.Boolean(),
    "service_id": fields.Integer(validate=validate.Range(min=1)),
    "typo": fields.Boolean(load_default=True),
}
SearchQuery = query_schema(
    PRACTITIONERS,
    "SearchQuery",
    **_MORE,
    include=fields.Names(("facets", "slots")),
    sort_by=fields.String(
        load_default="relevance",
        validate=validate.OneOf(
            ("relevance", "rating", "price_low", "price_high", "experience", "distance", "availability")
        ),
    ),
)
FacetsQuery = type(
    "FacetsQuery",
    (QuerySchema,),
    {
        "__doc__": "Parameters of the search that facets are counted for.",
        **{name: filter_.field for name, filter_ in FILTERS.items()},
        **_MORE,
    },
)


class PractitionerSearchHit(PractitionerList):
    """A practitioner who was found."""

    distance_km = fields.Float(allow_none=True)
    distance_miles = fields.Float(allow_none=True)
    nearest_location_id = fields.Integer(allow_none=True)
    score = fields.Float()
    matched = fields.List(fields.String())
    next_slots = fields.List(fields.DateTime())


class FacetCount(Schema):
    """How many have it."""

    id = fields.Raw()
    name = fields.String()
    count = fields.Integer()


class PriceCount(Schema):
    """How many lie in a range of dollars."""

    min = fields.Integer(allow_none=True)
    max = fields.Integer(allow_none=True)
    count = fields.Integer()


class RatingCount(Schema):
    """How many are rated so well."""

    min = fields.Float()
    count = fields.Integer()


class HoursCount(Schema):
    """How many are free so soon."""

    within_hours = fields.Integer()
    count = fields.Integer()


class SearchFacets(Schema):
    """What else could be asked for."""

    specializations = fields.List(fields.Nested(FacetCount))
    styles = fields.List(fields.Nested(FacetCount))
    topics = fields.List(fields.Nested(FacetCount))
    modalities = fields.List(fields.Nested(FacetCount))
    languages = fields.List(fields.Nested(FacetCount))
    service_types = fields.List(fields.Nested(FacetCount))
    location_types = fields.List(fields.Nested(FacetCount))
    cities = fields.List(fields.Nested(FacetCount))
    price = fields.List(fields.Nested(PriceCount))
    rating = fields.List(fields.Nested(RatingCount))
    availability = fields.List(fields.Nested(HoursCount))


class SearchedPlace(Schema):
    """The place that was understood."""

    name = fields.String()
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    radius_km = fields.Float(allow_none=True)
    type = fields.String()


class SearchedQuery(Schema):
    """What was understood."""

    text = fields.String(allow_none=True)
    corrected = fields.String(allow_none=True)
    place = fields.Nested(SearchedPlace, allow_none=True)


class PractitionerSearchHitPage(page_schema(PractitionerSearchHit)):  # type: ignore[misc]
    """A page of hits."""

    query = fields.Nested(SearchedQuery)
    facets = fields.Nested(SearchFacets, allow_none=True)


class AutocompleteQuery(QuerySchema):
    """What is typed."""

    q = fields.String(required=True, validate=validate.Length(min=2, max=100))
    near = Numbers(2)
    limit = fields.Integer(load_default=8, validate=validate.Range(min=1, max=20))


class Completion(Schema):
    """What somebody may be typing."""

    type = fields.String()
    id = fields.Integer()
    text = fields.String()
    highlight = fields.String()
    slug = fields.String(allow_none=True)
    image_url = fields.String(allow_none=True)


class SimilarQuery(QuerySchema):
    """How many."""

    limit = fields.Integer(load_default=6, validate=validate.Range(min=1, max=20))


class FeaturedQuery(QuerySchema):
    """How many, and near what."""

    limit = fields.Integer(load_default=12, validate=validate.Range(min=1, max=50))
    near = Numbers(2)


class BatchRequest(Schema):
    """Whom."""

    ids = fields.List(fields.Raw(), required=True, validate=validate.Length(max=100))


class PreviewQuery(QuerySchema):
    """Whose free times, on which days."""

    practitioner_ids = fields.List(fields.String(), required=True)
    days = fields.Integer(load_default=7, validate=validate.Range(min=1, max=14))
    from_day = fields.Date(data_key="from")
    per_day = fields.Integer(load_default=4, validate=validate.Range(min=1, max=10))
    timezone = fields.TimeZone(load_default="UTC")


class PreviewDay(Schema):
    """A day's free times."""

    date = fields.Date()
    slot_count = fields.Integer()
    slots = fields.List(fields.DateTime())


class Preview(Schema):
    """A practitioner's free times in short."""

    practitioner_id = fields.Integer()
    next_available_date = fields.DateTime(allow_none=True)
    days = fields.List(fields.Nested(PreviewDay))


class CalendarQuery(QuerySchema):
    """Which month; staff may name a practitioner."""

    year = fields.Integer(validate=validate.Range(min=2000, max=2100))
    month = fields.Integer(validate=validate.Range(min=1, max=12))
    practitioner_id = fields.Integer()


class CalendarWindow(Schema):
    """Open hours."""

    start_time = fields.DateTime()
    end_time = fields.DateTime()


class CalendarDay(Schema):
    """A day of the calendar."""

    date = fields.Date()
    status = fields.String()
    windows = fields.List(fields.Nested(CalendarWindow))
    booked_minutes = fields.Integer()
    free_minutes = fields.Integer()
    bookings = fields.Integer()
    holiday = fields.String(allow_none=True)


class UtilizationQuery(QuerySchema):
    """Which days."""

    start_date = fields.Date()
    end_date = fields.Date()


class UtilizationPeriod(Schema):
    """From when to when."""

    start = fields.Date()
    end = fields.Date()


class BusyHour(Schema):
    """How many bookings begin in an hour."""

    hour = fields.Integer()
    bookings = fields.Integer()


class Utilization(Schema):
    """How much of the open hours is booked."""

    period = fields.Nested(UtilizationPeriod)
    utilization_rate = fields.Float()
    total_available_hours = fields.Float()
    total_booked_hours = fields.Float()
    total_bookings = fields.Integer()
    peak_hours = fields.List(fields.Nested(BusyHour))
