"""What tests begin with: practitioners, services and bookings as others would tell or make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.catalog.handlers import bookings, practitioners
from shared.database import Database
from shared.messaging.messages import Message
from shared.messaging.testing import apply, message
from shared.testing.http import Caller

NOW = datetime.now(UTC)


def practitioner_told(number: int, *, sequence: int = 1, **more: Any) -> Message:
    """Return the event of practitioner `number`, whose user is `1000 + number`."""
    data = {
        "id": number,
        "public_uuid": f"01900000-0000-7000-8000-{number:012d}",
        "user_id": 1000 + number,
        "slug": f"practitioner-{number}",
        "display_name": f"Practitioner {number}",
        "status": "active",
        "is_verified": True,
        "is_listed": True,
        "limits": {"max_services": -1},
        **more,
    }
    return message("practitioner.changed", data, subject=("practitioner", number), sequence=sequence)


def practitioner(database: Database, http: Caller, number: int = 1, **more: Any) -> Caller:
    """Tell of a practitioner, and return a client signed in as them."""
    apply(database, "catalog", [practitioners], practitioner_told(number, **more))
    return http.as_practitioner(1000 + number, number)


def body(**more: Any) -> dict[str, Any]:
    """Return a good request for a session that everybody may find."""
    return {
        "name": "Deep tissue massage",
        "description": "Sixty minutes for shoulders and back.",
        "service_type_id": 1,
        "price": "80.00",
        "duration_minutes": 60,
        "status": "active",
        "is_active": True,
        "is_public": True,
        **more,
    }


def service(caller: Caller, **more: Any) -> dict[str, Any]:
    """Create a service."""
    answer = caller.post("/services/", body(**more))
    assert answer.status == 201, answer
    made: dict[str, Any] = answer.json
    return made


def at(days: float, *, hours: float = 0) -> str:
    """Return an instant so many days from now."""
    return (NOW + timedelta(days=days, hours=hours)).replace(microsecond=0).isoformat()


def workshop(caller: Caller, *, days: tuple[float, ...] = (7,), **more: Any) -> dict[str, Any]:
    """Create a workshop with a two-hour session on each of the days."""
    sessions = [{"start_time": at(day), "end_time": at(day, hours=2)} for day in days]
    return service(caller, **{"service_type_id": 2, "max_participants": 10, "sessions": sessions, **more})


def booking_told(number: int, service_id: int, *, sequence: int = 1, **more: Any) -> Message:
    """Return the event of booking `number`."""
    data = {
        "id": number,
        "public_uuid": f"01900000-0000-7000-9000-{number:012d}",
        "user_id": 7,
        "service_id": service_id,
        "session_ids": [],
        "participants": 1,
        "status": "confirmed",
        "booked_at": NOW.isoformat(),
        "end_time": at(7),
        **more,
    }
    return message("booking.changed", data, subject=("booking", number), sequence=sequence)


def book(database: Database, number: int, service_id: int, **more: Any) -> None:
    """Let bookings tell of a booking."""
    apply(database, "catalog", [bookings], booking_told(number, service_id, **more))
