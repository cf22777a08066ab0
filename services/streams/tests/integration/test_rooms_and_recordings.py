"""Rooms of virtual bookings, and recordings of what happens in rooms."""

import base64
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from services.streams.operations import reaping
from services.streams.settings import settings
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    HOST_USER,
    PREMIUM_FAN,
    STRANGER,
    World,
    booking_told,
    message,
)
from shared.clock import shifted_by, utc_now
from shared.ids import uuid7
from shared.signing import check_address

CLIENT = 31


def room_of(number: int) -> str:
    return f"booking-01900000-0000-7000-a000-{number:012d}"


def test_people_of_a_booking_get_into_its_room_and_nobody_else(world: World) -> None:
    world.tell(booking_told(1))
    path = f"/rooms/{room_of(1)}/"

    assert world.http.get(path).status == 401
    assert world.fan(STRANGER).get(path).status == world.fan(STRANGER).post(f"{path}token/").status == 404
    shown = world.fan(CLIENT).get(path).json
    assert (shown["role"], shown["can_join"], shown["kind"], shown["title"]) == (
        "participant",
        True,
        "booking",
        "Coaching",
    )
    client = world.fan(CLIENT).post(f"{path}token/").json
    assert (client["identity"], client["role"], client["name"]) == (f"participant-{CLIENT}", "participant", room_of(1))
    assert world.host.post(f"{path}token/").json["role"] == "host"
    assert world.http.as_staff(77).get(path).json["role"] == "host"
    assert [one["name"] for one in world.sandbox.state()["rooms"]] == [room_of(1)]
    world.sandbox.control("enter", room=room_of(1), identities=[f"participant-{CLIENT}", "participant-99"])
    world.listen()
    assert world.sandbox.people(room_of(1)) == {f"participant-{CLIENT}"}
    assert world.fan(CLIENT).get(path).json["status"] == "in_use"
    assert world.fan(CLIENT).post(f"{path}end/").status == 403
    assert world.host.post(f"{path}end/").json["status"] == "ended"
    assert world.fan(CLIENT).post(f"{path}token/").code == "room_ended"
    world.clear()
    assert world.sandbox.state()["rooms"] == []


def test_a_room_opens_a_quarter_of_an_hour_before_and_closes_an_hour_after(world: World) -> None:
    start = utc_now() + timedelta(minutes=16)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
    world.tell(booking_told(2, **times))
    path = f"/rooms/{room_of(2)}/"

    assert world.fan(CLIENT).post(f"{path}token/").code == "too_early"
    assert world.fan(CLIENT).get(path).json["reason"] == "too_early"
    with shifted_by(timedelta(minutes=2)):
        assert world.fan(CLIENT).post(f"{path}token/").status == 200
    with shifted_by(timedelta(minutes=16 + 60 + 59)):
        assert world.fan(CLIENT).post(f"{path}token/").status == 200
        reaping.reap(world.video)
    with shifted_by(timedelta(minutes=16 + 60 + 61)):
        assert world.fan(CLIENT).post(f"{path}token/").code == "room_ended"
        reaping.reap(world.video)
        world.clear()
    assert world.sandbox.state()["rooms"] == []


def test_an_empty_room_is_made_again_by_the_next_token(world: World) -> None:
    world.tell(booking_told(3))
    path = f"/rooms/{room_of(3)}/token/"
    world.fan(CLIENT).post(path)
    world.video.delete_room(room_of(3))
    world.listen()

    assert world.fan(CLIENT).post(path).status == 200
    assert len(world.sandbox.state()["rooms"]) == 1


def test_a_cancelled_booking_has_no_room_any_more(world: World) -> None:
    world.tell(booking_told(4))
    world.fan(CLIENT).post(f"/rooms/{room_of(4)}/token/")
    world.sandbox.control("enter", room=room_of(4), identity=f"participant-{CLIENT}")
    world.listen()

    world.tell(booking_told(4, sequence=2, status="canceled"))
    world.clear()

    assert world.sandbox.state()["rooms"] == []
    assert world.fan(CLIENT).get(f"/rooms/{room_of(4)}/").status == 404
    for wrong in ("booking-nonsense", "session-01900000-0000-7000-a000-000000000004", "x"):
        assert world.fan(CLIENT).get(f"/rooms/{wrong}/").status == 404


def test_a_dated_session_shares_one_room(world: World) -> None:
    start = utc_now() + timedelta(minutes=5)
    dated = {
        "id": 8,
        "public_uuid": "01900000-0000-7000-b000-000000000008",
        "service_id": 5,
        "practitioner_id": 1,
        "title": "Workshop",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "max_participants": 1,
        "status": "scheduled",
    }
    world.tell(
        message("service_session.changed", dated, subject=("service_session", 8)),
        message("service.changed", {"id": 5, "name": "W", "location_type": "hybrid", "practitioner_id": 1}),
        booking_told(5, session_ids=[8], user_id=41),
        booking_told(6, session_ids=[8], user_id=42, status="pending_payment"),
    )
    path = "/rooms/session-01900000-0000-7000-b000-000000000008/"

    assert world.fan(41).post(f"{path}token/").json["role"] == "participant"
    assert world.fan(42).get(path).status == 404
    assert world.host.get(path).json["title"] == "Workshop"


@pytest.fixture
def filmed(world: World) -> dict[str, Any]:
    """A live stream that is on, with its host on camera."""
    live, room = world.on_air(record_stream=True)
    world.sandbox.control("enter", room=room, identity=f"host-{HOST_USER}")
    world.sandbox.control("publish", room=room, identity=f"host-{HOST_USER}")
    world.listen()
    return {**live, "room_name": room, "path": f"/live-streams/{live['id']}/recordings/"}


def wait_for(world: World, path: str, status: str) -> dict[str, Any]:
    """Take LiveKit's news until a recording has come so far."""
    for _ in range(60):
        world.listen()
        [one] = world.host.get(path).json["recordings"]
        if one["status"] == status:
            return dict(one)
        time.sleep(0.05)
    raise AssertionError(one)


def test_a_recording_from_the_first_picture_to_its_playback(world: World, filmed: dict[str, Any]) -> None:
    path = filmed["path"]
    [begun] = world.host.get(path).json["recordings"]
    assert (begun["status"], begun["egress_id"][:3]) == ("starting", "EG_")
    assert world.host.post(f"{path}start/").code == "recording_active"
    assert world.fan(ENTRY_FAN).get(path).json == {"recordings": []}
    assert world.host.delete(f"{path}{begun['id']}/").code == "recording_active"
    wait_for(world, path, "active")

    world.host.post(f"/live-streams/{filmed['id']}/end_stream/")
    world.clear()
    done = wait_for(world, path, "processing")
    assert done["file_size_bytes"] > 1000
    [told] = world.told("recording.uploaded")
    film = requests.get(told.data["source_url"], timeout=5).content
    assert film[4:12] == b"ftypisom"
    assert world.host.post(f"{path}{done['id']}/playback/").code == "recording_not_ready"

    media_id = str(uuid7())
    ready = {
        "media_id": media_id,
        "url": "http://localhost:18000/api/v1/drf/media/x/content/",
        "entity_type": "room_recording",
        "entity_id": told.data["recording_uuid"],
        "file_size": len(film),
    }
    event = message("media.ready", ready, subject=("media", media_id))
    world.tell(event, event)
    world.clear()
    assert [one.data["media_id"] for one in world.told("recording.ready")] == [media_id]
    assert [one.data["kind"] for one in world.told("stream.notice_due")][-1] == "recording_ready"
    assert world.seen(filmed)["recordings_count"] == 1
    _check_who_may_watch(world, path, done["id"], media_id)
    assert world.host.delete(f"{path}{done['id']}/").status == 204
    assert [one.data["media_id"] for one in world.told("recording.deleted")] == [media_id]


def _check_who_may_watch(world: World, path: str, number: int, media_id: str) -> None:
    one = f"{path}{number}/"
    refused = world.fan(FREE_FAN).post(f"{one}playback/")
    assert (refused.status, refused.errors["required_tier"]) == (402, ["entry"])
    told = world.fan(ENTRY_FAN).post(f"{one}playback/").json
    parts = urlsplit(told["url"])
    assert parts.path.endswith(f"/media/{media_id}/content/")
    query = parse_qs(parts.query)
    key = base64.urlsafe_b64decode(settings().media_signing_keys.partition(":")[2] + "==")
    check_address(
        (key,),
        f"/media/{media_id}/content/",
        method="GET",
        expires=query["expires"][0],
        signature=query["signature"][0],
        now=utc_now(),
    )
    assert world.fan(FREE_FAN).get(one).json["file_url"] is None
    assert world.host.patch(one, {"is_public": True, "title": "Open", "tier_level": "premium"}).json["title"] == "Open"
    assert world.http.post(f"{one}playback/").status == 200
    past = (utc_now() - timedelta(seconds=1)).isoformat()
    assert world.host.patch(one, {"is_public": False, "access_expires_at": past}).status == 200
    assert world.fan(PREMIUM_FAN).post(f"{one}playback/").code == "recording_expired"
    assert world.host.post(f"{one}playback/").status == 200
    assert world.fan(PREMIUM_FAN).patch(one, {"is_public": True}).status == 403


def test_an_egress_that_fails_leaves_the_live_stream_on(world: World) -> None:
    world.sandbox.control("trouble", egress_fails=True)
    live, room = world.on_air(record_stream=False)
    path = f"/live-streams/{live['id']}/recordings/"
    assert world.host.post(f"{path}stop/").code == "recording_not_active"
    begun = world.host.post(f"{path}start/", {"layout": "grid"})
    assert (begun.status, begun.json["status"]) == (201, "starting")

    failed = wait_for(world, path, "failed")

    assert failed["error_code"] == "made to fail"
    assert world.seen(live)["status"] == "live"
    world.sandbox.control(
        "trouble", egress_fails=False, fault={"method": "StartRoomCompositeEgress", "code": "unavailable"}
    )
    assert world.host.post(f"{path}start/").status == 503
    assert room


def test_news_of_a_recording_that_were_lost_are_asked_for(world: World, filmed: dict[str, Any]) -> None:
    world.sandbox.control("trouble", webhooks={"drop_rate": 1.0})
    world.sandbox.control("leave", room=filmed["room_name"])
    for _ in range(60):
        if world.sandbox.state()["recordings"][0].get("status") == "EGRESS_ABORTED":
            break
        time.sleep(0.05)

    with shifted_by(timedelta(minutes=3)):
        reaping.reap(world.video)

    [shown] = world.host.get(filmed["path"]).json["recordings"]
    assert (shown["status"], shown["error_code"]) == ("failed", "Start signal not received")


def test_a_session_is_recorded_only_with_consent(world: World) -> None:
    world.tell(booking_told(7))
    path = f"/rooms/{room_of(7)}/"
    world.host.post(f"{path}token/")

    assert world.host.post(f"{path}recordings/start/", {"consent": False}).code == "consent_required"
    assert world.fan(CLIENT).post(f"{path}recordings/start/", {"consent": True}).status == 403
    assert world.host.post(f"{path}recordings/start/", {"consent": True}).status == 201
    assert world.host.get(path).json["recording_status"] == "starting"
    assert world.host.post(f"{path}recordings/stop/").status == 200
