"""Where LiveKit tells its news."""

from typing import Any

from flask import request

from services.streams.clients.livekit import BadWebhook, read_webhook
from services.streams.domain.errors import WebhookInvalid
from services.streams.operations.webhooks import keep_event
from services.streams.settings import settings
from shared.database import transaction
from shared.errors import PayloadTooLarge
from shared.http import ANYONE, Blueprint, MethodView, Schema, fields

webhooks = Blueprint("webhooks", "Where LiveKit tells its news.")


class Received(Schema):
    """That it is kept."""

    status = fields.String()


@webhooks.route("/streams/webhooks/livekit/", twins=["/webhooks/livekit/", "/rooms/webhooks/livekit/"])
class Webhook(MethodView):
    """LiveKit's news."""

    @webhooks.operation("streams_webhooks_livekit_create", ANYONE, refuses=[WebhookInvalid, PayloadTooLarge])
    @webhooks.response(200, Received)
    def post(self) -> dict[str, Any]:
        """Take an event of LiveKit's: raw body, its hash signed in `Authorization`. It is applied afterwards."""
        body = request.get_data()
        try:
            event = read_webhook(settings(), body, request.headers.get("Authorization", ""))
        except BadWebhook as bad:
            raise WebhookInvalid from bad
        with transaction() as session:
            is_new = keep_event(session, event, body)
        return {"status": "received" if is_new else "known"}
