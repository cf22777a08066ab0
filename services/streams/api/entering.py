"""Getting into live streams and leaving them; what people do inside."""

import base64
from typing import Any

from flask import request
from marshmallow import validate

from services.streams.api.answers import joined, room_access
from services.streams.api.audience_schemas import Accepted, ChatMessage, ChatPage, ChatRequest, ReactionRequest, Said
from services.streams.api.live_schemas import Join, JoinRequest, RoomAccess, TokenRequest
from services.streams.domain import errors, words
from services.streams.domain.devices import device_of
from services.streams.models.access import require_access
from services.streams.operations import chat
from services.streams.operations.callers import live_seen
from services.streams.operations.entering import enter_live, leave_live, note_hint
from services.streams.queries.audience import chat_page, one_message
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Forbidden, Invalid, RateLimited
from shared.http import SIGNED_IN, Blueprint, MethodView, QuerySchema, fields, identity, say

entering = Blueprint("watching", "Getting into live streams, and what people do inside.")
ENTRY = [
    *(errors.LiveStreamNotFound, errors.SubscriptionRequired, errors.NotLive, errors.Banned, errors.TooEarly),
    *(errors.PractitionerSuspended, errors.RoomFull),
]
INSIDE = [errors.LiveStreamNotFound, errors.SubscriptionRequired, errors.NotLive, errors.Muted, errors.Banned]
CHAT_PAGE, CHAT_PAGE_MAX = 50, 100


class ChatQuery(QuerySchema):
    """Which messages."""

    cursor = fields.String(metadata={"description": "From `next` of the page before."})
    page_size = fields.Integer(load_default=CHAT_PAGE, validate=validate.Range(min=1))
    before_offset = fields.Integer(
        validate=validate.Range(min=0), metadata={"description": "Seconds since the start: what had been said by then."}
    )


@entering.route("/live-streams/<ref:reference>/join/")
class JoinLive(MethodView):
    """Getting in."""

    @entering.operation("live_streams_join_create", SIGNED_IN, refuses=[*ENTRY, RateLimited, errors.VideoAway])
    @entering.arguments(JoinRequest)
    @entering.response(200, Join)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Get into a live stream, or wait for it from 15 minutes before. One is counted when one is inside."""
        by, now = identity(), utc_now()
        with transaction() as session:
            live = live_seen(session, reference, by)
            entry = enter_live(session, live, by=by, now=now)
            if entry.role == words.VIEWER:
                device = body["device"] or device_of(request.headers.get("User-Agent", ""))
                country = request.headers.get("X-Estuary-Country") or None
                note_hint(session, live, by=by, device=device, country=country)
        return joined(entry)


@entering.route("/live-streams/<ref:reference>/token/")
class Token(MethodView):
    """A fresh way in."""

    @entering.operation("live_streams_token_create", SIGNED_IN, refuses=[*ENTRY, Forbidden])
    @entering.arguments(TokenRequest)
    @entering.response(200, RoomAccess)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Get a fresh token, for somebody who is known to the page already; clients join."""
        by = identity()
        with transaction() as session:
            entry = enter_live(session, live_seen(session, reference, by), by=by, now=utc_now(), role=body["role"])
        return room_access(entry)


@entering.route("/live-streams/<ref:reference>/leave/")
class Leave(MethodView):
    """Getting out."""

    @entering.operation("live_streams_leave_create", SIGNED_IN, refuses=[errors.LiveStreamNotFound])
    @entering.response(200, Said)
    def post(self, reference: str) -> dict[str, Any]:
        """Leave; also when one is not inside."""
        with transaction() as session:
            leave_live(session, live_seen(session, reference, identity()), by=identity(), now=utc_now())
        say("You have left the live stream")
        return {"message": "You have left the live stream"}


@entering.route("/live-streams/<ref:reference>/chat/")
class Chat(MethodView):
    """What is said."""

    @entering.operation(
        "live_streams_chat_list",
        SIGNED_IN,
        refuses=[errors.LiveStreamNotFound, errors.SubscriptionRequired, errors.Banned],
    )
    @entering.arguments(ChatQuery, location="query")
    @entering.response(200, ChatPage)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List what was said, newest first; also afterwards, beside a recording."""
        by, now = identity(), utc_now()
        size = min(query["page_size"], CHAT_PAGE_MAX)
        with transaction() as session:
            live = live_seen(session, reference, by)
            require_access(session, live, by, now=now)
            found = chat_page(
                session,
                live,
                before=_read(query.get("cursor")),
                before_offset=query.get("before_offset"),
                size=size + 1,
            )
        following = _written(found[size - 1]["id"]) if len(found) > size else None
        return {"results": found[:size], "next": _link(following) if following else None, "previous": None}

    @entering.operation(
        "live_streams_chat_create", SIGNED_IN, refuses=[*INSIDE, errors.ChatDisabled, errors.TooManyMessages]
    )
    @entering.arguments(ChatRequest)
    @entering.response(201, ChatMessage)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Say something while it is on: at most five times in ten seconds."""
        by = identity()
        with transaction() as session:
            live = live_seen(session, reference, by)
            made = chat.post_message(
                session, live, text_=body["text"], client_id=body["client_id"], by=by, now=utc_now()
            )
            return one_message(session, made.id)


def _read(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as broken:
        raise Invalid.field("cursor", "This cursor is broken.") from broken


def _written(message_id: int) -> str:
    return base64.urlsafe_b64encode(str(message_id).encode()).decode().rstrip("=")


def _link(cursor: str) -> str:
    base = request.headers.get("X-Estuary-Base", "/api/v1/drf")
    proto = request.headers.get("X-Forwarded-Proto", "http")
    host = request.headers.get("X-Forwarded-Host", request.host)
    kept = "".join(f"&{name}={request.args[name]}" for name in ("page_size", "before_offset") if name in request.args)
    return f"{proto}://{host}{base}{request.path}?cursor={cursor}{kept}"


@entering.route("/live-streams/<ref:reference>/chat/<id:message_id>/")
class OneMessage(MethodView):
    """Something that was said."""

    @entering.operation(
        "live_streams_chat_destroy",
        SIGNED_IN,
        refuses=[errors.LiveStreamNotFound, errors.MessageNotFound, Forbidden],
    )
    @entering.response(204)
    def delete(self, reference: str, message_id: int) -> None:
        """Take a message back: one's own for five minutes; host and staff any."""
        with transaction() as session:
            live = live_seen(session, reference, identity())
            chat.delete_message(session, live, message_id, by=identity(), now=utc_now())


@entering.route("/live-streams/<ref:reference>/reactions/")
class Reactions(MethodView):
    """Hearts and claps."""

    @entering.operation(
        "live_streams_reactions_create",
        SIGNED_IN,
        refuses=[*INSIDE, errors.ReactionsDisabled, errors.TooManyMessages],
    )
    @entering.arguments(ReactionRequest)
    @entering.response(202, Accepted)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """React while it is on: at most sixty times a minute. Rooms see sums, each second."""
        by = identity()
        with transaction() as session:
            live = live_seen(session, reference, by)
            count = chat.react(session, live, emoji=body["emoji"], count=body["count"], by=by, now=utc_now())
        return {"accepted": count}
