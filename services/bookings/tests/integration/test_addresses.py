"""The addresses under which calendars are read."""

from collections.abc import Callable
from typing import Any

from services.bookings.tests.world import World
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


def test_a_feed_has_a_secret_address(world: World, confirmed: Any, client: Caller, http: Caller) -> None:
    confirmed(title="Stretch; twist,\\ bend " + "🧘" * 60)
    made = client.post("/bookings/calendar_feed/", {}).json
    path = made["url"].removeprefix(f"{http.issuer}/api/v1/drf")

    read = http.get(path)

    assert read.status == 200
    assert read.headers["Content-Type"].startswith("text/calendar")
    text = read.raw.get_data()
    assert b"SUMMARY:Stretch\\; twist\\,\\\\ bend" in text
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text
    assert http.get(path, headers={"If-None-Match": read.headers["ETag"]}).status == 304
    assert client.get("/bookings/calendar_feed/").json["url"] is None
    client.post("/bookings/calendar_feed/", {})
    assert http.get(path).status == 404
    assert http.get("/bookings/calendar/unknown.ics").status == 404


def test_one_booking_as_a_file(world: World, confirmed: Any, client: Caller, http: Caller) -> None:
    booking = confirmed()
    read = client.get(f"/bookings/{booking['id']}/calendar.ics")

    assert f"UID:{booking['public_uuid']}@estuary" in read.raw.get_data(as_text=True)
    assert http.as_user(5).get(f"/bookings/{booking['id']}/calendar.ics").status == 404
