"""Changing and resetting passwords."""

from typing import Any

from marshmallow import validate

from services.auth.api.answers import sentence
from services.auth.api.policies import IN_PERSON
from services.auth.api.requests import client
from services.auth.api.schemas import Address, MessageResponse, NewPassword, Password, token
from services.auth.domain.errors import (
    InvalidToken,
    PasswordRefused,
    ReauthenticationRequired,
    TokenRevoked,
    TooManyTries,
)
from services.auth.operations.callers import caller
from services.auth.operations.links import taking_links
from services.auth.operations.passwords import (
    change_password,
    hash_replacement,
    holder_of_reset,
    knows_own_password,
    request_reset,
    reset_password,
)
from services.auth.operations.registration import hash_new_password
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Unavailable
from shared.http import ANYONE, Blueprint, MethodView, Schema, fields, identity

passwords = Blueprint("passwords", "Changing and resetting passwords.")

RESET_SENT = "If an account with that email exists, a reset link has been sent."


class PasswordChangeRequest(Schema):
    """The present password, which an account that has none leaves out, and the next one twice."""

    current_password = Password(load_default=None, allow_none=True)
    new_password = NewPassword(required=True)
    new_password_confirm = fields.String(required=True, trim=False, validate=validate.Length(min=1), load_only=True)


class PasswordResetRequest(Schema):
    """Whose password."""

    email = Address(required=True)


class PasswordResetConfirmRequest(Schema):
    """The mailed token, and the next password."""

    token = token()
    new_password = NewPassword(required=True)
    new_password_confirm = fields.String(load_default=None, allow_none=True, trim=False, load_only=True)


@passwords.route("/auth/change-password/")
class ChangePassword(MethodView):
    """Changing one's own password."""

    @passwords.operation(
        "auth_change_password",
        IN_PERSON,
        refuses=[PasswordRefused, ReauthenticationRequired, TokenRevoked, TooManyTries, Unavailable],
    )
    @passwords.arguments(PasswordChangeRequest)
    @passwords.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change one's own password.

        The present session goes on, all others end. An account without a password (signed in by a provider) sets its
        first one, within ten minutes of signing in.
        """
        if body["new_password"] != body["new_password_confirm"]:
            raise PasswordRefused(["Password fields didn't match."], field="new_password")
        with transaction() as session:
            found = caller(session, identity())
        user = found.user
        if user.password_hash is None:
            found.require_recent_sign_in(now=utc_now())
        elif body["current_password"] is None:
            raise PasswordRefused(["Missing data for required field."], field="current_password")
        elif not knows_own_password(user, body["current_password"]):
            raise PasswordRefused(["This is not the present password."], field="current_password")
        password_hash = hash_replacement(user, body["new_password"])
        with transaction() as session:
            held = caller(session, identity(), lock=True)
            change_password(
                session,
                held.user,
                password_hash=password_hash,
                seen_at=user.password_changed_at,
                keep=held.auth_session,
                client=client(),
                now=utc_now(),
            )
        return sentence("Password changed successfully")


@passwords.route("/auth/password/reset/")
class ResetRequest(MethodView):
    """Asking for a link."""

    @passwords.operation("auth_password_reset_request", ANYONE)
    @passwords.arguments(PasswordResetRequest)
    @passwords.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Have a link mailed that sets a new password.

        The answer is the same whether the address is known or not.
        """
        with transaction() as session:
            request_reset(session, body["email"], client=client(), now=utc_now())
        return sentence(RESET_SENT)


@passwords.route("/auth/password/reset/confirm/")
class ResetConfirm(MethodView):
    """Using the link."""

    @passwords.operation(
        "auth_password_reset_confirm", ANYONE, refuses=[InvalidToken, PasswordRefused, TooManyTries, Unavailable]
    )
    @passwords.arguments(PasswordResetConfirmRequest)
    @passwords.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set a new password by a mailed link.

        Every session ends, and so do other links of the kind. A password that is refused leaves the link good.
        """
        again = body["new_password_confirm"]
        if again is not None and again != body["new_password"]:
            raise PasswordRefused(["Password fields didn't match."], field="new_password")
        with taking_links() as session:
            user = holder_of_reset(session, body["token"], now=utc_now())
        password_hash = hash_new_password(
            body["new_password"],
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            field="new_password",
        )
        with taking_links() as session:
            reset_password(session, body["token"], password_hash=password_hash, client=client(), now=utc_now())
        return sentence("Password has been reset successfully")
