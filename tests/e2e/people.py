"""People of the marketplace doing what people do there."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from deploy.local.stack import Stack
from tests.e2e.api import Api, eventually

PASSWORD = "lavender-teapot-42"
STAFF_EMAIL = "staff@e2e.estuary.local"


@dataclass
class Person:
    """Somebody with an account, signed in."""

    api: Api
    email: str
    user_id: int


@dataclass
class Practitioner(Person):
    """A verified practitioner with weekly hours and one published service."""

    practitioner_id: int
    service_id: int
    price_cents: int


def register(stack: Stack, name: str) -> Person:
    """Register a new account and return its owner."""
    api = Api(stack.base_url)
    email = f"{name}-{uuid4().hex[:10]}@e2e.estuary.local"
    answer = api.post(
        "/auth/register/",
        {
            "email": email,
            "password": PASSWORD,
            "password_confirm": PASSWORD,
            "first_name": name.capitalize(),
            "last_name": "Tester",
            "timezone": "Europe/Berlin",
        },
        expect=201,
    )
    api.token = answer["access_token"]
    return Person(api, email, int(answer["user"]["id"]))


def make_staff(stack: Stack, email: str = STAFF_EMAIL) -> Person:
    """Return somebody who works for the marketplace; made by the command line, as the first one always is."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "shared.cli.main",
            "staff",
            "create",
            email,
            "--password",
            PASSWORD,
            "--superuser",
        ],
        env={**os.environ, **stack.environment("auth")},
        check=True,
        capture_output=True,
    )
    return sign_in(stack, email)


def sign_in(stack: Stack, email: str, password: str = PASSWORD) -> Person:
    """Sign in to an existing account."""
    api = Api(stack.base_url)
    answer = api.post("/auth/login/", {"email": email, "password": password}, expect=200)
    api.token = answer["access_token"]
    return Person(api, email, int(answer["user"]["id"]))


def open_practice(stack: Stack, staff: Person, *, price: str = "80.00", buffer_minutes: int = 0) -> Practitioner:
    """Take a newcomer from registration to a bookable service: apply, be verified, set hours, publish."""
    person = register(stack, "practitioner")
    api = person.api
    applied = api.post(
        "/practitioners/",
        {
            "display_name": f"Mara Sol {uuid4().hex[:6]}",
            "professional_title": "Massage therapist",
            "bio": "Fifteen years of hands-on work with runners, desk workers and new parents in Berlin.",
            "years_of_experience": 15,
            "timezone": "Europe/Berlin",
            "profile_image_url": "https://images.example.org/mara.jpg",
        },
        expect=201,
    )
    practitioner_id = int(applied["id"])
    api.patch(f"/practitioners/{practitioner_id}/", {"buffer_time": buffer_minutes})
    api.post("/certifications/", {"certificate": "Diploma in massage", "institution": "Berlin School"}, expect=201)
    document = api.post(
        f"/practitioners/{practitioner_id}/upload_document/",
        {"document_type": "id_proof", "document_url": "https://files.example.org/passport.pdf"},
        expect=201,
    )
    api.post("/practitioner-applications/submit/", {})
    staff.api.post(f"/practitioners/{practitioner_id}/documents/{document['id']}/review/", {"decision": "approved"})
    staff.api.post(f"/practitioner-applications/{practitioner_id}/approve/", {})
    slots = [{"day": day, "start_time": "08:00", "end_time": "20:00"} for day in range(7)]
    api.post("/schedules/", {"name": "Every day", "timezone": "Europe/Berlin", "time_slots": slots}, expect=201)
    service = eventually(
        lambda: api.post(
            "/services/",
            {
                "name": f"Deep tissue massage {uuid4().hex[:8]}",
                "description": "Sixty minutes for shoulders and back.",
                "short_description": "Sixty minutes for shoulders and back.",
                "service_type_id": 1,
                "price": price,
                "duration_minutes": 60,
                "location_type": "virtual",
                "status": "active",
                "is_active": True,
                "is_public": True,
            },
            expect=201,
        ),
        what="the catalog hears of the new practitioner",
    )
    visitor = Api(stack.base_url)
    eventually(
        lambda: visitor.get(f"/public-services/?search={service['name'].split()[-1]}")["count"] == 1,
        what="the service is found",
    )
    whole, _, cents = price.partition(".")
    return Practitioner(api, person.email, person.user_id, practitioner_id, int(service["id"]), int(whole + cents))


def free_slots(person: Person, practitioner: Practitioner, *, days_ahead: int = 5) -> list[dict[str, Any]]:
    """Return the free times of a day, as a visitor sees them; waits until bookings knows the calendar."""
    day = (datetime.now(UTC) + timedelta(days=days_ahead)).date()

    def ask() -> list[dict[str, Any]] | None:
        answer = person.api.post(
            "/bookings/check_availability/",
            {"service_id": practitioner.service_id, "date": day.isoformat(), "timezone": "Europe/Berlin"},
        )
        slots: list[dict[str, Any]] = answer["available_slots"]
        return slots or None

    return eventually(ask, what="free times")


def book(person: Person, practitioner: Practitioner, start_time: str, *, wait: int = 0, **more: Any) -> dict[str, Any]:
    """Take a slot; `wait` seconds for the outcome of the payment."""
    headers = {"Prefer": f"wait={wait}", "Idempotency-Key": uuid4().hex}
    body = {"service_id": practitioner.service_id, "start_time": start_time, **more}
    booking: dict[str, Any] = person.api.post("/bookings/", body, expect=201, headers=headers)
    return booking


def status_of(person: Person, booking: dict[str, Any]) -> tuple[str, str | None]:
    """Return a booking's status and its detail."""
    now = person.api.get(f"/bookings/{booking['id']}/")
    return now["status"], now["status_detail"]


def becomes(person: Person, booking: dict[str, Any], status: str, *, seconds: float = 15) -> dict[str, Any]:
    """Wait until a booking has `status`, and return it."""
    path = f"/bookings/{booking['id']}/"

    def look() -> dict[str, Any] | None:
        now: dict[str, Any] = person.api.get(path)
        return now if now["status"] == status else None

    return eventually(look, seconds=seconds, what=f"booking {booking['id']} becomes {status}")


def give_credits(staff: Person, person: Person, amount: str) -> None:
    """Let staff grant credits, and wait until the balance shows them."""
    eventually(
        lambda: (
            staff.api.post(
                "/credits/adjust/", {"user_id": person.user_id, "amount": amount, "reason": "end-to-end test"}
            )
            or True
        ),
        what="payments hears of the new person",
    )


def run_out_hold(stack: Stack, booking: dict[str, Any]) -> None:
    """Move the end of a hold into the past, as fifteen minutes would; the clock job does the rest."""
    import psycopg2

    with psycopg2.connect(stack.environment("bookings")["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = %s AND"
            " status = 'pending_payment'",
            (booking["id"],),
        )
        assert cursor.rowcount == 1
    connection.close()
