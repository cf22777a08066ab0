"""S11: a refresh token is worth one thing, once; a session that ends has ended everywhere within a second."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import jwt
import pytest
import requests

from deploy.local.profiles import SERVICES
from deploy.local.stack import Stack
from shared.testing.ports import free_port
from tests.e2e.api import Api, eventually
from tests.e2e.people import PASSWORD, Person, register
from tests.security import AT_ONCE_SECONDS, FULL
from tests.security.attacker import Forger, execute, inside

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WORKERS = 4


@pytest.fixture
def person(stack: Stack) -> Person:
    return register(stack, "session")


def _sign_in(stack: Stack, person: Person) -> dict[str, str]:
    answer: dict[str, str] = Api(stack.base_url).post("/auth/login/", {"email": person.email, "password": PASSWORD})
    return answer


def _refresh(stack: Stack, token: str) -> requests.Response:
    return requests.post(stack.url("auth/token/refresh/"), json={"refresh": token}, timeout=15)


def _status(stack: Stack, access: str) -> int:
    return requests.get(stack.url("auth/me/"), headers={"Authorization": f"Bearer {access}"}, timeout=10).status_code


def _let_the_grace_pass(stack: Stack, access: str) -> None:
    """Wait the ten seconds; in the quick form make the session's row say that they have passed."""
    if FULL:
        time.sleep(11)
        return
    session_id = jwt.decode(access, options={"verify_signature": False})["sid"]
    execute(stack, "auth", "UPDATE sessions SET rotations = '[]' WHERE id = %s", session_id)


def test_fifty_tabs_at_once_get_one_successor(stack: Stack, person: Person) -> None:
    signed_in = _sign_in(stack, person)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: _refresh(stack, signed_in["refresh_token"]), range(50)))

    successors = Counter(answer.json()["data"]["refresh_token"] for answer in answers)
    assert ({answer.status_code for answer in answers}, len(successors)) == ({200}, 1)
    assert _refresh(stack, next(iter(successors))).status_code == 200


def test_a_stolen_token_ends_the_session_for_both(stack: Stack, person: Person) -> None:
    """The thief comes first; when the owner's own copy comes later, nobody can tell them apart, so neither goes on."""
    signed_in = _sign_in(stack, person)
    thief = _refresh(stack, signed_in["refresh_token"]).json()["data"]
    assert _status(stack, thief["access_token"]) == 200
    _let_the_grace_pass(stack, signed_in["access_token"])

    owner = _refresh(stack, signed_in["refresh_token"])

    assert (owner.status_code, owner.json()["code"]) == (401, "token_revoked")
    assert _refresh(stack, thief["refresh_token"]).status_code == 401
    eventually(
        lambda: _status(stack, thief["access_token"]) == 401, seconds=AT_ONCE_SECONDS, what="the access token ends"
    )
    assert _status(stack, _sign_in(stack, person)["access_token"]) == 200


@pytest.mark.parametrize("how", ["logout", "password"])
def test_what_ends_a_session_ends_its_tokens(stack: Stack, person: Person, how: str) -> None:
    here, elsewhere = _sign_in(stack, person), _sign_in(stack, person)
    api = Api(stack.base_url)
    api.token = here["access_token"]

    if how == "logout":
        api.post("/auth/logout/", {"refresh_token": here["refresh_token"]})
        ended = here
    else:
        new = {"new_password": "marigold-kettle-77", "new_password_confirm": "marigold-kettle-77"}
        api.post("/auth/change-password/", {"current_password": PASSWORD, **new})
        ended = elsewhere

    eventually(
        lambda: _status(stack, ended["access_token"]) == 401, seconds=AT_ONCE_SECONDS, what="the access token ends"
    )
    assert _refresh(stack, ended["refresh_token"]).status_code == 401
    if how == "password":
        assert _status(stack, here["access_token"]) == 200, "who changed it goes on"


@pytest.fixture(scope="module")
def crowd(stack: Stack) -> Iterator[str]:
    """A gateway of several workers beside the usual one; yields its address."""
    port = free_port()
    told = {
        "BIND": f"127.0.0.1:{port}",
        "PROBE_BIND": f"127.0.0.1:{free_port()}",
        "GATEWAY_WORKERS": str(WORKERS),
        "DRAIN_SECONDS": "0",
        # Nothing but the event may tell.
        "IDENTITY_POLL_SECONDS": "600",
    }
    environment = {**os.environ, **stack.environment("gateway"), **told}
    process = subprocess.Popen([sys.executable, "-m", "gateway.serve"], env=environment)
    address = f"http://127.0.0.1:{port}/api/v1/drf"
    try:
        eventually(lambda: requests.get(f"{address}/health/", timeout=2).ok, seconds=20, what="the gateway serves")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _everywhere(crowd: str, token: str) -> dict[str, set[int]]:
    """Ask on new connections until every worker has answered."""
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, set[int]] = {}
    for _ in range(400):
        answer = requests.get(f"{crowd}/auth/me/", headers=headers, timeout=10)
        found.setdefault(answer.headers["X-Estuary-Instance"], set()).add(answer.status_code)
        if len(found) == WORKERS:
            break
    return found


def test_a_new_key_is_known_everywhere_before_it_signs(stack: Stack, person: Person, crowd: str) -> None:
    """So nobody is refused when it begins to; and nobody is while the keys change."""
    token = _sign_in(stack, person)["access_token"]
    statuses: Counter[int] = Counter()
    over = Event()

    def browse() -> None:
        while not over.is_set():
            headers = {"Authorization": f"Bearer {token}"}
            statuses[requests.get(f"{crowd}/auth/me/", headers=headers, timeout=15).status_code] += 1

    eventually(lambda: set.union(*_everywhere(crowd, token).values()) == {200}, what="all workers hold the keys")
    with ThreadPoolExecutor(4) as pool:
        try:
            visitors = [pool.submit(browse) for _ in range(4)]
            subprocess.run(
                [sys.executable, "-m", "shared.cli.main", "keys", "rotate"],
                env={**os.environ, **stack.environment("auth")},
                check=True,
                capture_output=True,
            )
            [(kid,)] = execute(stack, "auth", "SELECT kid FROM key_pairs ORDER BY active_from DESC LIMIT 1")
            fresh = Forger.with_the_key_of(stack, token, kid=kid).signed()
            for service in SERVICES:
                path = {"auth": "/auth/me/", "catalog": "/services/"}.get(service, f"/{service}/")
                eventually(
                    lambda path=path, service=service: (  # type: ignore[misc]
                        inside(stack, service, path, signed=True, Authorization=f"Bearer {fresh}").status_code != 401
                    ),
                    seconds=30,
                    what=f"{service} knows the key",
                )
            eventually(
                lambda: set.union(*_everywhere(crowd, fresh).values()) == {200}, seconds=30, what="all workers know it"
            )
        finally:
            over.set()
        for visitor in visitors:
            visitor.result()

    assert (set(statuses), statuses[200] > 0) == ({200}, True)


def test_every_worker_refuses_a_revoked_session_within_a_second(stack: Stack, person: Person, crowd: str) -> None:
    signed_in = _sign_in(stack, person)
    token = signed_in["access_token"]
    eventually(lambda: set.union(*_everywhere(crowd, token).values()) == {200}, what="all workers hold the keys")
    api = Api(stack.base_url)
    api.token = signed_in["access_token"]
    api.post("/auth/logout/", {})

    def refusing() -> bool:
        statuses = _everywhere(crowd, token)
        return len(statuses) == WORKERS and set.union(*statuses.values()) == {401}

    eventually(refusing, seconds=AT_ONCE_SECONDS, what="every worker refuses it")
