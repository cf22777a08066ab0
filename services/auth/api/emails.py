"""Proving and changing addresses."""

from typing import Any

from services.auth.api.answers import sentence
from services.auth.api.policies import IN_PERSON, SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.schemas import Address, MessageResponse, Password, token
from services.auth.domain.errors import (
    InvalidToken,
    PasswordRefused,
    ReauthenticationRequired,
    TokenRevoked,
    TooManyTries,
)
from services.auth.operations.callers import caller
from services.auth.operations.emails import confirm_change, request_change, resend_verification, verify_email
from services.auth.operations.links import taking_links
from services.auth.operations.passwords import knows_own_password
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Conflict
from shared.http import ANYONE, Blueprint, MethodView, Schema, identity

emails = Blueprint("emails", "Proving and changing e-mail addresses.")


class EmailChangeRequest(Schema):
    """The new address, and the password of an account that has one."""

    new_email = Address(required=True)
    password = Password(load_default=None, allow_none=True)


class MailedToken(Schema):
    """The token of a mailed link."""

    token = token()


@emails.route("/auth/email/verify/")
class Verify(MethodView):
    """Using the link."""

    @emails.operation("auth_email_verify", ANYONE, refuses=[InvalidToken, TooManyTries])
    @emails.arguments(MailedToken)
    @emails.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Prove an address by the link mailed to it.

        Repeating it is no error. Only POST uses a link up, so mail scanners that open it do no harm.
        """
        with taking_links() as session:
            verify_email(session, body["token"], client=client(), now=utc_now())
        return sentence("Email verified successfully")


@emails.route("/auth/email/verify/resend/")
class Resend(MethodView):
    """Asking for another link."""

    @emails.operation("auth_email_verify_resend", SIGNED_IN, refuses=[TooManyTries, TokenRevoked])
    @emails.response(200, MessageResponse)
    def post(self) -> dict[str, Any]:
        """Have the link mailed again; once a minute, five times a day. No mail when the address is proven already."""
        with transaction() as session:
            is_sent = resend_verification(session, caller(session, identity()).user, now=utc_now())
        return sentence("Verification email sent" if is_sent else "Email is already verified")


@emails.route("/auth/email/change/")
class Change(MethodView):
    """Asking for another address."""

    @emails.operation(
        "auth_email_change",
        IN_PERSON,
        refuses=[PasswordRefused, ReauthenticationRequired, TooManyTries, TokenRevoked],
    )
    @emails.arguments(EmailChangeRequest)
    @emails.response(202, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Have a link mailed to a new address.

        The old address counts until the link is used. The answer is the same when another account has the address.
        Without `password` the session must have signed in, or confirmed itself, within ten minutes.
        """
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity())
        if body["password"] is None:
            found.require_recent_sign_in(now=now)
        elif not knows_own_password(found.user, body["password"]):
            raise PasswordRefused(["This is not the present password."])
        with transaction() as session:
            user = caller(session, identity(), lock=True).user
            request_change(session, user, body["new_email"], client=client(), now=now)
        return sentence("If the address can be used, a link has been sent to it.")


@emails.route("/auth/email/change/confirm/")
class ChangeConfirmation(MethodView):
    """Using the link."""

    @emails.operation("auth_email_change_confirm", ANYONE, refuses=[InvalidToken, Conflict, TooManyTries])
    @emails.arguments(MailedToken)
    @emails.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take the new address by the link mailed to it; every session ends."""
        with taking_links() as session:
            confirm_change(session, body["token"], client=client(), now=utc_now())
        return sentence("Email address changed successfully")
