"""Lists of services: which of them, and in which order. What is shown of each comes from `documents`."""

from typing import Any

from marshmallow import validate
from sqlalchemy import ColumnElement, Text, and_, any_, bindparam, cast, exists, func, literal_column, or_, select

from services.catalog.api.parameters import Dollars, Numbers, Point, Reference, Status, Texts, TypeCodes
from services.catalog.domain import words
from services.catalog.models import (
    Language,
    Location,
    Modality,
    ModalityCategory,
    Practitioner,
    Service,
    ServiceCategory,
    ServiceLanguage,
    ServiceModality,
    ServicePractitioner,
    ServiceSession,
)
from services.catalog.queries.conditions import DISTANCE, RADIUS_KM, around, around_parameters, matching
from shared.errors import Invalid
from shared.http import fields
from shared.listing import Filter, Listing

Clause = ColumnElement[bool]


def _flag(column: Any) -> Filter:
    return Filter(fields.Boolean(), column.is_, by_value=True)


def _number(**limits: Any) -> Any:
    return fields.Integer(validate=validate.Range(**limits))


def _among(column: Any) -> Any:
    return lambda bound: column == any_(bound)


def _in_category(bound: Any) -> Clause:
    named = or_(ServiceCategory.slug == any_(bound), cast(ServiceCategory.id, Text) == any_(bound))
    return Service.category_id.in_(select(ServiceCategory.id).where(named))


def _with_modality(condition: Clause) -> Clause:
    return exists().where(
        ServiceModality.service_id == Service.id, Modality.id == ServiceModality.modality_id, condition
    )


def _of_practitioner(bound: Any) -> Clause:
    named = or_(cast(Practitioner.id, Text) == bound, cast(Practitioner.public_uuid, Text) == bound)
    return exists().where(
        ServicePractitioner.service_id == Service.id, Practitioner.id == ServicePractitioner.practitioner_id, named
    )


def _somewhere(bound: Any) -> Clause:
    place = func.lower(bound)
    names = (Location.city_name, Location.state_code, Location.state_name, Location.country_code, Location.country_name)
    located = exists().where(Location.id == Service.location_id, or_(*(func.lower(name) == place for name in names)))
    return or_(and_(place == words.VIRTUAL, Service.location_type.in_((words.VIRTUAL, words.HYBRID))), located)


def _sale_open(value: bool) -> Clause:  # noqa: FBT001 - a filter's value.
    now = func.now()
    is_open = and_(
        func.coalesce(Service.available_from <= now, True),
        func.coalesce(Service.available_until > now, True),
        ~and_(Service.sold_out, Service.type_id.in_(tuple(words.DATED))),
    )
    return is_open if value else ~is_open


def _dated(condition: Clause) -> Clause:
    return exists().where(ServiceSession.service_id == Service.id, ServiceSession.status == words.SCHEDULED, condition)


def _has_spots(value: bool) -> Clause:  # noqa: FBT001 - a filter's value.
    free = and_(~Service.sold_out, func.coalesce(Service.spots_available > 0, True))
    return free if value else ~free


_COMMON: dict[str, Filter] = {
    "age": Filter(
        fields.Float(validate=validate.Range(min=0, max=120)),
        lambda bound: and_(
            func.coalesce(Service.age_min <= bound, True),
            func.coalesce(Service.age_max >= bound, True),
        ),
    ),
    "available_now": Filter(fields.Boolean(), _sale_open, by_value=True),
    "category": Filter(Texts(), _in_category),
    "categories": Filter(Texts(), _in_category),
    "category_id": Filter(Numbers(), _among(Service.category_id)),
    "experience_level": Filter(
        fields.String(validate=validate.OneOf(words.EXPERIENCE_LEVELS)), lambda bound: Service.experience_level == bound
    ),
    "has_bonus": Filter(
        fields.Boolean(),
        lambda value: Service.bonus_sessions > 0 if value else Service.bonus_sessions == 0,
        by_value=True,
    ),
    "is_active": _flag(Service.is_active),
    "is_featured": _flag(Service.is_featured),
    "is_public": _flag(Service.is_public),
    "location_type": Filter(
        fields.String(validate=validate.OneOf(words.LOCATION_TYPES)), lambda bound: Service.location_type == bound
    ),
    "max_duration": Filter(_number(min=0), lambda bound: Service.duration_minutes <= bound),
    "min_duration": Filter(_number(min=0), lambda bound: Service.duration_minutes >= bound),
    "max_participants": Filter(_number(min=1), lambda bound: Service.max_participants >= bound),
    "min_participants": Filter(_number(min=1), lambda bound: Service.min_participants <= bound),
    "max_price": Filter(Dollars(), lambda bound: Service.price_cents <= bound),
    "min_price": Filter(Dollars(), lambda bound: Service.price_cents >= bound),
    "practitioner": Filter(Reference(), _of_practitioner),
    "practitioner_slug": Filter(
        fields.String(validate=validate.Length(max=100)),
        lambda bound: Service.practitioner_id.in_(select(Practitioner.id).where(Practitioner.slug == bound)),
    ),
    "status": Filter(Status(), lambda bound: Service.status == bound),
    "modality": Filter(Texts(), lambda bound: _with_modality(Modality.slug == any_(bound))),
    "modality_id": Filter(
        Numbers(),
        lambda bound: exists().where(
            ServiceModality.service_id == Service.id, ServiceModality.modality_id == any_(bound)
        ),
    ),
    "modality_category": Filter(
        Texts(),
        lambda bound: _with_modality(
            Modality.category_id.in_(select(ModalityCategory.id).where(ModalityCategory.slug == any_(bound)))
        ),
    ),
    "practitioner_category_id": Filter(_number(min=1), lambda bound: Service.practitioner_category_id == bound),
    "uncategorized": Filter(
        fields.Boolean(),
        lambda value: (
            Service.practitioner_category_id.is_(None) if value else Service.practitioner_category_id.is_not(None)
        ),
        by_value=True,
    ),
    "location": Filter(fields.String(validate=validate.Length(max=100)), _somewhere),
    "city": Filter(
        fields.String(validate=validate.Length(max=100)),
        lambda bound: or_(
            Service.city_slug == func.lower(bound),
            exists().where(Location.id == Service.location_id, func.lower(Location.city_name) == func.lower(bound)),
        ),
    ),
    "language": Filter(
        Texts(),
        lambda bound: exists().where(
            ServiceLanguage.service_id == Service.id,
            Language.id == ServiceLanguage.language_id,
            Language.code == any_(bound),
        ),
    ),
    "tags": Filter(Texts(), Service.tags.op("&&")),
    "min_rating": Filter(fields.Float(validate=validate.Range(0, 5)), lambda bound: Service.rating_average >= bound),
    "max_rating": Filter(fields.Float(validate=validate.Range(0, 5)), lambda bound: Service.rating_average <= bound),
    "upcoming": Filter(
        fields.Boolean(),
        lambda value: Service.next_session_at.is_not(None) if value else Service.next_session_at.is_(None),
        by_value=True,
    ),
    "starts_after": Filter(fields.DateTime(), lambda bound: _dated(ServiceSession.starts_at >= bound)),
    "starts_before": Filter(fields.DateTime(), lambda bound: _dated(ServiceSession.starts_at < bound)),
    "has_spots": Filter(fields.Boolean(), _has_spots, by_value=True),
}
_TYPED: dict[str, Filter] = {
    "service_type": Filter(TypeCodes(), _among(Service.type_id)),
    "service_type_id": Filter(_number(min=1, max=5), lambda bound: Service.type_id == bound),
    "exclude_types": Filter(TypeCodes(), lambda bound: ~(Service.type_id == any_(bound))),
    "is_package": Filter(
        fields.Boolean(),
        lambda value: Service.type_id == words.PACKAGE if value else Service.type_id != words.PACKAGE,
        by_value=True,
    ),
    "is_bundle": Filter(
        fields.Boolean(),
        lambda value: Service.type_id == words.BUNDLE if value else Service.type_id != words.BUNDLE,
        by_value=True,
    ),
}
_ORDERINGS: dict[str, Any] = {
    "created_at": Service.created_at,
    "updated_at": Service.updated_at,
    "published_at": Service.published_at,
    "price_cents": Service.price_cents,
    "price": Service.price_cents,
    "name": Service.name,
    "duration_minutes": Service.duration_minutes,
    "average_rating": Service.rating_average,
    "total_reviews": Service.rating_count,
    "total_bookings": Service.bookings_count,
    "popularity": Service.popularity_score,
    "rating": Service.rating_weighted,
    "next_session_date": Service.next_session_at,
    "start_date": Service.next_session_at,
    "is_featured": Service.is_featured,
    "distance": DISTANCE,
}


def _listing(*, default: str, typed: bool) -> Listing:
    return Listing(
        columns=select(Service.id, literal_column("services.xmin::text::bigint").label("stamp")),
        key=Service.id,
        filters={**_COMMON, **_TYPED} if typed else _COMMON,
        orderings=_ORDERINGS,
        default_ordering=default,
        search=matching,
        nullable=frozenset({"published_at", "next_session_date", "start_date"}),
    )


SERVICES = _listing(default="-created_at", typed=True)
PUBLIC_SERVICES = _listing(default="-is_featured,-created_at", typed=True)
COMPOSED = _listing(default="-created_at", typed=False)

EXTRA: dict[str, Any] = {
    "search": fields.String(validate=validate.Length(max=200)),
    "near": Point(metadata={"description": "lat,lng in degrees."}),
    "radius_km": fields.Float(validate=validate.Range(1, 500)),
    "include_deleted": fields.Boolean(),
}


def narrowed(query: dict[str, Any]) -> tuple[list[Clause], str, dict[str, Any]]:
    """Return the clauses for what one filter can not say alone; checks ranges against each other. Raises Invalid.

    Takes out of `query` what the clauses say.
    """
    for least, most in (("min_price", "max_price"), ("min_duration", "max_duration"), ("min_rating", "max_rating")):
        if least in query and most in query and query[least] > query[most]:
            raise Invalid.field(least, f"Must not be more than {most}.")
    clauses: list[Clause] = []
    names: list[str] = []
    parameters: dict[str, Any] = {}
    if "starts_after" in query and "starts_before" in query:
        # One session within both bounds, not one behind the first and another before the second.
        within = and_(
            ServiceSession.starts_at >= bindparam("dated_from"), ServiceSession.starts_at < bindparam("dated_to")
        )
        clauses.append(_dated(within))
        names.append("dated")
        parameters |= {"dated_from": query.pop("starts_after"), "dated_to": query.pop("starts_before")}
    near = query.get("near")
    if near is not None:
        query.setdefault("ordering", ("distance",))
        clauses += around()
        names.append("near")
        parameters |= around_parameters(near, query.get("radius_km", RADIUS_KM))
    elif "distance" in str(query.get("ordering", "")):
        raise Invalid.field("ordering", "distance needs near.")
    return clauses, " ".join(names), parameters
