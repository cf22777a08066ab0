"""The links that switch mail off, signed out."""

from typing import Any

from flask import Request
from marshmallow import validate

from services.notifications.domain.errors import InvalidToken
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.unsubscribing import read_unsubscribe_token
from services.notifications.operations.choosing import unsubscribe
from services.notifications.queries import choices
from services.notifications.settings import settings
from shared.database import reading, transaction
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields
from shared.http.parsing import Parser

FORM = "application/x-www-form-urlencoded"


class FormsSayNothing(Parser):
    """Takes the form that a mailbox's own button sends, which holds nothing that we need. Source: RFC 8058."""

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the JSON object of the body; a form is an empty one."""
        return {} if req.mimetype == FORM else super().load_json(req, schema)


unsubscribing = Blueprint("unsubscribing", "The link under a mail.")
unsubscribing.ARGUMENTS_PARSER = FormsSayNothing()


class TokenQuery(QuerySchema):
    """The token of a mailed link."""

    token = fields.String(required=True, validate=validate.Length(max=300))


class OneClickQuery(QuerySchema):
    """The token of a mailed link, where a mailbox sends it."""

    token = fields.String(validate=validate.Length(max=300))


class UnsubscribeRequest(Schema):
    """The token of a mailed link, and how much of the mail is not wanted."""

    token = fields.String(validate=validate.Length(max=300))
    scope = fields.String(load_default="kind", validate=validate.OneOf(("kind", "type", "all")))


class Subscription(Schema):
    """What an unsubscribe link would switch off."""

    email = fields.String(metadata={"description": "Masked."})
    kind = fields.String()
    type = fields.String()
    channels = fields.List(fields.String())


class Said(Schema):
    """A sentence."""

    message = fields.String()


@unsubscribing.route("/notifications/unsubscribe/")
class Unsubscribe(MethodView):
    """The link under a mail."""

    @unsubscribing.operation("notifications_unsubscribe_retrieve", ANYONE, refuses=[InvalidToken])
    @unsubscribing.arguments(TokenQuery, location="query")
    @unsubscribing.response(200, Subscription)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Tell what the link would switch off; changes nothing, as scanners follow links."""
        user_id, kind = _read(query["token"])
        with reading() as connection:
            email = choices.masked_address(connection, user_id)
        return {"email": email, "kind": kind, "type": KINDS[kind].type, "channels": ["email"]}

    @unsubscribing.operation("notifications_unsubscribe_create", ANYONE, refuses=[InvalidToken])
    @unsubscribing.arguments(OneClickQuery, location="query")
    @unsubscribing.arguments(UnsubscribeRequest)
    @unsubscribing.response(200, Said)
    def post(self, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Switch off mail of the kind, of its type, or all that can be.

        A mailbox's own button sends the token in the query, and a form (RFC 8058).
        """
        user_id, kind = _read(body.get("token") or query.get("token") or "")
        with transaction() as session:
            unsubscribe(session, user_id=user_id, kind=kind, scope=body["scope"])
        return {"message": "You will not get such mails any more."}


def _read(token: str) -> tuple[int, str]:
    read = read_unsubscribe_token(settings().unsubscribe_key, token)
    if read is None or read[1] not in KINDS or KINDS[read[1]].is_mandatory:
        raise InvalidToken
    return read
