"""Who may watch what: by tier, by the clock, and no longer than that."""

from datetime import timedelta

from services.streams.operations.memberships import put_out_lapsed
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    HOST_USER,
    PREMIUM_FAN,
    STRANGER,
    World,
    membership_told,
)
from shared.clock import utc_now
from shared.database import transaction


def test_who_may_join_by_tier_and_clock(world: World) -> None:
    live, _room = world.on_air()
    path = f"/live-streams/{live['id']}/"

    refused = world.fan(FREE_FAN).post(f"{path}join/")
    assert (refused.status, refused.code) == (402, "subscription_required")
    assert refused.errors["required_tier"] == ["entry"]
    assert refused.errors["price_cents"] == ["900"]
    assert world.http.post(f"{path}join/").status == 401
    assert world.fan(ENTRY_FAN).post(f"{path}join/").status == 200
    assert world.fan(PREMIUM_FAN).post(f"{path}join/").json["phase"] == "live"
    gone = (utc_now() - timedelta(seconds=1)).isoformat()
    world.tell(membership_told(2, ENTRY_FAN, world.stream["id"], "entry", sequence=2, access_until=gone))
    assert world.fan(ENTRY_FAN).post(f"{path}join/").code == "subscription_required"
    # It came half a second after paying.
    assert world.fan(STRANGER).post(f"{path}join/").status == 402
    world.tell(membership_told(9, STRANGER, world.stream["id"], "premium"))
    assert world.fan(STRANGER).post(f"{path}join/").status == 200
    shown = world.fan(FREE_FAN).get(path).json
    assert (shown["can_access"], shown["join_url"], shown["required_price_cents"]) == (False, None, 900)
    assert shown["room_details"]["livekit_room_name"] is None


def test_whoever_loses_access_while_watching_is_put_out(world: World) -> None:
    _live, room = world.on_air(tier_level="premium")
    world.sandbox.control("enter", room=room, identities=[f"viewer-{PREMIUM_FAN}", f"host-{HOST_USER}"])
    world.listen()

    world.tell(membership_told(3, PREMIUM_FAN, world.stream["id"], "entry", sequence=2))
    world.clear()

    assert world.sandbox.people(room) == {f"host-{HOST_USER}"}


def test_whoever_is_no_member_any_more_is_put_out_a_minute_after(world: World) -> None:
    """No event tells of it: the paid time is over. Staff came in without a membership and stay."""
    _live, room = world.on_air(tier_level="entry")
    inside = {f"viewer-{ENTRY_FAN}": "entry", f"viewer-{PREMIUM_FAN}": "premium", f"viewer-{STRANGER}": ""}
    for identity, tier in inside.items():
        world.sandbox.control("enter", room=room, identities=[identity], tier=tier)
    world.listen()
    ends = utc_now() + timedelta(minutes=10)
    world.tell(membership_told(2, ENTRY_FAN, world.stream["id"], "entry", sequence=2, access_until=ends.isoformat()))

    def put_out(after: timedelta) -> int:
        with transaction() as session:
            return put_out_lapsed(session, now=ends + after)

    assert put_out(timedelta(seconds=59)) == 0
    assert put_out(timedelta(seconds=61)) == 1
    world.clear()
    assert world.sandbox.people(room) == {f"viewer-{PREMIUM_FAN}", f"viewer-{STRANGER}"}
