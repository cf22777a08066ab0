"""Proving addresses."""

from typing import Any

from services.auth.api.answers import sentence
from services.auth.api.requests import client
from services.auth.api.schemas import MessageResponse, token
from services.auth.domain.errors import InvalidToken, TokenRevoked
from services.auth.operations.callers import caller
from services.auth.operations.emails import resend_verification, verify_email
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import RateLimited
from shared.http import ANYONE, SIGNED_IN, Blueprint, MethodView, Schema, identity

emails = Blueprint("emails", "Proving and changing e-mail addresses.")


class MailedToken(Schema):
    """The token of a mailed link."""

    token = token()


@emails.route("/auth/email/verify/")
class Verify(MethodView):
    """Using the link."""

    @emails.operation("auth_email_verify", ANYONE, refuses=[InvalidToken])
    @emails.arguments(MailedToken)
    @emails.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Prove an address by the link mailed to it.

        Repeating it is no error. Only POST uses a link up, so mail scanners that open it do no harm.
        """
        with transaction() as session:
            verify_email(session, body["token"], client=client(), now=utc_now())
        return sentence("Email verified successfully")


@emails.route("/auth/email/verify/resend/")
class Resend(MethodView):
    """Asking for another link."""

    @emails.operation("auth_email_verify_resend", SIGNED_IN, refuses=[RateLimited, TokenRevoked])
    @emails.response(200, MessageResponse)
    def post(self) -> dict[str, Any]:
        """Have the link mailed again; once a minute, five times a day. No mail when the address is proven already."""
        with transaction() as session:
            is_sent = resend_verification(session, caller(session, identity()).user, now=utc_now())
        return sentence("Verification email sent" if is_sent else "Email is already verified")
