"""One's own sign-ins."""

from typing import Any
from uuid import UUID

from services.auth.api.policies import SIGNED_IN
from services.auth.api.requests import client
from services.auth.domain.errors import TokenRevoked
from services.auth.models import AuthSession
from services.auth.operations.activity import note
from services.auth.operations.callers import caller
from services.auth.operations.sessions import end_session, end_sessions
from services.auth.queries.sessions import MINE, SESSIONS, session_entry
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import Blueprint, MethodView, Schema, fields, identity
from shared.http.pages import page_body, page_schema, query_schema

sessions = Blueprint("sessions", "Where one is signed in.")


class SessionEntry(Schema):
    """A sign-in that is still good."""

    id = fields.UUID(required=True)
    is_current = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    last_seen_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    ip = fields.String(required=True)
    location = fields.String(required=True, allow_none=True)
    device = fields.String(required=True)
    device_name = fields.String(required=True, allow_none=True)
    methods = fields.List(fields.String(), required=True)


class RevokeOthersRequest(Schema):
    """Whether the present session ends too."""

    include_current = fields.Boolean(load_default=False)


class Revoked(Schema):
    """How many sessions were ended."""

    revoked_count = fields.Integer(required=True)


@sessions.route("/auth/sessions/")
class Sessions(MethodView):
    """All of them."""

    @sessions.operation("auth_sessions_list", SIGNED_IN, refuses=[TokenRevoked])
    @sessions.arguments(query_schema(SESSIONS, "SessionsQuery"), location="query")
    @sessions.response(200, page_schema(SessionEntry))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List where one is signed in, the latest seen first."""
        by, now = identity(), utc_now()
        with transaction() as session:
            caller(session, by)
        with reading() as connection:
            page = SESSIONS.page(connection, query, where=MINE, parameters={"me": by.user_id, "now": now})
        return page_body(page, [session_entry(row, current=by.session_id, now=now) for row in page.rows])


@sessions.route("/auth/sessions/<ref:session_id>/")
class OneSession(MethodView):
    """One of them."""

    @sessions.operation("auth_sessions_revoke", SIGNED_IN, refuses=[NotFound, TokenRevoked])
    @sessions.response(204)
    def delete(self, session_id: str) -> None:
        """End one of one's sessions; its tokens are refused within a second."""
        try:
            wanted = UUID(session_id)
        except ValueError as malformed:
            raise NotFound from malformed
        now = utc_now()
        with transaction() as session:
            user = caller(session, identity()).user
            end_session(session, user_id=user.id, session_id=wanted, reason="revoked", now=now)
            note(session, "session_revoked", user_id=user.id, client=client(), now=now, session_id=wanted)


@sessions.route("/auth/sessions/revoke_others/")
class RevokeOthers(MethodView):
    """All but one."""

    @sessions.operation("auth_sessions_revoke_others", SIGNED_IN, refuses=[TokenRevoked])
    @sessions.arguments(RevokeOthersRequest)
    @sessions.response(200, Revoked)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """End all of one's sessions but the present one, or with `include_current` that too."""
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity())
            keep = None if body["include_current"] else found.auth_session
            which = [AuthSession.id != keep.id] if keep is not None else []
            ended = end_sessions(session, *which, user_id=found.user.id, reason="revoked", now=now)
            if ended:
                details = {"sessions": len(ended)}
                note(session, "sessions_revoked", user_id=found.user.id, client=client(), now=now, details=details)
        return {"revoked_count": len(ended)}
