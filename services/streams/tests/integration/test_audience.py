"""Who watched, how many at once and how long: the figures equal a recount."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.streams.models import LiveKitEvent
from services.streams.operations import analytics
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    PREMIUM_FAN,
    World,
    person,
)
from shared.clock import shifted_by, utc_now
from shared.testing.proof import proof, sized

JOINS = sized(1_500, full=10_000)
A, B = f"viewer-{ENTRY_FAN}", f"viewer-{PREMIUM_FAN}"


class TestManyAtOnce:
    pytestmark = proof

    def test_joins_are_counted_as_a_recount_has_it(self, world: World) -> None:
        live, room = world.on_air()
        rng = random.Random(11)
        start = utc_now().timestamp()
        told, spans = [], []
        for number in range(JOINS):
            user = rng.randrange(100, 100 + JOINS * 2 // 5)
            joined = int((start + rng.random() * 600) * 1000) / 1000
            left = joined + rng.choice([0.4, 30, 200, 1_000]) * rng.random()
            tier = rng.choice(["", "free", "entry", "premium"])
            told.append(
                ("participant_joined", joined, person(f"viewer-{user}", f"PA_{number}", joined=joined, tier=tier))
            )
            if rng.random() < 0.97:
                told.append(("participant_left", left, person(f"viewer-{user}", f"PA_{number}", tier=tier)))
            else:
                left = float("inf")
            spans.append((user, joined, left))
        rng.shuffle(told)
        rows = [
            {
                "event_id": f"EV_{number}",
                "type": kind,
                "room_name": room,
                "created_at_s": int(at),
                "payload": {"participant": {**who, "joined_at_ms": who.pop("joinedAtMs", 0)}},
            }
            for number, (kind, at, who) in enumerate(told)
        ]
        with world.database.transaction() as session:
            session.execute(LiveKitEvent.__table__.insert(), rows)
            session.execute(text("SET LOCAL statement_timeout = 0"))

        with shifted_by(timedelta(seconds=1000)):
            world.clear()
            shown = world.seen(live)
            current, total, unique = (shown[f"{name}_viewers"] for name in ("current", "total", "unique"))

        assert current == len({user for user, _, left in spans if left == float("inf")})
        assert (total, unique) == (JOINS, len({user for user, _, _ in spans}))
        with shifted_by(timedelta(seconds=1200)):
            assert world.host.post(f"/live-streams/{live['id']}/end_stream/").status == 200
            end = datetime.fromisoformat(world.seen(live)["actual_end"]).timestamp()
            _check_figures(world, live, spans, end)


def _check_figures(world: World, live: dict[str, Any], spans: list[tuple[int, float, float]], end: float) -> None:
    """Hold the figures against a recount by brute force over what was simulated."""
    with shifted_by(timedelta(minutes=3)), world.database.transaction() as session:
        assert analytics.finalize_due(session, now=utc_now()) == 1
    told = world.host.get(f"/live-streams/{live['id']}/analytics/").json
    stretches: dict[int, list[tuple[float, float]]] = {}
    # Ends are told in whole seconds; the end of the live stream bounds all.
    for user, joined, left in spans:
        closed = min(max(float(int(left)) if left != float("inf") else end, joined), end)
        stretches.setdefault(user, []).append((joined, closed))
    watched = 0.0
    changes: list[tuple[float, int, int]] = []
    for user, own in stretches.items():
        for joined, left in own:
            changes += [(joined, 1, user), (left, -1, user)] if left > joined else []
        reach = float("-inf")
        for joined, left in sorted(own):
            watched += max(0.0, left - max(joined, reach))
            reach = max(reach, left)
    inside: dict[int, int] = {}
    peak = 0
    for _at, change, user in sorted(changes, key=lambda one: (one[0], one[1])):
        inside[user] = inside.get(user, 0) + change
        if not inside[user]:
            del inside[user]
        peak = max(peak, len(inside))
    assert told["total_viewers"] == JOINS
    assert told["unique_viewers"] == len(stretches)
    assert abs(told["peak_concurrent_viewers"] - peak) <= 1
    assert abs(told["watch_minutes"] - watched / 60) <= 1
    tiers = [told[f"{tier}_viewers"] for tier in ("free_tier", "entry_tier", "premium_tier", "non_subscriber")]
    assert sum(tiers) == told["unique_viewers"]
    shares = [float(one["share"]) for one in told["retention"]]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert max(one["concurrent"] for one in told["timeline"]) == told["peak_concurrent_viewers"]
    assert sum(one["joined"] for one in told["timeline"]) == JOINS
    assert world.told("live_stream.ended")[0].data["peak_viewers"] == told["peak_concurrent_viewers"]
    day = world.host.get(f"/streams/{world.stream['id']}/analytics/?days=2").json
    assert sum(one["total_views"] for one in day) == JOINS


def test_who_watches_is_listed_to_the_host(world: World) -> None:
    live, room = world.on_air()
    world.sandbox.control("enter", room=room, identities=[A, B], tier="entry")
    world.sandbox.control("leave", room=room, identity=B)
    world.listen()
    path = f"/live-streams/{live['id']}/viewers/"

    assert world.fan(FREE_FAN).get(path).status == 403
    told = world.host.get(path).json
    assert (told["count"], told["viewers"][0]["user"], told["viewers"][0]["tier"]) == (1, ENTRY_FAN, "entry")
    everybody = world.host.get(f"{path}?all=true&page_size=1").json
    assert (everybody["count"], len(everybody["viewers"]), everybody["next"] is not None) == (2, 1, True)
    assert world.host.get(f"{path}?search=Fan 23&all=true").json["count"] == 1


def test_nobody_watched(world: World) -> None:
    live, _room = world.on_air()
    world.host.post(f"/live-streams/{live['id']}/end_stream/")

    told = world.host.get(f"/live-streams/{live['id']}/analytics/").json

    assert (told["total_viewers"], told["retention"], told["engagement_rate"], told["computed_at"]) == (
        0,
        [],
        "0.0",
        None,
    )
    text_ = world.host.get(f"/live-streams/{live['id']}/analytics/export/").raw.get_data(as_text=True)
    assert text_.startswith("minute,concurrent,joined,left,chat,reactions\r\n")
    assert world.fan(FREE_FAN).get(f"/live-streams/{live['id']}/analytics/").status == 403
