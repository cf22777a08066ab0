"""A live stream from its plan to its end, with a LiveKit that answers, or does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest

from services.streams.operations import notices, reaping, reconciling
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    HOST_USER,
    PREMIUM_FAN,
    STRANGER,
    World,
    hook,
    person,
    practitioner_told,
)
from services.streams.tests.sandbox import SECRET
from shared.clock import shifted_by, utc_now


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"scheduled_end": "2026-01-01T00:00:00Z"}, "scheduled_end"),
        ({"scheduled_start": "2020-01-01T00:00:00Z"}, "scheduled_start"),
        ({"scheduled_start": "2026-12-01T10:00:00"}, "scheduled_start"),
        ({"minutes": 13 * 60}, "scheduled_end"),
        ({"minutes": 4}, "scheduled_end"),
        ({"tier_level": "gold"}, "tier_level"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "EST5EDT4"}, "timezone"),
        ({"stream": 10**9}, "stream"),
    ],
)
def test_bad_plans_are_refused_by_field(world: World, more: dict[str, Any], field: str) -> None:
    body = world.live_body(minutes=more.pop("minutes", 60))

    answer = world.host.post("/live-streams/", {**body, **more})

    assert (answer.status, field in answer.errors) == (400, True), answer


@pytest.mark.parametrize("zone", ["US/Eastern", "CET"])
def test_old_zone_names_are_kept_as_sent(world: World, zone: str) -> None:
    made = world.planned(timezone=zone)

    assert world.seen(made)["timezone"] == zone


def test_plans_do_not_overlap_even_when_made_at_once(world: World) -> None:
    body = world.live_body(starts_in=100)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: world.host.post("/live-streams/", body), range(6)))

    assert sorted(one.status for one in answers) == [201, 409, 409, 409, 409, 409]
    assert {one.code for one in answers if one.status == 409} == {"live_stream_overlap"}
    [told] = world.told("stream.scheduled")
    assert told.data["tier_level"] == "entry"
    assert told.data["practitioner_user_id"] == HOST_USER


@pytest.mark.parametrize(("minutes", "status", "code"), [(16, 409, "too_early"), (14, 200, None)])
def test_going_live_is_possible_from_a_quarter_of_an_hour_before(
    world: World, minutes: int, status: int, code: str | None
) -> None:
    made = world.planned(starts_in=minutes)

    answer = world.host.post(f"/live-streams/{made['id']}/go_live/")

    assert (answer.status, answer.code) == (status, code)


def test_two_tabs_go_live_once_and_nobody_leaves_the_end(world: World) -> None:
    made = world.planned()
    path = f"/live-streams/{made['id']}/"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.host.post(f"{path}go_live/"), range(4)))

    assert [one.status for one in answers] == [200] * 4
    assert sorted(one.json["already_live"] for one in answers) == [False, True, True, True]
    assert world.fan(STRANGER).post(f"{path}end_stream/").status == 403
    ended = world.host.post(f"{path}end_stream/")
    assert (ended.status, ended.json["live_stream"]["status"]) == (200, "ended")
    assert world.host.post(f"{path}end_stream/").code == "invalid_transition"
    assert world.host.post(f"{path}go_live/").code == "invalid_transition"
    assert world.fan(ENTRY_FAN).post(f"{path}join/").code == "not_live"
    world.clear()
    assert world.sandbox.state()["rooms"] == []
    [told] = world.told("live_stream.ended")
    assert (told.data["end_reason"], told.data["peak_viewers"]) == ("host", 0)
    assert world.told("live_stream.started") == []


def test_one_is_live_at_a_time(world: World) -> None:
    world.on_air(minutes=8)
    second = world.planned(starts_in=14)

    assert world.host.post(f"/live-streams/{second['id']}/go_live/").code == "another_live"


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"code": "unavailable"}, 503), ({"code": "permission_denied"}, 502)],
)
def test_without_livekit_nothing_goes_live_and_everything_ends(
    world: World, fault: dict[str, Any], status: int
) -> None:
    made = world.planned()
    path = f"/live-streams/{made['id']}/"
    world.sandbox.control("trouble", fault={"method": "CreateRoom", **fault})

    assert world.host.post(f"{path}go_live/").status == status
    assert world.seen(made)["status"] == "scheduled"
    assert world.host.post(f"{path}go_live/").status == 200
    world.sandbox.control("trouble", fault={"method": "DeleteRoom", "code": "unavailable"})
    assert world.host.post(f"{path}end_stream/").status == 200
    world.clear()
    assert len(world.sandbox.state()["rooms"]) == 1
    with shifted_by(timedelta(seconds=10)):
        world.clear()
    assert world.sandbox.state()["rooms"] == []


def test_tokens_last_ten_minutes_and_only_hosts_publish(world: World) -> None:
    live, room = world.on_air()
    path = f"/live-streams/{live['id']}/"
    fan = world.fan(ENTRY_FAN)

    joined = fan.post(f"{path}join/").json["room"]
    claims = jwt.decode(joined["token"], SECRET, algorithms=["HS256"])
    video = claims["video"]
    assert 590 <= claims["exp"] - utc_now().timestamp() <= 600
    assert (joined["identity"], joined["role"], video["room"]) == (f"viewer-{ENTRY_FAN}", "viewer", room)
    assert (video["canPublish"], video["canPublishData"], video["canSubscribe"]) == (False, False, True)
    assert (video["roomAdmin"], claims["attributes"]["tier"], claims["name"]) == (False, "entry", f"Fan {ENTRY_FAN}")
    host = world.host.post(f"{path}token/").json
    video = jwt.decode(host["token"], SECRET, algorithms=["HS256"])["video"]
    assert (host["role"], video["canPublish"], "camera" in video["canPublishSources"]) == ("host", True, True)
    assert fan.post(f"{path}token/", {"role": "host"}).status == 403
    assert world.host.post(f"{path}token/", {"role": "viewer"}).json["role"] == "viewer"
    assert joined["url"].startswith("ws")


def test_waiting_before_the_start(world: World) -> None:
    made = world.planned(starts_in=14)
    path = f"/live-streams/{made['id']}/"

    assert world.seen(made)["phase"] == "waiting"
    assert world.fan(ENTRY_FAN).post(f"{path}join/").json["phase"] == "waiting"
    assert world.host.post(f"{path}join/").json["room"]["role"] == "host"
    later = world.planned(starts_in=100)
    assert world.fan(ENTRY_FAN).post(f"/live-streams/{later['id']}/join/").code == "not_live"


def test_the_start_is_told_once_with_the_first_picture(world: World) -> None:
    live, room = world.on_air()

    world.sandbox.control("enter", room=room, identity=f"host-{HOST_USER}")
    world.listen()
    assert world.told("live_stream.started") == []
    for _ in range(2):
        world.sandbox.control("publish", room=room, identity=f"host-{HOST_USER}")
        world.listen()
    assert len(world.told("live_stream.started")) == 1
    notes = [one.data for one in world.told("stream.notice_due")]
    assert [one["kind"] for one in notes] == ["scheduled", "started"]
    assert notes[1]["user_ids"] == [ENTRY_FAN, PREMIUM_FAN]
    assert (notes[1]["batch"], notes[1]["of"]) == (1, 1)
    assert world.seen(live)["phase"] == "live"


def test_a_host_who_tested_the_camera_before_is_on_at_once(world: World) -> None:
    made = world.planned()
    room = f"live-{made['public_uuid']}"
    world.sandbox.control("enter", room=room, identity=f"host-{HOST_USER}")
    world.sandbox.control("publish", room=room, identity=f"host-{HOST_USER}")
    world.listen()

    assert world.host.post(f"/live-streams/{made['id']}/go_live/").status == 200
    reconciling.reconcile_rooms(world.video)

    assert len(world.told("live_stream.started")) == 1


def test_a_host_who_dies_is_waited_for_then_the_end_comes(world: World) -> None:
    live, room = world.on_air()
    world.sandbox.control("enter", room=room, identities=[f"host-{HOST_USER}", f"viewer-{ENTRY_FAN}"])
    world.sandbox.control("publish", room=room, identity=f"host-{HOST_USER}")
    world.listen()
    world.sandbox.control("leave", room=room, identity=f"host-{HOST_USER}")
    world.listen()

    with shifted_by(timedelta(seconds=30)):
        assert world.seen(live)["phase"] == "reconnecting"
        assert reaping.reap(world.video) == 0
    with shifted_by(timedelta(seconds=320)):
        assert reaping.reap(world.video) == 1
        world.clear()
        shown = world.seen(live)
    assert (shown["status"], shown["end_reason"], shown["current_viewers"]) == ("ended", "host_left", 0)
    assert world.sandbox.state()["rooms"] == []


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(590, None), (610, "host_left"), (12 * 3600 + 10, "timeout")],
    ids=["waits", "no host", "long"],
)
def test_what_nobody_hosts_ends_by_itself(world: World, seconds: int, reason: str | None) -> None:
    live, _room = world.on_air()

    with shifted_by(timedelta(seconds=seconds)):
        reaping.reap(world.video)
        assert world.seen(live)["end_reason"] == reason


def test_what_never_began_is_missed(world: World) -> None:
    made = world.planned(starts_in=1, minutes=10)

    with shifted_by(timedelta(minutes=72)):
        reaping.reap(world.video)
        shown = world.seen(made)
    assert (shown["status"], shown["phase"], shown["end_reason"]) == ("cancelled", "missed", "timeout")
    assert len(world.told("live_stream.cancelled")) == 1


def test_moving_cancelling_and_deleting(world: World) -> None:
    made = world.planned(starts_in=300)
    path = f"/live-streams/{made['id']}/"
    start = utc_now() + timedelta(minutes=400)
    body = {"scheduled_start": start.isoformat(), "scheduled_end": (start + timedelta(minutes=30)).isoformat()}

    etag = world.host.get(path).headers["ETag"]
    assert world.host.having(If_Match=etag).patch(path, body).status == 200
    assert world.host.having(If_Match=etag).patch(path, {"title": "Late"}).status == 412
    moved = world.told("stream.scheduled")[-1].data
    assert moved["previous"]["start"] < moved["scheduled_start"]
    assert world.host.put(path, {"title": "Whole"}).status == 400
    assert world.host.patch(path, {"status": "live"}).code == "invalid_transition"
    assert world.host.patch(path, {"status": "scheduled", "title": "Evening"}).json["title"] == "Evening"
    assert world.fan(FREE_FAN).post(f"{path}reminder/").json == {"reminder_set": True}
    assert world.fan(FREE_FAN).get(path).json["reminder_set"] is True
    assert world.fan(FREE_FAN).delete(f"{path}reminder/").status == 204
    assert world.host.post(f"{path}cancel/", {"reason": "Ill"}).json["phase"] == "cancelled"
    assert world.told("live_stream.cancelled")[0].data["reason"] == "Ill"
    assert "STATUS:CANCELLED" in world.http.get(f"/streams/{world.stream['id']}/calendar/").raw.get_data(as_text=True)
    assert world.host.post(f"{path}cancel/").code == "invalid_transition"
    assert world.fan(FREE_FAN).post(f"{path}reminder/").code == "invalid_transition"
    assert world.host.delete(path).status == 204
    assert world.host.get(path).status == 404
    other = world.planned(starts_in=500)
    assert world.host.delete(f"/live-streams/{other['id']}/").status == 204
    assert len(world.told("live_stream.cancelled")) == 2


def test_while_live_nobody_inside_is_shut_out(world: World) -> None:
    live, _room = world.on_air(is_public=True)
    path = f"/live-streams/{live['id']}/"

    for body in ({"tier_level": "premium"}, {"is_public": False}, {"scheduled_end": "2027-01-01T00:00:00Z"}):
        assert world.host.patch(path, body).code == "invalid_transition", body
    assert world.host.patch(path, {"tier_level": "free", "title": "Wider"}).status == 200
    assert world.host.delete(path).code == "invalid_transition"
    assert world.host.delete(f"/streams/{world.stream['id']}/").code == "stream_is_live"
    world.host.post(f"{path}end_stream/")
    assert world.host.patch(path, {"allow_chat": False}).code == "invalid_transition"
    assert world.host.patch(path, {"title": "What it was"}).status == 200


def test_lists_filter_by_time_tier_and_access(world: World) -> None:
    live, _room = world.on_air(tier_level="premium", tags=["deep"])
    later = world.planned(starts_in=200, is_public=True, title="Open evening")
    fan = world.fan(ENTRY_FAN)

    def ids(caller: Any, query: str) -> list[int]:
        answer = caller.get(f"/live-streams/?{query}")
        assert answer.status == 200, answer
        return [one["id"] for one in answer.json["results"]]

    assert ids(fan, "") == [later["id"], live["id"]]
    assert ids(fan, "accessible=true") == ids(world.http, "accessible=true") == [later["id"]]
    assert ids(world.fan(PREMIUM_FAN), "accessible=true&ordering=scheduled_start") == [live["id"], later["id"]]
    assert (
        ids(fan, "time_filter=live") == ids(fan, "status=live,ended") == ids(fan, "tier_level=premium") == [live["id"]]
    )
    assert ids(fan, "time_filter=upcoming&is_public=true") == ids(fan, "search=evening") == [later["id"]]
    assert ids(fan, "search=deep") == ids(fan, f"stream={world.stream['public_uuid']}&status=live") == [live["id"]]
    assert ids(fan, "status=canceled") == ids(fan, "has_recording=true") == ids(fan, "time_filter=past") == []
    assert len(ids(fan, "ordering=-current_viewers")) == len(ids(fan, "practitioner=1")) == 2
    assert ids(fan, f"start_after={(utc_now() + timedelta(minutes=100)).isoformat().replace('+', '%2B')}") == [
        later["id"]
    ]
    assert fan.get("/live-streams/?status=nothing").status == 400
    of_stream = world.http.get(f"/streams/{world.stream['id']}/live_streams/?upcoming=true").json
    assert [one["id"] for one in of_stream["results"]] == [later["id"]]
    text = world.http.get(f"/live-streams/{later['id']}/calendar/").raw.get_data(as_text=True)
    assert f"UID:{later['public_uuid']}" in text
    stream = world.http.get(f"/streams/{world.stream['id']}/").json
    assert (stream["is_live_now"], stream["live_stream_id"]) == (True, live["id"])


def test_members_are_reminded_once_and_anew_when_it_moves(world: World) -> None:
    made = world.planned(starts_in=60 * 48)
    world.clear()

    def remind(hours: float) -> list[str]:
        with shifted_by(timedelta(hours=hours)):
            with world.database.transaction() as session:
                notices.remind_due(session, now=utc_now())
            world.clear()
        return [one.data["kind"] for one in world.told("stream.notice_due")][1:]

    assert remind(23) == []
    assert remind(25) == remind(25.5) == ["reminder"]
    assert remind(47.8) == ["reminder", "reminder"]
    start = utc_now() + timedelta(hours=72)
    body = {"scheduled_start": start.isoformat(), "scheduled_end": (start + timedelta(hours=1)).isoformat()}
    assert world.host.patch(f"/live-streams/{made['id']}/", body).status == 200
    assert remind(49) == ["reminder", "reminder", "rescheduled", "reminder"]


def test_a_suspended_host_is_taken_off_the_air(world: World) -> None:
    live, _room = world.on_air()

    world.tell(practitioner_told(1, sequence=2, status="suspended"))

    shown = world.http.as_staff().get(f"/live-streams/{live['id']}/").json
    assert (shown["status"], shown["end_reason"]) == ("ended", "staff")
    assert world.http.get(f"/live-streams/{live['id']}/").status == 404


def test_a_room_that_is_lost_and_not_made_again_ends_the_live_stream(world: World) -> None:
    live, room = world.on_air()
    world.hooks(
        hook("participant_joined", room, participant=person(f"host-{HOST_USER}", "PA_h", joined=utc_now().timestamp()))
    )
    sid = world.sandbox.state()["rooms"][0]["sid"]

    world.hooks(hook("room_finished", room, at=utc_now().timestamp() + 1, sid=sid))
    assert world.seen(live)["room_details"]["status"] == "pending"
    with shifted_by(timedelta(seconds=310)):
        reaping.reap(world.video)
        assert world.seen(live)["end_reason"] in ("room_closed", "host_left")
