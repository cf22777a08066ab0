"""What hangs at a service: benefits, agenda, files; copies; the status of many."""

from typing import Any

from marshmallow import validate

from services.catalog.api.requests import ServiceBenefitRequest, SessionAgendaItemRequest, line
from services.catalog.api.shapes.parts import MediaAttachment, ServiceBenefit, SessionAgendaItem
from services.catalog.api.shapes.services import ServiceDetail
from services.catalog.domain import errors
from services.catalog.models import AgendaItem
from services.catalog.models import ServiceBenefit as Benefit
from services.catalog.operations import composing, media, ordered
from services.catalog.operations.callers import service_to_change
from services.catalog.queries.documents import one_document
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import ANYONE, PRACTITIONER, Blueprint, MethodView, Schema, fields, identity, require_match, say

parts = Blueprint("service-parts", "What hangs at a service.")

FOREIGN = [Forbidden, errors.ServiceNotFound]


class OrderRequest(Schema):
    """Every item's id in the wished order."""

    ids = fields.List(fields.Integer(), required=True)


class MediaOrderRequest(Schema):
    """Files in the wished order, and which one stands for the service."""

    media_ids = fields.List(fields.UUID(), required=True)
    primary = fields.UUID(allow_none=True)


class DuplicateRequest(Schema):
    """What the copy is called."""

    name = line(255, allow_none=True)


class BatchStatusRequest(Schema):
    """What is done to which services."""

    ids = fields.List(fields.Integer(), required=True, validate=validate.Length(1, 100))
    action = fields.String(required=True, validate=validate.OneOf(tuple(composing.ACTIONS)))


class Failed(Schema):
    """A service that was refused."""

    id = fields.Integer()
    code = fields.String()
    message = fields.String()


class BatchStatusResult(Schema):
    """What became of each."""

    done = fields.List(fields.Integer())
    failed = fields.List(fields.Nested(Failed))


def _items(path: str, kind: str, model: Any, request: type[Schema], shape: type[Schema]) -> None:
    """Declare the operations of an ordered list inside services."""

    @parts.route(f"/services/<ref:reference>/{path}/", endpoint=path)
    class All(MethodView):
        """The list."""

        @parts.operation(f"services_{path}_create", PRACTITIONER, refuses=[*FOREIGN, errors.LimitReached])
        @parts.arguments(request)
        @parts.response(200, shape(many=True))
        def post(self, body: dict[str, Any], reference: str) -> list[dict[str, Any]]:
            with transaction() as session:
                service = service_to_change(session, reference, identity()).service
                ordered.add_item(session, model, service, body)
                return ordered.items_of(session, model, service)

        post.__doc__ = f"Add {kind}, at its place or at the end; all of the service are returned."

    @parts.route(f"/services/<ref:reference>/{path}/reorder/", endpoint=f"{path}_order")
    class Order(MethodView):
        """Its order."""

        @parts.operation(f"services_{path}_reorder_create", PRACTITIONER, refuses=FOREIGN)
        @parts.arguments(OrderRequest)
        @parts.response(200, shape(many=True))
        def post(self, body: dict[str, Any], reference: str) -> list[dict[str, Any]]:
            with transaction() as session:
                service = service_to_change(session, reference, identity()).service
                ordered.reorder_items(session, model, service, body["ids"])
                return ordered.items_of(session, model, service)

        post.__doc__ = "Put all of them into another order."

    @parts.route(f"/services/<ref:reference>/{path}/<id:item_id>/", endpoint=f"{path}_item")
    class One(MethodView):
        """One item."""

        @parts.operation(f"services_{path}_update", PRACTITIONER, refuses=[*FOREIGN, NotFound], matches=True)
        @parts.arguments(request(partial=True))
        @parts.response(200, shape(many=True))
        def put(self, body: dict[str, Any], reference: str, item_id: int) -> list[dict[str, Any]]:
            with transaction() as session:
                service = service_to_change(session, reference, identity()).service
                require_match(service.version)
                ordered.change_item(session, model, service, item_id, body)
                return ordered.items_of(session, model, service)

        put.__doc__ = f"Change {kind}; `order` moves it. If-Match names the service's version."

        @parts.operation(f"services_{path}_destroy", PRACTITIONER, refuses=[*FOREIGN, NotFound])
        @parts.response(200, shape(many=True))
        def delete(self, reference: str, item_id: int) -> list[dict[str, Any]]:
            with transaction() as session:
                service = service_to_change(session, reference, identity()).service
                ordered.remove_item(session, model, service, item_id)
                return ordered.items_of(session, model, service)

        delete.__doc__ = f"Remove {kind}; those left are returned."


_items("benefits", "a benefit", Benefit, ServiceBenefitRequest, ServiceBenefit)
_items("agenda", "a step of the agenda", AgendaItem, SessionAgendaItemRequest, SessionAgendaItem)


@parts.route("/services/<ref:reference>/media/")
class Media(MethodView):
    """The files of a service."""

    @parts.operation("services_media_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @parts.response(200, MediaAttachment(many=True))
    def get(self, reference: str) -> list[dict[str, Any]]:
        """List the files of a service, the one that stands for it first."""
        with reading() as connection:
            shown, _ = one_document(connection, reference, by=identity())
        files: list[dict[str, Any]] = shown["media_attachments"]
        return files


@parts.route("/services/<ref:reference>/media/reorder/")
class MediaOrder(MethodView):
    """The order of the files."""

    @parts.operation("services_media_reorder_create", PRACTITIONER, refuses=FOREIGN)
    @parts.arguments(MediaOrderRequest)
    @parts.response(200, MediaAttachment(many=True))
    def post(self, body: dict[str, Any], reference: str) -> list[dict[str, Any]]:
        """Put the files into another order, and say which one stands for the service."""
        with transaction() as session:
            service = service_to_change(session, reference, identity()).service
            media.reorder(session, service, body["media_ids"], body.get("primary"))
            shown, _ = one_document(session.connection(), service.id, by=identity())
        files: list[dict[str, Any]] = shown["media_attachments"]
        return files


@parts.route("/services/<ref:reference>/duplicate/")
class Duplicate(MethodView):
    """Copying."""

    @parts.operation(
        "services_duplicate_create",
        PRACTITIONER,
        refuses=[*FOREIGN, errors.PractitionerSuspended, errors.SubscriptionRequired],
    )
    @parts.arguments(DuplicateRequest)
    @parts.response(201, ServiceDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Make a draft that says all that the service says, without its dates and numbers."""
        with transaction() as session:
            copy = composing.duplicate(session, reference, name=body.get("name") or None, by=identity())
            say("Service duplicated successfully")
            return one_document(session.connection(), copy.id, by=identity())[0]


@parts.route("/services/batch/")
class Batch(MethodView):
    """Many at once."""

    @parts.operation("services_batch_create", PRACTITIONER)
    @parts.arguments(BatchStatusRequest)
    @parts.response(200, BatchStatusResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Publish, pause, archive or restore many services, each alone."""
        with transaction() as session:
            done, failed = composing.change_many(session, body["ids"], body["action"], by=identity(), now=utc_now())
        return {"done": done, "failed": failed}
