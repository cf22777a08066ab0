"""The real library and a real socket talk to the sandbox by URL and key alone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from livekit.api import AccessToken, LiveKitAPI, ServerError, TokenVerifier, VideoGrants, WebhookReceiver
from livekit.protocol import models, room, rtc

from deploy.sandbox.livekit.server import create_app
from deploy.sandbox.livekit.settings import Settings
from deploy.sandbox.livekit.webhooks import signature

KEY, SECRET = "APIsandbox", "a-secret-of-the-sandbox-of-32-characters"

Play = Callable[[LiveKitAPI, str], Awaitable[None]]


def play(tmp_path: Path, scene: Play, *, key: str = KEY) -> None:
    """Run a scene against a sandbox of its own."""

    async def run() -> None:
        settings = Settings(host="127.0.0.1", port=0, key=KEY, secret=SECRET, webhook_url=None, folder=tmp_path)
        async with TestServer(create_app(settings)) as server:
            base = str(server.make_url("")).rstrip("/")
            async with LiveKitAPI(base, key, SECRET, failover=False) as api:
                await scene(api, base)

    asyncio.run(run())


def token(identity: str, *, publishes: bool) -> str:
    grants = VideoGrants(room_join=True, room="r", can_publish=publishes, can_publish_data=publishes)
    return str(AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants).to_jwt())


def test_rooms_are_made_once_listed_and_closed(tmp_path: Path) -> None:
    async def scene(api: LiveKitAPI, _base: str) -> None:
        first = await api.room.create_room(room.CreateRoomRequest(name="r", metadata="{}"))
        again = await api.room.create_room(room.CreateRoomRequest(name="r"))
        assert (first.sid, first.sid[:3]) == (again.sid, "RM_")
        assert [one.name for one in (await api.room.list_rooms(room.ListRoomsRequest())).rooms] == ["r"]
        await api.room.delete_room(room.DeleteRoomRequest(room="r"))
        with pytest.raises(ServerError) as gone:
            await api.room.list_participants(room.ListParticipantsRequest(room="r"))
        assert (gone.value.code, gone.value.status) == ("not_found", 404)

    play(tmp_path, scene)


def test_another_key_is_refused(tmp_path: Path) -> None:
    async def scene(api: LiveKitAPI, base: str) -> None:
        with pytest.raises(ServerError) as refused:
            await api.room.list_rooms(room.ListRoomsRequest())
        assert refused.value.code == "unauthenticated"
        async with ClientSession() as client, client.post(f"{base}/twirp/livekit.RoomService/Nothing") as answer:
            assert (await answer.json())["code"] == "bad_route"

    play(tmp_path, scene, key="APIother")


def test_people_come_by_socket_and_only_hosts_publish(tmp_path: Path) -> None:
    async def scene(api: LiveKitAPI, base: str) -> None:
        wish = rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="c", type=models.TrackType.VIDEO))
        async with ClientSession() as client:
            async with client.ws_connect(f"{base}/rtc?access_token={token('viewer-2', publishes=False)}") as viewer:
                assert (
                    rtc.SignalResponse.FromString(await viewer.receive_bytes()).join.participant.identity == "viewer-2"
                )
                await viewer.send_bytes(wish.SerializeToString())
                async with client.ws_connect(f"{base}/rtc?access_token={token('host-1', publishes=True)}") as host:
                    await host.receive_bytes()
                    await host.send_bytes(wish.SerializeToString())
                    told = rtc.SignalResponse.FromString(await host.receive_bytes())
                    assert told.track_published.track.sid.startswith("TR_")
                    inside = await api.room.list_participants(room.ListParticipantsRequest(room="r"))
                    assert {one.identity: len(one.tracks) for one in inside.participants} == {
                        "viewer-2": 0,
                        "host-1": 1,
                    }
                    who = room.RoomParticipantIdentity(room="r", identity="viewer-2")
                    await api.room.remove_participant(who)
                    left = rtc.SignalResponse.FromString(await viewer.receive_bytes())
                    assert left.leave.reason == models.DisconnectReason.PARTICIPANT_REMOVED
            async with client.get(f"{base}/rtc?access_token=nonsense") as refused:
                assert refused.status == 401
        # A closed tab is a participant who left.
        inside = await api.room.list_participants(room.ListParticipantsRequest(room="r"))
        assert list(inside.participants) == []

    play(tmp_path, scene)


def test_webhooks_are_signed_as_the_library_verifies_them(tmp_path: Path) -> None:
    settings = Settings(host="", port=0, key=KEY, secret=SECRET, webhook_url=None, folder=tmp_path)
    body = b'{"event":"room_started","id":"EV_1"}'

    receiver = WebhookReceiver(TokenVerifier(KEY, SECRET))

    assert receiver.receive(body.decode(), signature(settings, body)).event == "room_started"
    with pytest.raises(Exception, match="hash mismatch"):
        receiver.receive(body.decode() + " ", signature(settings, body))
