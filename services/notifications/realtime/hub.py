"""All sockets of this process: who is connected, to whom something happened, who has to go."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from services.notifications.realtime.connection import REPLACED, UNAUTHENTICATED, Connection
from services.notifications.realtime.reading import Place, Reader
from shared.observability import logger

ROUND_SECONDS = 0.02
PING_SECONDS = 25.0
GOING_AWAY = 1001
SHUTDOWN_SECONDS = 20.0
log = logger(__name__)


class Hub:
    """The sockets by person. Used from the event loop only; `note` and `end_sessions` are called through it."""

    def __init__(self, reader: Reader, *, per_user: int, per_network: int, total: int) -> None:
        self._reader = reader
        self._per_user, self._per_network, self._total = per_user, per_network, total
        self._by_user: dict[int, list[Connection]] = defaultdict(list)
        self._networks: Counter[str] = Counter()
        self._dirty: set[int] = set()
        self._woken = asyncio.Event()
        self.count = 0

    def has_room(self, network: str) -> bool:
        """Whether one more socket may be opened from `network`."""
        return self.count < self._total and self._networks[network] < self._per_network

    def admit(self, network: str) -> None:
        """Count a socket, from the handshake on, whoever it will be."""
        self._networks[network] += 1
        self.count += 1

    def enter(self, connection: Connection) -> None:
        """Add a socket; of a person's sixth the oldest goes. It is told nothing before it is welcomed."""
        sockets = self._by_user[connection.user_id]
        sockets.append(connection)
        for oldest in sockets[: -self._per_user]:
            oldest.close(REPLACED, "opened elsewhere")

    def leave(self, connection: Connection) -> None:
        """Forget a socket."""
        sockets = self._by_user[connection.user_id]
        sockets.remove(connection)
        if not sockets:
            del self._by_user[connection.user_id]
            self._dirty.discard(connection.user_id)

    def dismiss(self, network: str) -> None:
        """Count a socket no more."""
        self._networks[network] -= 1
        if not self._networks[network]:
            del self._networks[network]
        self.count -= 1

    def note(self, user_id: int) -> None:
        """Something happened to the person's inbox."""
        if user_id in self._by_user:
            self._dirty.add(user_id)
            self._woken.set()

    def end_sessions(self, session_ids: Iterable[str], *, user_id: int) -> None:
        """Close the person's sockets of these sessions."""
        ended = set(session_ids)
        for connection in self._by_user.get(user_id, ()):
            if connection.session_id in ended:
                connection.close(UNAUTHENTICATED, "session ended")

    def end_person(self, user_id: int) -> None:
        """Close all of the person's sockets."""
        for connection in self._by_user.get(user_id, ()):
            connection.close(UNAUTHENTICATED, "sessions ended")

    async def tell(self) -> None:
        """Bring sockets forward whenever something happened, all people of 20 ms in one look. Runs until cancelled."""
        while True:
            await self._woken.wait()
            await asyncio.sleep(ROUND_SECONDS)
            self._woken.clear()
            dirty, self._dirty = self._dirty, set()
            await self._bring_forward(dirty)

    async def look_after(self) -> None:
        """Every second warn and close; every 25 s ping and look for hints that were lost. Runs until cancelled."""
        pinged_at = time.monotonic()
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for connection in self._all():
                connection.look_after(now)
            if now - pinged_at >= PING_SECONDS:
                pinged_at = now
                await self._bring_forward(set(self._by_user))
                for connection in self._all():
                    connection.tell({"type": "ping", "last_seq": connection.place.seq})

    async def say_goodbye(self) -> None:
        """Ask everybody to come back in a moment, in slices, so that they do not all come at once."""
        connections = self._all()
        slices = max(1, min(len(connections), 100))
        for number in range(slices):
            for connection in connections[number::slices]:
                connection.close(GOING_AWAY, "restart")
            await asyncio.sleep(min(SHUTDOWN_SECONDS, len(connections) / 500) / slices)

    async def _bring_forward(self, people: set[int]) -> None:
        places = {
            user_id: Place(seq=min(one.place.seq for one in sockets), version=min(one.place.version for one in sockets))
            for user_id in people
            if (sockets := self._welcomed(user_id))
        }
        if not places:
            return
        try:
            found = await self._reader.news(places)
        except Exception:
            log.exception("reading_news_failed", people=len(places))
            self._dirty |= set(places)
            await asyncio.sleep(1)
            self._woken.set()
            return
        for user_id, news in found.items():
            for connection in self._welcomed(user_id):
                if not connection.bring_forward(news):
                    self._dirty.add(user_id)
                    asyncio.get_running_loop().call_later(0.2, self._woken.set)

    def _welcomed(self, user_id: int) -> list[Connection]:
        return [connection for connection in self._by_user.get(user_id, ()) if connection.is_welcomed]

    def _all(self) -> list[Connection]:
        return [connection for sockets in self._by_user.values() for connection in sockets]
