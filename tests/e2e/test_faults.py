"""The main flow, with processes dying in the middle of it."""

import time

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import Socket, eventually
from tests.e2e.checkout import pay
from tests.e2e.people import Person, Practitioner, becomes, book, free_slots, give_credits
from tests.e2e.test_main_flow import checkout_url_of, credits_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.mark.parametrize("worker", ["bookings-worker", "payments-worker", "notifications-worker"])
def test_a_worker_is_killed_while_a_booking_is_paid(
    stack: Stack, client: Person, practitioner: Practitioner, worker: str
) -> None:
    """Whatever was under way is finished after the restart, once."""
    slot = free_slots(client, practitioner, days_ahead=12)[0]
    booking = book(client, practitioner, slot["start_time"], wait=10)
    url = checkout_url_of(client, booking)

    stack.kill(worker)
    assert pay(url).status_code == 303
    stack.kill(worker)

    becomes(client, booking, "confirmed", seconds=45)
    path = f"/notifications/?related_to=booking:{booking['id']}&kind=booking.confirmed"
    eventually(lambda: client.api.get(path)["count"] > 0, seconds=45, what="the notification")
    time.sleep(1)
    assert client.api.get(path)["count"] == 1
    client.api.post(f"/bookings/{booking['id']}/cancel/", {})


OTHERS = ("auth", "practitioners", "catalog", "reviews", "locations", "media", "streams")


@pytest.mark.parametrize("worker", [f"{service}-worker" for service in OTHERS])
def test_other_workers_dying_change_nothing_for_a_booking(
    stack: Stack, client: Person, practitioner: Practitioner, staff: Person, worker: str
) -> None:
    give_credits(staff, client, "100.00")
    slot = free_slots(client, practitioner, days_ahead=13)[0]

    stack.kill(worker)
    booking = book(client, practitioner, slot["start_time"], wait=10)

    assert booking["status"] == "confirmed"
    client.api.post(f"/bookings/{booking['id']}/cancel/", {})
    eventually(lambda: credits_of(client) == 10_000, seconds=30, what="the credits come back")
    stack.wait_until_healthy()


def test_the_sockets_process_dies_and_nothing_is_missed(
    stack: Stack, client: Person, practitioner: Practitioner, staff: Person
) -> None:
    """A page that comes back says what it saw last, and is told the rest once."""
    give_credits(staff, client, "100.00")
    slot = free_slots(client, practitioner, days_ahead=14)[0]
    seen = client.api.get("/notifications/unread_count/")["last_seq"]

    stack.kill("realtime")
    booking = book(client, practitioner, slot["start_time"], wait=10)
    assert booking["status"] == "confirmed"
    stack.wait_until_healthy()

    with Socket(client.api, after=seen) as socket:
        assert socket.told("booking.confirmed")["notification"]["related_object_id"] == str(booking["id"])
