"""The calls: `POST /twirp/livekit.{Service}/{Method}`, protobuf or JSON, with the grants that each needs.

Source: https://docs.livekit.io/reference/server/server-apis/ and livekit-protocol's messages.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message
from livekit.api import TokenVerifier
from livekit.api.access_token import Claims
from livekit.protocol import egress as egress_messages
from livekit.protocol import room as room_messages
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room

from .egress import Recorder
from .errors import TwirpError
from .hall import Hall
from .settings import Settings


@dataclass(frozen=True)
class Method:
    """A call: what it reads, which grant it needs (of which room, where the request names one), what it does."""

    reads: type[Message]
    grant: str
    does: Callable[[Any], Message]
    room: str | None = None


class Twirp:
    """All calls that are known."""

    def __init__(self, settings: Settings, hall: Hall, recorder: Recorder) -> None:
        self.settings = settings
        self.hall = hall
        self.recorder = recorder
        m, e = room_messages, egress_messages
        self.methods = {
            "RoomService/CreateRoom": Method(m.CreateRoomRequest, "room_create", hall.create),
            "RoomService/ListRooms": Method(m.ListRoomsRequest, "room_list", self._list_rooms),
            "RoomService/DeleteRoom": Method(m.DeleteRoomRequest, "room_create", self._delete_room),
            "RoomService/ListParticipants": Method(m.ListParticipantsRequest, "room_admin", self._people, "room"),
            "RoomService/GetParticipant": Method(m.RoomParticipantIdentity, "room_admin", self._person, "room"),
            "RoomService/RemoveParticipant": Method(m.RoomParticipantIdentity, "room_admin", self._remove, "room"),
            "RoomService/UpdateParticipant": Method(m.UpdateParticipantRequest, "room_admin", self._update, "room"),
            "RoomService/MutePublishedTrack": Method(m.MuteRoomTrackRequest, "room_admin", self._mute, "room"),
            "RoomService/SendData": Method(m.SendDataRequest, "room_admin", self._send, "room"),
            "RoomService/UpdateRoomMetadata": Method(m.UpdateRoomMetadataRequest, "room_admin", self._note, "room"),
            "Egress/StartRoomCompositeEgress": Method(e.RoomCompositeEgressRequest, "room_record", recorder.start),
            "Egress/StopEgress": Method(e.StopEgressRequest, "room_record", lambda wish: recorder.stop(wish.egress_id)),
            "Egress/ListEgress": Method(
                e.ListEgressRequest,
                "room_record",
                lambda wish: e.ListEgressResponse(items=recorder.listed(wish)),
            ),
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        is_json = request.content_type == "application/json"
        try:
            answer = await self._answer(request, is_json=is_json)
        except TwirpError as refused:
            return web.json_response({"code": refused.code, "msg": refused.message}, status=refused.status)
        if is_json:
            return web.Response(text=MessageToJson(answer), content_type="application/json")
        return web.Response(body=answer.SerializeToString(), content_type="application/protobuf")

    async def _answer(self, request: web.Request, *, is_json: bool) -> Message:
        method = self.methods.get(f"{request.match_info['service']}/{request.match_info['method']}")
        if method is None:
            raise TwirpError("bad_route", f"no handler for path {request.path}")
        claims = self._claims(request)
        wish = _read(method.reads, await request.read(), is_json=is_json)
        _check(claims, method, wish)
        fault = self.hall.trouble.take(request.match_info["method"])
        if fault is not None and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault is not None and fault.code and not fault.after:
            raise TwirpError(fault.code, "made to fail")
        answer = method.does(wish)
        if fault is not None and fault.code:
            raise TwirpError(fault.code, "made to fail after it took effect")
        return answer

    def _claims(self, request: web.Request) -> Claims:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise TwirpError("unauthenticated", "no authorization")
        return verified(self.settings, token)

    def _list_rooms(self, wish: room_messages.ListRoomsRequest) -> Message:
        wanted = [space for name, space in self.hall.rooms.items() if not wish.names or name in wish.names]
        return room_messages.ListRoomsResponse(rooms=[self.hall.shown(space) for space in wanted])

    def _delete_room(self, wish: room_messages.DeleteRoomRequest) -> Message:
        for person in self.hall.delete(wish.room):
            self._end(person)
        return room_messages.DeleteRoomResponse()

    def _people(self, wish: room_messages.ListParticipantsRequest) -> Message:
        space = self.hall.space(wish.room)
        return room_messages.ListParticipantsResponse(participants=[one.info for one in space.people.values()])

    def _person(self, wish: room_messages.RoomParticipantIdentity) -> ParticipantInfo:
        return self.hall.person(wish.room, wish.identity).info

    def _remove(self, wish: room_messages.RoomParticipantIdentity) -> Message:
        self._end(self.hall.leave(wish.room, wish.identity, DisconnectReason.PARTICIPANT_REMOVED))
        return room_messages.RemoveParticipantResponse()

    def _update(self, wish: room_messages.UpdateParticipantRequest) -> ParticipantInfo:
        person = self.hall.person(wish.room, wish.identity)
        if wish.HasField("permission"):
            person.info.permission.CopyFrom(wish.permission)
            person.grants.can_publish = wish.permission.can_publish
            person.grants.can_publish_data = wish.permission.can_publish_data
        person.info.attributes.update(wish.attributes)
        return person.info

    def _mute(self, wish: room_messages.MuteRoomTrackRequest) -> Message:
        for track in self.hall.person(wish.room, wish.identity).info.tracks:
            if track.sid == wish.track_sid:
                track.muted = wish.muted
                return room_messages.MuteRoomTrackResponse(track=track)
        raise TwirpError("not_found", "track is not published")

    def _send(self, wish: room_messages.SendDataRequest) -> Message:
        if len(wish.data) > 15 * 1024:
            raise TwirpError("invalid_argument", "data exceeds 15 KiB")
        for identity, person in self.hall.space(wish.room).people.items():
            if not wish.destination_identities or identity in wish.destination_identities:
                person.received.append({"topic": wish.topic, "data": wish.data.decode(errors="replace")})
        return room_messages.SendDataResponse()

    def _note(self, wish: room_messages.UpdateRoomMetadataRequest) -> Room:
        space = self.hall.space(wish.room)
        space.room.metadata = wish.metadata
        return self.hall.shown(space)

    def _end(self, person: Any) -> None:
        if person.close is not None:
            task = asyncio.get_running_loop().create_task(person.close(person.info.disconnect_reason))
            self._closing = task


def verified(settings: Settings, token: str) -> Claims:
    """Return what a token claims. Raises TwirpError unless our key signed it and it is in time."""
    try:
        return TokenVerifier(settings.key, settings.secret).verify(token)
    except Exception as bad:  # the library raises PyJWT's and bare exceptions.
        raise TwirpError("unauthenticated", f"invalid token: {type(bad).__name__}") from bad


def _read(kind: type[Message], body: bytes, *, is_json: bool) -> Message:
    try:
        return Parse(body.decode() or "{}", kind(), ignore_unknown_fields=True) if is_json else kind.FromString(body)
    except (ParseError, DecodeError, UnicodeDecodeError) as bad:
        raise TwirpError("malformed", str(bad)[:200]) from bad


def _check(claims: Claims, method: Method, wish: Any) -> None:
    video = claims.video
    if video is None or not getattr(video, method.grant):
        raise TwirpError("permission_denied", f"requires {method.grant}")
    if method.room is not None and video.room != getattr(wish, method.room):
        raise TwirpError("permission_denied", "the token is for another room")
