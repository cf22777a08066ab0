"""Services: lists, details, and what their practitioners do with them."""

from typing import Any

from flask import Response

from services.catalog.api.answers import page_of, public_answer, public_fragments, public_page
from services.catalog.api.lists import EXTRA, PUBLIC_SERVICES, SERVICES, narrowed
from services.catalog.api.reading import refuse_files, service_body
from services.catalog.api.requests import ServiceCreateUpdateRequest
from services.catalog.api.shapes.parts import Bookability
from services.catalog.api.shapes.services import ServiceDetail, ServiceList
from services.catalog.api.shapes.taxonomy import ServiceType
from services.catalog.api.shapes.written import ServiceCreateUpdate
from services.catalog.domain import errors, words
from services.catalog.operations.callers import service_to_change
from services.catalog.operations.services import create_service, delete_service, update_service
from services.catalog.queries.conditions import LISTED, seen_by
from services.catalog.queries.documents import find, one_document
from services.catalog.queries.written import written
from services.catalog.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import (
    ANYONE,
    PRACTITIONER,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    kept_while_unchanged,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_schema, query_schema

services = Blueprint("services", "What can be bought.")
services.before_request(refuse_files)

WRITING = [
    errors.NotAPractitioner,
    errors.PractitionerSuspended,
    errors.InvalidChild,
    errors.InvalidSession,
    errors.MediaNotReady,
    errors.UploadViaMedia,
]
CHANGING = [
    *WRITING,
    errors.ServiceNotFound,
    errors.ServiceTypeImmutable,
    errors.InvalidTransition,
    errors.SessionHasBookings,
    errors.InUseByPackage,
]


def _kept_seconds() -> float:
    return settings().catalog_fragment_seconds


ServicesQuery = query_schema(SERVICES, "ServicesQuery", **EXTRA)
PublicServicesQuery = query_schema(PUBLIC_SERVICES, "PublicServicesQuery", **EXTRA)


@services.route("/services/")
class Services(MethodView):
    """All services that the caller may see."""

    @services.operation("services_list", ANYONE)
    @kept_while_unchanged(_kept_seconds, never_with="available_now")
    @services.arguments(ServicesQuery, location="query")
    @services.response(200, page_schema(ServiceList))
    def get(self, query: dict[str, Any]) -> Any:
        """List services.

        Everybody sees what is listed; practitioners see their own besides, whatever its status; staff see all.
        """
        by = identity()
        where, variant, parameters = seen_by(by, include_deleted=query.pop("include_deleted", False))
        narrowing, name, more = narrowed(query)
        with reading() as connection:
            page = SERVICES.page(
                connection,
                query,
                where=[*where, *narrowing],
                variant=variant + name,
                parameters={**parameters, **more},
            )
            return page_of(connection, page, full=False, by=by)

    @services.operation(
        "services_create",
        PRACTITIONER,
        refuses=[*WRITING, errors.SubscriptionRequired],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @services.arguments(ServiceCreateUpdateRequest)
    @services.response(201, ServiceCreateUpdate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create a service.

        It is a draft unless `status` says otherwise; what keeps it from being found is named in `bookability`.
        """
        with transaction() as session:
            service = create_service(session, service_body(body, new=True), by=identity(), now=utc_now())
            set_version(service.version)
            say("Service created successfully")
            return written(session, service)


@services.route("/services/types/")
class Types(MethodView):
    """The five types."""

    @services.operation("services_types_list", ANYONE)
    @services.response(200, ServiceType(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the types of service. Their numbers never change."""
        return [
            {
                "id": number,
                "code": code,
                "name": words.NAMES[number],
                "description": words.DESCRIPTIONS[number],
                "is_active": True,
                "order": number,
            }
            for number, code in words.CODES.items()
        ]


@services.route("/services/<ref:reference>/")
class OneService(MethodView):
    """One service."""

    @services.operation("services_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @kept_while_unchanged(_kept_seconds)
    @services.response(200, ServiceDetail)
    def get(self, reference: str) -> Any:
        """Return a service by id, uuid or slug; a former slug leads to it too."""
        return show(reference)

    @services.operation("services_update", PRACTITIONER, refuses=CHANGING, matches=True)
    @services.arguments(ServiceCreateUpdateRequest)
    @services.response(200, ServiceCreateUpdate)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a service as a whole. Absent optional fields go back to their defaults, absent relations stay."""
        return change(reference, service_body(body), whole=True)

    @services.operation("services_partial_update", PRACTITIONER, refuses=CHANGING, matches=True)
    @services.arguments(ServiceCreateUpdateRequest(partial=True))
    @services.response(200, ServiceCreateUpdate)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change parts of a service."""
        return change(reference, service_body(body), whole=False)

    @services.operation(
        "services_destroy",
        PRACTITIONER,
        refuses=[Forbidden, errors.ServiceNotFound, errors.HasUpcomingBookings, errors.InUseByPackage],
    )
    @services.response(204)
    def delete(self, reference: str) -> None:
        """Delete a service. What was sold of it stays valid."""
        with transaction() as session:
            delete_service(session, reference, by=identity(), now=utc_now())


@services.route("/services/<ref:reference>/bookability/")
class ServiceBookability(MethodView):
    """What stands in the way of a service."""

    @services.operation("services_bookability_retrieve", PRACTITIONER, refuses=[Forbidden, errors.ServiceNotFound])
    @services.response(200, Bookability)
    def get(self, reference: str) -> dict[str, Any]:
        """Say whether a service can be found and bought, and what stands in the way."""
        with transaction() as session:
            service_to_change(session, reference, identity(), helper=True)
            shown, _ = one_document(session.connection(), reference, by=identity())
        told: dict[str, Any] = shown["bookability"]
        return told


@services.route("/services/by-slug/<ref:reference>/")
class ServiceBySlug(MethodView):
    """One service by its address."""

    @services.operation("services_by_slug_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @kept_while_unchanged(_kept_seconds)
    @services.response(200, ServiceDetail)
    def get(self, reference: str) -> Any:
        """Return a service by its slug, or one that it had before."""
        return show(reference)


@services.route("/public-services/")
class PublicServices(MethodView):
    """What everybody finds."""

    @services.operation("public_services_list", ANYONE)
    @kept_while_unchanged(_kept_seconds, never_with="available_now")
    @services.arguments(PublicServicesQuery, location="query")
    @services.response(200, page_schema(ServiceDetail))
    def get(self, query: dict[str, Any]) -> Response:
        """List what everybody finds, the same for everybody."""
        query.pop("include_deleted", None)
        narrowing, name, more = narrowed(query)
        with reading() as connection:
            page = PUBLIC_SERVICES.page(
                connection, query, where=[LISTED, *narrowing], variant=f"public{name}", parameters=more
            )
            return public_page(connection, page, full=True)


@services.route("/public-services/by-slug/<ref:reference>/")
class PublicServiceBySlug(MethodView):
    """One service by its address, as everybody sees it."""

    @services.operation("public_services_by_slug_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @kept_while_unchanged(_kept_seconds)
    @services.response(200, ServiceDetail)
    def get(self, reference: str) -> Any:
        """Return a service by its slug, as everybody sees it."""
        return show_public(reference)


@services.route("/public-services/<ref:reference>/")
class PublicService(MethodView):
    """One service, as everybody sees it."""

    @services.operation("public_services_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @kept_while_unchanged(_kept_seconds)
    @services.response(200, ServiceDetail)
    def get(self, reference: str) -> Any:
        """Return a service as everybody sees it."""
        return show_public(reference)


def show(reference: str) -> Any:
    """Return a service in full, as the caller may see it. Raises ServiceNotFound."""
    by = identity()
    if not by.is_signed_in:
        return show_public(reference)
    with reading() as connection:
        shown, version = one_document(connection, reference, by=by)
    set_version(version)
    return shown


def show_public(reference: str, *, type_id: int | None = None) -> Response:
    """Return a visible service in full, as everybody sees it. Raises ServiceNotFound."""
    with reading() as connection:
        row = find(connection, reference)
        if not row.visible or type_id not in (None, row.type_id):
            raise errors.ServiceNotFound
        [fragment] = public_fragments(connection, [(row.id, row.stamp)], full=True) or [None]
    if fragment is None:
        raise NotFound
    return public_answer(fragment.json, f"{row.version}-{fragment.checksum:08x}")


def change(reference: str, body: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """Change a service of the caller's, and return it as it is written."""
    with transaction() as session:
        found = service_to_change(session, reference, identity())
        require_match(found.service.version)
        service = update_service(session, found, body, whole=whole, by=identity(), now=utc_now())
        set_version(service.version)
        say("Service updated successfully")
        return written(session, service)
