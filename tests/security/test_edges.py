"""S2, S3, S4, S5: what reaches a service is what the gateway has understood, whole and signed.

How the gateway reads headers, paths and framing is tested piece by piece in gateway/tests; here stand the real services
behind it.
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import requests

from deploy.local.profiles import SERVICES
from deploy.local.stack import Stack
from gateway.tests.test_smuggling import PROBES
from shared.identity.edge import EDGE_HEADER, sign_edge
from tests.e2e.people import PASSWORD, Person, register
from tests.security import FULL
from tests.security.attacker import inside, send_bytes

pytestmark = pytest.mark.e2e

# One operation that reads a JSON body, of each service that has one.
WRITES = (
    "/auth/login/",
    "/bookings/",
    "/services/",
    "/practitioners/",
    "/checkout/create_session/",
    "/notifications/mark_read/",
)


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return register(stack, "edge")


# S2


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_port_gives_nothing_away(stack: Stack, person: Person, service: str) -> None:
    """Neither to strangers nor to somebody with a good token; only health and figures are told."""
    first = {"auth": "/auth/me/", "catalog": "/services/"}.get(service, f"/{service}/")
    authorization = {"Authorization": f"Bearer {person.api.token}"}
    key = stack.environment(service)["EDGE_KEY"].encode()
    said = {"method": "GET", "path": first, "ip": "127.0.0.1", "request_id": "attack-1"}
    stale = sign_edge(key, **said, now=int(time.time()) - 61)
    elsewhere = sign_edge(key, **{**said, "path": "/health/"}, now=int(time.time()))
    invented = sign_edge(b"x" * 32, **said, now=int(time.time()))

    answers = [inside(stack, service, first, signed=False, **authorization)]
    answers += [
        inside(stack, service, first, signed=False, **authorization, **{EDGE_HEADER: edge})
        for edge in (stale, elsewhere, invented, "", "t=1,ip=,id=,v1=")
    ]
    document = inside(stack, service, "/openapi.json", signed=False)

    assert {answer.status_code for answer in answers} == {401}
    assert document.status_code == 401
    assert inside(stack, service, "/health/live", signed=False).status_code == 200


def test_nobody_says_who_they_are(stack: Stack, person: Person, staff: Person) -> None:
    claimed = {
        name: str(staff.user_id)
        for name in ("X-User-Id", "X_User_Id", "X-Estuary-User", "X-User", "X-Original-User", "Estuary-User")
    }
    roles = {"X-User-Roles": "staff", "X-User-Is-Staff": "1", "Estuary-Edge": "t=1,ip=1.1.1.1,id=x,v1=0"}
    own = {"Authorization": f"Bearer {person.api.token}"}

    anonymous = requests.get(stack.url("auth/me/"), headers={**claimed, **roles}, timeout=10)
    signed_in = requests.get(stack.url("auth/me/"), headers={**claimed, **roles, **own}, timeout=10)
    listing = requests.get(stack.url("users/"), headers={**claimed, **roles, **own}, timeout=10)

    assert anonymous.status_code == 401
    assert signed_in.json()["data"]["id"] == person.user_id
    assert listing.status_code == 403


def test_a_header_said_twice_or_struck_out_changes_nobody(stack: Stack, person: Person) -> None:
    """`Connection` names what a proxy strikes out: it strikes out neither the gateway's signature nor our token."""
    lines = [
        "GET /api/v1/drf/auth/me/ HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {person.api.token}",
        "X-User-Id: 1",
        "x-user-id: 2",
        f"{EDGE_HEADER}: t=1,ip=1.1.1.1,id=x,v1=0",
        f"Connection: close, X-User-Id, {EDGE_HEADER}",
    ]

    answer = send_bytes(stack, "\r\n".join([*lines, "", ""]).encode())

    assert answer.startswith(b"HTTP/1.1 200 "), answer[:300]
    assert f'"id":{person.user_id},'.encode() in answer


def test_nobody_says_where_they_come_from(stack: Stack, person: Person) -> None:
    """Only the header that a proxy of ours writes is believed, and of it only what that proxy has seen itself."""
    claimed = "203.0.113.99"
    names = ("X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded-Host", "X-Remote-Addr")
    headers = dict.fromkeys(names, claimed)
    headers |= {"Forwarded": f"for={claimed}", "X-Forwarded-For": f"{claimed}, 192.0.2.44"}
    body = {"email": person.email, "password": PASSWORD}

    signed_in = requests.post(stack.url("auth/login/"), json=body, headers=headers, timeout=15).json()["data"]

    own = {"Authorization": f"Bearer {signed_in['access_token']}"}
    sessions = requests.get(stack.url("auth/sessions/"), headers=own, timeout=10).json()["data"]["results"]
    assert [one["ip"] for one in sessions if one["is_current"]] == ["192.0.2.44"]


def test_what_only_services_may_ask_cannot_be_reached(stack: Stack, staff: Person) -> None:
    for path in ("internal/identity/", "metrics", "openapi.json", "health/live", "health/ready", "auth/internal/"):
        assert staff.api.raw("GET", f"/{path}").status_code == 404, path


# S3


@pytest.mark.parametrize(
    "target",
    [
        "//api/v1/drf/users/",
        "/api/v1/drf//users/",
        "/api/v1/drf/services/../users/",
        "/api/v1/drf/services/..%2fusers/",
        "/api/v1/drf/services/%2e%2e/users/",
        "/api/v1/drf/services/%252e%252e/users/",
        "/api/v1/drf/services;a=b/",
        "/api/v1/drf/services\\users/",
        "/api/v1/drf/services/%00/",
        "/api/v1/drf/services/%0d%0aX:y/",
        "http://evil.example/api/v1/drf/users/",
        "/api/v1/drf/./users/",
    ],
)
def test_a_path_that_could_be_read_in_two_ways_is_refused(stack: Stack, target: str) -> None:
    answer = send_bytes(stack, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 400 "), answer[:300]


def test_case_counts(stack: Stack) -> None:
    for path in ("/API/v1/drf/services/", "/api/v1/DRF/services/", "/api/v1/drf/Services/"):
        assert requests.get(stack.base_url + path, timeout=10).status_code == 404


# S4


def test_two_parsers_never_differ(stack: Stack, person: Person) -> None:
    """The probes of gateway/tests/test_smuggling.py, with real servers behind: nothing of the inner request happens."""
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(PROBES, pool.map(lambda probe: send_bytes(stack, probe), PROBES.values()), strict=True))

    refused = {name: answer.split(b"\r\n", 1)[0] for name, answer in answers.items()}
    assert {name: line for name, line in refused.items() if line.split(b" ")[1] not in {b"400", b"501"}} == {}
    assert [name for name, answer in answers.items() if answer.endswith(b"<still open>")] == []
    assert person.api.get("/auth/me/")["id"] == person.user_id, "the services' connections are as they were"


# S5


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 10_000 + b"]" * 5_000, id="10,000 deep, cut"),
        pytest.param(b'{"a":' * 1_500 + b"1" + b"}" * 1_500, id="1,500 deep"),
        pytest.param(b'{"id": 1e400, "service_id": 1e400, "email": 1e400}', id="1e400"),
        pytest.param(b'{"id": NaN}', id="NaN"),
        pytest.param(b'{"email": "a", "email": "b", "ids": [1], "ids": [2]}', id="names twice"),
        pytest.param(b'{"email": "\\ud800", "password": "\\udfff"}', id="half a surrogate"),
        pytest.param(b'{"email": "a\\u0000b", "password": "x\\u0000"}', id="NUL"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param(b'{"service_id": 99999999999999999999999999}', id="a number beyond 64 bits"),
    ],
)
def test_no_body_harms(stack: Stack, person: Person, path: str, body: bytes) -> None:
    answer = _send(stack, person, path, body)

    assert answer.status_code < 500, answer.text[:300]
    if answer.status_code >= 400:
        _is_plain(answer)


@pytest.mark.parametrize("path", WRITES)
def test_bodies_have_an_end(stack: Stack, person: Person, path: str) -> None:
    """Declared, in chunks, and packed."""
    whole = _send(stack, person, path, b'{"a":"' + b"x" * 5_000_000 + b'"}')
    chunked = _send(stack, person, path, (b"x" * 50_000 for _ in range(100)))
    packed = _send(stack, person, path, b"\x1f\x8b", **{"Content-Encoding": "gzip"})

    assert [answer.status_code for answer in (whole, chunked, packed)] == [413, 413, 415]
    for answer in (whole, chunked, packed):
        _is_plain(answer)


@pytest.mark.skipif(not FULL, reason="takes ten seconds; part of make attack")
def test_a_body_that_drips_is_cut_off(stack: Stack) -> None:
    head = b"POST /api/v1/drf/auth/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", stack.profile.port("gateway")), timeout=1) as slow:
        slow.sendall(head)
        for _ in range(60):
            slow.sendall(b"{")
            with suppress(TimeoutError):
                answer = slow.recv(4096)
                break

    assert answer.startswith(b"HTTP/1.1 408 ")


def _send(stack: Stack, person: Person, path: str, body: Any, **headers: str) -> requests.Response:
    own = {"Authorization": f"Bearer {person.api.token}", "Content-Type": "application/json", **headers}
    return requests.post(stack.url(path), data=body, headers=own, timeout=15)


def _is_plain(answer: requests.Response) -> None:
    """Hold an error against its form: no stack, no SQL, nothing but sentences and the request's id."""
    told = answer.json()
    assert set(told) == {"status", "message", "code", "errors", "request_id"}
    for word in ("Traceback", "sqlalchemy", "psycopg", "SELECT ", 'File "'):
        assert word not in answer.text
