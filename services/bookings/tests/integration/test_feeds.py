"""Calendars read by two libraries that know nothing of each other."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
import vobject

from services.bookings.tests.world import World, at
from shared.testing.http import Caller

Confirmed = Callable[..., dict[str, Any]]

ODD = "Yoga; mats, bricks\r\nDTSTART:19700101T000000Z\\n BEGIN:VALARM " + "🧘" * 40 + " يوجا"


@pytest.fixture
def feed(world: World, confirmed: Confirmed, client: Caller, http: Caller) -> bytes:
    """The feed of somebody with an appointment, an unpaid one and one that was canceled, under an odd title."""
    first = confirmed(start_time=at(10))
    client.patch(f"/bookings/{first['id']}/", {"title": ODD[:255].replace("\r\n", " ")})
    unpaid = client.post("/bookings/", {"service_id": 50, "start_time": at(14)})
    assert unpaid.status == 201
    gone = confirmed(start_time=at(16))
    client.post(f"/bookings/{gone['id']}/cancel/")
    url = client.post("/bookings/calendar_feed/", {}).json["url"]
    answer = http.get(url.partition("/api/v1/drf")[2])
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    return answer.raw.get_data()


def by_icalendar(feed: bytes) -> list[tuple[str, str, int, str, datetime, datetime]]:
    calendar = icalendar.Calendar.from_ical(feed)
    return [
        (
            str(event["uid"]),
            str(event["summary"]),
            int(event["sequence"]),
            str(event["status"]),
            event.decoded("dtstart"),
            event.decoded("dtend"),
        )
        for event in calendar.walk("VEVENT")
    ]


def by_vobject(feed: bytes) -> list[tuple[str, str, int, str, datetime, datetime]]:
    calendar = vobject.readOne(feed.decode())
    calendar.validate(raiseException=True)
    return [
        (
            event.uid.value,
            event.summary.value,
            int(event.sequence.value),
            event.status.value,
            event.dtstart.value.astimezone(UTC),
            event.dtend.value.astimezone(UTC),
        )
        for event in calendar.vevent_list
    ]


def test_both_read_the_same(feed: bytes) -> None:
    events = by_icalendar(feed)

    assert events == by_vobject(feed)
    assert [status for _, _, _, status, _, _ in events] == ["CONFIRMED", "TENTATIVE", "CANCELLED"]
    assert [start.hour for _, _, _, _, start, _ in events] == [10, 14, 16]
    assert all((end - start).total_seconds() == 3600 for _, _, _, _, start, end in events)
    assert len({uid for uid, *_ in events}) == 3
    assert all(uid.endswith("@estuary") for uid, *_ in events)


def test_no_text_adds_a_line_of_its_own(feed: bytes) -> None:
    title = by_icalendar(feed)[0][1]

    assert title.startswith("Yoga; mats, bricks DTSTART:19700101T000000Z\\n BEGIN:VALARM")
    assert "🧘🧘" in title
    lines = feed.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not [line for line in lines if line.startswith((b"BEGIN:VALARM", b"DTSTART:1970"))]
    for line in lines:
        line.decode()  # Folded between characters, never inside one.


def test_notes_and_addresses_stay_out(world: World, client: Caller, confirmed: Confirmed) -> None:
    booking = confirmed(start_time=at(10), client_notes="My knee hurts")

    feed = client.get(f"/bookings/{booking['id']}/calendar.ics").raw.get_data()

    assert by_icalendar(feed) == by_vobject(feed)
    assert b"knee" not in feed
    assert b"@example.org" not in feed
