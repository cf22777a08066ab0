"""The OpenID sandbox grants what a provider grants, once."""

import base64
import hashlib

import jwt
import pytest

from deploy.sandbox.oidc.provider import CLIENT_ID, CLIENT_SECRET, PEOPLE, Provider, Refused

VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": CLIENT_ID,
    "response_type": "code",
    "redirect_uri": "http://localhost/back",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "nonce": "n1",
}


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider(issuer="http://sandbox")


def exchange(provider: Provider, given: str, **changed: str) -> dict[str, object]:
    sent = {"code": given, "redirect_uri": "http://localhost/back", "code_verifier": VERIFIER, **changed}
    return provider.exchange(sent, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


def test_a_code_gives_a_signed_token_once(provider: Provider) -> None:
    code = provider.give_code(ASKED, PEOPLE[0].subject)

    token = exchange(provider, code)["id_token"]

    key = jwt.PyJWKSet.from_dict(provider.keys())["sandbox"]
    claims = jwt.decode(str(token), key, algorithms=["RS256"], audience=CLIENT_ID, issuer="http://sandbox")
    assert (claims["sub"], claims["nonce"], claims["email_verified"]) == (PEOPLE[0].subject, "n1", True)
    with pytest.raises(Refused, match="invalid_grant"):
        exchange(provider, code)


@pytest.mark.parametrize("changed", [{"code_verifier": "w" * 50}, {"redirect_uri": "http://evil"}, {"code": "other"}])
def test_a_code_is_bound_to_who_asked(provider: Provider, changed: dict[str, str]) -> None:
    code = provider.give_code(ASKED, PEOPLE[0].subject)

    with pytest.raises(Refused, match="invalid_grant"):
        exchange(provider, code, **changed)


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "other"}, {"code_challenge": ""}, {"code_challenge_method": "plain"}, {"redirect_uri": ""}],
)
def test_requests_that_are_refused(provider: Provider, changed: dict[str, str]) -> None:
    with pytest.raises(Refused):
        provider.check_request({**ASKED, **changed})


def test_a_foreign_client_gets_nothing(provider: Provider) -> None:
    code = provider.give_code(ASKED, PEOPLE[0].subject)

    with pytest.raises(Refused, match="invalid_client"):
        provider.exchange({"code": code}, client_id=CLIENT_ID, client_secret="wrong")
