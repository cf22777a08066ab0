"""Appointments as calendar files. Source: RFC 5545; `icalendar` escapes and folds, so no text can add properties."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import icalendar


def calendar_file(appointment: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return one appointment as a file; its instants are ISO texts.

    A calendar that has the same `uid` with a lower `sequence` moves or strikes what it has.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Estuary//Notifications//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = icalendar.Event()
    event.add("uid", appointment["uid"])
    event.add("sequence", appointment["sequence"])
    event.add("dtstamp", at)
    event.add("dtstart", datetime.fromisoformat(appointment["start"]))
    event.add("dtend", datetime.fromisoformat(appointment["end"]))
    event.add("summary", appointment["summary"])
    event.add("status", "CANCELLED" if appointment["is_cancelled"] else "CONFIRMED")
    if appointment["location"]:
        event.add("location", appointment["location"])
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
