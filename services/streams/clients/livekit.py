"""LiveKit, as streams uses it: named calls, plain values, one background event loop for the asyncio library.

Source: https://docs.livekit.io/reference/server/server-apis/ and the library `livekit-api`.
"""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as NoAnswer
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import aiohttp
from google.protobuf.json_format import MessageToDict
from livekit.api import AccessToken, LiveKitAPI, ServerError, TokenVerifier, VideoGrants, WebhookReceiver
from livekit.protocol import egress as egress_messages
from livekit.protocol import models as model_messages
from livekit.protocol import room as room_messages

from services.streams.clients.video import Inside, Video, VideoDeclined, VideoUnanswered
from services.streams.domain import words
from services.streams.settings import Settings

T = TypeVar("T")

# From 5 s on the library makes three attempts of its own, longer than a request may wait.
CALL_SECONDS = 4
RESULT_SECONDS = 6
TOKEN_LIFETIME = timedelta(minutes=10)
EMPTY_SECONDS, DEPARTURE_SECONDS = 300, 60
NANOSECONDS = 1_000_000_000
_HOST_SOURCES = ["camera", "microphone", "screen_share", "screen_share_audio"]


class BadWebhook(Exception):
    """A webhook that LiveKit did not sign, or whose body is another one."""


class Loop:
    """One event loop on a thread of its own; started at the first call, hence after any fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` gives. Raises VideoUnanswered when that takes too long."""
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=self._loop.run_forever, name="livekit", daemon=True).start()
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return waiting.result(RESULT_SECONDS)
        except NoAnswer as late:
            waiting.cancel()
            raise VideoUnanswered("no answer in time") from late


class LiveKit:
    """The real library against a real LiveKit, or against a sandbox that speaks the same wire."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = Loop()
        self._api: LiveKitAPI | None = None

    def close(self) -> None:
        """Close the connections; the next call opens them again."""
        api, self._api = self._api, None
        if api is not None:
            self._loop.run(api.aclose())

    def _call(self, work: Callable[[LiveKitAPI], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            # The client belongs to the loop that it is made in.
            if self._api is None:
                known = self._settings
                self._api = LiveKitAPI(
                    known.livekit_url,
                    known.livekit_api_key,
                    known.livekit_api_secret,
                    timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
                    failover=False,
                )
            return await work(self._api)

        if not self._settings.livekit_api_key:
            raise VideoUnanswered("LiveKit is not set up")
        try:
            return self._loop.run(asked())
        except ServerError as refused:
            kind = VideoUnanswered if refused.status >= 500 else VideoDeclined
            raise kind(str(refused), code=refused.code) from refused
        except (aiohttp.ClientError, TimeoutError, OSError) as lost:
            raise VideoUnanswered(type(lost).__name__) from lost

    def create_room(self, name: str, *, max_participants: int, metadata: Mapping[str, Any]) -> str:
        wish = room_messages.CreateRoomRequest(
            name=name,
            empty_timeout=EMPTY_SECONDS,
            departure_timeout=DEPARTURE_SECONDS,
            max_participants=max_participants,
            metadata=json.dumps(dict(metadata)),
        )
        return str(self._call(lambda api: api.room.create_room(wish)).sid)

    def delete_room(self, name: str) -> None:
        _unless_gone(lambda: self._call(lambda api: api.room.delete_room(room_messages.DeleteRoomRequest(room=name))))

    def remove(self, room: str, identity: str) -> None:
        who = room_messages.RoomParticipantIdentity(room=room, identity=identity)
        _unless_gone(lambda: self._call(lambda api: api.room.remove_participant(who)))

    def inside(self, room: str) -> list[Inside] | None:
        wish = room_messages.ListParticipantsRequest(room=room)
        try:
            told = self._call(lambda api: api.room.list_participants(wish))
        except VideoDeclined as refused:
            if refused.code == "not_found":
                return None
            raise
        return [
            Inside(
                sid=one.sid,
                identity=one.identity,
                joined_at=datetime.fromtimestamp(one.joined_at_ms / 1000 if one.joined_at_ms else one.joined_at, UTC),
                is_standard=one.kind == model_messages.ParticipantInfo.Kind.STANDARD and not one.permission.hidden,
                publishes=bool(one.tracks),
                attributes=dict(one.attributes),
            )
            for one in told.participants
        ]

    def open_rooms(self, names: Sequence[str]) -> dict[str, str]:
        wish = room_messages.ListRoomsRequest(names=list(names))
        return {room.name: room.sid for room in self._call(lambda api: api.room.list_rooms(wish)).rooms}

    def send(self, room: str, *, topic: str, message: Mapping[str, Any]) -> None:
        wish = room_messages.SendDataRequest(
            room=room,
            data=json.dumps(dict(message), ensure_ascii=False).encode(),
            kind=model_messages.DataPacket.Kind.RELIABLE,
            topic=topic,
        )
        _unless_gone(lambda: self._call(lambda api: api.room.send_data(wish)))

    def start_recording(self, room: str, *, path: str, layout: str, audio_only: bool) -> dict[str, Any]:
        output = egress_messages.EncodedFileOutput(
            file_type=egress_messages.EncodedFileType.MP4, filepath=path, disable_manifest=True, s3=self._storage()
        )
        wish = egress_messages.RoomCompositeEgressRequest(
            room_name=room,
            layout=layout,
            audio_only=audio_only,
            file_outputs=[output],
            preset=egress_messages.EncodingOptionsPreset.H264_1080P_30,
        )
        return told_egress(self._call(lambda api: api.egress.start_room_composite_egress(wish)))

    def stop_recording(self, egress_id: str) -> dict[str, Any]:
        wish = egress_messages.StopEgressRequest(egress_id=egress_id)
        return told_egress(self._call(lambda api: api.egress.stop_egress(wish)))

    def recording(self, egress_id: str) -> dict[str, Any] | None:
        wish = egress_messages.ListEgressRequest(egress_id=egress_id)
        found = self._call(lambda api: api.egress.list_egress(wish)).items
        return told_egress(found[0]) if found else None

    def _storage(self) -> egress_messages.S3Upload | None:
        """Return where LiveKit writes recordings; None lets the sandbox keep them."""
        known = self._settings
        endpoint = known.livekit_egress_s3_endpoint or known.cloudflare_r2_endpoint_url
        if not endpoint:
            return None
        return egress_messages.S3Upload(
            access_key=known.livekit_egress_s3_access_key or known.cloudflare_r2_access_key_id,
            secret=known.livekit_egress_s3_secret or known.cloudflare_r2_secret_access_key,
            bucket=known.livekit_egress_s3_bucket or known.cloudflare_r2_storage_bucket_name,
            region=known.livekit_egress_s3_region,
            endpoint=endpoint,
            force_path_style=True,
        )


def _unless_gone(call: Callable[[], object]) -> None:
    """Make a call that is done when what it concerns is not there."""
    try:
        call()
    except VideoDeclined as refused:
        if refused.code != "not_found":
            raise


def told_egress(info: Any) -> dict[str, Any]:
    """Return an EgressInfo as plain values: status in lower case, times as instants, lengths in seconds."""
    files = list(info.file_results)
    file = files[0] if files else None
    return {
        "egress_id": info.egress_id,
        "room_name": info.room_name,
        "status": egress_messages.EgressStatus.Name(info.status).removeprefix("EGRESS_").lower(),
        "started_at": info.started_at / NANOSECONDS if info.started_at else None,
        "ended_at": info.ended_at / NANOSECONDS if info.ended_at else None,
        "error": info.error or (str(info.error_code) if info.error_code else ""),
        "size": file.size if file else 0,
        "duration_seconds": int(file.duration // NANOSECONDS) if file else 0,
        "location": file.location if file else "",
        "filename": file.filename if file else "",
    }


def room_token(settings: Settings, *, room: str, identity: str, name: str, role: str, tier: str | None) -> str:
    """Return the token that lets one identity into one room for ten minutes; only hosts of live streams publish there.

    Every grant is stated: the library's defaults let everybody publish.
    """
    publishes = role in (words.HOST, words.PARTICIPANT)
    grants = VideoGrants(
        room_join=True,
        room=room,
        room_admin=False,
        can_publish=publishes,
        can_subscribe=True,
        can_publish_data=publishes,
        can_publish_sources=_HOST_SOURCES if publishes else None,
        can_update_own_metadata=False,
        hidden=False,
    )
    token = (
        AccessToken(settings.livekit_api_key, settings.livekit_api_secret)
        .with_identity(identity)
        .with_name(name)
        .with_ttl(TOKEN_LIFETIME)
        .with_attributes({"role": role, "tier": tier or ""})
        .with_grants(grants)
    )
    return str(token.to_jwt())


def read_webhook(settings: Settings, body: bytes, authorization: str) -> dict[str, Any]:
    """Return a webhook's event as JSON values. Raises BadWebhook unless one of our key pairs signed this very body."""
    token = authorization.removeprefix("Bearer ").strip()
    try:
        text = body.decode()
    except UnicodeDecodeError as bad:
        raise BadWebhook("not UTF-8") from bad
    for key, value in settings.webhook_pairs:
        try:
            event = WebhookReceiver(TokenVerifier(key, value)).receive(text, token)
        except Exception:  # noqa: BLE001, S112 - the library raises bare exceptions; each means: not with this pair.
            continue
        told: dict[str, Any] = MessageToDict(event, preserving_proto_field_name=True)
        if event.HasField("egress_info"):
            told["egress"] = told_egress(event.egress_info)
        return told
    raise BadWebhook("no key pair fits")


@cache
def configured(settings: Settings) -> Video:
    """Return the client of this process."""
    return LiveKit(settings)
