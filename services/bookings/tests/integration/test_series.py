"""Series: booked together, each with a life of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from services.bookings.tests.world import SESSION, World, at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


def recurring(caller: Caller, **more: Any) -> Answer:
    body = {"service_id": SESSION, "start_time": at(10), "timezone": "Europe/Berlin", "frequency": "weekly", "count": 4}
    return caller.post("/bookings/create_recurring/", {**body, **more})


def test_a_series_is_booked_together(world: World, client: Caller, events: Any) -> None:
    dry = recurring(client, dry_run=True)
    made = recurring(client)

    assert (dry.status, dry.json["booking"], dry.json["total_amount"]) == (200, None, "400.00")
    assert made.status == 201, made
    assert made.json["booking"]["final_amount"] == "400.00"
    assert len(events("booking.created")) == 1
    world.paid(made.json["booking"])
    ids = [one["booking_id"] for one in made.json["occurrences"]]
    canceled = client.post(f"/bookings/{ids[1]}/cancel_series/").json
    assert canceled["canceled"] == ids[1:]
    assert canceled["refund_cents"] == 30_000


def test_a_series_with_a_conflict(world: World, book: Book, client: Caller, http: Caller) -> None:
    book(http.as_user(2), start_time=at(10, day=8))

    refused = recurring(client)
    made = recurring(client, skip_conflicts=True)

    assert (refused.code, refused.errors) == ("slot_taken", {"start_time": ["2030-06-11T10:00:00Z overlap"]})
    assert (made.status, made.json["skipped"], made.json["total_amount_cents"]) == (201, [at(10, day=8)], 30_000)


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "weekly", "count": None},
        {"rrule": "FREQ=SECONDLY;COUNT=5"},
        {"rrule": "FREQ=WEEKLY"},
        {"rrule": "FREQ=WEEKLY;COUNT=10000"},
        {"rrule": "FREQ=WEEKLY;COUNT=27"},
        {"rrule": "FREQ=MONTHLY;BYSETPOS=-1;COUNT=3"},
        {"rrule": "FREQ=WEEKLY;UNTIL=20990101"},
        {"rrule": "nonsense"},
        {"count": 1},
        {"count": 27},
    ],
)
def test_rules_that_can_not_be(world: World, client: Caller, rule: dict[str, Any]) -> None:
    assert recurring(client, **rule).status == 400
