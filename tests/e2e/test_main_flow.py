"""Register, verify, publish, find, book, pay, be told, cancel with refund: for real, through the gateway."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.api import Socket, eventually
from tests.e2e.checkout import CARD_DECLINED, checkout_url_of, pay
from tests.e2e.people import Person, Practitioner, becomes, book, free_slots, give_credits, run_out_hold, status_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def credits_of(person: Person) -> int:
    """Return the credits a person may spend, in cents."""
    return int(person.api.get("/credits/balance/")["balance_cents"])


def test_pay_on_the_hosted_page(client: Person, practitioner: Practitioner) -> None:
    """Card: the booking waits, the page takes the money, both people's sockets are told, cancelling refunds."""
    slot = free_slots(client, practitioner)[0]
    with Socket(client.api) as clients, Socket(practitioner.api) as practitioners:
        booking = book(client, practitioner, slot["start_time"], wait=10)
        assert booking["status"] == "pending_payment"

        paid = pay(checkout_url_of(client, booking))
        assert paid.status_code == 303, paid.text[:500]

        becomes(client, booking, "confirmed")
        assert clients.told("booking.confirmed")["notification"]["related_object_id"] == str(booking["id"])
        assert practitioners.told("booking.received")["unread_count"] >= 1

        client.api.post(f"/bookings/{booking['id']}/cancel/", {"reason": "ill"})
        practitioners.told("booking.cancelled")
        clients.told("payment.refunded")
    cancelled = becomes(client, booking, "canceled")
    assert eventually(
        lambda: client.api.get(f"/bookings/{booking['id']}/")["payment_status"] == "refunded", what="the refund"
    )
    assert slot["start_time"] in [free["start_time"] for free in free_slots(client, practitioner)]
    assert cancelled["final_amount_cents"] == practitioner.price_cents


def test_pay_with_credits(client: Person, practitioner: Practitioner, staff: Person) -> None:
    """Credits: one request, and the answer already says confirmed; cancelling gives the credits back."""
    give_credits(staff, client, "100.00")
    slot = free_slots(client, practitioner, days_ahead=6)[0]

    booking = book(client, practitioner, slot["start_time"], wait=10)
    assert booking["status"] == "confirmed"
    assert credits_of(client) == 10_000 - practitioner.price_cents

    answer = client.api.post(f"/bookings/{booking['id']}/cancel/", {"reason": "changed my mind"})
    assert answer["refund_cents"] == practitioner.price_cents
    eventually(lambda: credits_of(client) == 10_000, what="the credits come back")


def test_a_declined_card_leaves_the_hold_and_another_card_pays(client: Person, practitioner: Practitioner) -> None:
    slot = free_slots(client, practitioner, days_ahead=7)[0]
    booking = book(client, practitioner, slot["start_time"], wait=10)
    url = checkout_url_of(client, booking)

    declined = pay(url, CARD_DECLINED)
    assert declined.status_code == 402
    assert status_of(client, booking)[0] == "pending_payment"

    assert pay(url).status_code == 303
    becomes(client, booking, "confirmed")


def test_a_stored_card_that_is_declined_then_one_that_pays(client: Person, practitioner: Practitioner) -> None:
    slot = free_slots(client, practitioner, days_ahead=7)[-1]
    bad = eventually(
        lambda: client.api.post(
            "/payment-methods/", {"stripe_payment_method_id": "pm_card_chargeCustomerFail"}, expect=201
        ),
        what="a stored card",
    )
    booking = book(client, practitioner, slot["start_time"])
    refused = eventually(
        lambda: client.api.post(
            "/checkout/direct_payment/",
            {"booking_id": booking["id"], "payment_method_id": bad["id"], "apply_credits": False},
            expect=402,
        ),
        what="the decline",
    )
    assert refused["code"] == "card_declined"

    good = client.api.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"}, expect=201)
    paid = client.api.post(
        "/checkout/direct_payment/",
        {"booking_id": booking["id"], "payment_method_id": good["id"], "apply_credits": False},
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert paid["status"] == "success"
    becomes(client, booking, "confirmed")


def test_a_hold_that_runs_out_frees_the_slot(
    stack: Stack, client: Person, other_client: Person, practitioner: Practitioner, staff: Person
) -> None:
    slot = free_slots(client, practitioner, days_ahead=8)[0]
    booking = book(client, practitioner, slot["start_time"], wait=10)
    checkout_url_of(client, booking)
    run_out_hold(stack, booking)

    expired = becomes(client, booking, "canceled", seconds=30)
    assert expired["status_detail"] == "expired"

    give_credits(staff, other_client, "100.00")
    again = book(other_client, practitioner, slot["start_time"], wait=10)
    assert again["status"] == "confirmed"


def test_two_clients_at_once(client: Person, other_client: Person, practitioner: Practitioner, staff: Person) -> None:
    """Two people want different slots and then the same one: both get the first, one gets the second."""
    give_credits(staff, client, "500.00")
    give_credits(staff, other_client, "500.00")
    first, second, wanted = free_slots(client, practitioner, days_ahead=9)[0:12:4]

    with ThreadPoolExecutor(2) as pool:
        own = list(
            pool.map(
                lambda pair: book(pair[0], practitioner, pair[1]["start_time"], wait=10),
                [(client, first), (other_client, second)],
            )
        )
    assert [booking["status"] for booking in own] == ["confirmed", "confirmed"]

    def take(person: Person) -> requests.Response:
        body = {"service_id": practitioner.service_id, "start_time": wanted["start_time"]}
        return person.api.raw("POST", "/bookings/", body)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(take, [client, other_client]))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert next(a.json()["code"] for a in answers if a.status_code == 409) == "slot_taken"


def test_fifty_for_one_slot(client: Person, practitioner: Practitioner) -> None:
    """Exactly one of fifty gets the slot; the others are told so, quickly."""
    slot = free_slots(client, practitioner, days_ahead=10)[0]
    body = {"service_id": practitioner.service_id, "start_time": slot["start_time"]}
    barrier = Barrier(50)

    def post(_: int) -> tuple[int, str, float]:
        barrier.wait()
        answer = client.api.raw("POST", "/bookings/", body)
        return answer.status_code, answer.json().get("code", ""), answer.elapsed.total_seconds()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert Counter((status, code) for status, code, _ in answers) == {(201, ""): 1, (409, "slot_taken"): 49}


def test_what_is_not_ones_own_is_not_found(client: Person, other_client: Person, practitioner: Practitioner) -> None:
    slot = free_slots(client, practitioner, days_ahead=11)[0]
    booking = book(client, practitioner, slot["start_time"])
    path = f"/bookings/{booking['id']}/"

    assert other_client.api.get(path, expect=404)["code"] == "not_found"
    assert other_client.api.post(f"{path}cancel/", {}, expect=404)["code"] == "not_found"
    assert client.api.post(f"{path}complete/", {}, expect=403)["code"] == "permission_denied"


def test_signing_out_closes_every_door(client: Person) -> None:
    client.api.get("/auth/me/")
    with Socket(client.api) as socket:
        client.api.post("/auth/logout/", {})
        eventually(lambda: client.api.raw("GET", "/auth/me/").status_code == 401, seconds=2, what="the token dies")
        eventually(lambda: socket.close_code == 4401, seconds=5, what="the socket closes")
