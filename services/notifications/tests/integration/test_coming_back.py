"""R20: every line is seen once, whatever breaks: pages that are cut off, and a process that is killed or restarted."""

import asyncio
import os
import random
import signal
import time
from typing import Any

import aiohttp

from services.notifications.tests.sockets import Page, Running, ticket, visit, write, write_to
from shared.database import Database
from shared.testing.http import Caller
from shared.testing.proof import FULL, proof, sized

PEOPLE = range(100, 100 + sized(12, full=1_000))
LINES = sized(15, full=50)
TOLD_AT_ONCE = sized(1, full=25)
PAUSE_SECONDS = sized(0, full=100) / 1000
STAYS_SECONDS = (5.0, 60.0) if FULL else (0.1, 1.5)
PATIENCE_SECONDS = sized(100, full=1_500)
RESUMED_WITHIN_SECONDS, PUSHED_WITHIN_SECONDS = 30.0, 1.0


def test_a_returning_page_is_told_what_it_missed(running: Running, http: Caller, database: Database) -> None:
    write(database, *(str(n) for n in range(5)))

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}&after=2")
        assert [(await page.next("new_notification"))["seq"] for _ in range(3)] == [3, 4, 5]
        assert (await page.next("resumed"))["last_seq"] == 5

        await page.say(type="resume", after=5, id=9)
        assert (await page.next("resumed"))["id"] == 9
        await page.say(type="resume", after="x")
        assert (await page.next("error"))["code"] == "malformed"

    visit(running, story)


def test_after_too_much_the_page_reads_the_list_itself(running: Running, http: Caller, database: Database) -> None:
    write(database, *(str(n) for n in range(201)))

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}&after=0")
        assert (await page.next("resync"))["last_seq"] == 201

    visit(running, story)


class Visitor:
    """A page that is cut off again and again, and comes back to where it was."""

    def __init__(self, user_id: int, token: str) -> None:
        self.address = f"198.51.{user_id // 250}.{user_id % 250}"
        self.token = token
        self.last_seq = 0
        self.shown: list[int] = []
        self.late: list[float] = []
        self.visits = 0

    async def stay(
        self, session: aiohttp.ClientSession, running: Running, committed: dict[int, float], seed: int
    ) -> None:
        """Come back until everything was shown."""
        chance = random.Random(seed)
        while len(self.shown) < LINES:
            try:
                await self._visit(session, running, committed, seconds=chance.uniform(*STAYS_SECONDS))
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(chance.uniform(0.1, 1.0))

    async def _visit(
        self, session: aiohttp.ClientSession, running: Running, committed: dict[int, float], *, seconds: float
    ) -> None:
        url = f"{running.url}?after={self.last_seq}"
        protocols = ("estuary.v1", f"bearer.{self.token}")
        socket = await session.ws_connect(url, headers=running.headers(self.address), protocols=protocols)
        self.visits += 1
        try:
            async with asyncio.timeout(RESUMED_WITHIN_SECONDS) as limit:
                is_back = False
                while len(self.shown) < LINES:
                    told = await socket.receive_json()
                    if told["type"] == "resumed":
                        # From now on it is told, and cut off before long.
                        is_back = True
                        limit.reschedule(asyncio.get_running_loop().time() + seconds)
                    elif told["type"] == "new_notification":
                        self.last_seq = told["seq"]
                        self.shown.append(told["notification"]["id"])
                        if is_back and told["notification"]["id"] in committed:
                            self.late.append(time.monotonic() - committed[told["notification"]["id"]])
        except TypeError:
            return  # It was closed.
        finally:
            # As a train in a tunnel does it: nobody says goodbye.
            Page(socket).leave()


class TestEverybodySeesEverythingOnce:
    pytestmark = proof

    def test_cut_off_at_random_and_with_a_killed_process(
        self, running: Running, http: Caller, database: Database
    ) -> None:
        """The promise that sockets are built around. Written in groups of people, to one group after the other."""
        was_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        visitors = {user_id: Visitor(user_id, http.as_user(user_id).token or "") for user_id in PEOPLE}
        committed: dict[int, float] = {}

        async def happen() -> None:
            restarting: asyncio.Task[None] | None = None
            groups = [PEOPLE[first : first + TOLD_AT_ONCE] for first in range(0, len(PEOPLE), TOLD_AT_ONCE)]
            wanted = [(group, f"k{number}") for number in range(LINES) for group in groups]
            began = time.monotonic()
            for position, (group, key) in enumerate(wanted):
                await asyncio.sleep(max(0.0, began + position * PAUSE_SECONDS - time.monotonic()))
                written = await asyncio.to_thread(write_to, database, group, key)
                committed.update(dict.fromkeys(written.values(), time.monotonic()))
                if position == len(wanted) // 2:
                    running.process.kill()
                    running.process.wait()
                    restarting = asyncio.create_task(asyncio.to_thread(running.restart))
            assert restarting is not None
            await restarting

        async def run() -> None:
            connector = aiohttp.TCPConnector(limit=0)
            async with (
                aiohttp.ClientSession(connector=connector) as session,
                asyncio.timeout(PATIENCE_SECONDS),
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(happen())
                for user_id, visitor in visitors.items():
                    tasks.create_task(visitor.stay(session, running, committed, seed=user_id))

        asyncio.run(run())

        for visitor in visitors.values():
            assert len(visitor.shown) == len(set(visitor.shown)) == LINES
            assert visitor.shown == sorted(visitor.shown)
        late = sorted(seconds for visitor in visitors.values() for seconds in visitor.late)
        assert late, "nothing was pushed"
        p50, p95 = (1000 * late[int(len(late) * share)] for share in (0.5, 0.95))
        visits = sum(visitor.visits for visitor in visitors.values())
        print(f"{len(PEOPLE)} people, {LINES} lines each, {visits} visits; pushed {len(late)}: {p50:.0f}/{p95:.0f} ms")
        # A small run, or a machine with other work to do, says nothing about time.
        assert not FULL or was_busy or p95 <= 1000 * PUSHED_WITHIN_SECONDS


def test_a_restart_asks_everybody_to_come_back(running: Running, http: Caller) -> None:
    """The last test of this module: it ends the process."""

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        running.process.send_signal(signal.SIGTERM)
        assert await page.closed() == 1001

    visit(running, story)
    assert running.process.wait(30) == 0
