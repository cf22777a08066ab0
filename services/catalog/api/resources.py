"""Material of services, dated sessions and bookings."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, pre_load, validate
from sqlalchemy import bindparam, func

from services.catalog.api.requests import Strings, line, number, text
from services.catalog.api.shapes.parts import ServiceResource
from services.catalog.domain import errors
from services.catalog.models import ServiceResource as Resource
from services.catalog.operations import resources as operations
from services.catalog.queries.documents import one_document
from services.catalog.queries.resources import COLUMNS, one_resource, seen_by
from services.catalog.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import (
    ANYONE,
    PRACTITIONER,
    SIGNED_IN,
    Blueprint,
    MethodView,
    Schema,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing
from shared.signing import sign_address

resources = Blueprint("service-resources", "Material for those who may see it.")

TYPES = ("post", "document", "video", "image", "link", "audio")
ACCESS = ("public", "registered", "enrolled", "completed", "private")
LIFETIME = timedelta(minutes=5)
_ALIASES = {"service": "service_id", "service_session": "session_id", "booking": "booking_id"}


def _https(value: str) -> None:
    if not value.startswith("https://") or len(value) < 12 or any(letter.isspace() for letter in value):
        raise ValidationError("Must be an https address.")


def _address() -> fields.String:
    return fields.String(allow_none=True, validate=[validate.Length(max=2000), _https])


class ServiceResourceRequest(Schema):
    """Material; it hangs at exactly what the attachment level says."""

    title = line(255, least=1, required=True)
    description = text()
    resource_type = fields.String(required=True, validate=validate.OneOf(TYPES))
    attachment_level = fields.String(required=True, validate=validate.OneOf(tuple(operations.PARENTS)))
    content = text(100_000)
    file_url = _address()
    external_url = _address()
    file_name = line(255, allow_none=True)
    file_size = number(0, fields.INT64_MAX, allow_none=True)
    file_type = line(50, allow_none=True)
    duration_seconds = number(0, allow_none=True)
    access_level = fields.String(validate=validate.OneOf(ACCESS))
    is_downloadable = fields.Boolean()
    available_from = fields.DateTime(allow_none=True)
    available_until = fields.DateTime(allow_none=True)
    position = number(0, data_key="order")
    is_featured = fields.Boolean()
    tags = Strings(20, 50, lower=True)
    service_id = number(1, fields.INT64_MAX, allow_none=True)
    session_id = number(1, fields.INT64_MAX, allow_none=True)
    booking_id = number(1, fields.INT64_MAX, allow_none=True)
    media_id = fields.UUID(allow_none=True)
    personal_note = text(2000)

    @pre_load
    def read_aliases(self, data: Any, **_: Any) -> Any:
        """Take older clients' names."""
        if not isinstance(data, Mapping):
            return data
        return {_ALIASES.get(name, name): value for name, value in data.items()}


class Download(Schema):
    """Where to fetch it, for five minutes."""

    url = fields.String(metadata={"format": "uri"})
    download_count = fields.Integer()


class Viewed(Schema):
    """How often it was looked at."""

    view_count = fields.Integer()


def _equal(column: Any) -> Any:
    return lambda bound: column == bound


RESOURCES = Listing(
    columns=COLUMNS,
    key=Resource.id,
    filters={
        "service_id": Filter(number(1, fields.INT64_MAX), _equal(Resource.service_id)),
        "session_id": Filter(number(1, fields.INT64_MAX), _equal(Resource.session_id)),
        "booking_id": Filter(number(1, fields.INT64_MAX), _equal(Resource.booking_id)),
        "resource_type": Filter(fields.String(validate=validate.OneOf(TYPES)), _equal(Resource.resource_type)),
        "access_level": Filter(fields.String(validate=validate.OneOf(ACCESS)), _equal(Resource.access_level)),
        "attachment_level": Filter(
            fields.String(validate=validate.OneOf(tuple(operations.PARENTS))), _equal(Resource.attachment_level)
        ),
    },
    orderings={"order": Resource.position, "created_at": Resource.created_at, "title": Resource.title},
    default_ordering="order",
    search=lambda bound: func.strpos(func.lower(Resource.title), func.lower(bound)) > 0,
)
ResourcesQuery = query_schema(RESOURCES, "ResourcesQuery", search=line(200))
OF_SERVICE = Resource.service_id == bindparam("of_service")

WRITING = [
    Forbidden,
    NotFound,
    errors.ResourceParentMismatch,
    errors.MediaNotReady,
]


@resources.route("/service-resources/")
class Resources(MethodView):
    """All material."""

    @resources.operation("service_resources_list", SIGNED_IN)
    @resources.arguments(ResourcesQuery, location="query")
    @resources.response(200, page_schema(ServiceResource))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List material that one may open."""
        where, variant, parameters = seen_by(identity())
        with reading() as connection:
            return page_body(RESOURCES.page(connection, query, where=where, variant=variant, parameters=parameters))

    @resources.operation("service_resources_create", PRACTITIONER, refuses=WRITING)
    @resources.arguments(ServiceResourceRequest)
    @resources.response(201, ServiceResource)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add material to a service, a dated session or a booking."""
        with transaction() as session:
            made = operations.create_resource(session, body, by=identity())
            set_version(made.version)
            say("Resource created successfully")
            return one_resource(session.connection(), made.id, by=identity())


@resources.route("/service-resources/<id:resource_id>/")
class OneResource(MethodView):
    """One piece of material."""

    @resources.operation("service_resources_retrieve", SIGNED_IN, refuses=[NotFound])
    @resources.response(200, ServiceResource)
    def get(self, resource_id: int) -> dict[str, Any]:
        """Return material that one may open."""
        with reading() as connection:
            shown = one_resource(connection, resource_id, by=identity())
        set_version(shown["version"])
        return shown

    @resources.operation("service_resources_update", PRACTITIONER, refuses=WRITING, matches=True)
    @resources.arguments(ServiceResourceRequest)
    @resources.response(200, ServiceResource)
    def put(self, body: dict[str, Any], resource_id: int) -> dict[str, Any]:
        """Change material; where it hangs stays."""
        return _change(resource_id, body)

    @resources.operation("service_resources_partial_update", PRACTITIONER, refuses=WRITING, matches=True)
    @resources.arguments(ServiceResourceRequest(partial=True))
    @resources.response(200, ServiceResource)
    def patch(self, body: dict[str, Any], resource_id: int) -> dict[str, Any]:
        """Change parts of material; where it hangs stays."""
        return _change(resource_id, body)

    @resources.operation("service_resources_destroy", PRACTITIONER, refuses=[NotFound])
    @resources.response(204)
    def delete(self, resource_id: int) -> None:
        """Remove material."""
        with transaction() as session:
            operations.delete_resource(session, operations.resource_to_change(session, resource_id, by=identity()))


@resources.route("/service-resources/<id:resource_id>/view/")
class View(MethodView):
    """Looking at it."""

    @resources.operation("service_resources_view_create", SIGNED_IN, refuses=[NotFound])
    @resources.response(200, Viewed)
    def post(self, resource_id: int) -> dict[str, Any]:
        """Count that one looked at it; once an hour."""
        with transaction() as session:
            one_resource(session.connection(), resource_id, by=identity())
            count = operations.count_use(session, resource_id, "view", user_id=identity().user_id, now=utc_now())
        return {"view_count": count}


@resources.route("/service-resources/<id:resource_id>/download/")
class Fetch(MethodView):
    """Fetching it."""

    @resources.operation("service_resources_download_create", SIGNED_IN, refuses=[NotFound, errors.NotDownloadable])
    @resources.response(200, Download)
    def post(self, resource_id: int) -> dict[str, Any]:
        """Return where to fetch it, for five minutes."""
        with transaction() as session:
            shown = one_resource(session.connection(), resource_id, by=identity())
            address = _address_of(shown)
            if not shown["is_downloadable"] or address is None:
                raise errors.NotDownloadable
            count = operations.count_use(session, resource_id, "download", user_id=identity().user_id, now=utc_now())
        return {"url": address, "download_count": count}


@resources.route("/services/<ref:reference>/resources/")
class OfService(MethodView):
    """Material of a service."""

    @resources.operation("services_resources_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @resources.response(200, ServiceResource(many=True))
    def get(self, reference: str) -> list[dict[str, Any]]:
        """List the material of a service that the caller may open."""
        where, variant, parameters = seen_by(identity())
        with reading() as connection:
            service, _ = one_document(connection, reference, by=identity())
            return RESOURCES.all(
                connection,
                where=[*where, OF_SERVICE],
                variant=f"of service {variant}",
                parameters={**parameters, "of_service": service["id"]},
                limit=200,
            )


def _change(resource_id: int, body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        found = operations.resource_to_change(session, resource_id, by=identity())
        require_match(found.version)
        operations.update_resource(session, found, body)
        set_version(found.version)
        say("Resource updated successfully")
        return one_resource(session.connection(), resource_id, by=identity())


def _address_of(shown: Mapping[str, Any]) -> str | None:
    """Return where it lies: a file of media by an address that carries its own permission."""
    keys = settings().media_signing_keys
    if shown["media_id"] is None or not keys:
        found: str | None = shown["file_url"] or shown["external_url"]
        return found
    key = base64.urlsafe_b64decode(keys.split(",")[0].partition(":")[2] + "==")
    path = f"/media/{shown['media_id']}/content/"
    return f"{settings().public_url}/api/v1/drf{sign_address(key, path, expires_at=utc_now() + LIFETIME)}"
