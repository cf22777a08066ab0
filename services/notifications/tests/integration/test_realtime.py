"""What open pages are told and may say, on a really running realtime process, relay and broker."""

import statistics
import time
from typing import Any

import aiohttp
import pytest

from services.notifications.tests.sockets import Page, Running, ticket, visit, write
from shared.database import Database
from shared.identity.edge import EDGE_HEADER
from shared.testing.http import Caller


def test_what_happens_reaches_the_open_page(running: Running, http: Caller, database: Database) -> None:
    write(database, "before")

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        hello = await page.next("connection_established")
        assert (hello["unread_count"], hello["last_seq"]) == (1, 1)

        delays = []
        for seq in range(2, 7):
            started = time.monotonic()
            [key] = write(database, f"now {seq}")
            told = await page.next("new_notification")
            delays.append(time.monotonic() - started)
            assert (told["seq"], told["notification"]["id"], told["unread_count"]) == (seq, key, seq)
        assert statistics.median(delays) < 5.0

    visit(running, story)


def test_fifty_at_once_are_told_once_and_in_order(running: Running, http: Caller, database: Database) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        write(database, *(str(n) for n in range(50)))
        told = [(await page.next("new_notification"))["seq"] for _ in range(50)]
        assert told == list(range(1, 51))

    visit(running, story)


def test_pages_agree_about_what_is_read(running: Running, http: Caller, database: Database) -> None:
    [key] = write(database, "a")

    async def story(open_page: Any) -> None:
        first, second = [await open_page(f"?ticket={ticket(http)}") for _ in range(2)]
        for page in (first, second):
            await page.next("connection_established")

        await first.say(type="mark_read", notification_id=key, id=1)
        assert (await first.next("marked_read"))["unread_count"] == 0
        update = await second.next("notification_update")
        assert (update["update_type"], update["data"]["ids"], update["data"]["unread_count"]) == ("read", [key], 0)

        http.as_user(7).delete(f"/notifications/{key}/")
        assert (await second.next("notification_update"))["update_type"] == "deleted"
        await second.say(type="mark_read", notification_id=key)
        assert (await second.next("error"))["code"] == "not_found"
        await second.say(type="mark_read", notification_id="x")
        assert (await second.next("error"))["code"] == "not_found"

    visit(running, story)


def test_others_are_told_nothing(running: Running, http: Caller, database: Database) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http, 8)}")
        await page.next("connection_established")
        [key] = write(database, "not yours")
        await page.say(type="mark_read", notification_id=key)
        assert (await page.next("error"))["code"] == "not_found"
        with pytest.raises(TimeoutError):
            await page.next("new_notification", seconds=0.5)

    visit(running, story)


def test_a_ticket_opens_one_door_once(running: Running, http: Caller) -> None:
    used = ticket(http)

    async def story(open_page: Any) -> None:
        await open_page(f"?ticket={used}")
        for query in (f"?ticket={used}", "?ticket=invented", "?ticket="):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await open_page(query)
            assert refused.value.status == 401

    visit(running, story)


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?token=x", {}, 400),
        ("?access_token=x", {}, 400),
        ("?jwt=x", {}, 400),
        ("", {"Origin": "https://app.example.evil.com"}, 403),
        ("", {"Origin": "null"}, 403),
        ("", {EDGE_HEADER: "t=1,ip=1.2.3.4,id=x,v1=00"}, 401),
        ("", {"Sec-WebSocket-Protocol": "estuary.v1, bearer.invented"}, 401),
    ],
)
def test_refused_handshakes(running: Running, query: str, headers: dict[str, str], status: int) -> None:
    async def story(open_page: Any) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await open_page(query, headers=headers)
        assert refused.value.status == status

    visit(running, story)


def test_ways_to_sign_in(running: Running, http: Caller, database: Database) -> None:
    me = http.as_user(7)

    async def story(open_page: Any) -> None:
        by_protocol = await open_page(protocols=("estuary.v1", f"bearer.{me.token}"))
        assert by_protocol.socket.protocol == "estuary.v1"
        await by_protocol.next("connection_established")

        by_message = await open_page(headers={"Origin": "http://localhost:3000"})
        await by_message.say(type="auth", token=me.token)
        await by_message.next("connection_established")
        await by_message.say(type="auth", token=http.as_user(8).token)
        assert await by_message.closed() == 4401

        refused = await open_page()
        await refused.say(type="auth", token="nonsense")
        assert await refused.closed() == 4401

    visit(running, story)


def test_the_sixth_socket_ends_the_first(running: Running, http: Caller) -> None:
    async def story(open_page: Any) -> None:
        pages = [await open_page(f"?ticket={ticket(http)}") for _ in range(6)]
        await pages[5].next("connection_established")
        assert await pages[0].closed() == 4409
        await pages[1].say(type="ping")
        await pages[1].next("pong")

    visit(running, story)


@pytest.mark.parametrize(
    ("send", "code"),
    [
        pytest.param(lambda page: page.socket.send_bytes(b"x"), 1003, id="binary"),
        pytest.param(lambda page: page.socket.send_str("x" * 5_000), 1009, id="too large"),
        pytest.param(lambda page: _repeat(page, "{", 3), 4400, id="malformed"),
        pytest.param(lambda page: _repeat(page, '{"type":"ping"}', 25), 4429, id="flood"),
    ],
)
def test_abuse_is_closed(running: Running, http: Caller, send: Any, code: int) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        await send(page)
        assert await page.closed() == code

    visit(running, story)


def test_who_talks_on_is_told_why_it_closes(running: Running, http: Caller) -> None:
    """A connection that is closed before the other side has answered is reset, and the code is lost with it."""

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        await _repeat(page, "{", 3)
        for _ in range(2):
            # Nothing is read meanwhile: the page is busy.
            time.sleep(0.3)  # noqa: ASYNC251
            await page.socket.send_str("{")
        assert await page.closed() == 4400

    visit(running, story)


async def _repeat(page: Page, text: str, times: int) -> None:
    for _ in range(times):
        await page.socket.send_str(text)


def test_unknown_types_are_answered(running: Running, http: Caller) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.say(type="run", id="q")
        error = await page.next("error")
        assert (error["code"], error["id"]) == ("unknown_type", "q")

    visit(running, story)
