"""Signing in with accounts elsewhere."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, redirect, request
from marshmallow import pre_load, validate

from services.auth.api.answers import token_response
from services.auth.api.requests import client
from services.auth.api.schemas import TokenResponse, token
from services.auth.clients import openid
from services.auth.domain.errors import (
    AccountDisabled,
    DeletionPending,
    EmailNotVerified,
    IdentityTaken,
    InvalidToken,
    MfaRequired,
    ProviderNotConfigured,
    RegistrationClosed,
)
from services.auth.domain.external import ExternalIdentity
from services.auth.domain.sealing import SealBroken, seal, unseal
from services.auth.operations import social
from services.auth.operations.refusals import keeping_refusals
from services.auth.operations.social_codes import issue_code, redeem_code, use_link
from services.auth.settings import GOOGLE, Provider, settings
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid, Unavailable
from shared.http import ANYONE, Blueprint, MethodView, QuerySchema, Schema, fields, say

socials = Blueprint("social", "Signing in with Google and other OpenID providers.")

COOKIE = "estuary_oidc"
COOKIE_PATH = "/api"
COOKIE_SECONDS = 600
BASE = "/api/v1/drf"


class IdTokenRequest(Schema):
    """A provider's id token, and the nonce it was asked for with."""

    id_token = fields.String(required=True, validate=validate.Length(min=1, max=8192))
    nonce = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))


class ProviderEntry(Schema):
    """A provider that is set up."""

    provider = fields.String(required=True)
    name = fields.String(required=True)
    authorize_url = fields.String(required=True, metadata={"format": "uri"})


class StartQuery(QuerySchema):
    """Where the browser comes back to, and what for."""

    redirect_uri = fields.String(required=True)
    link = fields.String()
    code_challenge = fields.String(
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{43}$"), metadata={"description": "S256 of the later code_verifier."}
    )


class CallbackQuery(QuerySchema):
    """What the provider sends back."""

    code = fields.String()
    state = fields.String(required=True)
    error = fields.String()

    @pre_load
    def refuse_unknown(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        """Take only what is known: providers add parameters of their own."""
        return {name: value for name, value in data.items() if name in self.fields and value != ""}


class ExchangeRequest(Schema):
    """The one-time code, and the secret that its challenge was made of."""

    code = token()
    code_verifier = fields.String(required=True, validate=validate.Length(min=1, max=128))


SIGN_IN_REFUSALS = [InvalidToken, EmailNotVerified, AccountDisabled, DeletionPending, MfaRequired, RegistrationClosed]


@socials.route("/auth/google/")
class Google(MethodView):
    """Google's own button."""

    @socials.operation("auth_google", ANYONE, refuses=[ProviderNotConfigured, Unavailable, *SIGN_IN_REFUSALS])
    @socials.arguments(IdTokenRequest)
    @socials.response(200, TokenResponse)
    @socials.alt_response(201, schema=TokenResponse)
    def post(self, body: dict[str, Any]) -> Any:
        """Sign in with Google's id token; 201 when an account was made."""
        external = openid.verify_id_token(provider_of(GOOGLE), body["id_token"], nonce=body["nonce"])
        return _sign_in(external)


@socials.route("/auth/social/")
class Providers(MethodView):
    """Which are set up."""

    @socials.operation("auth_social_providers", ANYONE)
    @socials.response(200, ProviderEntry(many=True))
    def get(self) -> list[dict[str, str]]:
        """List the providers that people may sign in with by the redirect flow."""
        return [
            {"provider": one.name, "name": one.title, "authorize_url": _address(f"/auth/social/{one.name}/start/")}
            for one in settings().oidc
            if one.client_secret
        ]


@socials.route("/auth/social/<ref:provider>/start/")
class Start(MethodView):
    """Going to the provider."""

    @socials.operation("auth_social_start", ANYONE, refuses=[ProviderNotConfigured, Unavailable])
    @socials.arguments(StartQuery, location="query")
    @socials.alt_response(302, description="To the provider.")
    def get(self, query: dict[str, Any], provider: str) -> Response:
        """Go to a provider's sign-in page (code flow with PKCE).

        `redirect_uri` is one of those that are allowed here, exactly.
        """
        chosen = provider_of(provider, by_redirect=True)
        if query["redirect_uri"] not in settings().oidc_return_urls:
            raise Invalid.field("redirect_uri", "Not one of the allowed addresses.")
        kept = {
            "provider": provider,
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "code_verifier": secrets.token_urlsafe(48),
            **query,
        }
        address = openid.authorization_address(
            chosen,
            callback=_callback(chosen),
            state=kept["state"],
            nonce=kept["nonce"],
            code_verifier=kept["code_verifier"],
        )
        answer = redirect(address)
        sealed = seal(settings().auth_encryption_key, orjson.dumps(kept), place="oidc cookie")
        answer.set_cookie(
            COOKIE,
            sealed.hex(),
            max_age=COOKIE_SECONDS,
            path=COOKIE_PATH,
            secure=settings().public_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return answer  # type: ignore[return-value]


@socials.route("/auth/social/<ref:provider>/callback/")
class Callback(MethodView):
    """Coming back."""

    @socials.operation("auth_social_callback", ANYONE, refuses=[InvalidToken, ProviderNotConfigured, Unavailable])
    @socials.arguments(CallbackQuery, location="query")
    @socials.alt_response(302, description="To the redirect_uri, with ?code= or ?error=.")
    def get(self, query: dict[str, Any], provider: str) -> Response:
        """Take the provider's answer and send the browser on with a one-time code.

        Tokens never stand in an address.
        """
        chosen = provider_of(provider, by_redirect=True)
        kept = _kept()
        if kept.get("provider") != provider or not secrets.compare_digest(kept["state"], query["state"]):
            raise InvalidToken
        if query.get("error") or not query.get("code"):
            return _back(kept, error="access_denied")
        external = openid.exchange_code(
            chosen,
            callback=_callback(chosen),
            code=query["code"],
            code_verifier=kept["code_verifier"],
            nonce=kept["nonce"],
        )
        with transaction() as session:
            code = issue_code(
                session, external, challenge=kept.get("code_challenge", ""), link=kept.get("link", ""), now=utc_now()
            )
        return _back(kept, code=code)


@socials.route("/auth/social/exchange/")
class Exchange(MethodView):
    """Taking the tokens home."""

    @socials.operation("auth_social_exchange", ANYONE, refuses=[IdentityTaken, *SIGN_IN_REFUSALS])
    @socials.arguments(ExchangeRequest)
    @socials.response(200, TokenResponse)
    @socials.alt_response(201, schema=TokenResponse)
    def post(self, body: dict[str, Any]) -> Any:
        """Exchange the one-time code of the redirect flow for tokens; good for sixty seconds, once."""
        with transaction() as session:
            external, link = redeem_code(session, body["code"], verifier=body["code_verifier"], now=utc_now())
            if link:
                user = use_link(session, link, provider=external.provider, now=utc_now())
                social.link(session, user, external, client=client(), now=utc_now())
        return _sign_in(external)


def _sign_in(external: ExternalIdentity) -> Any:
    with keeping_refusals() as session:
        granted, is_new = social.sign_in_with(session, external, client=client(), now=utc_now())
    say("Registration successful" if is_new else "Login successful")
    return token_response(granted), 201 if is_new else 200


def provider_of(name: str, *, by_redirect: bool = False) -> Provider:
    """Return the provider of that name. Raises ProviderNotConfigured."""
    found = settings().provider(name)
    if found is None or (by_redirect and not found.client_secret):
        raise ProviderNotConfigured
    return found


def _kept() -> dict[str, Any]:
    """Return what the browser was given on its way out. Raises InvalidToken."""
    try:
        sealed = bytes.fromhex(request.cookies.get(COOKIE, ""))
        kept: dict[str, Any] = orjson.loads(unseal(settings().auth_encryption_key, sealed, place="oidc cookie"))
    except (ValueError, SealBroken) as absent:
        raise InvalidToken from absent
    return kept


def _back(kept: dict[str, Any], **said: str) -> Response:
    answer = redirect(f"{kept['redirect_uri']}?{urlencode(said)}")
    answer.delete_cookie(COOKIE, path=COOKIE_PATH)
    return answer  # type: ignore[return-value]


def _callback(provider: Provider) -> str:
    return _address(f"/auth/social/{provider.name}/callback/")


def _address(path: str) -> str:
    return f"{settings().public_url}{BASE}{path}"
