"""Who calls is settled before a service sees the request."""

import time
from collections.abc import Callable
from email.utils import formatdate

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.authentication import Authenticator
from gateway.errors import Refusal
from gateway.identity import _skew
from gateway.revocations import Revocations
from gateway.routes import RouteTable
from gateway.tests.running import EDGE_KEY, ISSUER, KEY, RunningGateway, bearer, token
from shared.identity.claims import UnknownKey
from shared.identity.edge import verify_edge
from shared.identity.keyset import KeySet, public_jwk
from shared.identity.minting import mint_access_token
from shared.identity.verifying import TokenVerifier

Call = Callable[..., requests.Response]
SECRET = "legacy-secret-of-thirty-two-bytes!!"
OTHER = ec.generate_private_key(ec.SECP256R1())


def test_a_good_token_passes_and_its_caller_is_logged(running: RunningGateway, call: Call) -> None:
    answer = call("GET", "/bookings/7/", headers={**bearer(), "X-Request-Id": "whose-is-it"})

    assert answer.status_code == 200
    assert running.service.seen[0].headers["authorization"].startswith("Bearer ey")
    assert running.logged("whose-is-it")["user_id"] == 7


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        pytest.param("Basic dXNlcjpwYXNz", 200, id="another scheme: anonymous"),
        pytest.param(f"bearer {token()}", 200, id="lower case"),
        pytest.param(f"Bearer  {token()}", 200, id="two blanks"),
        pytest.param("Bearer", 401, id="no value"),
        pytest.param("Bearer a b", 401, id="two values"),
        pytest.param("Bearer a,b", 401, id="a list"),
        pytest.param("Bearer " + "x" * 4100, 401, id="over 4 KiB"),
        pytest.param(f"Bearer {token(audience='elsewhere')}", 401, id="another audience"),
    ],
)
def test_authorization_is_read_exactly(running: RunningGateway, call: Call, authorization: str, status: int) -> None:
    answer = call("GET", "/services/", headers={"Authorization": authorization})

    assert answer.status_code == status
    if status == 401:
        assert answer.json()["code"] == "authentication_failed"
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert running.service.seen == []


def test_another_scheme_does_not_reach_the_service(running: RunningGateway, call: Call) -> None:
    call("GET", "/services/", headers={"Authorization": "Basic dXNlcjpwYXNz"})

    assert "authorization" not in running.service.seen[0].headers


def test_two_authorization_headers_are_refused(running: RunningGateway) -> None:
    from gateway.tests.running import BASE, exchange_bytes

    lines = f"Authorization: Bearer {token()}\r\n" * 2
    request = f"GET {BASE}/services/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n"

    assert exchange_bytes(running.port, request.encode()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/", 401),
        ("/auth/token/refresh/", 200),
        ("/auth/login/", 200),
        ("/health/", 200),
        ("/auth/logout/", 200),
    ],
)
def test_an_expired_token_matters_except_where_it_is_ignored(
    running: RunningGateway, call: Call, path: str, status: int
) -> None:
    expired = bearer(issued_at=int(time.time()) - 4000)
    method = "GET" if path in {"/services/", "/health/"} else "POST"

    answer = call(method, path, headers=expired)

    assert answer.status_code == status
    if status == 401:
        assert answer.json()["code"] == "token_expired"
    elif path == "/auth/logout/":
        assert running.service.seen[0].headers["authorization"] == expired["Authorization"]
    elif path.startswith("/auth/"):
        assert "authorization" not in running.service.seen[0].headers


def test_tokens_of_the_replaced_system_are_read(running: RunningGateway, call: Call) -> None:
    old = jwt.encode({"user_id": 8, "exp": int(time.time()) + 60}, SECRET, algorithm="HS256")

    assert call("GET", "/bookings/", headers={"Authorization": f"Bearer {old}"}).status_code == 200


def test_a_session_revoked_by_an_event_is_refused_at_once(running: RunningGateway, call: Call) -> None:
    headers = bearer(session_id="s-gone")
    assert call("GET", "/bookings/", headers=headers).status_code == 200

    data = {"kind": "session", "session_ids": ["s-gone"], "user_id": 7, "expires_at": time.time() + 60}
    running.call(lambda: running.gateway.identity.handle({"type": "session.revoked", "data": data}))

    answer = call("GET", "/bookings/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert call("GET", "/bookings/", headers=bearer(session_id="s-other")).status_code == 200


def test_a_users_older_tokens_are_refused_and_newer_ones_are_not(running: RunningGateway, call: Call) -> None:
    now = int(time.time())
    data = {"kind": "user", "user_id": 31, "not_before": now, "expires_at": now + 60}
    running.call(lambda: running.gateway.identity.handle({"type": "session.revoked", "data": data}))
    old = jwt.encode({"user_id": 31, "exp": now + 60, "iat": now + 1}, SECRET, algorithm="HS256")

    statuses = [
        call("GET", "/bookings/", headers=headers).status_code
        for headers in (
            bearer(user_id=31, issued_at=now - 1),
            bearer(user_id=31, issued_at=now),
            {"Authorization": f"Bearer {old}"},
        )
    ]

    assert statuses == [401, 200, 401]


def test_a_lost_event_is_healed_by_the_poll(running: RunningGateway, call: Call) -> None:
    running.service.identity["revocations"] = [
        {"kind": "session", "value": "s-lost", "not_before": None, "expires_at": int(time.time()) + 60}
    ]

    loaded = running.call(lambda: running.gateway._loop.create_task(running.gateway.identity.load()))
    while not loaded.done():
        time.sleep(0.01)

    read = running.service.identity_reads[-1]
    assert read.target == "/internal/identity/?since=w1"
    verify_edge(EDGE_KEY.encode(), read.headers["estuary-edge"], method="GET", path="/internal/identity/")
    assert call("GET", "/bookings/", headers=bearer(session_id="s-lost")).status_code == 401


@pytest.mark.parametrize(
    ("date", "least", "most"),
    [
        pytest.param(lambda: formatdate(time.time() - 120, usegmt=True), 119, 180, id="two minutes behind"),
        pytest.param(lambda: "yesterday", 0, 0, id="no date"),
    ],
)
def test_a_clock_that_differs_is_told(date: Callable[[], str], least: float, most: float) -> None:
    assert least <= _skew(date().encode()) <= most


def test_an_unknown_key_is_looked_up_once(running: RunningGateway, call: Call) -> None:
    running.service.identity["keys"]["keys"] = [
        public_jwk(KEY.public_key(), "k1"),
        public_jwk(OTHER.public_key(), "k2"),
    ]
    said = {"issuer": ISSUER, "user_id": 7, "uuid": "u", "session_id": "s", "token_id": "t"}
    reads = len(running.service.identity_reads)

    known = call("GET", "/bookings/", headers={"Authorization": f"Bearer {mint_access_token(OTHER, 'k2', **said)}"})
    unknown = [
        call("GET", "/bookings/", headers={"Authorization": f"Bearer {mint_access_token(OTHER, kid, **said)}"})
        for kid in ("k3", "k4")
    ]

    assert known.status_code == 200
    assert [answer.status_code for answer in unknown] == [401, 401]
    assert len(running.service.identity_reads) == reads + 1


def test_keys_change_with_an_event_and_older_events_change_nothing(running: RunningGateway, call: Call) -> None:
    def changed(sequence: int, *keys: dict) -> None:
        event = {"type": "signing_keys.changed", "epoch": 1, "sequence": sequence, "data": {"keys": list(keys)}}
        running.call(lambda: running.gateway.identity.handle(event))

    first, second = public_jwk(KEY.public_key(), "k1"), public_jwk(OTHER.public_key(), "k9")
    changed(5, first, second)
    changed(4, second)
    changed(6, {"kid": "broken", "crv": "P-256", "kty": "EC"})

    assert call("GET", "/bookings/", headers=bearer()).status_code == 200


def test_with_auth_away_the_held_keys_go_on(running: RunningGateway, call: Call) -> None:
    running.service.failing = True
    loaded = running.call(lambda: running.gateway._loop.create_task(running.gateway.identity.load()))
    while not loaded.done():
        time.sleep(0.01)
    running.service.failing = False

    assert loaded.result() is False
    assert call("GET", "/bookings/", headers=bearer(token_id="t-another")).status_code == 200


def test_without_keys_the_gateway_is_not_ready() -> None:
    lonely = RunningGateway(auth_url=("http://127.0.0.1:1",)).start()
    try:
        probe = requests.get(f"http://127.0.0.1:{lonely.probe_port}/health/ready", timeout=5)
        answer = requests.get(f"http://127.0.0.1:{lonely.port}/api/v1/drf/bookings/", headers=bearer(), timeout=5)
        anonymous = requests.get(f"http://127.0.0.1:{lonely.port}/api/v1/drf/services/", timeout=5)
    finally:
        lonely.stop()

    assert (probe.status_code, probe.json()["failing"]) == (503, ["identity: no keys are held yet"])
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert anonymous.status_code == 200


@pytest.mark.parametrize("path", ["/webhooks/livekit/", "/rooms/webhooks/livekit/", "/streams/webhooks/livekit/"])
def test_a_providers_own_authorization_is_not_read_as_ours(running: RunningGateway, call: Call, path: str) -> None:
    answer = call(
        "POST", path, data=b"{}", headers={"Authorization": "eyJ.not.ours", "Content-Type": "application/webhook+json"}
    )

    seen = running.service.seen[0]
    assert answer.status_code == 200
    assert (seen.target, seen.headers["authorization"]) == ("/streams/webhooks/livekit/", "eyJ.not.ours")
    assert seen.headers["content-type"] == "application/webhook+json"


def test_what_is_remembered_of_a_token_ends_with_its_session_and_its_key() -> None:
    async def nothing() -> None:
        pass

    keys, revocations = KeySet({"keys": [public_jwk(KEY.public_key(), "k1")]}), Revocations()
    authenticator = Authenticator(TokenVerifier(keys, issuer=ISSUER), keys, revocations, nothing)
    route = RouteTable().find("/bookings/")
    assert route is not None
    first, second = ([f"Bearer {token(session_id=name)}".encode()] for name in ("first", "second"))
    for _ in range(2):
        assert authenticator.authenticate(first, route)[1] == authenticator.authenticate(first, route)[1]
        assert authenticator.authenticate(second, route)[0] is not None

    revocations.revoke_session("first", time.time() + 60)
    with pytest.raises(Refusal, match="token_revoked"):
        authenticator.authenticate(first, route)
    assert authenticator.authenticate(second, route)[0] is not None

    keys.replace({"keys": [public_jwk(OTHER.public_key(), "k2")]})
    with pytest.raises(UnknownKey):
        authenticator.authenticate(second, route)
