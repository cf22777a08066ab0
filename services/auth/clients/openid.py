"""Talking with OpenID Connect providers: their keys, their id tokens, the code flow.

Everything here goes over the network, so nothing here belongs inside a transaction. Sources: OpenID Connect Core 1.0,
sections 3.1.2 and 3.1.3.7; OpenID Connect Discovery 1.0; RFC 7636 (PKCE).
"""

import threading
import time
from typing import Any

import jwt
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from jwt import PyJWKClient, PyJWKClientError

from services.auth.domain import emails
from services.auth.domain.errors import EmailNotVerified, InvalidToken
from services.auth.domain.external import ExternalIdentity
from services.auth.settings import Provider
from shared.errors import BadGateway, Unavailable

TIMEOUT_SECONDS = 3
REMEMBERED_SECONDS = 3600
KEYS_REMEMBERED_SECONDS = 300
ALGORITHMS = ("RS256", "ES256", "PS256")
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]

_lock = threading.Lock()
_documents: dict[str, tuple[float, dict[str, Any]]] = {}
_key_clients: dict[str, PyJWKClient] = {}


def verify_id_token(provider: Provider, token: str, *, nonce: str | None = None) -> ExternalIdentity:
    """Return whom a provider's id token names.

    Raises InvalidToken unless it is signed by the provider, for us, of now, and with the nonce where one is given;
    EmailNotVerified when the provider does not vouch for the address; Unavailable when the provider does not answer.
    """
    try:
        key = _keys(provider).get_signing_key_from_jwt(token)
        said = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=list(provider.client_ids),
            leeway=60,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWKClientConnectionError as silent:
        raise Unavailable(f"{provider.title} does not answer. Try again shortly.") from silent
    except (PyJWKClientError, jwt.InvalidTokenError) as refused:
        raise InvalidToken("This sign-in is not valid.") from refused
    if said["iss"] not in (provider.issuer, provider.issuer.removeprefix("https://")):
        raise InvalidToken("This sign-in is not valid.")
    if nonce is not None and said.get("nonce") != nonce:
        raise InvalidToken("This sign-in is not valid.")
    return _identity(provider, said)


def authorization_address(provider: Provider, *, callback: str, state: str, nonce: str, code_verifier: str) -> str:
    """Return where the browser goes to sign in. Raises Unavailable, BadGateway."""
    with _session(provider, callback) as client:
        address, _state = client.create_authorization_url(
            _document(provider)["authorization_endpoint"], state=state, code_verifier=code_verifier, nonce=nonce
        )
    return str(address)


def exchange_code(provider: Provider, *, callback: str, code: str, code_verifier: str, nonce: str) -> ExternalIdentity:
    """Return whom the provider's code names. Raises InvalidToken, EmailNotVerified, Unavailable, BadGateway."""
    try:
        with _session(provider, callback) as client:
            answer = client.fetch_token(
                _document(provider)["token_endpoint"], code=code, code_verifier=code_verifier, timeout=TIMEOUT_SECONDS
            )
    except requests.RequestException as silent:
        raise Unavailable(f"{provider.title} does not answer. Try again shortly.") from silent
    except OAuthError as refused:
        raise InvalidToken("This sign-in is not valid.") from refused
    if not isinstance(answer.get("id_token"), str):
        raise BadGateway(f"{provider.title} sent no id token.")
    return verify_id_token(provider, answer["id_token"], nonce=nonce)


def _identity(provider: Provider, said: dict[str, Any]) -> ExternalIdentity:
    if said.get("email_verified") not in (True, "true"):
        raise EmailNotVerified
    try:
        email = emails.normalized(str(said.get("email", "")))
    except ValueError as none:
        raise EmailNotVerified from none
    first = str(said.get("given_name") or said.get("name") or "")
    return ExternalIdentity(
        provider=provider.name,
        subject=str(said["sub"])[:255],
        email=email,
        first_name=first[:150],
        last_name=str(said.get("family_name") or "")[:150],
    )


def _session(provider: Provider, callback: str) -> OAuth2Session:
    return OAuth2Session(
        client_id=provider.client_ids[0],
        client_secret=provider.client_secret,
        scope="openid email profile",
        redirect_uri=callback,
        code_challenge_method="S256",
    )


def _keys(provider: Provider) -> PyJWKClient:
    address = str(_document(provider)["jwks_uri"])
    with _lock:
        if address not in _key_clients:
            _key_clients[address] = PyJWKClient(address, lifespan=KEYS_REMEMBERED_SECONDS, timeout=TIMEOUT_SECONDS)
        return _key_clients[address]


def _document(provider: Provider) -> dict[str, Any]:
    """Return the provider's description of itself, read once an hour. Raises Unavailable, BadGateway."""
    with _lock:
        known = _documents.get(provider.issuer)
    if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
        return known[1]
    try:
        answer = requests.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
    except requests.JSONDecodeError as nonsense:
        raise BadGateway(f"{provider.title} answered badly.") from nonsense
    except requests.RequestException as silent:
        raise Unavailable(f"{provider.title} does not answer. Try again shortly.") from silent
    if document.get("issuer", "").rstrip("/") != provider.issuer:
        raise BadGateway(f"{provider.title} names another issuer.")
    with _lock:
        _documents[provider.issuer] = (time.monotonic(), document)
    return document
