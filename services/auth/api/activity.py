"""The activity log: one's own, and everybody's for staff."""

from typing import Any

from services.auth.api.policies import SIGNED_IN
from services.auth.domain.errors import TokenRevoked
from services.auth.operations.callers import caller
from services.auth.operations.staff_changes import member_of_staff
from services.auth.queries.activity import AUDIT, MINE, MY_ACTIVITY, activity_entry, audit_entry
from shared.database import reading, transaction
from shared.http import STAFF, Blueprint, MethodView, Schema, fields, identity
from shared.http.pages import page_body, page_schema, query_schema

activity = Blueprint("activity", "Sign-ins and security changes of the last 400 days.")


class ActivityEntry(Schema):
    """Something that happened to one's account."""

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    action = fields.String(required=True)
    result = fields.String(required=True)
    ip = fields.String(required=True)
    device = fields.String(required=True)
    by_staff = fields.Boolean(required=True)


class AuditEntry(Schema):
    """Something that somebody did to an account; `details` never hold a secret."""

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    actor_id = fields.Integer(required=True, allow_none=True)
    actor = fields.String(required=True)
    user_id = fields.Integer(required=True, allow_none=True)
    action = fields.String(required=True)
    result = fields.String(required=True)
    ip = fields.String(required=True)
    device = fields.String(required=True)
    session_id = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True)
    details = fields.Dict(required=True)


@activity.route("/auth/activity/")
class Mine(MethodView):
    """One's own."""

    @activity.operation("auth_activity_list", SIGNED_IN, refuses=[TokenRevoked])
    @activity.arguments(query_schema(MY_ACTIVITY, "ActivityQuery"), location="query")
    @activity.response(200, page_schema(ActivityEntry))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what happened to one's account, the latest first."""
        with transaction() as session:
            me = caller(session, identity()).user.id
        with reading() as connection:
            page = MY_ACTIVITY.page(connection, query, where=MINE, parameters={"me": me})
        return page_body(page, [activity_entry(row) for row in page.rows])


@activity.route("/users/audit/")
class Everybody(MethodView):
    """Everybody's."""

    @activity.operation("users_audit_list", STAFF, refuses=[TokenRevoked])
    @activity.arguments(query_schema(AUDIT, "AuditQuery"), location="query")
    @activity.response(200, page_schema(AuditEntry))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List who did what to which account, the latest first."""
        with transaction() as session:
            member_of_staff(session, identity())
        with reading() as connection:
            page = AUDIT.page(connection, query)
        return page_body(page, [audit_entry(row) for row in page.rows])
