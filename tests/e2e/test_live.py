"""A live stream from its announcement to its recording, with LiveKit's sandbox in LiveKit's place."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.people import Person, Practitioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class Hall:
    """What happens in a room: people come in, show a picture, leave, as their browsers would."""

    def __init__(self, stack: Stack, room: str) -> None:
        self._base = f"http://{stack.environment('livekit')['BIND']}/_sandbox"
        self._room = room

    def tell(self, call: str, identity: str) -> None:
        """Let somebody `enter`, `publish` or `leave`."""
        answer = requests.post(f"{self._base}/{call}", json={"room": self._room, "identity": identity}, timeout=10)
        assert answer.ok, answer.text


def announce(practitioner: Practitioner) -> tuple[dict[str, Any], dict[str, Any]]:
    """Open a stream with tiers, and announce a recorded live stream for its members."""
    studio = eventually(
        lambda: practitioner.api.post(
            "/streams/",
            {
                "title": f"Evenings with Mara {uuid4().hex[:6]}",
                "description": "Stretching before sleep.",
                "entry_tier_price_cents": 900,
                "premium_tier_price_cents": 1900,
            },
            expect=201,
        ),
        what="streams hears of the practitioner",
    )
    practitioner.api.post(f"/streams/{studio['id']}/launch/", {})
    start = datetime.now(UTC) + timedelta(minutes=5)
    live = practitioner.api.post(
        "/live-streams/",
        {
            "stream": studio["id"],
            "title": "Stretch and sleep",
            "scheduled_start": start.isoformat(),
            "scheduled_end": (start + timedelta(minutes=45)).isoformat(),
            "tier_level": "entry",
            "record_stream": True,
        },
        expect=201,
    )
    return studio, live


def test_a_live_stream_for_members(
    stack: Stack, practitioner: Practitioner, client: Person, other_client: Person
) -> None:
    """Schedule, go live, members get in and strangers do not, end; the recording plays, and people are told."""
    studio, live = announce(practitioner)
    path = f"/live-streams/{live['id']}"

    card = eventually(
        lambda: client.api.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"}, expect=201),
        what="payments hears of the client",
    )
    eventually(
        lambda: client.api.post(
            "/memberships/",
            {"stream_id": studio["id"], "tier": "entry", "payment_method_id": card["id"]},
            expect=201,
            headers={"Idempotency-Key": uuid4().hex},
        ),
        what="payments hears of the stream",
    )

    gone_live = practitioner.api.post(f"{path}/go_live/", {})
    hall = Hall(stack, gone_live["room"]["name"])
    hall.tell("enter", f"host-{practitioner.user_id}")
    hall.tell("publish", f"host-{practitioner.user_id}")
    eventually(lambda: client.api.get(f"{path}/")["status"] == "live", what="it is live with the first picture")

    assert other_client.api.post(f"{path}/join/", {}, expect=402)["code"] == "subscription_required"
    eventually(lambda: client.api.post(f"{path}/join/", {}), seconds=60, what="the membership opens the room")
    hall.tell("enter", f"viewer-{client.user_id}")
    eventually(lambda: client.api.get(f"{path}/")["current_viewers"] == 1, what="the viewer is counted")
    eventually(
        lambda: client.api.get("/notifications/?kind=stream.started")["count"] == 1,
        seconds=30,
        what="the member is told that it began",
    )

    hall.tell("leave", f"viewer-{client.user_id}")
    practitioner.api.post(f"{path}/end_stream/", {})
    assert client.api.get(f"{path}/")["status"] == "ended"

    def ready() -> dict[str, Any] | None:
        kept = practitioner.api.get(f"{path}/recordings/")["recordings"]
        return next((one for one in kept if one["status"] == "ready"), None)

    recording = eventually(ready, seconds=60, what="media has the recording")
    playback = client.api.post(f"{path}/recordings/{recording['id']}/playback/", {})
    film = requests.get(playback["url"].replace("localhost", "127.0.0.1"), headers={"Range": "bytes=0-99"}, timeout=20)
    assert film.status_code == 206
    assert film.headers["Content-Type"] == "video/mp4"
    eventually(
        lambda: practitioner.api.get("/notifications/?kind=stream.recording")["count"] == 1,
        seconds=30,
        what="the practitioner is told of the recording",
    )
    numbers = practitioner.api.get(f"{path}/analytics/")
    assert numbers["unique_viewers"] == 1
