"""Who is inside, whatever LiveKit's news do: forged, doubled, reordered, lost (R22, S19)."""

import itertools
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update

from services.streams.models import LiveCounters, LiveKitEvent, LiveStream, ParticipantSeen, Room, ViewerSession
from services.streams.operations import reaping, reconciling, webhooks
from services.streams.tests.factories import (
    ENTRY_FAN,
    HOST_USER,
    PREMIUM_FAN,
    World,
    hook,
    person,
    signed,
)
from shared.clock import shifted_by, utc_now
from shared.database import Database

A, B = f"viewer-{ENTRY_FAN}", f"viewer-{PREMIUM_FAN}"


def counters(world: World, live: dict[str, Any]) -> tuple[int, int, int, int]:
    shown = world.seen(live)
    return shown["current_viewers"], shown["peak_viewers"], shown["total_viewers"], shown["unique_viewers"]


@pytest.mark.parametrize("path", ["/streams/webhooks/livekit/", "/webhooks/livekit/", "/rooms/webhooks/livekit/"])
def test_forged_news_are_refused_at_every_address(world: World, path: str) -> None:
    body = json.dumps(hook("participant_joined", "live-x", participant=person(A, "PA_1"))).encode()

    def post(data: bytes, authorization: str) -> int:
        headers = {"Authorization": authorization, "Content-Type": "application/webhook+json"}
        return world.http.post(path, data=data, headers=headers).status

    assert post(body.replace(b"PA_1", b"PA_2"), signed(body)) == 401
    assert post(body, signed(body, secret="another-secret-of-at-least-32-characters")) == 401
    assert post(body, signed(body, key="APIother")) == 401
    assert post(body, signed(body, ttl=timedelta(minutes=-5))) == 401
    assert post(body, "") == post(body, "nonsense") == post(b"\xff\xfe", signed(body)) == 401
    assert post(body, f"Bearer {signed(body)}") == 200
    assert post(b"x" * (2 << 20), signed(body)) == 413


def test_news_of_unknown_rooms_and_kinds_do_no_harm(world: World) -> None:
    assert world.post_hook(hook("participant_joined", "others", participant=person(A, "PA_1"))).status == 200
    assert world.post_hook(hook("ingress_started", "others")).status == 200
    world.clear()
    with shifted_by(timedelta(minutes=6)):
        world.clear()

    with world.database.transaction() as session:
        rows = session.execute(select(LiveKitEvent.type, LiveKitEvent.status)).all()
    statuses = {row.type: row.status for row in rows}
    assert statuses == {"participant_joined": "parked", "ingress_started": "ignored"}


def test_every_order_and_repetition_gives_the_same_numbers(world: World) -> None:
    live, room = world.on_air()
    start = int(utc_now().timestamp()) + 1.0
    joined = hook("participant_joined", room, at=start, participant=person(A, "PA_1", joined=start))
    again = hook("participant_joined", room, at=start + 60, participant=person(A, "PA_2", joined=start + 60))
    left = hook("participant_left", room, at=start + 62, participant=person(A, "PA_1"))

    for order in itertools.permutations([joined, again, left]):
        for one in order:
            world.hooks(one, one)
        assert counters(world, live) == (1, 1, 2, 1), [one["event"] for one in order]
        with world.database.transaction() as session:
            spans = session.execute(
                select(ViewerSession.participant_sid, ViewerSession.duration_seconds).order_by(ViewerSession.joined_at)
            ).all()
            assert [tuple(one) for one in spans] == [("PA_1", 62), ("PA_2", 0)]
            for model in (ViewerSession, LiveKitEvent, ParticipantSeen):
                session.execute(delete(model))


def test_left_alone_aborted_recorders_and_hidden_ones_count_for_nobody(world: World) -> None:
    live, room = world.on_air()
    now = utc_now().timestamp()

    world.hooks(
        hook("participant_left", room, participant=person(A, "PA_1")),
        hook("participant_joined", room, participant=person(B, "PA_2", joined=now)),
        hook("participant_connection_aborted", room, participant=person(B, "PA_2")),
        hook("participant_joined", room, participant={**person("EG_x", "PA_3", joined=now), "kind": "EGRESS"}),
        hook("participant_joined", room, participant={**person(A, "PA_4"), "permission": {"hidden": True}}),
        hook("participant_joined", room, participant=person(f"host-{HOST_USER}", "PA_5", joined=now)),
    )

    assert counters(world, live) == (0, 0, 0, 0)
    assert world.seen(live)["room_details"]["status"] == "in_use"


@pytest.mark.parametrize("news", ["webhook", "list"])
def test_news_wait_for_whoever_ends_a_live_stream_without_holding_its_room(world: World, news: str) -> None:
    """Locks are taken in one order, so that they never wait for each other: first the live stream, then its room."""
    live, name = world.on_air()
    joined = hook("participant_joined", name, participant=person(A, "PA_1", joined=utc_now().timestamp()))
    assert world.post_hook(joined).status == 200

    def follow() -> None:
        with world.database.transaction() as session:
            if news == "webhook":
                webhooks.apply_room(session, name, now=utc_now())
            else:
                room = session.scalars(select(Room.id).where(Room.name == name)).one()
                reconciling.reconcile(session, room, [], asked_at=utc_now())

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as ending:
            ending.execute(select(LiveStream.id).where(LiveStream.id == live["id"]).with_for_update())
            following = pool.submit(follow)
            wait_until_waiting(world.database)
            ending.execute(select(Room.id).where(Room.name == name).with_for_update(nowait=True))
        following.result(10)


def wait_until_waiting(database: Database) -> None:
    """Return when somebody waits for another's lock."""
    here = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    waiting = text(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN ({here})")
    deadline = time.monotonic() + 20
    with database.reading() as connection:
        while not connection.scalar(waiting):
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


moves = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "abort", "reconnect"]), st.integers(0, 3)), min_size=1, max_size=12
)


@given(moves=moves, seed=st.integers(0, 2**16))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shuffled_and_doubled_news_never_go_below_zero_and_end_right(
    world: World, on_air: tuple[dict[str, Any], str], moves: list[tuple[str, int]], seed: int
) -> None:
    live, room = on_air
    with world.database.transaction() as session:
        for model in (ViewerSession, ParticipantSeen, LiveKitEvent):
            session.execute(delete(model))
        session.execute(update(LiveCounters).values(current=0, total=0, uniques=0))
    inside, told, counted, clock = {}, [], set(), utc_now().timestamp()
    for number, (move, who) in enumerate(moves):
        identity, at, sid = f"viewer-{100 + who}", clock + number, f"PA_{number}"
        if move in ("join", "reconnect") and (move == "reconnect" or who not in inside):
            old = inside.get(who)
            told.append(hook("participant_joined", room, at=at, participant=person(identity, sid, joined=at)))
            if old:
                told.append(hook("participant_left", room, at=at + 2, participant=person(identity, old)))
            inside[who] = sid
            counted.add(sid)
        elif who in inside:
            gone = inside.pop(who)
            kind = "participant_left" if move != "abort" else "participant_connection_aborted"
            told.append(hook(kind, room, at=at, participant=person(identity, gone)))
            if move == "abort":
                counted.discard(gone)
    shuffled = [*told, *told]
    random.Random(seed).shuffle(shuffled)

    for one in shuffled:
        assert world.post_hook(one).status == 200
        if one["id"][-1] in "012":
            world.clear()
            assert min(counters(world, live)) >= 0
    world.clear()

    current, _peak, total, _unique = counters(world, live)
    assert (current, total) == (len(inside), len(counted))


@pytest.fixture
def on_air(world: World) -> tuple[dict[str, Any], str]:
    """A live stream that is on."""
    return world.on_air()


def test_lost_news_are_made_good_by_looking(world: World) -> None:
    live, room = world.on_air()
    world.sandbox.control("trouble", webhooks={"drop_rate": 1.0})
    world.sandbox.control("enter", room=room, identities=[A, B, f"host-{HOST_USER}"], tier="entry")
    world.sandbox.control("publish", room=room, identity=f"host-{HOST_USER}")
    world.listen()
    assert counters(world, live)[0] == 0

    with shifted_by(timedelta(seconds=31)):
        reconciling.reconcile_rooms(world.video)
        assert counters(world, live) == (2, 2, 2, 2)
        assert len(world.told("live_stream.started")) == 1
    world.sandbox.control("leave", room=room, identity=A)
    with shifted_by(timedelta(seconds=62)):
        reconciling.reconcile_rooms(world.video)
        assert counters(world, live) == (1, 2, 2, 2)
    with world.database.transaction() as session:
        gone = session.scalars(select(ViewerSession).where(ViewerSession.left_at.is_not(None))).one()
        # When A was seen last, not when it was noticed.
        assert 29 <= gone.duration_seconds <= 33
    world.sandbox.control("leave", room=room)
    with shifted_by(timedelta(seconds=93)):
        reconciling.reconcile_rooms(world.video)
        assert counters(world, live)[0] == 0


def test_late_doubled_and_shuffled_webhooks_of_a_real_room(world: World) -> None:
    live, room = world.on_air()
    trouble = {"repeat": 2, "delay_seconds": 0.02, "shuffle_seconds": 0.1, "seed": 7}
    world.sandbox.control("trouble", webhooks=trouble, lie_participants=99)
    for _ in range(2):
        world.sandbox.control("enter", room=room, identities=[A, B])
        world.sandbox.control("leave", room=room, identity=A)

    world.listen()

    current, _peak, total, unique = counters(world, live)
    assert (current, total, unique) == (1, 4, 2)


def test_an_ended_room_is_closed_within_ninety_seconds_although_every_word_of_it_is_lost(world: World) -> None:
    live, room = world.on_air()
    world.sandbox.control("enter", room=room, identities=[A, f"host-{HOST_USER}"])
    world.listen()
    world.sandbox.control("trouble", webhooks={"drop_rate": 1.0})
    world.video.delete_room(room)

    with shifted_by(timedelta(seconds=60)):
        reconciling.reconcile_rooms(world.video)
        shown = world.seen(live)
    assert (shown["current_viewers"], shown["room_details"]["status"]) == (0, "pending")
    with shifted_by(timedelta(seconds=60 + 301)):
        reaping.reap(world.video)
        assert world.seen(live)["status"] == "ended"


def test_a_token_outlives_its_room_but_opens_nothing(world: World) -> None:
    live, room = world.on_air()
    world.host.post(f"/live-streams/{live['id']}/end_stream/")
    world.clear()

    world.sandbox.control("enter", room=room, identity=A)
    assert world.sandbox.people(room) == {A}
    world.listen()

    assert world.sandbox.state()["rooms"] == []
    assert counters(world, live)[0] == 0


def test_joining_twice_is_one_viewer_and_leaving_is_at_once(world: World) -> None:
    live, room = world.on_air()
    world.sandbox.control("enter", room=room, identity=A)
    world.sandbox.control("enter", room=room, identity=A)
    world.listen()
    assert counters(world, live) == (1, 1, 2, 1)

    fan, path = world.fan(ENTRY_FAN), f"/live-streams/{live['id']}/leave/"
    assert fan.post(path).status == 200
    assert counters(world, live)[0] == 0
    world.clear()
    world.listen()
    assert world.sandbox.people(room) == set()
    assert counters(world, live) == (0, 1, 2, 1)
    assert fan.post(path).status == 200


def test_the_room_is_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.streams.settings import settings as service_settings

    live, room = world.on_air()
    world.sandbox.control("enter", room=room, identity=A)
    world.listen()
    monkeypatch.setenv("STREAM_MAX_VIEWERS", "1")
    service_settings.cache_clear()

    assert world.fan(PREMIUM_FAN).post(f"/live-streams/{live['id']}/join/").code == "room_full"
    assert world.fan(ENTRY_FAN).post(f"/live-streams/{live['id']}/join/").status == 200
    assert world.host.post(f"/live-streams/{live['id']}/join/").status == 200
    service_settings.cache_clear()


def test_a_room_that_opens_again_is_a_new_making(world: World) -> None:
    _live, room = world.on_air()
    now = utc_now().timestamp()

    world.hooks(
        hook("room_finished", room, at=now - 5, sid="RM_old"), hook("room_started", room, at=now + 2, sid="RM_new")
    )
    world.hooks(hook("room_finished", room, at=now + 3, sid="RM_old"))

    with world.database.transaction() as session:
        row = session.scalars(select(Room).where(Room.name == room)).one()
        assert (row.livekit_sid, row.status) == ("RM_new", "active")
        assert session.scalar(select(func.count()).where(LiveStream.room_lost_at.is_not(None))) == 0
        webhooks.purge(session, now=utc_now() + timedelta(days=40))
        assert session.scalar(select(func.count()).select_from(LiveKitEvent)) == 0
