"""A practitioner's stream: made, launched, shown, changed, and what only some may see or do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.streams.operations.upkeep import recount_members, tell_launches
from services.streams.tests.factories import (
    ENTRY_FAN,
    FREE_FAN,
    PREMIUM_FAN,
    STRANGER,
    World,
    membership_told,
    practitioner_told,
    stream_body,
    user_told,
)
from shared.clock import utc_now
from shared.messaging.testing import message


def test_a_stream_is_seen_from_its_launch_on(world: World) -> None:
    world.tell(practitioner_told(2), user_told(1002, "Two"))
    two = world.http.as_practitioner(1002, 2)
    made = two.post("/streams/", stream_body(is_featured=True, practitioner=7, commission_rate="1.00"))

    assert made.status == 201
    path = f"/streams/{made.json['id']}/"
    assert (made.json["practitioner"], made.json["is_featured"], made.json["is_launched"]) == (2, False, False)
    assert world.fan(STRANGER).get(path).status == 404
    assert two.get(path).json["commission_rate"] == "20.00"
    assert two.post(f"{path}launch/").json["launched_at"]
    assert two.post(f"{path}launch/").code == "already_launched"
    shown = world.http.get(path)
    assert shown.status == 200
    assert (shown.json["total_revenue_cents"], shown.json["commission_rate"]) == (None, None)
    assert [one.data["is_launched"] for one in world.told("stream.changed")][-2:] == [False, True]


def test_one_stream_a_practitioner_even_when_made_twice_at_once(world: World) -> None:
    world.tell(practitioner_told(3), user_told(1003, "Three"))
    three = world.http.as_practitioner(1003, 3)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: three.post("/streams/", stream_body()), range(6)))

    assert sorted(one.status for one in answers) == [201, 409, 409, 409, 409, 409]
    assert {one.code for one in answers if one.status == 409} == {"stream_exists"}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"entry_tier_price_cents": 99}, "entry_tier_price_cents"),
        ({"premium_tier_price_cents": 900}, "premium_tier_price_cents"),
        ({"entry_tier_price_cents": "9.99"}, "entry_tier_price_cents"),
        ({"premium_tier_price_cents": 10**9}, "premium_tier_price_cents"),
        ({"cover_image_url": "javascript:alert(1)"}, "cover_image_url"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"category_ids": [999_999]}, "category_ids"),
        ({"title": ""}, "title"),
    ],
)
def test_bad_input_is_refused_by_field(world: World, more: dict[str, Any], field: str) -> None:
    answer = world.host.patch(f"/streams/{world.stream['id']}/", more)

    assert (answer.status, answer.code) == (400, "validation_error")
    assert any(name.startswith(field) for name in answer.errors)


def test_who_may_make_and_change_streams(world: World) -> None:
    path = f"/streams/{world.stream['id']}/"

    assert world.http.post("/streams/", stream_body()).status == 401
    assert world.fan(STRANGER).post("/streams/", stream_body()).status == 403
    # The token says practitioner, the replica knows none.
    assert world.http.as_practitioner(999, 99).post("/streams/", stream_body()).status == 403
    assert world.fan(STRANGER).patch(path, {"title": "Mine"}).status == 403
    assert world.http.as_staff().patch(path, {"is_featured": True, "commission_rate": "15"}).json["is_featured"]
    assert world.host.get(path).json["commission_rate"] == "15.00"
    assert world.host.patch(f"{path}pricing/", {"entry_tier_price_cents": 1000}).status == 400
    prices = {"entry_tier_price_cents": 1000, "premium_tier_price_cents": 2000}
    assert world.host.patch(f"{path}pricing/", prices).json["entry_tier_price"] == "10.00"
    world.tell(practitioner_told(1, sequence=2, status="suspended"))
    assert world.http.get(path).status == 404
    assert world.host.post("/live-streams/", world.live_body()).code == "practitioner_suspended"


def test_members_are_counted_by_difference_in_any_order(world: World) -> None:
    stream = world.stream["id"]
    world.tell(
        membership_told(2, ENTRY_FAN, stream, "premium", sequence=3),
        membership_told(2, ENTRY_FAN, stream, "entry", sequence=2, is_active=False),
        membership_told(2, ENTRY_FAN, stream, "premium", sequence=3),
        membership_told(1, FREE_FAN, stream, "free", sequence=2, is_active=False),
    )

    shown = world.host.get(f"/streams/{stream}/").json
    assert (shown["subscriber_count"], shown["free_subscriber_count"], shown["paid_subscriber_count"]) == (2, 0, 2)
    today = world.host.get(f"/streams/{stream}/analytics/?days=2").json
    assert [day["date"] for day in today] == [
        (utc_now() - timedelta(days=1)).date().isoformat(),
        utc_now().date().isoformat(),
    ]
    last = today[-1]
    assert (last["new_subscribers"], last["upgraded_subscribers"], last["churned_subscribers"]) == (0, 1, 1)
    assert (last["premium_subscribers"], last["total_subscribers"]) == (2, 2)
    with world.database.transaction() as session:
        assert recount_members(session) == 0


def test_money_of_memberships_is_counted_once(world: World) -> None:
    paid = {
        "stream_id": world.stream["id"],
        "total_cents": 1900,
        "commission_cents": 380,
        "paid_at": utc_now().isoformat(),
    }
    told = message("payment.succeeded", paid, subject=("order", 1))
    world.tell(told, told, message("payment.succeeded", {**paid, "stream_id": None}, subject=("order", 2)))
    world.tell(message("payment.refunded", {"stream_id": world.stream["id"], "amount_cents": 400}))

    day = world.host.get(f"/streams/{world.stream['id']}/analytics/?days=1").json[0]
    assert (day["total_revenue_cents"], day["commission_paid_cents"], day["net_revenue_cents"]) == (1500, 380, 1120)
    assert world.host.get(f"/streams/{world.stream['id']}/").json["total_revenue_cents"] == 1500


@pytest.mark.parametrize(
    ("user", "tier", "open_"),
    [(None, None, 0), (STRANGER, None, 0), (FREE_FAN, "free", 1), (PREMIUM_FAN, "premium", 3)],
)
def test_access_is_there_to_be_polled(world: World, user: int | None, tier: str | None, open_: int) -> None:
    caller = world.fan(user) if user else world.http

    told = caller.get(f"/streams/{world.stream['id']}/access/").json

    assert told["tier"] == tier
    assert sum(told["can_access"].values()) == open_


def test_lists_narrow_and_name_what_they_know(world: World) -> None:
    staff = world.http.as_staff()
    made = staff.post("/stream-categories/", {"name": "Breathwork of Tests", "order": 3})
    assert staff.post("/stream-categories/", {"name": "breathwork OF tests"}).code == "name_taken"
    shelf = made.json["slug"]
    world.host.patch(f"/streams/{world.stream['id']}/", {"category_ids": [made.json["id"]], "tags": ["calm", "am"]})

    fan = world.fan(PREMIUM_FAN)
    for query in (
        *(
            f"categories={shelf}",
            f"categories={made.json['id']}&categories={shelf}",
            "tags=calm,other",
            "search=breathwork",
        ),
        *(
            "subscribed=true",
            "is_active=true",
            "practitioner=1",
            f"practitioner={practitioner_told(1).data['public_uuid']}",
        ),
        *("ordering=-popularity", "launched_only=true", "live_now=false", "ordering=post_count"),
    ):
        found = fan.get(f"/streams/?{query}")
        assert [one["id"] for one in found.json["results"]] == [world.stream["id"]], (query, found)
    assert found.json["results"][0]["subscription_tier"] == "premium"
    assert found.json["results"][0]["categories"][0]["streams_count"] == 1
    assert fan.get("/streams/?tags=nothing").json["count"] == 0
    assert fan.get("/streams/?mine=true").json["count"] == 0
    assert world.host.get("/streams/?mine=true").json["count"] == 1
    assert world.http.get("/streams/?subscribed=true").status == 401
    assert shelf in world.http.get("/streams/?categories=abc").errors["categories"][0]
    assert "title" in world.http.get("/streams/?ordering=nothing").errors["ordering"][0]
    assert world.http.get("/streams/?page=0").status == 400
    assert "search" in world.http.get("/streams/?unknown=1").errors["unknown"][0]
    assert world.http.get(f"/stream-categories/{shelf}/streams/").json["count"] == 1
    assert world.http.get("/stream-categories/").json["results"][0]["streams_count"] == 1
    assert staff.patch(f"/stream-categories/{made.json['id']}/", {"is_active": False}).status == 200
    assert world.http.get(f"/stream-categories/{shelf}/").status == 404
    assert world.http.get("/streams/").headers["Cache-Control"].startswith("public")


def test_a_planned_launch_is_told_when_it_comes(world: World) -> None:
    world.tell(practitioner_told(4), user_told(1004, "Four"))
    four = world.http.as_practitioner(1004, 4)
    path = f"/streams/{four.post('/streams/', stream_body()).json['id']}/"
    assert four.patch(path, {"launched_at": (utc_now() + timedelta(hours=1)).isoformat()}).json["is_launched"] is False
    assert world.http.get(path).status == 404

    with world.database.transaction() as session:
        assert tell_launches(session, now=utc_now() + timedelta(hours=2)) == 1
    with world.database.transaction() as session:
        assert tell_launches(session, now=utc_now() + timedelta(hours=2)) == 0


def test_a_stream_with_paying_members_is_not_deleted_and_changes_are_made_on_top_of_the_newest(world: World) -> None:
    path = f"/streams/{world.stream['id']}/"
    etag = world.host.get(path).headers["ETag"]
    assert world.host.having(If_Match=etag).patch(path, {"tagline": "One"}).status == 200
    assert world.host.having(If_Match=etag).patch(path, {"tagline": "Two"}).status == 412
    assert world.host.having(If_Match='W/"", ""').patch(path, {"tagline": "Two"}).status == 412

    assert world.host.delete(path).code == "stream_has_members"
    assert world.fan(FREE_FAN).delete(path).status == 403
    assert world.http.as_staff().delete(path).status == 204
    assert world.host.get(path).status == 404
    assert world.told("stream.changed")[-1].data["deleted"] is True


def test_members_are_listed_to_the_owner(world: World) -> None:
    path = f"/streams/{world.stream['id']}/members/"

    assert world.fan(PREMIUM_FAN).get(path).status == 403
    assert world.host.get(path).json["count"] == 3
    [one] = world.host.get(f"{path}?tier=premium&search=fan").json["results"]
    assert (one["user"], one["user_name"], one["tier"]) == (PREMIUM_FAN, "Fan 23", "premium")


@pytest.mark.parametrize("query", ["days=0", "days=366", "days=x", "date_from=2026-02-01&date_to=2026-01-01"])
def test_days_are_one_to_a_year(world: World, query: str) -> None:
    assert world.host.get(f"/streams/{world.stream['id']}/analytics/?{query}").status == 400
