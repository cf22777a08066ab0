"""What other services would have told: people, practitioners, services, bookings, files. Fed through the handlers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from services.reviews.handlers import auth, bookings, catalog, media, practitioners
from shared.database import Database
from shared.messaging.testing import apply, message
from shared.testing.http import Answer

MODULES = [auth, bookings, catalog, media, practitioners]
SPACE = UUID("01900000-0000-7000-8000-000000000000")
PRACTITIONER, OWNER = 10, 100
OTHER_PRACTITIONER, OTHER_OWNER = 11, 101
SERVICE, OTHER_SERVICE = 50, 51
CLIENT, OTHER = 1, 2
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

Write = Callable[..., Answer]
"""How somebody reviews a new completed booking; see `write` in conftest.py."""

_sequence = count(1)
_names = {CLIENT: ("Anna", "Meyer"), OTHER: ("Bo", ""), OWNER: ("Mara", "Sol")}


def uuid_of(kind: str, number: int) -> str:
    """Return the same uuid for the same thing, always."""
    return str(uuid5(SPACE, f"{kind}:{number}"))


class World:
    """The world of the tests; bookings were completed an hour before NOON unless said otherwise."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def tell(self, type_: str, data: dict[str, Any], *, sequence: int | None = None, **options: Any) -> Any:
        """Let one event arrive; returns it."""
        sent = message(type_, data, sequence=sequence or next(_sequence), **options)
        apply(self.database, "reviews", MODULES, sent)
        return sent

    def user(self, user_id: int, **more: Any) -> None:
        first, last = _names.get(user_id, (f"Person{user_id}", "Xu"))
        state = {"id": user_id, "uuid": uuid_of("user", user_id), "first_name": first, "last_name": last}
        self.tell("user.changed", {**state, "avatar_url": f"https://a.example/{user_id}.png", **more})

    def practitioner(self, practitioner_id: int = PRACTITIONER, user_id: int = OWNER, **more: Any) -> None:
        state = {
            "id": practitioner_id,
            "public_uuid": uuid_of("practitioner", practitioner_id),
            "user_id": user_id,
            "slug": f"practitioner-{practitioner_id}",
            "display_name": f"Practitioner {practitioner_id}",
            "status": "active",
        }
        self.tell("practitioner.changed", {**state, **more})

    def service(self, service_id: int = SERVICE, practitioner_id: int = PRACTITIONER, **more: Any) -> None:
        state = {
            "id": service_id,
            "public_uuid": uuid_of("service", service_id),
            "slug": f"service-{service_id}",
            "name": f"Service {service_id}",
            "practitioner_id": practitioner_id,
            "practitioners": [{"practitioner_id": practitioner_id, "is_primary": True}],
        }
        self.tell("service.changed", {**state, **more})

    def booking(
        self,
        booking_id: int,
        user_id: int = CLIENT,
        *,
        type_: str = "booking.changed",
        sequence: int | None = None,
        **more: Any,
    ) -> Any:
        """Tell of a completed booking."""
        done = NOON - timedelta(hours=1)
        state = {
            "id": booking_id,
            "public_uuid": uuid_of("booking", booking_id),
            "user_id": user_id,
            "practitioner_id": PRACTITIONER,
            "service_id": SERVICE,
            "status": "completed",
            "payment_status": "paid",
            "start_time": (done - timedelta(hours=1)).isoformat(),
            "end_time": done.isoformat(),
            "completed_at": done.isoformat(),
        }
        return self.tell(type_, {**state, **more}, subject=("booking", booking_id), sequence=sequence)

    def file(self, media_id: str, user_id: int = CLIENT, *, sequence: int | None = None, **more: Any) -> None:
        state = {
            "media_id": media_id,
            "url": f"https://m.example/{media_id}.webp",
            "thumbnail_url": f"https://m.example/{media_id}-s.webp",
            "media_type": "image",
            "entity_type": "review",
            "uploaded_by": user_id,
            "visibility": "public",
        }
        self.tell("media.ready", {**state, **more}, sequence=sequence)

    def basics(self) -> None:
        """Two practitioners with a service each, and two clients."""
        for user_id in (CLIENT, OTHER, OWNER):
            self.user(user_id)
        self.practitioner()
        self.practitioner(OTHER_PRACTITIONER, OTHER_OWNER)
        self.service()
        self.service(OTHER_SERVICE, OTHER_PRACTITIONER)
