"""Recurring live streams: generated, changed, skipped, at once and by hand."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.streams.operations.generating import generate_due
from services.streams.tests.factories import FREE_FAN, World
from shared.clock import frozen_at, utc_now

BERLIN = ZoneInfo("Europe/Berlin")


def body(world: World, **more: Any) -> dict[str, Any]:
    first = (utc_now().astimezone(BERLIN) + timedelta(hours=2)).replace(minute=0, tzinfo=None)
    return {
        "stream": world.stream["id"],
        "title": "Evening class",
        "recurrence_rule": "RRULE:FREQ=DAILY",
        "starts_at": first.isoformat(timespec="minutes"),
        "auto_create_days_ahead": 4,
        **more,
    }


def later(local: str, hours: int = 1) -> str:
    return (datetime.fromisoformat(local) + timedelta(hours=hours)).isoformat()


def made(world: World, **more: Any) -> dict[str, Any]:
    answer = world.host.post("/stream-schedules/", body(world, **more))
    assert answer.status == 201, answer
    schedule: dict[str, Any] = answer.json
    return schedule


def planned(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.host.get("/live-streams/?time_filter=upcoming").json["results"]
    return found


def test_a_schedule_makes_its_live_streams_and_one_piece_of_news(world: World) -> None:
    schedule = made(world)

    assert schedule["recurrence_rule"] == "FREQ=DAILY"
    assert schedule["timezone"] == "Europe/Berlin"
    hour = int(schedule["starts_at"][11:13])
    assert schedule["description_text"] == f"Every day at {hour:02}:00 (Europe/Berlin)"
    live = planned(world)
    assert len(live) == len(schedule["upcoming_streams"]) == 4
    local = {datetime.fromisoformat(one["scheduled_start"]).astimezone(BERLIN).hour for one in live}
    assert local == {hour}
    assert [one["occurrence"] for one in live] == sorted(one["occurrence"] for one in live)
    world.clear()
    assert [one.data["kind"] for one in world.told("stream.notice_due")] == ["scheduled"]
    assert len(world.told("stream.scheduled")) == 4
    assert world.http.get("/stream-schedules/?ordering=-created_at").json["count"] == 1
    assert world.http.get(f"/stream-schedules/{schedule['id']}/").json["stream_title"] == "Breathe"


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=XX", "INTERVAL=2", "x" * 600),
        *("FREQ=DAILY;COUNT=2;UNTIL=20300101", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    ],
)
def test_hostile_rules(world: World, rule: str) -> None:
    answer = world.host.post("/stream-schedules/", body(world, recurrence_rule=rule))

    assert (answer.status, answer.code) == (400, "invalid_recurrence")
    assert answer.errors["recurrence_rule"]
    assert world.fan(FREE_FAN).post("/stream-schedules/preview/", {"recurrence_rule": rule}).status == 400


def test_who_may_make_and_see_schedules(world: World) -> None:
    assert world.http.post("/stream-schedules/", body(world)).status == 401
    assert world.fan(FREE_FAN).post("/stream-schedules/", body(world)).status == 403
    schedule = made(world, is_active=False)
    path = f"/stream-schedules/{schedule['id']}/"
    assert world.http.get(path).status == 404
    assert world.fan(FREE_FAN).patch(path, {"title": "x"}).status == 404
    assert world.host.get(path).json["is_active"] is False
    assert world.host.post(f"{path}generate_streams/").code == "invalid_transition"
    assert world.host.post("/stream-schedules/", {**body(world), "starts_at": None}).status == 400
    no_start = {name: value for name, value in body(world).items() if name != "starts_at"}
    assert "starts_at" in world.host.post("/stream-schedules/", no_start).errors


def test_generating_at_once_by_clock_and_by_hand_gives_the_same_rows(world: World) -> None:
    schedule = made(world)
    path = f"/stream-schedules/{schedule['id']}/generate_streams/"

    def clock() -> int:
        with world.database.transaction() as session:
            return generate_due(session, now=utc_now())

    with ThreadPoolExecutor(6) as pool:
        by_hand = [pool.submit(world.host.post, path, {"days": 8}) for _ in range(4)]
        by_clock = [pool.submit(clock) for _ in range(2)]
        answers = [one.result() for one in by_hand]
        for one in by_clock:
            one.result()

    assert [one.status for one in answers] == [200] * 4
    assert sorted(one.json["created"] for one in answers) == [0, 0, 0, 4]
    assert len(planned(world)) == 8
    assert world.host.post(path, {"days": 91}).status == 400


def test_overlaps_are_left_out_and_named(world: World) -> None:
    schedule = made(world)
    other = made(world, title="Other", auto_create_days_ahead=3)

    assert other["upcoming_streams"] == []
    answer = world.host.post(f"/stream-schedules/{other['id']}/generate_streams/", {"days": 3})
    assert (answer.json["created"], "left out" in answer.json["message"]) == (0, True)
    assert schedule["upcoming_streams"]


def test_changing_moves_what_was_not_touched(world: World) -> None:
    schedule = made(world)
    first, second, *_ = planned(world)
    world.host.patch(f"/live-streams/{first['id']}/", {"title": "By hand"})
    path = f"/stream-schedules/{schedule['id']}/"

    changed = world.host.patch(path, {"title": "Night class", "duration_minutes": 90})
    assert changed.status == 200
    titles = [one["title"] for one in planned(world)]
    assert titles == ["By hand", "Night class", "Night class", "Night class"]
    assert world.seen(second)["duration_minutes"] == 90
    etag = world.host.get(path).headers["ETag"]
    hour = int(schedule["starts_at"][11:13])
    starts = later(schedule["starts_at"])
    assert world.host.having(If_Match=etag).patch(path, {"starts_at": starts}).status == 200
    assert world.host.having(If_Match=etag).patch(path, {"title": "x"}).status == 412
    assert world.seen(second)["phase"] == "cancelled"
    hours = [datetime.fromisoformat(one["scheduled_start"]).astimezone(BERLIN).hour for one in planned(world)]
    assert (hours[0], set(hours[1:])) == (hour, {(hour + 1) % 24})


def test_skipping_and_taking_back(world: World) -> None:
    schedule = made(world)
    live = planned(world)
    path = f"/stream-schedules/{schedule['id']}/"

    skipped = world.host.post(f"{path}skip/", {"occurrence": live[0]["occurrence"]})
    assert skipped.json["exdates"] == [live[0]["occurrence"]]
    assert world.seen(live[0])["phase"] == "cancelled"
    assert datetime.fromisoformat(skipped.json["next_occurrence"]) == datetime.fromisoformat(live[1]["scheduled_start"])
    listed = world.http.get(f"{path}occurrences/").json
    assert ([one["skipped"] for one in listed[:2]], len(listed) > 300) == ([True, False], True)
    assert listed[1]["live_stream"] == live[1]["id"]
    back = world.host.post(f"{path}unskip/", {"occurrence": live[0]["occurrence"]})
    assert (back.json["exdates"], len(planned(world))) == ([], 4)
    assert world.host.post(f"{path}unskip/", {"occurrence": live[0]["occurrence"]}).status == 400
    assert world.host.post(f"{path}skip/", {"occurrence": "2020-01-01T19:00"}).status == 400
    assert world.host.post(f"{path}skip/", {"occurrence": "nonsense"}).status == 400
    assert world.http.get(f"{path}occurrences/?from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z").status == 400


def test_count_counts_what_is_skipped(world: World) -> None:
    schedule = made(world, recurrence_rule="FREQ=DAILY;COUNT=4", auto_create_days_ahead=30)
    live = planned(world)
    assert len(live) == 4

    after = world.host.post(f"/stream-schedules/{schedule['id']}/skip/", {"occurrence": live[1]["occurrence"]})

    assert (after.status, len(planned(world))) == (200, 3)


def test_ending_a_schedule(world: World) -> None:
    kept, dropped = made(world), made(world, title="Noon", starts_at="2030-01-01T12:00")

    assert world.host.delete(f"/stream-schedules/{kept['id']}/?keep_upcoming=true").status == 204
    assert len(planned(world)) == 4
    assert world.host.delete(f"/stream-schedules/{dropped['id']}/").status == 204
    again = made(world, title="Again", starts_at=later(body(world)["starts_at"], 2))
    assert world.host.delete(f"/stream-schedules/{again['id']}/").status == 204
    assert {one["title"] for one in planned(world)} == {"Evening class"}
    assert world.host.get(f"/stream-schedules/{kept['id']}/").status == 404


def test_a_stream_has_at_most_twenty_active_ones(world: World) -> None:
    later = [made(world, title=f"{n}", starts_at=f"2030-01-{n + 1:02}T12:00")["id"] for n in range(20)]

    assert world.host.post("/stream-schedules/", body(world)).code == "schedule_limit"
    assert world.host.patch(f"/stream-schedules/{later[0]}/", {"is_active": False}).status == 200
    assert world.host.post("/stream-schedules/", body(world)).status == 201
    assert world.host.patch(f"/stream-schedules/{later[0]}/", {"is_active": True}).code == "schedule_limit"


def test_a_preview_tells_of_clock_changes(world: World) -> None:
    wish = {
        "recurrence_rule": "FREQ=WEEKLY;COUNT=60",
        "starts_at": "2027-03-07T02:30",
        "timezone": "America/New_York",
        "limit": 50,
    }
    with frozen_at(datetime(2027, 3, 1, tzinfo=UTC)):
        told = world.fan(FREE_FAN).post("/stream-schedules/preview/", wish).json

    assert told["total"] == 60
    notes = [one for one in told["occurrences"] if one["note"]]
    assert [(one["start"], one["note"]) for one in notes] == [("2027-03-14T07:30:00Z", "shifted_by_dst")]
    assert world.http.post("/stream-schedules/preview/", wish).status == 401
