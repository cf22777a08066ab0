"""One open socket: who holds it, how much it was told, what it says, and when it is closed.

Nothing that happens is pushed as it happens: a socket remembers the place in its inbox up to which it was told, and is
brought forward from there. So order, repetition and loss of hints do not matter.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import WSMsgType
from aiohttp.web import WebSocketResponse

from services.notifications.queries.inbox import presented
from services.notifications.realtime.reading import News, Place, Reader
from shared.clock import utc_now

MAX_MESSAGE_BYTES = 4 * 1024
BUFFERED_MESSAGES = 64
BEHIND_SECONDS = 30.0
SILENT_SECONDS = 60.0
MESSAGES_PER_WINDOW, WINDOW_SECONDS = 20, 10.0
MALFORMED_MAX = 3
EXPIRING_SECONDS = 60
CLOSING_SECONDS = 5.0

BINARY, MALFORMED, UNAUTHENTICATED, SILENT, REPLACED, SLOW, FLOODING = 1003, 4400, 4401, 4408, 4409, 4410, 4429

Message = dict[str, Any]
Renew = Callable[[str], Awaitable[int | None]]


class Connection:
    """A person's socket. `expires_at` is when its token runs out, in unix seconds."""

    def __init__(
        self, socket: WebSocketResponse, reader: Reader, *, user_id: int, session_id: str | None, expires_at: int
    ) -> None:
        self.socket = socket
        self.user_id = user_id
        self.session_id = session_id
        self.expires_at = expires_at
        self.opened_at = int(time.time())
        self.place = Place()
        self.is_welcomed = False
        self.unread_count = 0
        self._reader = reader
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(BUFFERED_MESSAGES)
        self._heard_at = time.monotonic()
        self._behind_since: float | None = None
        self._spoken: deque[float] = deque(maxlen=MESSAGES_PER_WINDOW + 1)
        self._malformed = 0
        self._was_warned = False
        self._is_resuming = False
        self._listening: asyncio.Task[None] | None = None
        self._farewell: tuple[int, str] | None = None

    async def run(self, renew: Renew, after: int | None, on_welcomed: Callable[[], None]) -> None:
        """Serve the socket until it closes. `renew(token)` checks a new token and returns when it runs out.

        `on_welcomed` is called as soon as the socket knows its place, and can be brought forward from there.
        """
        writer = asyncio.create_task(self._write())
        try:
            await self._welcome(after)
            self.is_welcomed = True
            on_welcomed()
            if self._farewell is None:
                self._listening = asyncio.create_task(self._listen(renew))
                await asyncio.wait([self._listening])
                if not self._listening.cancelled():
                    self._listening.result()
        finally:
            writer.cancel()
            if self._listening is not None:
                self._listening.cancel()
            if self._farewell is not None:
                code, reason = self._farewell
                # Reads on until the other side has answered: closed with bytes unread, the connection would be reset,
                # and the reset would overtake the code.
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSING_SECONDS):
                        await self.socket.close(code=code, message=reason.encode())

    async def _listen(self, renew: Renew) -> None:
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                self.close(BINARY, "text only")
                return
            self._heard_at = time.monotonic()
            if self._is_flooding():
                self.close(FLOODING, "too many messages")
                return
            await self._hear(message.data, renew)

    def tell(self, message: Message) -> bool:
        """Queue a message; False when the reader is too slow and has to be brought forward later."""
        try:
            self._outgoing.put_nowait(orjson.dumps(message, option=orjson.OPT_UTC_Z))
        except asyncio.QueueFull:
            self._behind_since = self._behind_since or time.monotonic()
            return False
        return True

    def bring_forward(self, news: News) -> bool:
        """Tell what is new since this socket's place; False if the reader took only a part of it."""
        if self._is_resuming:
            return False
        if news.version <= self.place.version:
            return True
        if news.is_cut:
            told = self.tell({"type": "resync", "last_seq": news.last_seq, "unread_count": news.unread_count})
            return self._move(Place(seq=news.last_seq, version=news.version), news) if told else False
        start = self.place
        fresh = [row for row in news.rows if row["seq"] > start.seq]
        for row, shown in zip(fresh, presented(fresh, now=utc_now()), strict=True):
            told = self.tell(
                {
                    "type": "new_notification",
                    "seq": row["seq"],
                    "notification": shown,
                    "unread_count": news.unread_count,
                }
            )
            if not told:
                return False
            self.place = Place(seq=row["seq"], version=start.version)
        changed = [row for row in news.rows if row["seq"] <= start.seq and row["inbox_version"] > start.version]
        updates = {
            "collapsed": [row["id"] for row in fresh if row["count"] > 1],
            "read": [row["id"] for row in changed if row["is_read"]],
            "unread": [row["id"] for row in changed if not row["is_read"]],
            "deleted": [key for seq, key in news.deleted.items() if seq > start.seq],
        }
        for kind, ids in updates.items():
            data = {"ids": ids, "unread_count": news.unread_count, "last_seq": news.last_seq}
            if ids and not self.tell({"type": "notification_update", "update_type": kind, "data": data}):
                return False
        return self._move(Place(seq=news.last_seq, version=news.version), news)

    def look_after(self, now: float) -> None:
        """Warn of a token that runs out, and close what is dead, too slow or no longer permitted."""
        left = self.expires_at - time.time()
        if left <= 0:
            self.close(UNAUTHENTICATED, "token expired")
        elif left <= EXPIRING_SECONDS and not self._was_warned:
            self._was_warned = True
            self.tell({"type": "token_expiring", "expires_at": self.expires_at})
        if now - self._heard_at > SILENT_SECONDS:
            self.close(SILENT, "no sign of life")
        if self._behind_since is not None and now - self._behind_since > BEHIND_SECONDS:
            self.close(SLOW, "too slow")

    def close(self, code: int, reason: str) -> None:
        """Close soon, with a code; a reader that does not answer is not waited for."""
        if self._farewell is None:
            self._farewell = (code, reason)
            if self._listening is not None:
                self._listening.cancel()

    def _move(self, place: Place, news: News) -> bool:
        self.place, self.unread_count = place, news.unread_count
        return True

    async def _welcome(self, after: int | None) -> None:
        numbers = await self._reader.numbers(self.user_id)
        self.place = Place(seq=numbers.last_seq, version=numbers.version)
        self.unread_count = numbers.unread_count
        self.tell(
            {
                "type": "connection_established",
                "unread_count": self.unread_count,
                "last_seq": self.place.seq,
                "expires_at": self.expires_at,
            }
        )
        if after is not None:
            await self._resume(after, {})

    async def _write(self) -> None:
        while True:
            message = await self._outgoing.get()
            await self.socket.send_str(message.decode())
            if self._outgoing.empty():
                self._behind_since = None

    def _is_flooding(self) -> bool:
        now = time.monotonic()
        self._spoken.append(now)
        return len(self._spoken) > MESSAGES_PER_WINDOW and now - self._spoken[0] < WINDOW_SECONDS

    async def _hear(self, text: str, renew: Renew) -> None:
        try:
            message = orjson.loads(text)
            kind = message["type"]
            answer = getattr(self, f"_on_{kind}") if kind in _KNOWN else None
            echoed = {"id": message["id"]} if isinstance(message.get("id"), str | int) else {}
        except (ValueError, KeyError, TypeError):
            self._malformed += 1
            self.tell({"type": "error", "code": "malformed", "message": "Send a JSON object with a type."})
            if self._malformed >= MALFORMED_MAX:
                self.close(MALFORMED, "malformed")
            return
        if kind == "auth":
            await self._renew(message, renew, echoed)
        elif answer is None:
            self._refuse("unknown_type", "This type is not known.", kind, echoed)
        else:
            await answer(message, echoed)

    def _refuse(self, code: str, sentence: str, request: object, echoed: Message) -> None:
        self.tell({"type": "error", "code": code, "message": sentence, "request": str(request)[:60], **echoed})

    async def _renew(self, message: Message, renew: Renew, echoed: Message) -> None:
        expires_at = await renew(str(message.get("token", "")))
        if expires_at is None:
            self.close(UNAUTHENTICATED, "token refused")
            return
        self.expires_at, self._was_warned = expires_at, False
        self.tell(
            {
                "type": "connection_established",
                "unread_count": self.unread_count,
                "last_seq": self.place.seq,
                "expires_at": expires_at,
                **echoed,
            }
        )

    async def _on_resume(self, message: Message, echoed: Message) -> None:
        after = message.get("after")
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            self._refuse("malformed", "after must be a number.", "resume", echoed)
            return
        await self._resume(after, echoed)

    async def _resume(self, after: int, echoed: Message) -> None:
        """Tell what was missed, in order: nothing newer is told in between."""
        self._is_resuming = True
        try:
            await self._tell_missed(after, echoed)
        finally:
            self._is_resuming = False

    async def _tell_missed(self, after: int, echoed: Message) -> None:
        missed = await self._reader.missed(self.user_id, after)
        if missed is None:
            self.tell({"type": "resync", "last_seq": self.place.seq, "unread_count": self.unread_count, **echoed})
            return
        for row, shown in zip(missed.rows, presented(missed.rows, now=utc_now()), strict=True):
            # A reader that is slower than 64 messages drains while we wait here: the loop goes on for everybody else.
            await self._outgoing.put(
                orjson.dumps(
                    {
                        "type": "new_notification",
                        "seq": row["seq"],
                        "notification": shown,
                        "unread_count": missed.unread_count,
                    },
                    option=orjson.OPT_UTC_Z,
                )
            )
        self._move(Place(seq=missed.last_seq, version=missed.version), missed)
        self.tell({"type": "resumed", "last_seq": missed.last_seq, **echoed})

    async def _on_mark_read(self, message: Message, echoed: Message) -> None:
        await self._mark(message, echoed, is_read=True)

    async def _on_mark_unread(self, message: Message, echoed: Message) -> None:
        await self._mark(message, echoed, is_read=False)

    async def _mark(self, message: Message, echoed: Message, *, is_read: bool) -> None:
        key = message.get("notification_id")
        unread = None
        if isinstance(key, int) and not isinstance(key, bool) and 0 < key < 2**63:
            unread = await self._reader.set_read(self.user_id, key, is_read=is_read)
        if unread is None:
            self._refuse("not_found", "There is no such notification.", message["type"], echoed)
            return
        told = "marked_read" if is_read else "marked_unread"
        self.tell({"type": told, "notification_id": key, "unread_count": unread, **echoed})

    async def _on_mark_all_read(self, message: Message, echoed: Message) -> None:
        up_to = message.get("up_to_seq")
        up_to = up_to if isinstance(up_to, int) and not isinstance(up_to, bool) and 0 <= up_to < 2**63 else None
        count, unread = await self._reader.set_all_read(self.user_id, up_to)
        self.tell({"type": "marked_all_read", "count": count, "unread_count": unread, **echoed})

    async def _on_get_unread_count(self, _message: Message, echoed: Message) -> None:
        self.tell({"type": "unread_count", "count": self.unread_count, **echoed})

    async def _on_ping(self, _message: Message, echoed: Message) -> None:
        self.tell({"type": "pong", **echoed})

    async def _on_pong(self, _message: Message, _echoed: Message) -> None:
        """Take a sign of life."""


_KNOWN = frozenset({"resume", "mark_read", "mark_unread", "mark_all_read", "get_unread_count", "ping", "pong"})
