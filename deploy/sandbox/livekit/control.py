"""`/_sandbox/`: playing people without a camera, making trouble, and looking at what there is."""

from typing import Any

from aiohttp import web
from google.protobuf.json_format import MessageToDict
from livekit.api import VideoGrants
from livekit.protocol.models import DisconnectReason, TrackInfo, TrackSource, TrackType

from .egress import Recorder
from .errors import TwirpError
from .hall import Hall
from .trouble import Trouble
from .webhooks import Deliverer


class Control:
    """The control calls: JSON in, JSON out."""

    def __init__(self, hall: Hall, recorder: Recorder, deliverer: Deliverer, trouble: Trouble) -> None:
        self.hall = hall
        self.recorder = recorder
        self.deliverer = deliverer
        self.trouble = trouble

    def routes(self) -> list[web.RouteDef]:
        """Return where each call is answered."""
        calls = {"enter": self._enter, "leave": self._leave, "publish": self._publish, "unpublish": self._unpublish}
        return [
            *(web.post(f"/_sandbox/{name}", self._json(call)) for name, call in calls.items()),
            web.post("/_sandbox/trouble", self._json(self._trouble)),
            web.post("/_sandbox/reset", self._json(self._reset)),
            web.get("/_sandbox/", self._state),
            web.get("/_sandbox/recordings/{name}", self._recording),
        ]

    def _json(self, call: Any) -> Any:
        async def answer(request: web.Request) -> web.Response:
            try:
                wish = await request.json() if request.can_read_body else {}
                return web.json_response(call(wish))
            except TwirpError as refused:
                return web.json_response({"code": refused.code, "msg": refused.message}, status=refused.status)
            except (KeyError, TypeError, ValueError) as bad:
                return web.json_response({"code": "invalid_argument", "msg": f"{bad}"}, status=400)

        return answer

    def _enter(self, wish: dict[str, Any]) -> dict[str, Any]:
        identities = wish.get("identities") or [wish["identity"]]
        sids = {}
        for identity in identities:
            is_host = identity.startswith("host-")
            grants = VideoGrants(room_join=True, can_publish=is_host, can_publish_data=is_host, room=wish["room"])
            attributes = {"role": "host" if is_host else "viewer", "tier": wish.get("tier", "")}
            person = self.hall.enter(wish["room"], identity, grants, attributes=attributes)
            sids[identity] = person.info.sid
        return {"sids": sids}

    def _leave(self, wish: dict[str, Any]) -> dict[str, Any]:
        people = self.hall.space(wish["room"]).people
        gone = [wish["identity"]] if "identity" in wish else list(people)
        for identity in gone:
            self.hall.leave(wish["room"], identity, DisconnectReason.CLIENT_INITIATED)
        return {"left": gone}

    def _publish(self, wish: dict[str, Any]) -> dict[str, Any]:
        track = TrackInfo(type=TrackType.VIDEO, source=TrackSource.CAMERA, name=wish.get("name", "camera"))
        return {"sid": self.hall.publish(wish["room"], wish["identity"], track).sid}

    def _unpublish(self, wish: dict[str, Any]) -> dict[str, Any]:
        for track in list(self.hall.person(wish["room"], wish["identity"]).info.tracks):
            self.hall.unpublish(wish["room"], wish["identity"], track.sid)
        return {}

    def _trouble(self, wish: dict[str, Any]) -> dict[str, Any]:
        self.trouble.change(wish)
        return self.trouble.shown()

    def _reset(self, _wish: dict[str, Any]) -> dict[str, Any]:
        self.hall.rooms.clear()
        self.recorder.running.clear()
        self.deliverer.sent.clear()
        self.trouble.__init__()  # type: ignore[misc]
        return {}

    async def _state(self, _request: web.Request) -> web.Response:
        rooms = [
            {
                "name": name,
                "sid": space.room.sid,
                "metadata": space.room.metadata,
                "people": [
                    {
                        "identity": identity,
                        "name": person.info.name,
                        "sid": person.info.sid,
                        "tracks": len(person.info.tracks),
                        "received": person.received[-20:],
                    }
                    for identity, person in space.people.items()
                ],
            }
            for name, space in self.hall.rooms.items()
        ]
        recordings = [MessageToDict(info) for info in self.recorder.running.values()]
        return web.json_response(
            {
                "rooms": rooms,
                "recordings": recordings,
                "webhooks": self.deliverer.sent[-50:],
                "trouble": self.trouble.shown(),
            }
        )

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"].removesuffix(".mp4")
        file = self.recorder.file_of(name)
        if name not in self.recorder.running or not file.exists():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Content-Type": "video/mp4"})
