"""Schemas of what catalog reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, pre_load, validate, validates_schema

from services.catalog.domain import cancellation, words
from shared.http import Schema, fields

TEXT_MAX = 20_000
PRICE_MAX_CENTS = 9_999_999_999
COUNT_MAX = 1_000_000


def text(most: int = TEXT_MAX) -> fields.String:
    """Return a text of several lines, or null."""
    return fields.String(multiline=True, allow_none=True, validate=validate.Length(max=most))


def line(most: int, *, least: int = 0, **options: Any) -> fields.String:
    """Return a text of one line."""
    return fields.String(validate=validate.Length(min=least, max=most), **options)


def number(least: int, most: int = COUNT_MAX, **options: Any) -> fields.Integer:
    """Return a whole number within bounds."""
    return fields.Integer(validate=validate.Range(least, most), **options)


def choice(choices: tuple[str, ...], **options: Any) -> fields.String:
    """Return one of some words."""
    return fields.String(validate=validate.OneOf(choices), **options)


class Price(fields.Money):
    """Dollars, at most 99,999,999.99."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> int:
        cents = super()._deserialize(value, attr, data, **options)
        if cents > PRICE_MAX_CENTS:
            raise self.make_error("invalid")
        return cents


class Percent(fields.Field[int]):
    """0 to 100 with at most two places, read into hundredths of a percent."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> int:
        points = fields.Money()._deserialize(value, attr, data, **options)
        if points > 10_000:
            raise ValidationError("Must be 0 to 100.")
        return points


class Status(fields.String):
    """A status; older clients' words are read too."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        read = super()._deserialize(value, attr, data, **options)
        read = words.STATUS_ALIASES.get(read, read)
        if read not in words.STATUSES:
            raise ValidationError(f"Must be one of: {', '.join(words.STATUSES)}.")
        return read


class Strings(fields.List[str]):
    """A list of texts; older clients send one text, or an object whose values are meant."""

    def __init__(self, most: int, length: int, *, lower: bool = False) -> None:
        super().__init__(line(length), validate=validate.Length(max=most))
        self.lower = lower

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> list[Any]:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, str):
            value = [value]
        read = [part for part in super()._deserialize(value or [], attr, data, **options) if part]
        return list(dict.fromkeys(part.lower() for part in read)) if self.lower else read


class LanguageNames(fields.Field[list[int | str]]):
    """Languages by id or ISO 639-1 code."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[int | str]:
        read = value or []
        if not isinstance(read, list) or len(read) > 20:
            raise ValidationError("A list of at most 20 languages.")
        if any(isinstance(one, bool) or not isinstance(one, int | str) for one in read):
            raise ValidationError("Each an id or an ISO 639-1 code.")
        return [int(one) if isinstance(one, str) and one.isascii() and one.isdigit() else one for one in read]


class PolicyTier(Schema):
    """Until how many hours before the start how much is refunded."""

    hours_before = number(0, 8760, required=True)
    refund_percent = number(0, 100, required=True)


class PolicyRequest(Schema):
    """A preset, or tiers of one's own."""

    code = choice(cancellation.CODES, required=True)
    tiers = fields.List(fields.Nested(PolicyTier), validate=validate.Length(max=cancellation.MAX_TIERS))


class RevenueShare(Schema):
    """How much of the revenue a practitioner gets."""

    practitioner_id = number(1, fields.INT64_MAX, required=True)
    role = line(100, allow_none=True)
    share_bp = Percent(required=True, data_key="revenue_share_percentage")


class ServiceBenefitRequest(Schema):
    """What somebody gets out of it."""

    title = line(255, least=1, required=True)
    description = text(2000)
    icon = line(50, allow_none=True)
    position = number(0, data_key="order")


class SessionAgendaItemRequest(Schema):
    """A step of what happens."""

    title = line(255, least=1, required=True)
    description = text(2000)
    starts = fields.DateTime(allow_none=True, data_key="start_time")
    ends = fields.DateTime(allow_none=True, data_key="end_time")
    position = number(0, data_key="order")


class ChildServiceConfigRequest(Schema):
    """A contained service."""

    child_id = number(1, fields.INT64_MAX, required=True, data_key="child_service_id")
    quantity = number(1, 100)
    position = number(0, data_key="order")
    discount_bp = Percent(data_key="discount_percentage")
    is_required = fields.Boolean()
    description_override = text(2000)


class _Times(Schema):
    """Start and end; a length stands in for the end."""

    starts_at = fields.DateTime(data_key="start_time")
    ends_at = fields.DateTime(data_key="end_time")

    @pre_load
    def refuse_null(self, data: Any, **_: Any) -> Any:
        """Leave out what older clients send as null."""
        if not isinstance(data, Mapping):
            return data
        return {
            name: value
            for name, value in data.items()
            if not (value is None and name in ("start_time", "end_time", "status", "sequence_number", "timezone"))
        }


class NestedSessionRequest(_Times):
    """A date of a workshop or course, inside its service."""

    id = number(1, fields.INT64_MAX, allow_none=True)
    title = line(255, allow_none=True)
    description = text()
    starts_at = fields.DateTime(required=True, data_key="start_time")
    ends_at = fields.DateTime(required=True, data_key="end_time")
    duration = number(1, 60 * 24 * 30, allow_none=True, metadata={"description": "Ignored: both times are given."})
    max_participants = number(1, 100_000, allow_none=True)
    sequence_number = number(0)
    status = choice((words.DRAFT, words.SCHEDULED))
    agenda = text()
    what_youll_learn = text()
    price_cents = number(0, PRICE_MAX_CENTS, allow_none=True)
    location_id = number(1, fields.INT64_MAX, allow_none=True, data_key="address")
    timezone = fields.TimeZone()


_ALIASES = {"address_id": "address", "location_id": "address", "schedule_id": "schedule", "service_type": "type_code"}


class _ServiceFields(Schema):
    """What a practitioner may write of any service."""

    name = line(255, least=1, required=True)
    slug = fields.Raw(metadata={"type": "string", "description": "Ignored: it follows from the name."})
    description = text()
    short_description = text(500)
    duration_minutes = number(0, 10_080, required=True)
    max_participants = number(1, 100_000)
    min_participants = number(1, 100_000)
    experience_level = choice(words.EXPERIENCE_LEVELS)
    age_min = number(0, 120, allow_none=True)
    age_max = number(0, 120, allow_none=True)
    location_type = choice(words.LOCATION_TYPES)
    location_id = number(1, fields.INT64_MAX, allow_none=True, data_key="address")
    schedule_id = number(1, fields.INT64_MAX, allow_none=True, data_key="schedule")
    what_youll_learn = text()
    prerequisites = text()
    includes = Strings(50, 200)
    image = line(2000, allow_none=True)
    tags = Strings(20, 50, lower=True)
    is_active = fields.Boolean()
    is_featured = fields.Boolean(metadata={"description": "Staff only; others' value is ignored."})
    is_public = fields.Boolean()
    status = Status()
    validity_days = number(1, 3650)
    is_transferable = fields.Boolean()
    is_shareable = fields.Boolean()
    sessions_included = number(1, 1000, allow_none=True)
    bonus_sessions = number(0, 1000)
    max_per_customer = number(0, allow_none=True)
    available_from = fields.DateTime(allow_none=True)
    available_until = fields.DateTime(allow_none=True)
    highlight_text = line(50, allow_none=True)
    terms_conditions = text()
    additional_practitioner_ids = fields.List(number(1, fields.INT64_MAX), validate=validate.Length(max=20))
    child_service_configs = fields.List(fields.Nested(ChildServiceConfigRequest), validate=validate.Length(max=200))
    price = Price(metadata={"description": "This or price_cents."})
    price_cents = number(0, PRICE_MAX_CENTS)
    languages = LanguageNames()
    modality_ids = fields.List(number(1, fields.INT64_MAX), validate=validate.Length(max=10))
    benefits = fields.List(fields.Nested(ServiceBenefitRequest), validate=validate.Length(max=100))
    agenda_items = fields.List(fields.Nested(SessionAgendaItemRequest), validate=validate.Length(max=100))
    cancellation_policy_rules = fields.Nested(PolicyRequest, allow_none=True)
    revenue_shares = fields.List(fields.Nested(RevenueShare), validate=validate.Length(max=21))

    @pre_load
    def read_older_clients(self, data: Any, **_: Any) -> Any:
        """Take other spellings of the same; `image: {}` is a browser's file that JSON lost."""
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for alias, name in _ALIASES.items():
            if alias in read and name not in read:
                read[name] = read[alias]
        if isinstance(read.get("image"), Mapping):
            del read["image"]
        for name in ("price", "price_cents", *_NEVER_NULL):
            if name in read and read[name] is None:
                del read[name]
        return read

    @validates_schema(skip_on_field_errors=True)
    def agree_on_the_price(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two prices that differ."""
        if "price" in data and data.get("price_cents", data["price"]) != data["price"]:
            raise ValidationError("Differs from price_cents.", "price")


_NEVER_NULL = (
    *("max_participants", "min_participants", "experience_level", "location_type", "includes", "tags", "is_active"),
    *("is_featured", "is_public", "status", "validity_days", "is_transferable", "is_shareable", "bonus_sessions"),
    *("additional_practitioner_ids", "child_service_configs", "languages", "modality_ids", "benefits"),
    *("agenda_items", "revenue_shares", "sessions"),
)


class ServiceCreateUpdateRequest(_ServiceFields):
    """A service. Absent relations stay as they are."""

    type_id = number(1, 5, data_key="service_type_id")
    type_code = choice((*words.NUMBERS, *words.TYPE_ALIASES), load_only=True)
    category_id = number(1, fields.INT64_MAX, allow_none=True)
    practitioner_category_id = number(1, fields.INT64_MAX, allow_none=True)
    sessions = fields.List(fields.Nested(NestedSessionRequest), validate=validate.Length(max=200))


class PackageRequest(_ServiceFields):
    """A package."""


class BundleRequest(_ServiceFields):
    """A bundle."""


class ServiceSessionRequest(_Times):
    """A date of a workshop or course."""

    service = fields.String(required=True, metadata={"description": "Id of the service.", "type": "integer"})
    title = line(255, allow_none=True)
    description = text()
    duration = number(1, 60 * 24 * 30, allow_none=True)
    max_participants = number(1, 100_000, allow_none=True)
    sequence_number = number(0)
    status = choice((words.DRAFT, words.SCHEDULED, words.CANCELED))
    agenda = text()
    what_youll_learn = text()
    location_id = number(1, fields.INT64_MAX, allow_none=True, data_key="address")
    price_cents = number(0, PRICE_MAX_CENTS, allow_none=True)
    visibility = choice(words.VISIBILITIES)
    timezone = fields.TimeZone()
    shared_notes = text()
    practitioner_notes = text()
    benefits = fields.List(fields.Nested(ServiceBenefitRequest), validate=validate.Length(max=100))
    agenda_items = fields.List(fields.Nested(SessionAgendaItemRequest), validate=validate.Length(max=100))
    allow_overlap = fields.Boolean()

    @pre_load
    def read_aliases(self, data: Any, **_: Any) -> Any:
        """Take `service_id` for `service`, as a number or a text."""
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        service = read.get("service", read.get("service_id"))
        if isinstance(service, int) and not isinstance(service, bool):
            service = str(service)
        if service is not None:
            read["service"] = service
        return read


class RescheduleRequest(Schema):
    """When a session takes place instead."""

    starts_at = fields.DateTime(required=True, data_key="start_time")
    ends_at = fields.DateTime(required=True, data_key="end_time")
    reason = text(500)
    allow_overlap = fields.Boolean(load_default=False)


class LocalTime(fields.Field[datetime]):
    """A date and time as a clock on the wall shows it: without an offset."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime:
        try:
            read = datetime.fromisoformat(str(value))
        except ValueError as bad:
            raise ValidationError("A date and time, for example 2026-01-31T09:00:00.") from bad
        if read.tzinfo is not None:
            raise ValidationError("Without an offset: timezone says where.")
        if not 1970 <= read.year <= 2200:
            raise ValidationError("Must lie between the years 1970 and 2200.")
        return read.replace(microsecond=0)


class RepeatRequest(Schema):
    """Dates that repeat, by the wall clock of a place."""

    service = fields.Integer(required=True)
    start = LocalTime(required=True, data_key="start_time", metadata={"type": "string"})
    duration = number(1, 10_080, required=True)
    timezone = fields.TimeZone(required=True)
    rrule = line(500, least=1, required=True)
    max_participants = number(1, 100_000)
    title = line(255)


class ReasonRequest(Schema):
    """Why."""

    reason = text(500)


class ServiceCategoryRequest(Schema):
    """A kind of service."""

    name = line(100, least=1, required=True)
    description = text(2000)
    icon = line(50, allow_none=True)
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    position = number(0, data_key="order")
