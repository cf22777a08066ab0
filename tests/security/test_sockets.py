"""S13: a socket is opened by a ticket that works once, tells its holder only, and ends with their session."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp
import pytest

from deploy.local.stack import Stack
from gateway.routes import OUTSIDE, RouteTable
from services.notifications.realtime.connection import MAX_MESSAGE_BYTES
from tests.e2e.api import Api
from tests.e2e.people import PASSWORD, Person, register
from tests.security import AT_ONCE_SECONDS, FULL
from tests.security.attacker import Forger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

T = TypeVar("T")
PATH = "notifications/ws/"
OURS = "http://localhost:3000"


class Page:
    """A page's socket, as attackers would open it."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._url = stack.url(PATH).replace("http", "ws", 1)
        self._session = session

    async def open(self, query: str = "", **headers: str) -> aiohttp.ClientWebSocketResponse:
        """Connect; raises WSServerHandshakeError with the status of a refusal."""
        return await self._session.ws_connect(self._url + query, headers=headers)

    async def status(self, query: str = "", **headers: str) -> int:
        """Return how a handshake ends: 101, or the status it is refused with."""
        try:
            socket = await self.open(query, **headers)
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status
        await socket.close()
        return 101


@pytest.fixture
def person(stack: Stack) -> Person:
    return register(stack, "socket")


def _ticket(person: Person) -> str:
    return str(person.api.post("/notifications/ws-ticket/")["ticket"])


def _run(stack: Stack, work: Callable[[Page], Awaitable[T]]) -> T:
    async def within() -> T:
        async with aiohttp.ClientSession() as session:
            return await work(Page(stack, session))

    return asyncio.run(within())


async def _close_code(socket: aiohttp.ClientWebSocketResponse, *, seconds: float = 20) -> int | None:
    """Read until the other side closes, and return its code."""
    async with asyncio.timeout(seconds):
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    return socket.close_code


def test_handshakes(stack: Stack, person: Person) -> None:
    async def attack(page: Page) -> dict[str, int]:
        return {
            "our page": await page.status(f"?ticket={_ticket(person)}", Origin=OURS),
            "no page": await page.status(f"?ticket={_ticket(person)}"),
            "another page": await page.status(f"?ticket={_ticket(person)}", Origin="https://evil.example"),
            "no origin at all": await page.status(f"?ticket={_ticket(person)}", Origin="null"),
            "a token in the address": await page.status(f"?token={person.api.token}", Origin=OURS),
            "a bad token": await page.status(Authorization="Bearer x.y.z", Origin=OURS),
        }

    assert _run(stack, attack) == {
        "our page": 101,
        "no page": 101,
        "another page": 403,
        "no origin at all": 403,
        "a token in the address": 400,
        "a bad token": 401,
    }


def test_a_ticket_works_once(stack: Stack, person: Person) -> None:
    ticket = _ticket(person)

    async def attack(page: Page) -> tuple[str, int | str | None]:
        first = await page.open(f"?ticket={ticket}")
        told = (await first.receive_json(timeout=20))["type"]
        try:
            again = await page.open(f"?ticket={ticket}")
        except aiohttp.WSServerHandshakeError as refused:
            return told, refused.status
        return told, await _close_code(again)

    told, refused = _run(stack, attack)
    assert told == "connection_established"
    assert refused in {401, 4401}


def test_a_socket_ends_with_its_session(stack: Stack, person: Person) -> None:
    api = Api(stack.base_url)
    api.token = api.post("/auth/login/", {"email": person.email, "password": PASSWORD})["access_token"]
    ticket = api.post("/notifications/ws-ticket/")["ticket"]

    async def attack(page: Page) -> tuple[int | None, float]:
        socket = await page.open(f"?ticket={ticket}")
        await socket.receive_json(timeout=20)
        await asyncio.to_thread(api.post, "/auth/logout/", {})
        began = time.monotonic()
        return await _close_code(socket), time.monotonic() - began

    code, seconds = _run(stack, attack)
    assert (code, seconds < AT_ONCE_SECONDS) == (4401, True)


@pytest.mark.skipif(not FULL, reason="waits for a token to run out; part of make attack")
def test_a_socket_ends_with_its_token(stack: Stack, person: Person) -> None:
    assert person.api.token is not None
    forger = Forger.with_the_key_of(stack, person.api.token)
    api = Api(stack.base_url)
    api.token = forger.signed(exp=int(time.time()) + 5)
    ticket = api.post("/notifications/ws-ticket/")["ticket"]

    async def attack(page: Page) -> int | None:
        return await _close_code(await page.open(f"?ticket={ticket}"), seconds=66)

    assert _run(stack, attack) == 4401


@pytest.mark.parametrize(
    ("said", "times", "codes"),
    [
        # Who is still sending may lose the code with the connection.
        pytest.param("x" * 1_000_000, 1, {1009, 1006}, id="a megabyte"),
        pytest.param("x" * 60_000, 1, {1009}, id="more than the service takes"),
        pytest.param("nonsense", 5, {4400}, id="nonsense, again and again"),
    ],
)
def test_what_a_socket_may_say(stack: Stack, person: Person, said: str, times: int, codes: set[int]) -> None:
    async def attack(page: Page) -> int | None:
        socket = await page.open(f"?ticket={_ticket(person)}")
        with suppress(ConnectionError):
            for _ in range(times):
                await socket.send_str(said)
        return await _close_code(socket)

    assert _run(stack, attack) in codes


def test_the_gateway_ends_what_its_service_would_end() -> None:
    """Two ends that judge a message differently race to say why the socket closes."""
    for path in ("/notifications/ws/", "/ws/notifications/"):
        route = OUTSIDE.get(path) or RouteTable().find(path)
        assert route is not None
        assert route.message_bytes == MAX_MESSAGE_BYTES


def test_nobody_listens_to_somebody_else(stack: Stack, person: Person) -> None:
    """A socket tells what its ticket's owner is told, whatever it asks for: the owner's own hears it, the other not."""
    other = register(stack, "listener")
    note = {"title": "Note", "message": "for myself", "notification_type": "message", "delivery_channel": "in_app"}

    async def attack(page: Page) -> list[Any]:
        own = await page.open(f"?ticket={_ticket(person)}")
        socket = await page.open(f"?ticket={_ticket(other)}&user_id={person.user_id}")
        await socket.receive_json(timeout=20)
        await socket.send_json({"type": "subscribe", "user_id": person.user_id, "channel": f"user:{person.user_id}"})
        await asyncio.to_thread(person.api.post, "/notifications/", note, expect=201)
        while (await own.receive_json(timeout=20))["type"] != "new_notification":
            pass
        heard = []
        while True:
            try:
                heard.append(await socket.receive_json(timeout=1))
            except TimeoutError:
                return heard

    assert [message for message in _run(stack, attack) if message["type"] == "new_notification"] == []


def test_one_person_holds_few_sockets(stack: Stack, person: Person) -> None:
    async def attack(page: Page) -> int:
        sockets = [await page.open(f"?ticket={_ticket(person)}") for _ in range(8)]
        async with asyncio.timeout(20):
            while True:
                states = await asyncio.gather(*(_is_open(socket) for socket in sockets))
                if states.count(True) <= 5:
                    return states.count(True)

    assert _run(stack, attack) == 5


async def _is_open(socket: aiohttp.ClientWebSocketResponse) -> bool:
    try:
        return await _close_code(socket, seconds=0.3) is None
    except TimeoutError:
        return True


def test_no_log_holds_a_secret(stack: Stack, person: Person) -> None:
    """Access, refresh and device tokens, tickets and passwords: none in any line of any process."""
    signed_in = Api(stack.base_url).post("/auth/login/", {"email": person.email, "password": PASSWORD})
    ticket = _ticket(person)

    async def use(page: Page) -> int:
        return await page.status(f"?ticket={ticket}")

    assert _run(stack, use) == 101
    person.api.raw("GET", f"/auth/me/?access_token={signed_in['access_token']}")
    secrets = [signed_in[name] for name in ("access_token", "refresh_token", "device_token")] + [ticket, PASSWORD]

    logs = list((stack.profile.folder / "logs").glob("*.log*"))
    text = {log.name: log.read_text(errors="replace") for log in logs}

    assert len(logs) > 20
    assert [name for name, lines in text.items() if any(secret in lines for secret in secrets)] == []
    assert [name for name, lines in text.items() if "eyJhbGciOi" in lines or "ert_" in lines] == []
