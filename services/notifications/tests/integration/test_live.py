"""The promises of the sockets that need a hand on the clock, on a process of our own."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from services.notifications.operations.inbox import set_read
from services.notifications.operations.lines import Line, add_line
from services.notifications.operations.tickets import issue_ticket
from services.notifications.queries import inbox
from services.notifications.realtime import connection as connections
from services.notifications.realtime import hub as hubs
from services.notifications.realtime import server as servers
from services.notifications.realtime.connection import BUFFERED_MESSAGES, Connection
from services.notifications.realtime.reading import News, Place, _news
from services.notifications.realtime.server import Realtime
from services.notifications.settings import Settings
from services.notifications.tests.sockets import PATH, Page, ticket, write
from shared.clock import utc_now
from shared.database import Database
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.messaging.testing import message
from shared.testing.http import Caller
from shared.testing.ports import free_port

Open = Callable[..., Awaitable[Page]]
Story = Callable[[Realtime, Open], Awaitable[None]]


def live(story: Story, **changes: Any) -> None:
    """Run `story(realtime, open_page)` with a realtime process inside this one; nobody carries its hints."""
    port = free_port()
    settings = replace(Settings.from_environ(), realtime_bind=f"127.0.0.1:{port}", **changes)

    async def run() -> None:
        pages: list[Page] = []
        realtime = Realtime(settings)
        runner = web.AppRunner(realtime.application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            async with aiohttp.ClientSession() as session:

                async def open_page(query: str = "", ip: str = "203.0.113.7", **options: Any) -> Page:
                    key, now = settings.edge_key.encode(), int(time.time())
                    signed = sign_edge(key, method="GET", path=PATH, ip=ip, request_id="test", now=now)
                    headers = {EDGE_HEADER: signed, **options.pop("headers", {})}
                    url = f"http://127.0.0.1:{port}{PATH}{query}"
                    pages.append(Page(await session.ws_connect(url, headers=headers, **options)))
                    return pages[-1]

                await story(realtime, open_page)
                for page in pages:
                    page.leave()
        finally:
            await runner.cleanup()

    asyncio.run(run())


def timed_ticket(database: Database, *, until: datetime, session_id: str = "s1") -> str:
    with database.transaction() as session:
        return issue_ticket(session, user_id=7, session_id=session_id, token_expires_at=until, now=utc_now())


def test_a_token_that_runs_out_closes_the_socket(http: Caller, database: Database) -> None:
    until = utc_now() + timedelta(seconds=2)

    async def story(_realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={timed_ticket(database, until=until)}")
        assert await page.closed() == 4401
        assert utc_now() - until < timedelta(seconds=5)

    live(story)


def test_a_socket_lives_on_with_a_new_token(http: Caller, database: Database) -> None:
    until = utc_now() + timedelta(seconds=30)

    async def story(_realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={timed_ticket(database, until=until)}")
        assert (await page.next("token_expiring"))["expires_at"] == int(until.timestamp())
        await page.say(type="auth", token=http.as_user(7).token, id="new")
        renewed = await page.next("connection_established")
        assert (renewed["id"], renewed["expires_at"] > until.timestamp() + 60) == ("new", True)

    live(story)


@pytest.mark.parametrize(
    ("type_", "data", "code"),
    [
        ("session.revoked", {"kind": "session", "session_ids": ["s1"], "user_id": 7}, 4401),
        ("session.revoked", {"kind": "user", "session_ids": [], "user_id": 7}, 4401),
        ("user.changed", {"id": 7, "is_active": False}, 4401),
        ("session.revoked", {"kind": "session", "session_ids": ["s2"], "user_id": 7}, None),
        ("session.revoked", {"kind": "user", "session_ids": [], "user_id": 8}, None),
    ],
)
def test_who_logs_out_elsewhere_is_closed_within_a_second(
    http: Caller, database: Database, type_: str, data: dict[str, Any], code: int | None
) -> None:
    async def story(realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={timed_ticket(database, until=utc_now() + timedelta(minutes=5))}")
        await page.next("connection_established")
        realtime._hear(message(type_, data))
        if code is None:
            await page.say(type="ping")
            await page.next("pong")
        else:
            assert await page.closed(seconds=1) == code

    live(story)


def test_a_lost_hint_is_made_up_for_at_the_next_ping(
    http: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody relays hints here, so this is also what happens when the broker is down."""
    monkeypatch.setattr(hubs, "PING_SECONDS", 1.0)

    async def story(_realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        [key] = write(database, "unheard of")
        told = await page.next("new_notification")
        assert told["notification"]["id"] == key
        assert (await page.next("ping"))["last_seq"] == 1
        with pytest.raises(TimeoutError):
            await page.next("new_notification", seconds=1.2)

    live(story)


def test_hints_that_come_again_or_late_tell_nothing_twice(http: Caller, database: Database) -> None:
    async def story(realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        write(database, "a", "b")
        for _ in range(5):
            realtime._hear(message("inboxes.hint", {"user_ids": [7, 8]}))
            realtime._hear(message("inbox.hint", {"user_id": 7, "last_seq": 1}))
            await asyncio.sleep(0.03)
        assert [(await page.next("new_notification"))["seq"] for _ in range(2)] == [1, 2]
        with pytest.raises(TimeoutError):
            await page.next("new_notification", seconds=0.3)

    live(story)


def test_what_folds_moves_to_the_top_and_says_so(http: Caller, database: Database) -> None:
    def fold(key: str) -> None:
        line = Line(user_id=7, kind="k", notification_type="review", title=key, message="m", dedupe_key=key,
                    collapse_key="c")  # fmt: skip
        with database.transaction() as session:
            add_line(session, line, now=utc_now())

    async def story(realtime: Realtime, open_page: Open) -> None:
        fold("first")
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        fold("second")
        realtime._hear(message("inbox.hint", {"user_id": 7}))
        told = await page.next("new_notification")
        assert (told["seq"], told["notification"]["count"], told["unread_count"]) == (2, 2, 1)
        update = await page.next("notification_update")
        assert (update["update_type"], update["data"]["ids"]) == ("collapsed", [told["notification"]["id"]])

    live(story)


def test_who_is_silent_is_closed(http: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "AUTH_SECONDS", 0.2)
    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.5)

    async def story(_realtime: Realtime, open_page: Open) -> None:
        nobody, somebody = await open_page(), await open_page(f"?ticket={ticket(http)}")
        assert await nobody.closed() == 4408
        assert await somebody.closed() == 4408

    live(story)


def test_a_megabyte_is_too_much(http: Caller) -> None:
    async def story(_realtime: Realtime, open_page: Open) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        await page.socket.send_str("x" * 2**20)
        assert await page.closed() == 1009

    live(story)


def test_a_network_and_a_process_have_room_for_so_many_and_strangers_count(http: Caller) -> None:
    async def story(_realtime: Realtime, open_page: Open) -> None:
        strangers = [await open_page() for _ in range(3)]
        for ip in ("203.0.113.7", "203.0.113.8"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await open_page(f"?ticket={ticket(http)}", ip=ip)
            assert refused.value.status == 503
            await strangers.pop().socket.close()
            await asyncio.sleep(0.1)
            if ip == "203.0.113.7":
                strangers.append(await open_page(ip="203.0.113.9"))

    live(story, sockets_per_network=3, sockets_max=3)


def test_no_token_is_in_any_log(http: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    me = http.as_user(7)

    async def story(_realtime: Realtime, open_page: Open) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await open_page(f"?token={me.token}")
        assert refused.value.status == 400
        page = await open_page(protocols=("estuary.v1", f"bearer.{me.token}"))
        await page.say(type="auth", token=me.token)
        await page.next("connection_established")

    live(story)
    assert me.token
    assert me.token not in caplog.text


class DeafSocket:
    """A reader that never reads: nothing that is sent to it ever arrives."""

    def __init__(self) -> None:
        self.closed_with: list[int] = []
        self.sent = 0

    async def send_str(self, _text: str) -> None:
        self.sent += 1
        await asyncio.Event().wait()

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed_with.append(code)

    def __aiter__(self) -> "DeafSocket":
        return self

    async def __anext__(self) -> Any:
        await asyncio.Event().wait()


class NoReader:
    """An inbox that nothing is in."""

    async def numbers(self, _user_id: int) -> Any:
        return News(last_seq=0, version=0, unread_count=0)


def test_a_reader_that_never_reads_fills_its_buffer_and_is_closed() -> None:
    async def story() -> None:
        socket = DeafSocket()
        connection = Connection(
            socket,
            NoReader(),
            user_id=7,
            session_id=None,
            expires_at=int(time.time()) + 600,  # type: ignore[arg-type]
        )
        welcomed = asyncio.Event()
        running = asyncio.create_task(connection.run(None, None, welcomed.set))  # type: ignore[arg-type]
        await welcomed.wait()
        await asyncio.sleep(0)
        taken = sum(connection.tell({"type": "ping", "n": number}) for number in range(10_000))
        assert taken <= BUFFERED_MESSAGES + 1

        connection.look_after(time.monotonic() + 29)
        assert socket.closed_with == []
        connection.look_after(time.monotonic() + 31)
        await asyncio.wait([running])
        assert socket.closed_with == [4410]

    asyncio.run(story())


def test_marks_of_the_app_reach_open_pages_too(http: Caller, database: Database) -> None:
    async def story(realtime: Realtime, open_page: Open) -> None:
        [key] = write(database, "a")
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        with database.transaction() as session:
            set_read(session, user_id=7, notification_id=int(key or 0), is_read=True, now=utc_now())
        realtime._hear(message("inbox.hint", {"user_id": 7}))
        update = await page.next("notification_update")
        assert json.dumps(update["data"]) == json.dumps({"ids": [key], "unread_count": 0, "last_seq": 1})
        await page.say(type="get_unread_count", id=3)
        assert (await page.next("unread_count"))["count"] == 0
        await page.say(type="mark_unread", notification_id=key)
        assert (await page.next("marked_unread"))["unread_count"] == 1
        await page.say(type="mark_all_read", up_to_seq=0)
        assert (await page.next("marked_all_read"))["count"] == 0
        await page.say(type="mark_all_read")
        assert (await page.next("marked_all_read"))["count"] == 1

    live(story)


class _BetweenReads:
    """A connection on which something is committed after the first statement."""

    def __init__(self, connection: Any, happen: Callable[[], object]) -> None:
        self._connection, self._happen, self._reads = connection, happen, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, *arguments: Any, **options: Any) -> Any:
        result = self._connection.execute(*arguments, **options)
        self._reads += 1
        if self._reads == 1:
            self._happen()
        return result


@pytest.mark.parametrize("before", [0, 1])
def test_what_is_committed_between_two_reads_is_told_the_next_time_and_once(database: Database, before: int) -> None:
    """The first line of a person who had no inbox yet, and one more of a person who had."""
    write(database, *(f"before {number}" for number in range(before)))
    places = {7: Place()}
    with database.reading() as connection:
        torn = _BetweenReads(connection, lambda: write(database, "meanwhile"))
        first = _news(torn, places).get(7)  # type: ignore[arg-type]
        place = Place(seq=first.last_seq, version=first.version) if first else Place()
        second = _news(connection, {7: place})[7]

    told = [row["title"] for news in (first, second) if news for row in news.rows]
    assert told == [*(f"before {number}" for number in range(before)), "meanwhile"]


def test_a_page_that_comes_back_misses_nothing_that_is_committed_meanwhile(database: Database) -> None:
    write(database, "before")
    with database.reading() as connection:
        numbers = inbox.inbox_numbers(connection, 7)
        write(database, "meanwhile")
        rows, _ = inbox.since(connection, user_id=7, after=0, up_to=numbers.last_seq, limit=10)
        later, _ = inbox.since(connection, user_id=7, after=numbers.last_seq, up_to=2, limit=10)

    assert [row["title"] for row in rows] == ["before"]
    assert [row["title"] for row in later] == ["meanwhile"]
