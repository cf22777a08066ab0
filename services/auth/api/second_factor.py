"""The second factor, and confirming who one is."""

from typing import Any

from marshmallow import validate

from services.auth.api.answers import token_response
from services.auth.api.policies import IN_PERSON, SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.schemas import Password, TokenResponse, token
from services.auth.domain.errors import (
    AccountDisabled,
    InvalidToken,
    MfaAlreadyOn,
    MfaInvalid,
    MfaNotOn,
    MfaRequiredForStaff,
    ReauthenticationRequired,
    TokenRevoked,
    TooManyTries,
    WrongCredentials,
)
from services.auth.operations import second_factor
from services.auth.operations.callers import caller
from services.auth.operations.reauthentication import reauthenticate, require_password
from services.auth.operations.refusals import keeping_refusals
from services.auth.operations.sign_in import finish_sign_in
from services.auth.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.http import ANYONE, Blueprint, MethodView, Schema, fields, identity

second_factors = Blueprint("second-factor", "A second factor beside the password, and confirming who one is.")


class Confirmation(Schema):
    """The password of an account that has one, and the code of one that has a second factor."""

    password = Password(load_default=None, allow_none=True)
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))


class Reauthenticated(Schema):
    """Until when sensitive changes are allowed in this session."""

    reauthenticated_until = fields.DateTime(required=True)


class MfaStatus(Schema):
    """Whether a second factor is on."""

    enabled = fields.Boolean(required=True)
    required = fields.Boolean(required=True)
    methods = fields.List(fields.String(), required=True)
    recovery_codes_left = fields.Integer(required=True)
    enabled_at = fields.DateTime(required=True, allow_none=True)


class TotpSetup(Schema):
    """What an authenticator app has to know; shown once."""

    secret = fields.String(required=True)
    otpauth_uri = fields.String(required=True)
    expires_at = fields.DateTime(required=True)


class TotpCode(Schema):
    """The app's code of this moment."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{3} ?[0-9]{3}$", error="Six digits."))


class RecoveryCodes(Schema):
    """Ten codes, each good once; shown once."""

    recovery_codes = fields.List(fields.String(), required=True)


class MfaVerification(Schema):
    """The token of the refused sign-in, and the code."""

    mfa_token = token()
    code = fields.String(required=True, validate=validate.Length(min=6, max=20))


@second_factors.route("/auth/reauthenticate/")
class Reauthenticate(MethodView):
    """Confirming."""

    @second_factors.operation(
        "auth_reauthenticate",
        IN_PERSON,
        refuses=[WrongCredentials, MfaInvalid, ReauthenticationRequired, TooManyTries, TokenRevoked],
    )
    @second_factors.arguments(Confirmation)
    @second_factors.response(200, Reauthenticated)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Confirm who one is.

        Opens the ten minutes in which this session may make sensitive changes.
        """
        with transaction() as session:
            user = caller(session, identity()).user
        require_password(user, body["password"])
        with keeping_refusals() as session:
            found = caller(session, identity(), lock=True)
            until = reauthenticate(session, found, code=body["code"], client=client(), now=utc_now())
        return {"reauthenticated_until": until}


@second_factors.route("/auth/mfa/")
class Status(MethodView):
    """Whether it is on."""

    @second_factors.operation("auth_mfa_retrieve", SIGNED_IN, refuses=[TokenRevoked])
    @second_factors.response(200, MfaStatus)
    def get(self) -> dict[str, Any]:
        """Return whether a second factor is on."""
        with transaction() as session:
            user = caller(session, identity()).user
            left = second_factor.recovery_codes_left(session, user)
        return {
            "enabled": user.mfa_enabled,
            "required": user.is_staff and settings().staff_needs_mfa,
            "methods": ["totp"] if user.mfa_enabled else [],
            "recovery_codes_left": left,
            "enabled_at": user.mfa_enabled_at,
        }


@second_factors.route("/auth/mfa/totp/")
class App(MethodView):
    """The authenticator app."""

    @second_factors.operation(
        "auth_mfa_totp_start", IN_PERSON, refuses=[ReauthenticationRequired, MfaAlreadyOn, TokenRevoked]
    )
    @second_factors.response(200, TotpSetup)
    def post(self) -> dict[str, Any]:
        """Begin to set up an authenticator app.

        The secret is shown once, and is in force when its first code is confirmed within ten minutes.
        """
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            secret, uri, until = second_factor.prepare_totp(session, found.user, now=now)
        return {"secret": secret, "otpauth_uri": uri, "expires_at": until}

    @second_factors.operation(
        "auth_mfa_totp_disable", IN_PERSON, refuses=[ReauthenticationRequired, MfaRequiredForStaff, TokenRevoked]
    )
    @second_factors.response(204)
    def delete(self) -> None:
        """Take the second factor off.

        All other sessions end.
        """
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            second_factor.disable(session, found.user, keep=found.auth_session, client=client(), now=now)


@second_factors.route("/auth/mfa/totp/confirm/")
class AppConfirmation(MethodView):
    """Its first code."""

    @second_factors.operation(
        "auth_mfa_totp_confirm",
        IN_PERSON,
        refuses=[MfaInvalid, MfaNotOn, MfaAlreadyOn, TooManyTries, TokenRevoked],
    )
    @second_factors.arguments(TotpCode)
    @second_factors.response(200, RecoveryCodes)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Put the authenticator app in force by its first code.

        Returns ten recovery codes that are never shown again. All other sessions end.
        """
        with keeping_refusals() as session:
            found = caller(session, identity(), lock=True)
            codes = second_factor.confirm_totp(
                session, found.user, body["code"], keep=found.auth_session, client=client(), now=utc_now()
            )
        return {"recovery_codes": codes}


@second_factors.route("/auth/mfa/recovery-codes/")
class NewRecoveryCodes(MethodView):
    """Fresh ones."""

    @second_factors.operation(
        "auth_mfa_recovery_codes", IN_PERSON, refuses=[ReauthenticationRequired, MfaNotOn, TokenRevoked]
    )
    @second_factors.response(200, RecoveryCodes)
    def post(self) -> dict[str, Any]:
        """Replace all recovery codes by ten new ones."""
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            codes = second_factor.replace_recovery_codes(session, found.user, client=client(), now=now)
        return {"recovery_codes": codes}


@second_factors.route("/auth/mfa/verify/")
class Verify(MethodView):
    """The second step of signing in."""

    @second_factors.operation(
        "auth_mfa_verify", ANYONE, refuses=[InvalidToken, MfaInvalid, AccountDisabled, TooManyTries]
    )
    @second_factors.arguments(MfaVerification)
    @second_factors.response(200, TokenResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Finish a sign-in that was refused with `mfa_required`.

        The token is good for five minutes and five tries.
        """
        with keeping_refusals() as session:
            granted = finish_sign_in(session, body["mfa_token"], body["code"], client=client(), now=utc_now())
        return token_response(granted)
