"""Who works where, in tests."""

from typing import Any
from uuid import UUID

from services.locations.handlers import practitioners
from shared.database import Database
from shared.messaging import Message
from shared.messaging.testing import apply, message
from shared.testing.http import Caller

NEW_YORK = 5128581
AUSTIN = 4671654


def practitioner_told(number: int, *, sequence: int = 1, **changed: Any) -> Message:
    """Return what practitioners tells of the practitioner `number`, whose user is `number + 1000`."""
    data = {
        "id": number,
        "public_uuid": str(UUID(int=number)),
        "user_id": number + 1000,
        "slug": f"practitioner-{number}",
        "display_name": f"Practitioner {number}",
        "status": "active",
        "is_listed": True,
        "timezone": "America/Denver",
        "limits": {"max_locations": -1},
        "deleted": False,
    } | changed
    return message("practitioner.changed", data, subject=("practitioner", number), sequence=sequence)


def open_practice(database: Database, number: int = 1, **changed: Any) -> None:
    """Let the practitioner be known here."""
    apply(database, "locations", [practitioners], practitioner_told(number, **changed))


def as_practitioner(http: Caller, number: int = 1) -> Caller:
    """Return a client signed in as the practitioner."""
    return http.as_practitioner(number + 1000, number)


def body(**changed: Any) -> dict[str, Any]:
    """Return a request for a location in New York."""
    return {
        "name": "Studio",
        "address_line1": "350 5th Ave",
        "city": NEW_YORK,
        "postal_code": "10118",
        **changed,
    }


def location(http: Caller, number: int = 1, **changed: Any) -> dict[str, Any]:
    """Add a location and return the answer."""
    answer = as_practitioner(http, number).post("/practitioner-locations/", body(**changed))
    assert answer.status == 201, answer
    made: dict[str, Any] = answer.json
    return made
