"""Who may look and act: the client, the booking's practitioner, staff. For everybody else there is no such booking."""

from typing import Any

import pytest

from services.bookings.tests.world import CLIENT, OTHER, World, at
from shared.testing.http import Caller

ACTIONS = [
    ("GET", "", None),
    ("PUT", "", {"title": "x"}),
    ("PATCH", "", {"title": "x"}),
    ("DELETE", "", None),
    ("POST", "cancel/", None),
    ("GET", "cancellation_quote/", None),
    ("POST", "confirm/", None),
    ("POST", "start/", None),
    ("POST", "complete/", None),
    ("POST", "no_show/", None),
    ("POST", "reschedule/", {"start_time": at(15)}),
    ("POST", "request-reschedule/", None),
    ("POST", "schedule/", {"start_time": at(15)}),
    ("POST", "cancel_series/", None),
    ("GET", "notes/", None),
    ("POST", "notes/", {"content": "x"}),
    ("GET", "history/", None),
    ("GET", "journey/", None),
    ("GET", "calendar.ics", None),
]


def ask(caller: Caller, path: str, action: tuple[str, str, Any]) -> int:
    method, rest, body = action
    return caller.call(method, f"{path}{rest}", json=body).status


@pytest.fixture
def path(world: World, confirmed: Any) -> str:
    """A confirmed booking, and another practitioner who has nothing to do with it."""
    world.practitioner(20, 220)
    return f"/bookings/{confirmed()['id']}/"


def test_for_others_there_is_no_such_booking(path: str, client: Caller, http: Caller) -> None:
    before = client.get(path).headers["ETag"]
    others = (http.as_user(OTHER), http.as_practitioner(220, 20))

    answers = {action[:2]: [ask(caller, path, action) for caller in others] for action in ACTIONS}

    assert answers == {action[:2]: [404, 404] for action in ACTIONS}
    assert client.get(path).headers["ETag"] == before


def test_nobody_is_told_anything_without_a_name(path: str, http: Caller) -> None:
    assert {ask(http, path, action) for action in ACTIONS} == {401}


def test_a_practitioner_who_books_elsewhere_is_a_client_there(world: World, confirmed: Any, http: Caller) -> None:
    """The role is what somebody is to the booking, not what they are elsewhere."""
    world.practitioner(20, 220)
    guest = http.as_practitioner(220, 20)
    path = f"/bookings/{confirmed(caller=guest)['id']}/"

    assert [ask(guest, path, ("POST", f"{name}/", None)) for name in ("start", "complete", "no_show")] == [403] * 3
    assert guest.post(f"{path}notes/", {"content": "x", "is_private": True}).status == 403
    assert guest.patch(path, {"practitioner_notes": "x"}).status == 403
    assert guest.post(f"{path}cancel/").json["canceled_by"] == "client"


def test_staff_look_at_all_and_act_as_staff(path: str, staff: Caller, owner: Caller, client: Caller) -> None:
    assert staff.get(path).json["user"]["phone_number"] == "+1555"
    assert client.post(f"{path}cancel/", {"refund_percent": 100}).status == 403
    assert owner.post(f"{path}cancel/", {"refund_percent": 0}).status == 403

    canceled = staff.post(f"{path}cancel/", {"refund_percent": 40, "reason": "Goodwill"})

    assert (canceled.status, canceled.json["refund_cents"], canceled.json["canceled_by"]) == (200, 4_000, "admin")


def test_only_staff_say_that_the_practitioner_did_not_come(path: str, owner: Caller, staff: Caller) -> None:
    assert owner.post(f"{path}no_show/", {"by": "practitioner"}).status == 403
    assert staff.post(f"{path}no_show/", {"by": "practitioner"}).code == "too_early"


def test_lists_never_show_others(path: str, http: Caller) -> None:
    stranger = http.as_practitioner(220, 20)

    for query in (
        "",
        "user=1",
        f"user_id={CLIENT}",
        "practitioner_id=10",
        "practitioner=practitioner-10",
        "role=client",
    ):
        assert stranger.get(f"/bookings/?{query}").json["count"] == 0, query
