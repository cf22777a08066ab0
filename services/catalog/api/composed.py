"""Packages and bundles: services that contain services."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Kind:
    """Packages or bundles: the same operations, but for the type and the words."""

    plural: str
    type_id: int
    shape: type[Schema]
    request: type[Schema]

    @property
    def name(self) -> str:
        """What one of them is called."""
        return words.CODES[self.type_id]


def composed(kind: Kind, about: str) -> Blueprint:
    """Return the operations of one kind."""
    blueprint = Blueprint(kind.plural, about)
    blueprint.before_request(refuse_files)
    _route_all(blueprint, kind)
    _route_one(blueprint, kind)
    return blueprint


def _route_all(blueprint: Blueprint, kind: Kind) -> None:
    """Add listing and creating."""

    @blueprint.route(f"/{kind.plural}/", endpoint=kind.plural)
    class All(MethodView):
        """All of them."""

        @blueprint.operation(f"{kind.plural}_list", ANYONE)
        @blueprint.arguments(ComposedQuery, location="query")
        @blueprint.response(200, page_schema(kind.shape))
        def get(self, query: dict[str, Any]) -> Any:
            return _page(query, kind)

        get.__doc__ = f"List {kind.plural} in full. Everybody sees what is listed, practitioners their own besides."

        @blueprint.operation(
            f"{kind.plural}_create",
            PRACTITIONER,
            refuses=[*WRITING, errors.SubscriptionRequired],
            idempotency=Idempotency.IN_TRANSACTION,
        )
        @blueprint.arguments(kind.request)
        @blueprint.response(201, kind.shape)
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return _create(body, kind)

        post.__doc__ = f"Create a {kind.name} of one's own services."


def _route_one(blueprint: Blueprint, kind: Kind) -> None:
    """Add reading, changing and deleting."""

    @blueprint.route(f"/{kind.plural}/<ref:reference>/", endpoint=kind.name)
    class One(MethodView):
        """One of them."""

        @blueprint.operation(f"{kind.plural}_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
        @blueprint.response(200, kind.shape)
        def get(self, reference: str) -> Any:
            return _show(reference, kind)

        get.__doc__ = f"Return a {kind.name} by id, uuid or slug."

        @blueprint.operation(f"{kind.plural}_update", PRACTITIONER, refuses=CHANGING, matches=True)
        @blueprint.arguments(kind.request)
        @blueprint.response(200, kind.shape)
        def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
            return _change(reference, body, kind.type_id, whole=True)

        put.__doc__ = f"Change a {kind.name} as a whole. Absent optional fields go back to their defaults."

        @blueprint.operation(f"{kind.plural}_partial_update", PRACTITIONER, refuses=CHANGING, matches=True)
        @blueprint.arguments(kind.request(partial=True))
        @blueprint.response(200, kind.shape)
        def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
            return _change(reference, body, kind.type_id, whole=False)

        patch.__doc__ = f"Change parts of a {kind.name}."

        @blueprint.operation(
            f"{kind.plural}_destroy",
            PRACTITIONER,
            refuses=[Forbidden, errors.ServiceNotFound, errors.HasUpcomingBookings, errors.InUseByPackage],
        )
        @blueprint.response(204)
        def delete(self, reference: str) -> None:
            _delete(reference, kind.type_id)

        delete.__doc__ = f"Delete a {kind.name}. What was sold of it stays valid."


def _page(query: dict[str, Any], kind: Kind) -> Any:
    by = identity()
    where, variant, parameters = seen_by(by, include_deleted=query.pop("include_deleted", False))
    narrowing, near, more = narrowed(query)
    where = [*where, Service.type_id == kind.type_id, *narrowing]
    with reading() as connection:
        page = COMPOSED.page(
            connection, query, where=where, variant=f"{kind.name} {variant}{near}", parameters={**parameters, **more}
        )
        return page_of(connection, page, full=True, by=by)


def _create(body: dict[str, Any], kind: Kind) -> dict[str, Any]:
    with transaction() as session:
        read = {"child_service_configs": [], **service_body(body, type_id=kind.type_id)}
        if read.get("status") != words.ACTIVE and not read["child_service_configs"]:
            del read["child_service_configs"]
        made = create_service(session, read, by=identity(), now=utc_now())
        set_version(made.version)
        say(f"{kind.name.capitalize()} created successfully")
        return one_document(session.connection(), made.id, by=identity())[0]


def _show(reference: str, kind: Kind) -> Any:
    by = identity()
    if not by.is_signed_in:
        return show_public(reference, type_id=kind.type_id)
    with reading() as connection:
        if find(connection, reference).type_id != kind.type_id:
            raise errors.ServiceNotFound
        shown, version = one_document(connection, reference, by=by)
    set_version(version)
    return shown


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


def _delete(reference: str, type_id: int) -> None:
    with transaction() as session:
        _require_type(service_to_change(session, reference, identity()).service, type_id)
        delete_service(session, reference, by=identity(), now=utc_now())


def _require_type(service: Service, type_id: int) -> None:
    if service.type_id != type_id:
        raise errors.ServiceNotFound


packages = composed(Kind("packages", words.PACKAGE, Package, PackageRequest), "Several services sold together.")
bundles = composed(
    Kind("bundles", words.BUNDLE, Bundle, BundleRequest), "Several sessions of one service, sold at once."
)
