"""Access tokens: what is accepted, what is refused, and for how long a verified one is remembered."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.identity.claims import Claims, TokenExpired, TokenInvalid, UnknownKey
from shared.identity.keyset import KeySet, public_jwk
from shared.identity.minting import mint_access_token
from shared.identity.verifying import TokenVerifier

NOW = 1_800_000_000
ISSUER = "http://localhost:8000"
SECRET = "legacy-secret-of-thirty-two-bytes!!"
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> KeySet:
    return KeySet({"keys": [public_jwk(KEY.public_key(), "k1")]})


@pytest.fixture
def verifier(keys: KeySet, clock: Clock) -> TokenVerifier:
    return TokenVerifier(keys, issuer=ISSUER, legacy_secret=SECRET, clock=clock)


def minted(key: ec.EllipticCurvePrivateKey = KEY, kid: str = "k1", **changes: Any) -> str:
    said: dict[str, Any] = {
        "issuer": ISSUER,
        "user_id": 7,
        "uuid": "0192-u",
        "session_id": "s1",
        "token_id": "t1",
        "issued_at": NOW,
        **changes,
    }
    return mint_access_token(key, kid, **said)


def forged(
    claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    *,
    without: str = "",
    key: Any = KEY,
    algorithm: str = "ES256",
) -> str:
    said = {
        "iss": ISSUER,
        "aud": "estuary",
        "sub": "7",
        "type": "access",
        "sid": "s1",
        "jti": "t1",
        "iat": NOW,
        "exp": NOW + 60,
        **(claims or {}),
    }
    said.pop(without, None)
    return jwt.encode(said, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": "k1", **(headers or {})})


def legacy(claims: dict[str, Any] | None = None, headers: dict[str, Any] | None = None) -> str:
    said = {"user_id": 7, "token_type": "access", "exp": NOW + 60, "iat": NOW - 9, **(claims or {})}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, SECRET, algorithm="HS256", headers=headers)


def unsigned(header: dict[str, Any]) -> str:
    parts = [header, {"sub": "7", "exp": NOW + 60}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def test_a_minted_token_says_who_calls(verifier: TokenVerifier) -> None:
    token = minted(
        roles=["user", "practitioner"],
        practitioner_id=3,
        tier="premium",
        amr=["pwd", "otp"],
        auth_time=NOW - 5,
        actor_id=1,
    )

    assert verifier.verify(token) == Claims(
        user_id=7,
        uuid="0192-u",
        session_id="s1",
        token_id="t1",
        roles=frozenset({"user", "practitioner"}),
        practitioner_id=3,
        tier="premium",
        amr=("pwd", "otp"),
        auth_time=NOW - 5,
        actor_id=1,
        issued_at=NOW,
        expires_at=NOW + 1800,
        legacy=False,
    )


@pytest.mark.parametrize("is_pending", [True, False])
def test_a_token_says_whether_the_address_has_to_be_proven_first(verifier: TokenVerifier, is_pending: bool) -> None:
    assert verifier.verify(minted(is_pending=is_pending)).is_pending is is_pending


def public_pem() -> bytes:
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def hs256_with_the_public_key() -> str:
    # PyJWT refuses to sign with a PEM, so the attack is formed by hand.
    import hashlib
    import hmac

    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"at+jwt","kid":"k1"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps({"sub": "7", "exp": NOW + 60}).encode()).rstrip(b"=")
    signature = hmac.new(public_pem(), head + b"." + body, hashlib.sha256).digest()
    return b".".join([head, body, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c", id="not base64 of JSON"),
        pytest.param("é.b.c", id="not ASCII"),
        pytest.param("x" * 4097, id="over 4 KiB"),
        pytest.param(unsigned({"alg": "none"}), id="alg none"),
        pytest.param(unsigned({"alg": "none", "kid": "k1", "typ": "at+jwt"}), id="alg none with a kid"),
        pytest.param(hs256_with_the_public_key(), id="HS256 with the public key"),
        pytest.param(forged(headers={"kid": "../../dev/null"}), id="kid is a path"),
        pytest.param(forged(headers={"kid": "' OR 1=1 --"}), id="kid is SQL"),
        pytest.param(forged(headers={"jku": "https://evil/jwks"}), id="jku"),
        pytest.param(forged(headers={"x5u": "https://evil/x"}), id="x5u"),
        pytest.param(forged(headers={"jwk": public_jwk(OTHER.public_key(), "k1")}, key=OTHER), id="jwk"),
        pytest.param(forged(headers={"typ": "JWT"}), id="another typ"),
        pytest.param(forged(key=OTHER), id="another key under our kid"),
        pytest.param(forged({"type": "refresh"}), id="refresh token"),
        pytest.param(forged({"aud": "elsewhere"}), id="another audience"),
        pytest.param(forged({"iss": "https://evil"}), id="another issuer"),
        pytest.param(forged({"sub": "0"}), id="user 0"),
        pytest.param(forged({"sub": "abc"}), id="user abc"),
        pytest.param(forged({"sid": ""}), id="empty session"),
        pytest.param(forged({"sub": 7}), id="user as a number"),
        pytest.param(forged({"jti": 1}), id="token id as a number"),
        pytest.param(forged({"aud": ["elsewhere"]}), id="other audiences"),
        pytest.param(forged({"aud": {"estuary": 1}}), id="an audience that is no text"),
        pytest.param(forged({"nbf": NOW + 6}), id="nbf ahead"),
        pytest.param(forged({"iat": NOW + 6}), id="from the future"),
        *[
            pytest.param(forged(without=name), id=f"no {name}")
            for name in ("exp", "iat", "iss", "aud", "sub", "jti", "sid")
        ],
        pytest.param(legacy({"token_type": "refresh"}), id="legacy refresh"),
        pytest.param(legacy({"token_type": None, "type": "refresh"}), id="legacy refresh, older spelling"),
        pytest.param(legacy({"exp": None}), id="legacy without exp"),
        pytest.param(legacy({"user_id": 0}), id="legacy user 0"),
        pytest.param(legacy({"user_id": "abc"}), id="legacy user abc"),
        pytest.param(legacy({"user_id": None}), id="legacy without user"),
        pytest.param(legacy(headers={"kid": "k1"}), id="legacy with a kid"),
    ],
)
def test_a_token_of_any_other_making_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(TokenInvalid):
        verifier.verify(token)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="token_type access"),
        pytest.param({"token_type": None, "type": "access"}, id="type access"),
        pytest.param({"token_type": None}, id="neither, as the first monolith sent"),
        pytest.param({"user_id": None, "sub": "7"}, id="sub instead of user_id"),
        pytest.param({"user_id": "7"}, id="user_id as text"),
        pytest.param({"iat": None}, id="no iat"),
    ],
)
def test_legacy_tokens_give_the_role_user_only(verifier: TokenVerifier, claims: dict[str, Any]) -> None:
    said = verifier.verify(legacy({"is_staff": True, "roles": ["staff"], **claims}))

    assert (said.user_id, said.roles, said.legacy, said.session_id) == (7, {"user"}, True, None)


def signed_by_hand(header: bytes, payload: bytes, *, padded: bool = False) -> str:
    """Return a token whose parts are exactly these, signed with our key: what no library would make."""
    parts = [base64.urlsafe_b64encode(part) for part in (header, payload)]
    signed = b".".join(part if padded else part.rstrip(b"=") for part in parts)
    r, s = decode_dss_signature(KEY.sign(signed, ec.ECDSA(hashes.SHA256())))
    signature = base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).rstrip(b"=")
    return (signed + b"." + signature).decode()


HEADER = b'{"alg":"ES256","typ":"at+jwt","kid":"k1"}'
PAYLOAD = json.dumps(
    {
        "iss": ISSUER, "aud": ["estuary", "elsewhere"], "sub": "7", "type": "access", "sid": "s1", "jti": "t1",
        "iat": NOW, "exp": NOW + 60,
    }
).encode()  # fmt: skip


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(
            signed_by_hand(HEADER, PAYLOAD + b" " * ((1 - len(PAYLOAD)) % 3), padded=True), id="padded base64"
        ),
        pytest.param(signed_by_hand(HEADER[:-1] + b',"b64":false}', PAYLOAD), id="payload said to be elsewhere"),
        pytest.param(signed_by_hand(HEADER[:-1] + b',"crit":["exp"]}', PAYLOAD), id="critical extension"),
        pytest.param(signed_by_hand(HEADER, b"[" + PAYLOAD + b"]"), id="payload is a list"),
        pytest.param(signed_by_hand(HEADER, b'"text"'), id="payload is text"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD[:-1]), id="payload is cut"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD.replace(b"1800000060", b"NaN")), id="exp is not a number"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD.replace(b"1800000060", b"1e400")), id="exp is endless"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD.replace(json.dumps(ISSUER).encode(), b"null")), id="issuer null"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD) + "AAAA", id="signature too long"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD)[:-4], id="signature too short"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD)[:-2] + "+/", id="another alphabet"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD)[:-86] + "A" * 86, id="a signature of zeroes"),
        pytest.param(signed_by_hand(HEADER, PAYLOAD).rpartition(".")[0] + ".", id="no signature"),
        pytest.param("." + signed_by_hand(HEADER, PAYLOAD), id="four parts"),
    ],
)
def test_a_token_is_read_as_strictly_as_it_is_signed(verifier: TokenVerifier, token: str) -> None:
    assert verifier.verify(signed_by_hand(HEADER, PAYLOAD)).user_id == 7

    with pytest.raises(TokenInvalid):
        verifier.verify(token)


@given(part=st.integers(0, 2), at=st.integers(0, 60), letter=st.sampled_from("AQz9-_"))
@settings(max_examples=60)
def test_any_letter_that_is_changed_is_refused(part: int, at: int, letter: str) -> None:
    verifier = TokenVerifier(KeySet({"keys": [public_jwk(KEY.public_key(), "k1")]}), issuer=ISSUER, clock=lambda: NOW)
    parts = signed_by_hand(HEADER, PAYLOAD).split(".")
    # Bits of the very last letter may stand for nothing; every other letter is part of what is signed.
    at %= len(parts[part]) - 1
    changed = parts[part][:at] + letter + parts[part][at + 1 :]
    assume(changed != parts[part])
    parts[part] = changed

    with pytest.raises(TokenInvalid):
        verifier.verify(".".join(parts))


def test_legacy_tokens_are_refused_without_a_legacy_secret(keys: KeySet, clock: Clock) -> None:
    with pytest.raises(TokenInvalid):
        TokenVerifier(keys, issuer=ISSUER, clock=clock).verify(legacy())


@pytest.mark.parametrize("remembered", [True, False])
def test_expiry_has_five_seconds_of_leeway(verifier: TokenVerifier, clock: Clock, remembered: bool) -> None:
    token = minted(lifetime_seconds=60)
    if remembered:
        verifier.verify(token)

    clock.now = NOW + 64
    assert verifier.verify(token).user_id == 7
    clock.now = NOW + 66
    with pytest.raises(TokenExpired):
        verifier.verify(token)


def test_an_unknown_key_is_told_apart_and_may_arrive_later(verifier: TokenVerifier, keys: KeySet) -> None:
    token = minted(OTHER, "k2")
    with pytest.raises(UnknownKey) as refused:
        verifier.verify(token)
    assert refused.value.kid == "k2"

    keys.replace({"keys": [public_jwk(KEY.public_key(), "k1"), public_jwk(OTHER.public_key(), "k2")]})

    assert verifier.verify(token).user_id == 7


def test_a_withdrawn_key_takes_verified_tokens_with_it(verifier: TokenVerifier, keys: KeySet) -> None:
    token = minted()
    verifier.verify(token)

    keys.replace({"keys": [public_jwk(OTHER.public_key(), "k2")]})

    with pytest.raises(UnknownKey):
        verifier.verify(token)


def test_a_key_set_leaves_out_what_it_cannot_use() -> None:
    rsa_and_secret = [{"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}, {"kty": "oct", "kid": "o", "k": "c2VjcmV0"}]

    keys = KeySet({"keys": [*rsa_and_secret, public_jwk(KEY.public_key(), "k1")]})

    assert ("r" in keys, "o" in keys, "k1" in keys, len(keys)) == (False, False, True, 1)


@pytest.mark.parametrize(
    "document", [{}, {"keys": "none"}, {"keys": [{"kid": "a", "crv": "P-256", "kty": "EC", "x": "!"}]}]
)
def test_a_broken_key_set_changes_nothing(keys: KeySet, document: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        keys.replace(document)

    assert "k1" in keys


def test_memory_is_bounded(keys: KeySet, clock: Clock) -> None:
    verifier = TokenVerifier(keys, issuer=ISSUER, clock=clock, cache_size=4)

    for number in range(1, 21):
        assert verifier.verify(minted(user_id=number)).user_id == number

    assert verifier.verify(minted(user_id=20)).user_id == 20
