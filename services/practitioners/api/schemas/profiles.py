"""Profiles as they are answered: in lists, in whole, and to their owners."""

from typing import Any

from shared.http import Schema, fields


class TaxonomyItem(Schema):
    """A word that practitioners describe themselves with."""

    id = fields.Integer(dump_only=True)
    content = fields.String()
    slug = fields.String(dump_only=True)
    order = fields.Integer()
    practitioner_count = fields.Integer(dump_only=True)


class Specialization(TaxonomyItem):
    """What somebody is good at."""


class Style(TaxonomyItem):
    """How somebody works."""


class Topic(TaxonomyItem):
    """What somebody helps with."""


class Modality(Schema):
    """A way of working."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    slug = fields.String()


class PriceRange(Schema):
    """Dollars."""

    min = fields.String(allow_none=True)
    max = fields.String(allow_none=True)


class PublicUser(Schema):
    """The person behind a profile; others see the initial of the last name."""

    id = fields.Integer()
    first_name = fields.String()
    last_name = fields.String()


class PractitionerLocation(Schema):
    """Where somebody works, as far as the location makes it public."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    practitioner = fields.Integer()
    name = fields.String(allow_none=True)
    address_line1 = fields.String()
    address_line2 = fields.String(allow_none=True)
    city = fields.Integer(allow_none=True)
    state = fields.Integer(allow_none=True)
    postal_code = fields.String()
    country = fields.Integer(allow_none=True)
    city_name = fields.String(allow_none=True)
    state_name = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)
    country_name = fields.String(allow_none=True)
    country_code = fields.String(allow_none=True)
    latitude = fields.String(allow_none=True)
    longitude = fields.String(allow_none=True)
    is_primary = fields.Boolean()
    is_virtual = fields.Boolean()
    is_in_person = fields.Boolean()
    service_radius_miles = fields.String(allow_none=True)
    full_address = fields.String()
    location_types = fields.List(fields.String())
    timezone = fields.String(allow_none=True)
    is_address_hidden = fields.Boolean()


class PractitionerList(Schema):
    """A practitioner in a list."""

    id = fields.Integer(dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    slug = fields.String(dump_only=True)
    display_name = fields.String(dump_only=True)
    professional_title = fields.String(dump_only=True, allow_none=True)
    title = fields.String(dump_only=True, allow_none=True)
    profile_image_url = fields.String(dump_only=True, allow_none=True)
    years_of_experience = fields.Integer(dump_only=True, allow_none=True)
    is_verified = fields.Boolean(dump_only=True)
    featured = fields.Boolean(dump_only=True)
    full_name = fields.String(dump_only=True)
    average_rating = fields.Float(dump_only=True, metadata={"description": "0 without reviews."})
    average_rating_float = fields.Float(dump_only=True)
    total_reviews = fields.Integer(dump_only=True)
    total_services = fields.Integer(dump_only=True)
    price_range = fields.Nested(PriceRange, dump_only=True)
    min_price = fields.Money(dump_only=True, allow_none=True)
    max_price = fields.Money(dump_only=True, allow_none=True)
    min_price_cents = fields.Integer(dump_only=True, allow_none=True)
    max_price_cents = fields.Integer(dump_only=True, allow_none=True)
    primary_location = fields.Nested(PractitionerLocation, dump_only=True, allow_none=True)
    locations = fields.List(fields.Nested(PractitionerLocation), dump_only=True)
    location = fields.String(dump_only=True, allow_none=True)
    specializations = fields.List(fields.Nested(Specialization), dump_only=True)
    primary_specialty = fields.String(dump_only=True, allow_none=True)
    modalities = fields.List(fields.Nested(Modality), dump_only=True)
    next_available_date = fields.DateTime(dump_only=True, allow_none=True)
    bio_short = fields.String(dump_only=True, allow_none=True)
    languages = fields.List(fields.String(), dump_only=True)
    offers_virtual = fields.Boolean(dump_only=True)
    offers_in_person = fields.Boolean(dump_only=True)
    user = fields.Nested(PublicUser, dump_only=True)


class Certification(Schema):
    """A certificate."""

    id = fields.Integer(dump_only=True)
    certificate = fields.String(allow_none=True)
    institution = fields.String(allow_none=True)
    issue_date = fields.Date(allow_none=True)
    expiry_date = fields.Date(allow_none=True)
    order = fields.Integer()
    practitioner = fields.Integer(dump_only=True)
    is_expired = fields.Boolean(dump_only=True)
    is_verified = fields.Boolean(dump_only=True, metadata={"description": "An approved document backs it."})


class Education(Schema):
    """A school or a degree."""

    id = fields.Integer(dump_only=True)
    degree = fields.String(allow_none=True)
    educational_institute = fields.String(allow_none=True)
    order = fields.Integer()
    year = fields.Integer(allow_none=True)


class Question(Schema):
    """A question that clients ask, answered."""

    id = fields.Integer(dump_only=True)
    title = fields.String()
    answer = fields.String(allow_none=True)
    order = fields.Integer()


class PractitionerDetail(PractitionerList):
    """A profile as anybody sees it."""

    bio = fields.String(dump_only=True, allow_none=True)
    quote = fields.String(dump_only=True, allow_none=True)
    profile_video_url = fields.String(dump_only=True, allow_none=True)
    is_active = fields.Boolean(dump_only=True)
    practitioner_status = fields.String(dump_only=True)
    vacation_until = fields.Date(dump_only=True, allow_none=True)
    completed_sessions_count = fields.Integer(dump_only=True)
    completed_sessions = fields.Integer(dump_only=True)
    styles = fields.List(fields.Nested(Style), dump_only=True)
    topics = fields.List(fields.Nested(Topic), dump_only=True)
    certifications = fields.List(fields.Nested(Certification), dump_only=True)
    educations = fields.List(fields.Nested(Education), dump_only=True)
    questions = fields.List(fields.Nested(Question), dump_only=True)
    timezone = fields.String(dump_only=True)
    badges = fields.List(fields.String(), dump_only=True)
    response_rate = fields.String(dump_only=True, allow_none=True)
    created_at = fields.DateTime(dump_only=True)


class PractitionerSubscription(Schema):
    """A practitioner's plan."""

    id = fields.Integer(dump_only=True, allow_none=True)
    tier = fields.Integer(dump_only=True, allow_none=True)
    tier_code = fields.String(dump_only=True)
    tier_display = fields.String(dump_only=True)
    status = fields.String(dump_only=True)
    start_date = fields.DateTime(dump_only=True, allow_none=True)
    end_date = fields.DateTime(dump_only=True, allow_none=True)
    is_active = fields.Boolean(dump_only=True)
    is_annual = fields.Boolean(dump_only=True)


class TierLimits(Schema):
    """What the plan allows and how much of it is used; −1 is unlimited."""

    tier_code = fields.String()
    features = fields.Dict()
    max_services = fields.Integer()
    services_used = fields.Integer()
    max_locations = fields.Integer()
    locations_used = fields.Integer()
    max_monthly_bookings = fields.Integer()
    bookings_this_month = fields.Integer()
    upgrade_hint = fields.String(allow_none=True)


class PractitionerPrivate(PractitionerDetail):
    """A profile as its owner and staff see it."""

    email = fields.String(dump_only=True)
    phone = fields.String(dump_only=True, allow_none=True)
    verification_status = fields.String(dump_only=True)
    status_message = fields.String(dump_only=True, allow_none=True)
    is_onboarded = fields.Boolean(dump_only=True)
    onboarding_step = fields.Integer(dump_only=True)
    onboarding_completed_at = fields.DateTime(dump_only=True, allow_none=True)
    buffer_time = fields.Integer()
    cancellation_rate = fields.Float(dump_only=True)
    subscription = fields.Nested(PractitionerSubscription, dump_only=True, allow_none=True)
    limits = fields.Nested(TierLimits, dump_only=True)
    updated_at = fields.DateTime(dump_only=True)
    version = fields.Integer(dump_only=True)


class PractitionerShown(PractitionerPrivate):
    """A profile: strangers get a PractitionerDetail, owner and staff a PractitionerPrivate."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Answer what there is: the public view lacks the private fields."""
        del many
        return (_PRIVATE if "version" in obj else _PUBLIC).dump(obj)


_PRIVATE = PractitionerPrivate()
_PUBLIC = PractitionerDetail()
