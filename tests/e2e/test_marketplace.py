"""What the marketplace is for, done by the people in it: becoming bookable, and being reviewed."""

import io
from typing import Any
from uuid import uuid4

import pytest
import requests
from PIL import Image

from deploy.local.stack import Stack
from services.locations.operations.seeding import Selection, load_reference
from shared.database import Database
from tests.e2e.api import Api, eventually
from tests.e2e.people import Person, Practitioner, becomes, book, free_slots, give_credits, register

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

AUSTIN = {
    "address_line1": "1100 Congress Ave",
    "input_city_name": "Austin",
    "input_state_code": "TX",
    "postal_code": "78701",
    "country": "US",
    "latitude": 30.2747,
    "longitude": -97.7404,
}


@pytest.fixture(scope="module")
def texas(stack: Stack) -> None:
    """The reference data of one state; all of it is what `estuary seed locations` takes its time for."""
    database = Database(stack.environment("locations")["DATABASE_URL"], pool_size=1, application_name="e2e")
    wanted = Selection(countries=frozenset({"US"}), zip_states=frozenset({"TX"}), population_min=500_000)
    with database.transaction() as session:
        load_reference(session, inhabitants=15_000, selection=wanted)
    database.close()


def picture(colour: str) -> bytes:
    """Return a PNG."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(file, "PNG")
    return file.getvalue()


def upload(person: Person, file: bytes, **about: str) -> dict[str, Any]:
    """Send a picture as a form does, and return it once it is ready."""
    answer = requests.post(
        f"{person.api.base_url}/api/v1/drf/media/upload/",
        data=about,
        files={"file": ("picture.png", file, "image/png")},
        headers={"Authorization": f"Bearer {person.api.token}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    sent: dict[str, Any] = answer.json()["data"]

    def look() -> dict[str, Any] | None:
        now: dict[str, Any] = person.api.get(f"/media/{sent['id']}/")
        return now if now["status"] == "ready" else None

    return eventually(look, seconds=30, what="the picture is ready")


def describe(person: Person, number: int) -> dict[str, Any]:
    """Say what an application needs: words, a portrait, a certificate; return the proof of who it is."""
    portrait = upload(person, picture("teal"), entity_type="practitioner", entity_id=str(number))
    proof = upload(person, picture("gray"), entity_type="practitioner", entity_id=str(number), visibility="private")
    described = {
        "professional_title": "Breathwork guide",
        "bio": "I guide people through calm breathing: slowly, in small groups, for twelve years now.",
        "years_of_experience": 12,
        "buffer_time": 0,
        "profile_image_media_id": portrait["id"],
    }
    eventually(
        lambda: person.api.patch(f"/practitioners/{number}/", described),
        what="practitioners hears of the portrait",
    )
    person.api.post("/certifications/", {"certificate": "Breathwork", "institution": "Austin School"}, expect=201)
    document: dict[str, Any] = eventually(
        lambda: person.api.post(
            f"/practitioners/{number}/upload_document/",
            {"document_type": "id_proof", "media_id": proof["id"]},
            expect=201,
        ),
        what="practitioners hears of the file",
    )
    return document


def settle(person: Person) -> dict[str, Any]:
    """Open a studio with hours, and return the service that is offered there."""
    place = eventually(
        lambda: person.api.post("/practitioner-locations/", {"name": "Studio", **AUSTIN}, expect=201),
        what="locations hears of the practitioner",
    )
    assert place["city_name"] == "Austin"
    hours = [{"day": day, "start_time": "09:00", "end_time": "17:00"} for day in range(7)]
    person.api.post("/schedules/", {"name": "Daily", "timezone": "America/Chicago", "time_slots": hours}, expect=201)
    service: dict[str, Any] = eventually(
        lambda: person.api.post(
            "/services/",
            {
                "name": f"Calm breathing {uuid4().hex[:6]}",
                "description": "An hour of slow breathing.",
                "short_description": "An hour of slow breathing.",
                "service_type_id": 1,
                "price": "60.00",
                "duration_minutes": 60,
                "location_type": "in_person",
                "location_id": place["id"],
                "status": "active",
                "is_active": True,
                "is_public": True,
            },
            expect=201,
        ),
        what="catalog hears of practitioner and place",
    )
    return service


@pytest.mark.usefixtures("texas")
def test_a_newcomer_becomes_bookable(stack: Stack, staff: Person) -> None:
    """From the application to a public profile with free times at a place, with what staff do for it."""
    person, visitor = register(stack, "newcomer"), Api(stack.base_url)
    name = f"Ines Calm {uuid4().hex[:6]}"

    applied = person.api.post("/practitioners/", {"display_name": name, "timezone": "America/Chicago"}, expect=201)
    number = int(applied["id"])
    refused = person.api.post("/practitioner-applications/submit/", {}, expect=409)
    assert refused["code"] == "step_incomplete"
    assert visitor.raw("GET", f"/public-practitioners/{applied['public_uuid']}/").status_code == 404

    document = describe(person, number)
    person.api.post("/practitioner-applications/submit/", {})

    waiting = staff.api.get("/practitioner-applications/?status=submitted&page_size=100")["results"]
    assert number in [one["id"] for one in waiting]
    staff.api.post(f"/practitioner-applications/{number}/start_review/", {})
    assert (
        staff.api.post(f"/practitioner-applications/{number}/approve/", {}, expect=409)["code"] == "documents_missing"
    )
    staff.api.post(f"/practitioners/{number}/documents/{document['id']}/review/", {"decision": "approved"})
    staff.api.post(f"/practitioner-applications/{number}/approve/", {})

    service = settle(person)

    def profile() -> dict[str, Any] | None:
        shown: dict[str, Any] = visitor.get(f"/public-practitioners/{applied['public_uuid']}/")
        return shown if shown["next_available_date"] and shown["locations"] else None

    shown = eventually(profile, seconds=30, what="the profile shows a free time and a place")
    assert shown["is_verified"]
    assert shown["locations"][0]["city_name"] == "Austin"
    assert "Congress" not in str(shown), "the street is for confirmed bookings"
    near = visitor.get("/practitioners/search/?latitude=30.27&longitude=-97.74&radius=30&page_size=100")
    assert number in [hit["id"] for hit in near["results"]]

    client = register(stack, "guest")
    give_credits(staff, client, "100.00")
    offered = Practitioner(person.api, person.email, person.user_id, number, int(service["id"]), 6000)
    booking = book(client, offered, free_slots(client, offered, days_ahead=6)[0]["start_time"], wait=10)
    assert booking["status"] == "confirmed"
    assert "1100 Congress Ave" in str(client.api.get(f"/bookings/{booking['id']}/")), "now the client may know"


def test_a_session_is_reviewed(client: Person, practitioner: Practitioner, staff: Person) -> None:
    """A completed session may be reviewed once; service and profile show it, and the practitioner answers."""
    give_credits(staff, client, "100.00")
    booking = book(client, practitioner, free_slots(client, practitioner, days_ahead=15)[0]["start_time"], wait=10)
    assert client.api.post("/reviews/", {"booking_uuid": booking["public_uuid"], "rating": 5}, expect=403)

    practitioner.api.post(f"/bookings/{booking['id']}/complete/", {})
    becomes(client, booking, "completed")
    review = eventually(
        lambda: client.api.post(
            "/reviews/",
            {"booking_uuid": booking["public_uuid"], "rating": "4.5", "comment": "Patient, warm, and to the point."},
            expect=201,
        ),
        seconds=20,
        what="reviews hears that it is over",
    )
    again = client.api.post("/reviews/", {"booking_uuid": booking["public_uuid"], "rating": 1}, expect=409)
    assert again["code"] == "already_reviewed"
    practitioner.api.post(f"/reviews/{review['public_uuid']}/respond/", {"response_text": "Come back soon!"})

    visitor = Api(client.api.base_url)

    def shown() -> bool:
        service = visitor.get(f"/public-services/{practitioner.service_id}/")
        profile = visitor.get(f"/practitioners/{practitioner.practitioner_id}/")
        return int(service["total_reviews"]) >= 1 and int(profile["total_reviews"]) >= 1

    eventually(shown, seconds=20, what="service and profile show the rating")
    numbers = visitor.get(f"/reviews/statistics/?practitioner={profile_uuid(visitor, practitioner)}")
    assert int(numbers["total_reviews"]) >= 1
    told = f"/notifications/?kind=review.responded&related_to=review:{review['public_uuid']}"
    eventually(lambda: client.api.get(told)["count"] == 1, seconds=20, what="the client is told of the answer")


def profile_uuid(visitor: Api, practitioner: Practitioner) -> str:
    """Return the public name of a practitioner."""
    return str(visitor.get(f"/practitioners/{practitioner.practitioner_id}/")["public_uuid"])
