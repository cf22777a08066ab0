"""S1: whatever is not an access token of ours, whole and in time, is 401 at the gateway and again at every service."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from deploy.local.stack import Stack
from shared.identity.keyset import public_jwk
from tests.e2e.api import Api
from tests.e2e.people import PASSWORD, Person, register
from tests.security.attacker import Forger, inside

pytestmark = pytest.mark.e2e

NOW = time.time
THIEF = ec.generate_private_key(ec.SECP256R1())
FORGERIES: dict[str, Callable[[Forger], str]] = {
    "alg none": lambda forger: forger.unsigned(roles=["staff"]),
    "alg None": lambda forger: forger.unsigned("None"),
    "HS256 with the public key": lambda forger: _hmac_signed(forger, forger.public_pem),
    "HS256 with an empty key, no kid": lambda forger: _hmac_signed(forger, b"", kid=None),
    "signature of another token": lambda forger: forger.spliced(roles=["staff", "user"]),
    "another's key under our kid": lambda forger: forger.by(THIEF, "ES256"),
    "RS256 under our kid": lambda forger: forger.by(rsa.generate_private_key(65537, 2048), "RS256"),
    "jwk in the header": lambda forger: forger.by(THIEF, "ES256", {"jwk": public_jwk(THIEF.public_key(), forger.kid)}),
    "jku": lambda forger: forger.signed(headers={"jku": "https://evil.example/keys"}),
    "x5u": lambda forger: forger.signed(headers={"x5u": "https://evil.example/chain"}),
    "crit": lambda forger: forger.signed(headers={"crit": ["exp"]}),
    "kid is a path": lambda forger: forger.signed(headers={"kid": "../../dev/null"}),
    "kid is SQL": lambda forger: forger.signed(headers={"kid": "x' OR '1'='1"}),
    "typ JWT": lambda forger: forger.signed(headers={"typ": "JWT"}),
    "type refresh": lambda forger: forger.signed(type="refresh"),
    "another audience": lambda forger: forger.signed(aud="elsewhere"),
    "another issuer": lambda forger: forger.signed(iss="https://evil.example"),
    **{f"no {name}": _without for name, _without in (
        (name, lambda forger, name=name: forger.signed(without=name))
        for name in ("exp", "iat", "iss", "aud", "sub", "jti", "sid", "type")
    )},
    "nobody": lambda forger: forger.signed(sub="0"),
    "a negative user": lambda forger: forger.signed(sub="-1"),
    "not yet": lambda forger: forger.signed(nbf=int(NOW()) + 60),
    "issued in the future": lambda forger: forger.signed(iat=int(NOW()) + 60),
    "over 4 KiB": lambda forger: forger.signed(filler="x" * 5500),
    "three dots": lambda _: "...",
    "not base64": lambda _: "ä.ö.ü".encode().decode("latin-1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def victim(stack: Stack) -> Person:
    """Whose token is bent."""
    return register(stack, "victim")


@pytest.fixture(scope="module")
def forger(stack: Stack, victim: Person) -> Forger:
    """Somebody with auth's signing key: only the claims betray them."""
    assert victim.api.token is not None
    return Forger.with_the_key_of(stack, victim.api.token)


def test_the_forger_forges_well(stack: Stack, victim: Person, forger: Forger) -> None:
    """Or the refusals below would prove nothing."""
    answer = _ask(stack, forger.signed(jti="another"))

    assert (answer.status_code, answer.json()["data"]["id"]) == (200, victim.user_id)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_opens_nothing(stack: Stack, forger: Forger, name: str) -> None:
    token = FORGERIES[name](forger)

    answer, public = _ask(stack, token), _ask(stack, token, "services/")

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert public.status_code == 401, "a bad token is refused on public pages, too"
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    direct = inside(stack, "auth", "/auth/me/", signed=True, Authorization=f"Bearer {token}")
    assert direct.status_code == 401, "a service believes the gateway's signature, and no token"


@pytest.mark.parametrize(("seconds_ago", "status"), [(3, 200), (8, 401)])
def test_a_token_ends_with_its_time(stack: Stack, forger: Forger, seconds_ago: int, status: int) -> None:
    answer = _ask(stack, forger.signed(exp=int(NOW()) - seconds_ago, iat=int(NOW()) - 1800))

    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "token_expired"


def test_other_tokens_of_ours_are_no_access_tokens(stack: Stack, victim: Person) -> None:
    """A refresh token, and what a mailed link holds."""
    signed_in = Api(stack.base_url).post("/auth/login/", {"email": victim.email, "password": PASSWORD})
    mailed = f"{victim.user_id}.{base64.urlsafe_b64encode(hashlib.sha256(b'x').digest()).decode()}"

    for token in (signed_in["refresh_token"], signed_in["device_token"], mailed):
        assert _ask(stack, token).json()["code"] == "authentication_failed"


def test_a_token_in_the_address_is_no_token(stack: Stack, forger: Forger) -> None:
    answer = requests.get(stack.url("auth/me/"), params={"access_token": forger.real, "token": forger.real}, timeout=10)

    assert answer.status_code in {400, 401}


def _ask(stack: Stack, token: str, path: str = "auth/me/") -> requests.Response:
    return requests.get(stack.url(path), headers={"Authorization": f"Bearer {token}".encode("latin-1")}, timeout=10)


def _hmac_signed(forger: Forger, key: bytes, kid: str | None = "") -> str:
    """Sign as a careless library would check: any key taken as the secret. PyJWT itself refuses to make this."""
    head = {"alg": "HS256", "typ": "at+jwt", **({} if kid is None else {"kid": kid or forger.kid})}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, forger.claims)]
    mac = hmac.digest(key, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()
