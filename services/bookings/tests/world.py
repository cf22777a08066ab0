"""What the other services would have told: people, calendars, services, dated sessions. Fed through the handlers."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.bookings import jobs
from services.bookings.handlers import auth, catalog, locations, payments, practitioners
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.testing import apply, message

MODULES = [auth, catalog, locations, payments, practitioners]
MONDAY = datetime(2030, 6, 3, 9, 0, tzinfo=UTC)
"""A Monday, nine o'clock: the clock of most tests."""

PRACTITIONER, OWNER = 10, 100
CLIENT, OTHER = 1, 2
SESSION, WORKSHOP, COURSE, PACKAGE, BUNDLE = 50, 51, 52, 53, 54

_sequence = count(1)


class World:
    """The demo world of the tests."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def tell(self, type_: str, data: dict[str, Any], **options: Any) -> Any:
        """Let one event arrive; returns it."""
        sent = message(type_, data, sequence=options.pop("sequence", next(_sequence)), **options)
        apply(self.database, "bookings", MODULES, sent)
        return sent

    def user(self, user_id: int, **more: Any) -> None:
        name = f"Person {user_id}"
        state = {"id": user_id, "email": f"p{user_id}@example.org", "full_name": name, "timezone": "UTC"}
        self.tell("user.changed", {**state, "phone_number": "+1555", "date_joined": "2029-01-01T00:00:00Z", **more})

    def practitioner(self, practitioner_id: int = PRACTITIONER, user_id: int = OWNER, **more: Any) -> None:
        state = {
            "id": practitioner_id,
            "public_uuid": str(uuid7()),
            "user_id": user_id,
            "slug": f"practitioner-{practitioner_id}",
            "display_name": "Ana Flow",
            "status": "active",
            "is_verified": True,
            "limits": {},
        }
        self.tell("practitioner.changed", {**state, **more})

    def calendar(self, practitioner_id: int = PRACTITIONER, **more: Any) -> None:
        state = {
            "practitioner_id": practitioner_id,
            "timezone": "UTC",
            "buffer_minutes": 0,
            "advance_booking_min_hours": 1,
            "advance_booking_max_days": 30,
            "slot_interval_minutes": 15,
            "schedules": [
                {
                    "id": practitioner_id,
                    "is_default": True,
                    "is_active": True,
                    "slots": [{"day": day, "start": "08:00", "end": "20:00"} for day in range(7)],
                }
            ],
        }
        self.tell("schedule.changed", {**state, **more})

    def service(self, service_id: int = SESSION, **more: Any) -> None:
        state = {
            "id": service_id,
            "public_uuid": str(uuid7()),
            "slug": f"service-{service_id}",
            "name": f"Service {service_id}",
            "service_type": "session",
            "status": "active",
            "price_cents": 10_000,
            "duration_minutes": 60,
            "practitioner_id": PRACTITIONER,
            "practitioners": [{"practitioner_id": PRACTITIONER, "is_primary": True}],
            "validity_days": 365,
            "cancellation_policy": {"code": "flexible", "tiers": [{"hours_before": 24, "refund_percent": 100}]},
        }
        self.tell("service.changed", {**state, **more})

    def dated(self, session_id: int, service_id: int = WORKSHOP, *, start: datetime, **more: Any) -> None:
        state = {
            "id": session_id,
            "public_uuid": str(uuid7()),
            "service_id": service_id,
            "practitioner_id": PRACTITIONER,
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=1)).isoformat(),
            "timezone": "UTC",
            "max_participants": 3,
            "status": "scheduled",
        }
        self.tell("service_session.changed", {**state, **more})

    def basics(self, **calendar: Any) -> None:
        """One practitioner with open days, two clients, one session service."""
        for user_id in (CLIENT, OTHER, OWNER):
            self.user(user_id)
        self.practitioner()
        self.calendar(**calendar)
        self.service()

    def paid(self, booking: dict[str, Any], **more: Any) -> Any:
        """Let payments say that the booking was paid."""
        return self.tell(
            "payment.succeeded",
            {
                "order_uuid": str(uuid7()),
                "booking_id": booking["id"],
                "subtotal_cents": booking["final_amount_cents"],
                **more,
            },
        )

    def all_jobs(self) -> None:
        """Run the clock once."""
        for job in (jobs.follow_sessions, jobs.expire_holds, jobs.start_due, jobs.complete_due, jobs.reminders):
            job()


def at(hour: int, minute: int = 0, *, day: int = 1) -> str:
    """Return an instant so many days after MONDAY, as the API takes it."""
    moment = MONDAY.replace(hour=0) + timedelta(days=day, hours=hour, minutes=minute)
    return moment.isoformat().replace("+00:00", "Z")
