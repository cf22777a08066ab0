"""How dated sessions are shown."""

from collections.abc import Mapping
from typing import Any

from services.catalog.domain import words
from shared.http.fields import dollars

Row = Mapping[str, Any]

_SAME = (
    *("id", "public_uuid", "practitioner_id", "title", "description", "agenda", "what_youll_learn", "start_time"),
    *("end_time", "duration", "timezone", "waitlist_count", "price_cents", "sequence_number", "status", "visibility"),
    *("address", "actual_start_time", "actual_end_time", "reschedule_count", "original_start_time"),
    *("original_end_time", "created_at", "updated_at", "benefits", "agenda_items"),
)


def present_session(
    one: Row,
    *,
    service: Row,
    practitioner_name: str | None,
    location: Mapping[str, Any] | None,
    insider: bool,
    booking: Row | None,
) -> dict[str, Any]:
    """Return a dated session; notes are for those who take part, the practitioner's own for practitioners."""
    capacity = one["max_participants"] or service["max_participants"]
    free = max(0, capacity - one["taken"])
    cents = service["price_cents"] if one["price_cents"] is None else one["price_cents"]
    return {
        **{name: one[name] for name in _SAME},
        "max_participants": capacity,
        "current_participants": one["taken"],
        "participant_count": one["taken"],
        "booking_count": one["taken"],
        "spots_available": free,
        "available_spots": free,
        "room_url": None,
        "service": service["id"],
        "service_name": service["name"],
        "service_type": words.CODES[service["type_id"]],
        "session_type": words.SESSION_TYPES.get(service["type_id"], "individual"),
        "practitioner_name": practitioner_name or "Practitioner",
        "price": dollars(cents),
        "practitioner_location": location,
        "shared_notes": one["shared_notes"] if insider or booking else None,
        "practitioner_notes": one["practitioner_notes"] if insider else None,
        "my_booking": booking,
    }


def session_of_service(one: Row, row: Row, *, insider: bool, location: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a dated session inside its service."""
    here = location if one["address"] in (None, row["location_id"]) else None
    return present_session(
        one, service=row, practitioner_name=row["p_display_name"], location=here, insider=insider, booking=None
    )
