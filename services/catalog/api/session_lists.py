"""Lists of dated sessions."""

from marshmallow import validate
from sqlalchemy import bindparam, func, or_, select

from services.catalog.domain import words
from services.catalog.models import Service, ServiceSession
from shared.http import fields
from shared.http.pages import query_schema
from shared.listing import Filter, Listing

_TYPES = {kind: number for number, kind in words.SESSION_TYPES.items()}
_CAPACITY = func.coalesce(ServiceSession.max_participants, Service.max_participants)

SESSIONS = Listing(
    columns=select(ServiceSession.id)
    .select_from(ServiceSession)
    .join(Service, Service.id == ServiceSession.service_id),
    key=ServiceSession.id,
    filters={
        "status": Filter(
            fields.Names(words.SESSION_STATUSES, aliases={"cancelled": words.CANCELED}),
            ServiceSession.status.in_,
            by_value=True,
        ),
        "session_type": Filter(
            fields.String(validate=validate.OneOf(tuple(_TYPES))),
            lambda value: Service.type_id == _TYPES[value],
            by_value=True,
        ),
        "visibility": Filter(
            fields.String(validate=validate.OneOf(words.VISIBILITIES)), lambda bound: ServiceSession.visibility == bound
        ),
        "upcoming": Filter(
            fields.Boolean(),
            lambda value: ServiceSession.starts_at > func.now() if value else ServiceSession.starts_at <= func.now(),
            by_value=True,
        ),
        "past": Filter(
            fields.Boolean(),
            lambda value: ServiceSession.ends_at < func.now() if value else ServiceSession.ends_at >= func.now(),
            by_value=True,
        ),
        "has_spots": Filter(
            fields.Boolean(),
            lambda value: ServiceSession.taken < _CAPACITY if value else ServiceSession.taken >= _CAPACITY,
            by_value=True,
        ),
    },
    orderings={
        "start_time": ServiceSession.starts_at,
        "created_at": ServiceSession.created_at,
        "status": ServiceSession.status,
        "sequence_number": ServiceSession.sequence_number,
    },
    default_ordering="start_time",
    search=lambda bound: or_(
        func.strpos(func.lower(func.coalesce(ServiceSession.title, "")), func.lower(bound)) > 0,
        func.strpos(func.lower(Service.name), func.lower(bound)) > 0,
    ),
    nullable=frozenset({"start_time"}),
)

SessionsQuery = query_schema(
    SESSIONS,
    "SessionsQuery",
    service_id=fields.String(validate=validate.Length(max=100), metadata={"description": "Id, uuid or slug."}),
    start_date=fields.Date(),
    end_date=fields.Date(),
    timezone=fields.TimeZone(load_default="UTC"),
)

OF_SERVICE = ServiceSession.service_id == bindparam("service")
FROM = ServiceSession.starts_at >= bindparam("from_instant")
UNTIL = ServiceSession.starts_at < bindparam("until_instant")
