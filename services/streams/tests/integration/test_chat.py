"""Chat and reactions, and what hosts do about people."""

from datetime import timedelta
from typing import Any

import pytest

from services.streams.operations import chat
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    HOST_USER,
    PREMIUM_FAN,
    STRANGER,
    World,
    message,
)
from shared.clock import shifted_by
from shared.ids import uuid7


@pytest.fixture
def live(world: World) -> dict[str, Any]:
    """A live stream with two people inside."""
    made, room = world.on_air()
    world.sandbox.control("enter", room=room, identities=[f"host-{HOST_USER}", f"viewer-{ENTRY_FAN}"])
    world.listen()
    return {**made, "room": room, "path": f"/live-streams/{made['id']}/"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        *(("x" * 501, 400), ("   ", 400), ("", 400), ("a\x07b", 400), ("\u200b", 400), ("see https://x.com", 400)),
        *(("<script>alert(1)</script>", 201), ("héllo 👏", 201), ("x" * 500, 201)),
    ],
)
def test_what_may_be_said(world: World, live: dict[str, Any], text: str, status: int) -> None:
    answer = world.fan(ENTRY_FAN).post(f"{live['path']}chat/", {"text": text})

    assert answer.status == status
    if status == 201:
        assert answer.json["text"] == text


def test_messages_reach_the_room_are_kept_and_are_one_when_repeated(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), f"{live['path']}chat/"
    key = str(uuid7())

    first = fan.post(path, {"text": " Hello ", "client_id": key})
    again = fan.post(path, {"text": "Hello", "client_id": key})
    assert (again.status, again.json["id"], first.json["text"]) == (201, first.json["id"], "Hello")
    assert world.host.post(path, {"text": "see https://estuary.example"}).json["is_host"] is True
    world.clear()
    [space] = world.sandbox.state()["rooms"]
    received = [
        one for person in space["people"] for one in person["received"] if person["identity"].startswith("viewer")
    ]
    assert [one["topic"] for one in received] == ["chat", "chat"]
    page = fan.get(f"{path}?page_size=1").json
    assert [one["is_host"] for one in page["results"]] == [True]
    older = fan.get(f"{path}?{page['next'].partition('?')[2]}").json
    assert ([one["id"] for one in older["results"]], older["next"]) == ([first.json["id"]], None)
    assert world.seen(live)["chat_message_count"] == 2
    assert fan.get(f"{path}?before_offset=0").json["results"] == []
    assert fan.get(f"{path}?cursor=%25%25").status == 400
    assert world.fan(FREE_FAN).get(path).status == 402


def test_six_in_ten_seconds_are_too_many(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), f"{live['path']}chat/"

    assert [fan.post(path, {"text": f"{n}"}).status for n in range(6)] == [201] * 5 + [429]
    with shifted_by(timedelta(seconds=11)):
        assert fan.post(path, {"text": "later"}).status == 201
    assert [world.host.post(path, {"text": f"{n}"}).status for n in range(6)] == [201] * 6


def test_muted_banned_and_pardoned(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), live["path"]

    assert world.fan(PREMIUM_FAN).post(f"{path}viewers/{ENTRY_FAN}/mute/").status == 403
    assert world.host.post(f"{path}viewers/{ENTRY_FAN}/mute/", {"minutes": 5}).json["muted_until"]
    assert fan.post(f"{path}chat/", {"text": "hi"}).code == "muted"
    assert fan.post(f"{path}reactions/", {"emoji": "👏"}).code == "muted"
    assert world.host.get(f"{path}viewers/").json["viewers"][0]["is_muted"] is True
    with shifted_by(timedelta(minutes=6)):
        assert fan.post(f"{path}chat/", {"text": "hi"}).status == 201
    assert world.host.post(f"{path}viewers/{ENTRY_FAN}/mute/").json == {"muted_until": None}
    assert world.host.post(f"{path}viewers/{ENTRY_FAN}/unmute/").status == 200
    banned = world.host.post(f"{path}viewers/{ENTRY_FAN}/remove/", {"ban": True, "scope": "stream", "reason": "rude"})
    assert banned.status == 200
    world.clear()
    assert world.sandbox.people(live["room"]) == {f"host-{HOST_USER}"}
    for call in ("join/", "chat/"):
        assert fan.post(f"{path}{call}", {"text": "hi"}).code == "banned"
    assert world.host.post(f"{path}viewers/{HOST_USER}/remove/").status == 403
    assert world.host.post(f"{path}viewers/999999/remove/").status == 404
    assert world.host.post(f"{path}viewers/{ENTRY_FAN}/unmute/").status == 200
    assert fan.post(f"{path}join/").status == 200


def test_messages_are_taken_back(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), f"{live['path']}chat/"
    ids = [fan.post(path, {"text": f"{n}"}).json["id"] for n in range(3)]

    assert world.fan(PREMIUM_FAN).delete(f"{path}{ids[0]}/").status == 403
    assert fan.delete(f"{path}{ids[0]}/").status == 204
    assert fan.delete(f"{path}{ids[0]}/").status == 404
    with shifted_by(timedelta(minutes=6)):
        assert fan.delete(f"{path}{ids[1]}/").status == 403
        assert world.host.delete(f"{path}{ids[1]}/").status == 204
    shown = fan.get(path).json["results"]
    assert [(one["text"], one["is_deleted"]) for one in shown] == [("2", False), ("", True), ("", True)]


def test_reactions_are_sent_as_sums_and_counted(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), f"{live['path']}reactions/"

    assert fan.post(path, {"emoji": "💩"}).status == fan.post(path, {"emoji": "👏", "count": 1000}).status == 400
    for _ in range(3):
        assert fan.post(path, {"emoji": "👏", "count": 20}).json == {"accepted": 20}
    assert fan.post(path, {"emoji": "❤"}).status == 429
    assert world.host.post(path, {"emoji": "❤"}).status == 202
    assert world.seen(live)["reaction_count"] == 61
    assert chat.send_reactions(world.video) == 1
    assert chat.send_reactions(world.video) == 0
    [space] = world.sandbox.state()["rooms"]
    [sums] = [
        one for person in space["people"] if person["identity"].startswith("viewer") for one in person["received"]
    ]
    assert sums["topic"] == "reaction"
    told = world.host.get(f"{live['path']}analytics/").json
    assert told["reactions_by_emoji"] == {"👏": 60, "❤": 1}
    assert (told["engagement_rate"], told["unique_chatters"], told["timeline"][0]["reactions"]) == ("100.0", 0, 61)


def test_switched_off_and_over(world: World, live: dict[str, Any]) -> None:
    fan, path = world.fan(ENTRY_FAN), live["path"]
    world.host.patch(path, {"allow_chat": False, "allow_reactions": False})

    assert fan.post(f"{path}chat/", {"text": "hi"}).code == "chat_disabled"
    assert fan.post(f"{path}reactions/", {"emoji": "👏"}).code == "reactions_disabled"
    assert world.fan(STRANGER).post(f"{path}chat/", {"text": "hi"}).status == 402
    world.host.post(f"{path}end_stream/")
    assert fan.post(f"{path}chat/", {"text": "hi"}).code == "not_live"


def test_a_failing_send_loses_no_message(world: World, live: dict[str, Any]) -> None:
    world.sandbox.control("trouble", fault={"method": "SendData", "code": "unavailable", "times": 50})
    fan, path = world.fan(ENTRY_FAN), f"{live['path']}chat/"

    assert fan.post(path, {"text": "hi"}).status == 201
    world.clear()

    assert fan.get(path).json["results"][0]["text"] == "hi"


def test_a_forgotten_person_leaves_numbers_only(world: World, live: dict[str, Any]) -> None:
    fan = world.fan(ENTRY_FAN)
    fan.post(f"{live['path']}chat/", {"text": "my address is …"})
    wish = message("user.export_requested", {"export_id": "e", "user_id": ENTRY_FAN}, subject=("user", ENTRY_FAN))
    world.tell(wish)
    kinds = {one["kind"] for one in world.told("user.export_part")[0].data["data"]}
    assert kinds >= {"profile", "chat", "attendance", "membership"}

    world.tell(message("user.deleted", {"user_id": ENTRY_FAN}, subject=("user", ENTRY_FAN), sequence=5))
    world.clear()

    shown = world.host.get(f"{live['path']}chat/").json["results"][0]
    assert (shown["text"], shown["user_name"]) == ("", "Member")
    assert world.sandbox.people(live["room"]) == {f"host-{HOST_USER}"}
    assert world.host.get(f"{live['path']}analytics/").json["unique_viewers"] == 1
    assert [one.data["source"] for one in world.told("user.erased")] == ["streams"]
