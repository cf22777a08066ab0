"""Money that comes after the hold: the time is somebody else's by then, and all of it goes back."""

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.checkout import checkout_url_of, pay
from tests.e2e.people import Person, Practitioner, becomes, book, free_slots, give_credits, run_out_hold

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def charges(stack: Stack, order_uuid: str) -> list[tuple[int, int]]:
    """Return what Stripe took for an order, and what of it went back."""
    told = stack.environment("payments")
    answer = requests.get(
        f"{told['STRIPE_API_BASE']}/v1/charges",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {told['STRIPE_SECRET_KEY']}"},
        timeout=10,
    )
    answer.raise_for_status()
    return [
        (one["amount"], one["amount_refunded"])
        for one in answer.json()["data"]
        if one["metadata"].get("order_uuid") == order_uuid
    ]


def test_late_money_revives_nothing_and_goes_back(
    stack: Stack, client: Person, other_client: Person, practitioner: Practitioner, staff: Person
) -> None:
    """The payment service is down while the hold runs out, so the page stays open and is paid: too late."""
    slot = free_slots(client, practitioner, days_ahead=13)[0]
    booking = book(client, practitioner, slot["start_time"], wait=10)
    url = checkout_url_of(client, booking)
    order = str(client.api.get(f"/bookings/{booking['id']}/")["payment"]["order_uuid"])

    stack.stop("payments-worker")
    try:
        run_out_hold(stack, booking)
        becomes(client, booking, "canceled", seconds=30)
        give_credits(staff, other_client, "100.00")
        taken = book(other_client, practitioner, slot["start_time"])
        assert taken["status"] == "pending_payment"
        assert pay(url).status_code == 303
    finally:
        stack.start("payments-worker")

    becomes(other_client, taken, "confirmed", seconds=30)
    price = practitioner.price_cents
    eventually(lambda: charges(stack, order) == [(price, price)], seconds=60, what="the money's way back")
    late = client.api.get(f"/bookings/{booking['id']}/")
    assert late["status"] == "canceled"
    assert late["status_detail"] in ("expired", "late_payment")
    payment = client.api.get(f"/payments/{order}/")
    assert payment["status"] in ("failed", "refunded")
    told = client.api.get("/notifications/")["results"]
    assert "booking.confirmed" not in {one["kind"] for one in told}
