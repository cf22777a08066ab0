"""Packages and bundles: services that contain services."""

from typing import Any

from flask.views import MethodView

from services.catalog.api.answers import page_of
from services.catalog.api.lists import COMPOSED, EXTRA, narrowed
from services.catalog.api.reading import refuse_files, service_body
from services.catalog.api.requests import BundleRequest, PackageRequest
from services.catalog.api.services import CHANGING, WRITING, show_public
from services.catalog.api.shapes.services import Bundle, Package
from services.catalog.domain import errors, words
from services.catalog.models import Service
from services.catalog.operations.callers import service_to_change
from services.catalog.operations.services import create_service, delete_service, update_service
from services.catalog.queries.conditions import seen_by
from services.catalog.queries.documents import find, one_document
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden
from shared.http import (
    ANYONE,
    PRACTITIONER,
    Blueprint,
    Idempotency,
    Schema,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_schema, query_schema

ComposedQuery = query_schema(COMPOSED, "ComposedQuery", **EXTRA)


def composed(plural: str, type_id: int, shape: type[Schema], request: type[Schema], about: str) -> Blueprint:
    """Return the operations of packages or of bundles: the same, but for the type."""
    name = words.CODES[type_id]
    blueprint = Blueprint(plural, about)
    blueprint.before_request(refuse_files)

    @blueprint.route(f"/{plural}/", endpoint=plural)
    class All(MethodView):
        """All of them."""

        @blueprint.operation(f"{plural}_list", ANYONE)
        @blueprint.arguments(ComposedQuery, location="query")
        @blueprint.response(200, page_schema(shape))
        def get(self, query: dict[str, Any]) -> Any:
            by = identity()
            where, variant, parameters = seen_by(by, include_deleted=query.pop("include_deleted", False))
            narrowing, near, more = narrowed(query)
            where = [*where, Service.type_id == type_id, *narrowing]
            with reading() as connection:
                page = COMPOSED.page(
                    connection, query, where=where, variant=f"{name} {variant}{near}", parameters={**parameters, **more}
                )
                return page_of(connection, page, full=True, by=by)

        get.__doc__ = f"List {plural} in full. Everybody sees what is listed, practitioners their own besides."

        @blueprint.operation(
            f"{plural}_create",
            PRACTITIONER,
            refuses=[*WRITING, errors.SubscriptionRequired],
            idempotency=Idempotency.IN_TRANSACTION,
        )
        @blueprint.arguments(request)
        @blueprint.response(201, shape)
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            with transaction() as session:
                read = {"child_service_configs": [], **service_body(body, type_id=type_id)}
                if read.get("status") != words.ACTIVE and not read["child_service_configs"]:
                    del read["child_service_configs"]
                made = create_service(session, read, by=identity(), now=utc_now())
                set_version(made.version)
                say(f"{name.capitalize()} created successfully")
                return one_document(session.connection(), made.id, by=identity())[0]

        post.__doc__ = f"Create a {name} of one's own services."

    @blueprint.route(f"/{plural}/<ref:reference>/", endpoint=name)
    class One(MethodView):
        """One of them."""

        @blueprint.operation(f"{plural}_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
        @blueprint.response(200, shape)
        def get(self, reference: str) -> Any:
            by = identity()
            if not by.is_signed_in:
                return show_public(reference, type_id=type_id)
            with reading() as connection:
                if find(connection, reference).type_id != type_id:
                    raise errors.ServiceNotFound
                shown, version = one_document(connection, reference, by=by)
            set_version(version)
            return shown

        get.__doc__ = f"Return a {name} by id, uuid or slug."

        @blueprint.operation(f"{plural}_update", PRACTITIONER, refuses=CHANGING, matches=True)
        @blueprint.arguments(request)
        @blueprint.response(200, shape)
        def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
            return _change(reference, body, type_id, whole=True)

        put.__doc__ = f"Change a {name} as a whole. Absent optional fields go back to their defaults."

        @blueprint.operation(f"{plural}_partial_update", PRACTITIONER, refuses=CHANGING, matches=True)
        @blueprint.arguments(request(partial=True))
        @blueprint.response(200, shape)
        def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
            return _change(reference, body, type_id, whole=False)

        patch.__doc__ = f"Change parts of a {name}."

        @blueprint.operation(
            f"{plural}_destroy",
            PRACTITIONER,
            refuses=[Forbidden, errors.ServiceNotFound, errors.HasUpcomingBookings, errors.InUseByPackage],
        )
        @blueprint.response(204)
        def delete(self, reference: str) -> None:
            with transaction() as session:
                _require_type(service_to_change(session, reference, identity()).service, type_id)
                delete_service(session, reference, by=identity(), now=utc_now())

        delete.__doc__ = f"Delete a {name}. What was sold of it stays valid."

    return blueprint


def _change(reference: str, body: dict[str, Any], type_id: int, *, whole: bool) -> dict[str, Any]:
    with transaction() as session:
        found = service_to_change(session, reference, identity())
        _require_type(found.service, type_id)
        require_match(found.service.version)
        read = service_body(body, type_id=type_id)
        service = update_service(session, found, read, whole=whole, by=identity(), now=utc_now())
        set_version(service.version)
        say("Saved")
        return one_document(session.connection(), service.id, by=identity())[0]


def _require_type(service: Service, type_id: int) -> None:
    if service.type_id != type_id:
        raise errors.ServiceNotFound


packages = composed("packages", words.PACKAGE, Package, PackageRequest, "Several services sold together.")
bundles = composed("bundles", words.BUNDLE, Bundle, BundleRequest, "Several sessions of one service, sold at once.")
