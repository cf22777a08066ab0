"""What tests begin with: people, memberships, streams and LiveKit's news."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from livekit.api import AccessToken

from services.streams.clients.video import Video
from services.streams.handlers import auth, bookings, media, payments, practitioners
from services.streams.models import Membership, Practitioner, Stream, User
from services.streams.operations import desk
from services.streams.tests.sandbox import KEY, SECRET, Sandbox
from shared.clock import utc_now
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.messages import Message
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Answer, Caller

HANDLERS = [auth, practitioners, payments, bookings, media]
HOST_ID, HOST_USER = 1, 1001
FANS = FREE_FAN, ENTRY_FAN, PREMIUM_FAN, STRANGER = 21, 22, 23, 24


def practitioner_told(number: int, *, sequence: int = 1, **more: Any) -> Message:
    """Return the event of practitioner `number`, whose user is `1000 + number`."""
    data = {
        "id": number,
        "public_uuid": f"01900000-0000-7000-8000-{number:012d}",
        "user_id": 1000 + number,
        "slug": f"practitioner-{number}",
        "display_name": f"Practitioner {number}",
        "timezone": "Europe/Berlin",
        "status": "active",
        "is_verified": True,
        **more,
    }
    return message("practitioner.changed", data, subject=("practitioner", number), sequence=sequence)


def user_told(number: int, name: str) -> Message:
    """Return the event of a person."""
    data = {"id": number, "uuid": f"01900000-0000-7000-9000-{number:012d}", "display_name": name}
    return message("user.changed", data, subject=("user", number))


def membership_told(
    number: int, user: int, stream: int, tier: str, *, sequence: int = 1, is_active: bool = True, **more: Any
) -> Message:
    """Return the event of a membership."""
    data = {
        "membership_id": number,
        "user_id": user,
        "practitioner_id": HOST_ID,
        "stream_id": stream,
        "stream_title": "Breathe",
        "tier": tier,
        "tier_name": tier.title(),
        "status": "active" if is_active else "canceled",
        "is_active": is_active,
        "since": "2026-01-01T00:00:00Z",
        "access_until": None,
        "price_cents": 900,
        **more,
    }
    return message("membership.changed", data, subject=("membership", number), sequence=sequence)


def booking_told(number: int, *, sequence: int = 1, **more: Any) -> Message:
    """Return the event of a virtual booking that begins in five minutes."""
    start = utc_now() + timedelta(minutes=5)
    data = {
        "id": number,
        "public_uuid": f"01900000-0000-7000-a000-{number:012d}",
        "kind": "session",
        "status": "confirmed",
        "user_id": 31,
        "practitioner_id": HOST_ID,
        "practitioner_user_id": HOST_USER,
        "service_id": 5,
        "session_ids": [],
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "location_type": "virtual",
        "service_name": "Coaching",
        **more,
    }
    return message("booking.changed", data, subject=("booking", number), sequence=sequence)


def stream_body(**more: Any) -> dict[str, Any]:
    """Return a good request for a stream."""
    return {
        "title": "Breathe",
        "description": "Breathwork, live every week.",
        "entry_tier_price_cents": 900,
        "premium_tier_price_cents": 1900,
        **more,
    }


def hook(kind: str, room: str, *, at: float | None = None, sid: str = "RM_test", **more: Any) -> dict[str, Any]:
    """Return an event as LiveKit would tell it."""
    return {
        "event": kind,
        "id": f"EV_{uuid7().hex}",
        "createdAt": str(int(at if at is not None else utc_now().timestamp())),
        "room": {"sid": sid, "name": room},
        **more,
    }


def person(identity: str, sid: str, *, joined: float | None = None, tier: str = "") -> dict[str, Any]:
    """Return a participant as LiveKit would tell it."""
    told: dict[str, Any] = {"sid": sid, "identity": identity, "attributes": {"tier": tier}}
    if joined is not None:
        told["joinedAtMs"] = str(int(joined * 1000))
    return told


def signed(body: bytes, *, secret: str = SECRET, key: str = KEY, ttl: timedelta = timedelta(minutes=5)) -> str:
    """Return the header that LiveKit signs a body with."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return str(AccessToken(key, secret).with_ttl(ttl).with_sha256(digest).to_jwt())


@dataclass
class World:
    """The stage: host and fans, with a hand on LiveKit."""

    database: Database
    http: Caller
    sandbox: Sandbox
    video: Video
    stream: dict[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> Caller:
        """The practitioner."""
        return self.http.as_practitioner(HOST_USER, HOST_ID)

    def fan(self, user: int) -> Caller:
        """Somebody else."""
        return self.http.as_user(user)

    def tell(self, *messages: Message) -> int:
        """Let others' events be applied."""
        return apply(self.database, "streams", HANDLERS, *messages)

    def introduce(self) -> None:
        """Put up the host's launched stream and its members, as they stand after the events that make them."""
        now = utc_now()
        newest = {"epoch": 1, "sequence": 1}
        with self.database.transaction() as session:
            session.add(
                Practitioner(
                    id=HOST_ID,
                    public_uuid=practitioner_told(HOST_ID).data["public_uuid"],
                    user_id=HOST_USER,
                    display_name="Practitioner 1",
                    timezone="Europe/Berlin",
                    status="active",
                    is_verified=True,
                    **newest,
                )
            )
            names = {HOST_USER: "Hana Host", **{user: f"Fan {user}" for user in FANS}}
            session.add_all(
                User(id=user, uuid=str(user), display_name=name, is_active=True, **newest)
                for user, name in names.items()
            )
            counts = {"free_count": 1, "entry_count": 1, "premium_count": 1}
            made = Stream(
                practitioner_id=HOST_ID,
                practitioner_visible=True,
                practitioner_name="Practitioner 1",
                title="Breathe",
                description="Breathwork, live every week.",
                entry_price_cents=900,
                premium_price_cents=1900,
                launched_at=now,
                launch_told=True,
                **counts,
            )
            session.add(made)
            session.flush()
            session.add_all(
                Membership(
                    membership_id=rank + 1,
                    user_id=user,
                    stream_id=made.id,
                    tier_rank=rank,
                    is_active=True,
                    since=now,
                    price_cents=900,
                    **newest,
                )
                for rank, user in enumerate((FREE_FAN, ENTRY_FAN, PREMIUM_FAN))
            )
            self.stream = {"id": made.id, "public_uuid": str(made.public_uuid)}

    def live_body(self, *, starts_in: float = 5, minutes: float = 60, **more: Any) -> dict[str, Any]:
        """Return a good request for a live stream that begins in so many minutes."""
        start = utc_now() + timedelta(minutes=starts_in)
        return {
            "stream": self.stream["id"],
            "title": "Morning breath",
            "scheduled_start": start.isoformat(),
            "scheduled_end": (start + timedelta(minutes=minutes)).isoformat(),
            "tier_level": "entry",
            "record_stream": False,
            **more,
        }

    def planned(self, **more: Any) -> dict[str, Any]:
        """Plan a live stream."""
        answer = self.host.post("/live-streams/", self.live_body(**more))
        assert answer.status == 201, answer
        made: dict[str, Any] = answer.json
        return made

    def on_air(self, **more: Any) -> tuple[dict[str, Any], str]:
        """Plan a live stream and turn it on; return it and its room's name."""
        made = self.planned(**more)
        answer = self.host.post(f"/live-streams/{made['id']}/go_live/")
        assert answer.status == 200, answer
        self.listen()
        return answer.json["live_stream"], answer.json["room"]["name"]

    def seen(self, live: dict[str, Any]) -> dict[str, Any]:
        """Return a live stream as its host sees it now."""
        shown: dict[str, Any] = self.host.get(f"/live-streams/{live['id']}/").json
        return shown

    def post_hook(self, told: dict[str, Any]) -> Answer:
        """Send a signed webhook."""
        body = json.dumps(told).encode()
        return self.post_raw(body, signed(body))

    def post_raw(self, body: bytes, authorization: str) -> Answer:
        """Send a webhook as it is."""
        headers = {"Authorization": authorization, "Content-Type": "application/webhook+json"}
        return self.http.post("/streams/webhooks/livekit/", data=body, headers=headers)

    def hooks(self, *told: dict[str, Any]) -> None:
        """Send webhooks, and apply them."""
        for one in told:
            assert self.post_hook(one).status == 200
        self.clear()

    def listen(self) -> None:
        """Take what the sandbox told, and apply it."""
        for body, authorization in self.sandbox.news():
            assert self.post_raw(body, authorization).status == 200
        self.clear()

    def clear(self) -> None:
        """Do what the worker's desk does."""
        while desk.clear_desk(self.video):
            pass

    def told(self, kind: str) -> list[Message]:
        """Return what was announced."""
        with self.database.transaction() as session:
            return announced(session, kind)
