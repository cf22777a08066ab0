"""Leaving, coming back, and taking one's data along."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import validate

from services.auth.api.answers import token_response
from services.auth.api.policies import IN_PERSON, SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.schemas import Password, TokenResponse, token
from services.auth.domain.errors import (
    ExportNotReady,
    InvalidToken,
    LastSuperuser,
    MfaRequired,
    PasswordRefused,
    ReauthenticationRequired,
    TokenRevoked,
    TooManyTries,
)
from services.auth.models import Export
from services.auth.operations.callers import caller
from services.auth.operations.deletion import ask_for_deletion, come_back, restore
from services.auth.operations.exporting import ask_for_export, download, exports_of
from services.auth.operations.links import taking_links
from services.auth.operations.passwords import knows_own_password
from services.auth.operations.refusals import keeping_refusals
from services.auth.queries.leaving import deletion_status
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import NotFound
from shared.http import ANYONE, Blueprint, MethodView, Schema, fields, identity, say

leaving = Blueprint("leaving", "Deleting one's account, and taking one's data along.")


class DeleteAccountRequest(Schema):
    """The word DELETE, and the password unless the session confirmed itself within ten minutes."""

    confirm = fields.String(required=True, validate=validate.Equal("DELETE"))
    password = Password(load_default=None, allow_none=True)
    reason = fields.String(load_default="", allow_none=True, multiline=True, validate=validate.Length(max=500))


class DeletionStatus(Schema):
    """How far a deletion is; `waiting_for` are the services that have not erased the person yet."""

    status = fields.String(required=True, validate=validate.OneOf(("scheduled", "running", "done")))
    deletion_due_at = fields.DateTime(required=True, allow_none=True)
    waiting_for = fields.List(fields.String(), required=True)


class RestoreRequest(Schema):
    """The token of the mail, or of the refused sign-in."""

    token = token()


class DataExport(Schema):
    """A copy of one's data, ready or on its way."""

    id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("running", "ready", "partial", "expired", "failed")))
    requested_at = fields.DateTime(required=True)
    ready_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    size_bytes = fields.Integer(required=True, allow_none=True)
    waiting_for = fields.List(fields.String(), required=True)


@leaving.route("/auth/me/")
class Leave(MethodView):
    """Going for good."""

    @leaving.operation(
        "auth_delete_me",
        IN_PERSON,
        refuses=[PasswordRefused, ReauthenticationRequired, LastSuperuser, TokenRevoked, TooManyTries],
    )
    @leaving.arguments(DeleteAccountRequest)
    @leaving.response(202, DeletionStatus)
    def delete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Delete one's account in fourteen days.

        Every session ends now. A mailed link, or the `restore_token` of a refused sign-in, undoes it until then.
        """
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity())
        if body["password"] is None:
            found.require_recent_sign_in(now=now)
        elif not knows_own_password(found.user, body["password"]):
            raise PasswordRefused(["This is not the present password."])
        with transaction() as session:
            user = ask_for_deletion(
                session, found.user.id, by=identity(), reason=body["reason"] or "", client=client(), now=now
            )
            return deletion_status(session, user)


@leaving.route("/auth/me/restore/")
class Restore(MethodView):
    """Staying after all."""

    @leaving.operation("auth_restore_me", ANYONE, refuses=[InvalidToken, MfaRequired, TooManyTries])
    @leaving.arguments(RestoreRequest)
    @leaving.response(200, TokenResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Undo the deletion of one's account, and sign in.

        With a second factor on, the deletion is undone and the answer is 401 `mfa_required`, as at a sign-in.
        """
        now = utc_now()
        with taking_links() as session:
            user = restore(session, body["token"], client=client(), now=now)
        with keeping_refusals() as session:
            granted = come_back(session, user.id, client=client(), now=now)
        say("Welcome back")
        return token_response(granted)


@leaving.route("/auth/me/export/")
class Exports(MethodView):
    """Copies of one's data."""

    @leaving.operation("auth_export_list", SIGNED_IN, refuses=[TokenRevoked])
    @leaving.response(200, DataExport(many=True))
    def get(self) -> list[Export]:
        """List one's exports, the newest first."""
        with transaction() as session:
            return list(exports_of(session, caller(session, identity()).user))

    @leaving.operation("auth_export_create", IN_PERSON, refuses=[ReauthenticationRequired, TooManyTries, TokenRevoked])
    @leaving.response(202, DataExport)
    def post(self) -> Export:
        """Ask for a copy of everything that is kept about one; once a day.

        Every service is asked; who has not answered within a day is named in the archive. One is told when it is ready.
        """
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            return ask_for_export(session, found.user, client=client(), now=now)


@leaving.route("/auth/me/export/<ref:export_id>/download/")
class Download(MethodView):
    """Fetching it."""

    @leaving.operation(
        "auth_export_download",
        IN_PERSON,
        refuses=[NotFound, ExportNotReady, ReauthenticationRequired, TokenRevoked],
    )
    @leaving.alt_response(200, description="The archive: one JSON file a service.", content_type="application/zip")
    def get(self, export_id: str) -> Response:
        """Fetch the archive, a zip of JSON files; kept for seven days."""
        now = utc_now()
        try:
            wanted = UUID(export_id)
        except ValueError as malformed:
            raise NotFound from malformed
        with transaction() as session:
            found = caller(session, identity())
            found.require_recent_sign_in(now=now)
            archive = download(session, found.user, wanted, client=client(), now=now)
        answer = Response(archive, mimetype="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="estuary-{now:%Y-%m-%d}.zip"'
        return answer
