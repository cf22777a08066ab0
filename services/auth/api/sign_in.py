"""Coming in and going out: register, login, refresh, logout."""

from typing import Any

from marshmallow import pre_load, validate

from services.auth.api.answers import sentence, token_response
from services.auth.api.policies import SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.schemas import (
    Address,
    MessageResponse,
    NewPassword,
    Password,
    PhoneNumber,
    TokenResponse,
    locale,
    person_name,
    time_zone,
)
from services.auth.domain.errors import (
    AccountDisabled,
    DeletionPending,
    EmailTaken,
    InvalidToken,
    MfaInvalid,
    MfaRequired,
    PasswordRefused,
    RegistrationClosed,
    TokenExpired,
    TokenNotAccepted,
    TokenRevoked,
    TooManyTries,
    WrongCredentials,
)
from services.auth.operations.logout import log_out
from services.auth.operations.refreshing import refresh_session
from services.auth.operations.refusals import keeping_refusals
from services.auth.operations.registration import Registration, admit_registration, hash_new_password, register
from services.auth.operations.sessions import open_session
from services.auth.operations.sign_in import note_sign_in, prove_password, sign_in
from services.auth.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Unavailable
from shared.http import ANYONE, Blueprint, MethodView, Schema, fields, identity, say

signing_in = Blueprint("authentication", "Signing up, in and out.")


class UserRegistrationRequest(Schema):
    """Somebody who wants an account."""

    email = Address(required=True)
    password = NewPassword(required=True)
    password_confirm = fields.String(required=True, trim=False, validate=validate.Length(min=1), load_only=True)
    first_name = person_name(required=True, least=1)
    last_name = person_name(required=True, least=1)
    phone_number = PhoneNumber(load_default=None, allow_none=True)
    timezone = time_zone(load_default=None, allow_none=True)
    locale = locale(load_default=None, allow_none=True)


class UserLoginRequest(Schema):
    """Somebody who has an account."""

    email = Address(required=True)
    password = Password(required=True)
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    device_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128))
    device_name = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))


class TokenRefreshRequest(Schema):
    """A refresh token; `refresh_token` is its other name."""

    refresh = fields.String(required=True, validate=validate.Length(min=1, max=4096))
    client_time_zone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))

    @pre_load
    def take_other_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read `refresh_token` where `refresh` is absent."""
        if "refresh" not in data and "refresh_token" in data:
            return {**data, "refresh": data["refresh_token"]}
        return data


class TokenRefreshResponse(Schema):
    """Fresh tokens, under the names that old and new clients read."""

    access = fields.String(required=True)
    refresh = fields.String(required=True)
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class LogoutRequest(Schema):
    """Which sessions end besides the present one."""

    refresh_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=4096))
    all_sessions = fields.Boolean(load_default=False)


@signing_in.route("/auth/register/")
class Register(MethodView):
    """Opening accounts."""

    @signing_in.operation(
        "auth_register_create",
        ANYONE,
        refuses=[EmailTaken, PasswordRefused, RegistrationClosed, TooManyTries, Unavailable],
    )
    @signing_in.arguments(UserRegistrationRequest)
    @signing_in.response(201, TokenResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Open an account.

        Signs in at once; a link that proves the address is mailed. Roles, ids and states in the body are ignored.
        """
        if body["password"] != body.pop("password_confirm"):
            raise PasswordRefused(["Password fields didn't match."])
        with transaction() as session:
            admit_registration(session, client=client(), now=utc_now())
        wish = Registration(**body)
        password_hash = hash_new_password(
            wish.password, email=wish.email, first_name=wish.first_name, last_name=wish.last_name
        )
        now = utc_now()
        with transaction() as session:
            user = register(session, wish, password_hash=password_hash, client=client(), now=now)
            if user is not None:
                note_sign_in(session, user, now=now)
                granted = open_session(session, user, methods=["password"], client=client(), now=now)
        if user is None:
            raise EmailTaken
        say("Registration successful")
        return token_response(granted)


@signing_in.route("/auth/login/")
class Login(MethodView):
    """Signing in."""

    @signing_in.operation(
        "auth_login",
        ANYONE,
        refuses=[
            WrongCredentials,
            MfaRequired,
            MfaInvalid,
            AccountDisabled,
            DeletionPending,
            TooManyTries,
            Unavailable,
        ],
    )
    @signing_in.arguments(UserLoginRequest)
    @signing_in.response(200, TokenResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in with e-mail and password.

        With a second factor on, send its `code` along, or take the `mfa_token` of the 401 to `/auth/mfa/verify/`.
        Send `device_token` back from an earlier sign-in, so that strangers' failures do not slow this device down.
        """
        where = client()
        proof = prove_password(
            email=body["email"], password=body["password"], device_token=body["device_token"], client=where
        )
        with keeping_refusals() as session:
            granted = sign_in(
                session,
                proof,
                client=where,
                now=utc_now(),
                code=body["code"],
                device_token=body["device_token"],
                device_name=body["device_name"],
            )
        say("Login successful")
        return token_response(granted)


@signing_in.route("/auth/token/refresh/")
class Refresh(MethodView):
    """Going on."""

    @signing_in.operation(
        "auth_refresh", ANYONE, refuses=[TokenNotAccepted, TokenExpired, TokenRevoked, AccountDisabled]
    )
    @signing_in.arguments(TokenRefreshRequest)
    @signing_in.response(200, TokenRefreshResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Exchange a refresh token for its successor.

        The same token again within ten seconds gives the same successor, so lost answers and many tabs do no harm.
        Later it is taken for stolen: the session ends.
        """
        with keeping_refusals() as session:
            granted = refresh_session(
                session, body["refresh"], client=client(), now=utc_now(), time_zone=body["client_time_zone"]
            )
        return {
            "access": granted.access_token,
            "refresh": granted.refresh_token,
            "access_token": granted.access_token,
            "refresh_token": granted.refresh_token,
            "token_type": "bearer",
            "expires_in": settings().access_token_seconds,
        }


@signing_in.route("/auth/logout/")
class Logout(MethodView):
    """Going."""

    @signing_in.operation("auth_logout", ANYONE, refuses=[InvalidToken, TokenNotAccepted, TokenRevoked])
    @signing_in.arguments(LogoutRequest)
    @signing_in.response(200, MessageResponse)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign out.

        Ends the session of the access token, and of `refresh_token` when it is sent; an access token that has
        expired is no hindrance then. `all_sessions` ends every session of the account.
        """
        with transaction() as session:
            log_out(
                session,
                identity(),
                refresh_token=body["refresh_token"],
                all_sessions=body["all_sessions"],
                client=client(),
                now=utc_now(),
            )
        return sentence("Logged out successfully")


@signing_in.route("/auth/logout/simple/")
class SimpleLogout(MethodView):
    """Going, without a body."""

    @signing_in.operation("auth_logout_simple", SIGNED_IN, refuses=[TokenRevoked])
    @signing_in.response(200, MessageResponse)
    def post(self) -> dict[str, Any]:
        """Sign out of the session of the access token."""
        with transaction() as session:
            log_out(session, identity(), refresh_token=None, all_sessions=False, client=client(), now=utc_now())
        return sentence("Logged out successfully")
