"""`/rtc`: people who come by a real token and socket. Signalling only: no media flows, so nothing is seen or heard.

Source: livekit-protocol's SignalRequest and SignalResponse. A closed tab is a participant who left.
"""

import time
from contextlib import suppress

from aiohttp import WSMsgType, web
from livekit.protocol import models as model_messages
from livekit.protocol import rtc as rtc_messages

from .errors import TwirpError
from .hall import Hall, Person
from .settings import Settings
from .twirp import verified


class Sockets:
    """The door of the rooms."""

    def __init__(self, settings: Settings, hall: Hall) -> None:
        self.settings = settings
        self.hall = hall

    async def validate(self, request: web.Request) -> web.Response:
        """Say whether a token would be let in."""
        try:
            claims = verified(self.settings, request.query.get("access_token", ""))
        except TwirpError as refused:
            return web.Response(status=401, text=refused.message)
        if claims.video is None or not claims.video.room_join:
            return web.Response(status=401, text="no permission to join")
        return web.Response(text="success")

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Let somebody in, for as long as their socket is open."""
        refused = await self.validate(request)
        if refused.status != 200:
            return refused
        claims = verified(self.settings, request.query["access_token"])
        assert claims.video is not None
        room, identity = claims.video.room, claims.identity
        try:
            person = self.hall.enter(
                room, identity, claims.video, name=claims.name, attributes=dict(claims.attributes or {})
            )
        except TwirpError as full:
            return web.Response(status=full.status, text=full.message)
        socket = web.WebSocketResponse(heartbeat=10)
        await socket.prepare(request)

        async def close(reason: int) -> None:
            leave = rtc_messages.LeaveRequest(reason=reason)  # type: ignore[arg-type]
            with suppress(ConnectionError, RuntimeError):
                await socket.send_bytes(rtc_messages.SignalResponse(leave=leave).SerializeToString())
                await socket.close()

        person.close = close
        await socket.send_bytes(self._welcome(room, person))
        try:
            async for message in socket:
                if message.type == WSMsgType.BINARY and not await self._answer(socket, room, person, message.data):
                    break
        finally:
            with suppress(TwirpError):
                # Somebody who was put out, or came a second time, is not to be put out again.
                if self.hall.person(room, identity) is person:
                    self.hall.leave(room, identity)
        return socket

    def _welcome(self, room: str, person: Person) -> bytes:
        space = self.hall.space(room)
        others = [one.info for one in space.people.values() if one is not person]
        joined = rtc_messages.JoinResponse(
            room=self.hall.shown(space),
            participant=person.info,
            other_participants=others,
            server_version="1.9.0",
            ping_timeout=15,
            ping_interval=5,
        )
        return rtc_messages.SignalResponse(join=joined).SerializeToString()

    async def _answer(self, socket: web.WebSocketResponse, room: str, person: Person, data: bytes) -> bool:
        """Do what a signal asks; return whether they stay."""
        wish = rtc_messages.SignalRequest.FromString(data)
        kind = wish.WhichOneof("message")
        if kind == "leave":
            return False
        if kind == "ping_req":
            pong = rtc_messages.Pong(last_ping_timestamp=wish.ping_req.timestamp, timestamp=int(time.time() * 1000))
            await socket.send_bytes(rtc_messages.SignalResponse(pong_resp=pong).SerializeToString())
        if kind == "add_track":
            track = model_messages.TrackInfo(type=wish.add_track.type, name=wish.add_track.name)
            track.source = wish.add_track.source
            with suppress(TwirpError):
                published = self.hall.publish(room, person.info.identity, track)
                told = rtc_messages.TrackPublishedResponse(cid=wish.add_track.cid, track=published)
                await socket.send_bytes(rtc_messages.SignalResponse(track_published=told).SerializeToString())
        return True
