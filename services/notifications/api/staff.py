"""What staff see and do: the table of kinds, mails under way, announcements."""

from typing import Any
from uuid import UUID

from marshmallow import validate

from services.notifications.api.links import on_front_end
from services.notifications.api.schemas import PRIORITIES
from services.notifications.domain.errors import BroadcastNotFound, DeliveryNotFound, InvalidTransition
from services.notifications.domain.words import TYPES
from services.notifications.models.deliveries import DELIVERY_STATUSES
from services.notifications.operations.announcing import AUDIENCES, announce, cancel_broadcast
from services.notifications.operations.mailing import requeue
from services.notifications.queries import deliveries as queries
from shared.audit import audit
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Invalid
from shared.http import STAFF, Blueprint, Idempotency, MethodView, Schema, fields, identity
from shared.http.pages import page_body, page_schema, query_schema

staff = Blueprint("notifications-staff", "Kinds, mails under way, announcements.")

DeliveriesQuery = query_schema(queries.DELIVERIES, "DeliveriesQuery")
BroadcastsQuery = query_schema(queries.BROADCASTS, "BroadcastsQuery")


class Kind(Schema):
    """A kind of notification."""

    kind = fields.String()
    event = fields.String()
    audience = fields.String()
    notification_type = fields.String(validate=validate.OneOf(TYPES))
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    default_channels = fields.List(fields.String())
    mandatory = fields.Boolean()
    digestible = fields.Boolean()
    quiet = fields.String(validate=validate.OneOf(("waits", "passes")))
    variables = fields.List(fields.String())
    sample = fields.Dict()


class Delivery(Schema):
    """A mail; what it says is not shown."""

    id = fields.UUID()
    notification_id = fields.Integer(allow_none=True)
    user_id = fields.Integer()
    kind = fields.String()
    channel = fields.String()
    status = fields.String(validate=validate.OneOf(DELIVERY_STATUSES))
    to = fields.String(metadata={"description": "Masked."})
    subject = fields.String()
    attempts = fields.Integer()
    not_before = fields.DateTime(allow_none=True)
    sent_at = fields.DateTime(allow_none=True)
    error = fields.String(allow_none=True)
    event_id = fields.UUID(allow_none=True)
    created_at = fields.DateTime()


class BroadcastRequest(Schema):
    """An announcement."""

    title = fields.String(required=True, validate=validate.Length(min=1, max=255))
    message = fields.String(required=True, multiline=True, validate=validate.Length(min=1, max=5_000))
    audience = fields.String(required=True, validate=validate.OneOf(tuple(AUDIENCES)))
    channels = fields.List(
        fields.String(validate=validate.OneOf(("in_app", "email"))),
        required=True,
        validate=validate.Length(min=1, max=2),
    )
    action_url = fields.String(validate=validate.Length(max=500))
    scheduled_for = fields.DateTime(allow_none=True)
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Count the people, tell nobody."})


class Broadcast(Schema):
    """An announcement and how far it has got."""

    id = fields.UUID()
    title = fields.String()
    audience = fields.String()
    status = fields.String(validate=validate.OneOf(("scheduled", "running", "done", "cancelled")))
    total = fields.Integer()
    sent = fields.Integer()
    created_by = fields.Integer()
    scheduled_for = fields.DateTime(allow_none=True)
    created_at = fields.DateTime()


@staff.route("/notifications/kinds/")
class Kinds(MethodView):
    """The table of kinds."""

    @staff.operation("notification_kinds_list", STAFF)
    @staff.response(200, Kind(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List every kind: what announces it, whom it is for, where and when it is told, and its values."""
        return queries.kinds()


@staff.route("/notifications/deliveries/")
class Deliveries(MethodView):
    """Mails under way and gone."""

    @staff.operation("notification_deliveries_list", STAFF)
    @staff.arguments(DeliveriesQuery, location="query")
    @staff.response(200, page_schema(Delivery))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List mails, newest first."""
        with reading() as connection:
            page = queries.DELIVERIES.page(connection, query)
        return page_body(page, [queries.presented(row) for row in page.rows])


@staff.route("/notifications/deliveries/<uuid:delivery_id>/retry/")
class Retry(MethodView):
    """A mail that failed."""

    @staff.operation("notification_deliveries_retry", STAFF, refuses=[DeliveryNotFound, InvalidTransition])
    @staff.response(200, Delivery)
    def post(self, delivery_id: UUID) -> dict[str, Any]:
        """Send a failed mail again. Its words are kept for seven days."""
        with transaction() as session:
            before = requeue(session, delivery_id, now=utc_now())
            if before is None:
                raise DeliveryNotFound
            if before != "failed":
                raise InvalidTransition("Only a mail that failed, in the last seven days, can be sent again.")
            audit(session, "delivery.retried", by=identity(), subject=("delivery", delivery_id))
            return queries.one_delivery(session, delivery_id)


@staff.route("/notifications/broadcasts/")
class Broadcasts(MethodView):
    """Announcements."""

    @staff.operation("notification_broadcasts_list", STAFF)
    @staff.arguments(BroadcastsQuery, location="query")
    @staff.response(200, page_schema(Broadcast))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List announcements, newest first."""
        with reading() as connection:
            return page_body(queries.BROADCASTS.page(connection, query))

    @staff.operation("notification_broadcasts_create", STAFF, idempotency=Idempotency.IN_TRANSACTION)
    @staff.arguments(BroadcastRequest)
    @staff.response(201, Broadcast)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Announce something to many, now or later; with `dry_run` only count them."""
        if body.get("action_url"):
            link = on_front_end(body["action_url"])
            if link is None:
                raise Invalid.field("action_url", "Must be a path of this site.")
            body["action_url"] = link
        with transaction() as session:
            made = announce(session, body, by=identity().user_id, now=utc_now(), is_trial=body["dry_run"])
            if not body["dry_run"]:
                audit(session, "broadcast.created", by=identity(), subject=("broadcast", made.id))
            return _shown(made)


@staff.route("/notifications/broadcasts/<uuid:broadcast_id>/cancel/")
class Cancel(MethodView):
    """An announcement that is not done."""

    @staff.operation("notification_broadcasts_cancel", STAFF, refuses=[BroadcastNotFound, InvalidTransition])
    @staff.response(200, Broadcast)
    def post(self, broadcast_id: UUID) -> dict[str, Any]:
        """Stop what has not gone out yet."""
        with transaction() as session:
            found = cancel_broadcast(session, broadcast_id, now=utc_now())
            audit(session, "broadcast.cancelled", by=identity(), subject=("broadcast", broadcast_id))
            return _shown(found)


def _shown(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Broadcast._declared_fields}
