"""A person pays on the hosted page in a real browser: declined, then confirmed with the bank, then booked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.browser import Browser, installed
from tests.e2e.checkout import CARD_AUTHENTICATION, CARD_DECLINED, CARD_OK, checkout_url_of
from tests.e2e.people import Person, Practitioner, becomes, book, free_slots, give_credits, status_of

PROGRAM = installed()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed here: install chromium to run this"),
]
UNLABELLED = "[...document.querySelectorAll('input')].filter(i => !i.labels.length).length"


@pytest.fixture
def browser() -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM) as running:
        yield running


def fill_in(browser: Browser, card: str) -> None:
    """Type a card into the form, as its owner would."""
    browser.type("Card number", card)
    browser.type("Expiry", "12 / 34")
    browser.type("Security code", "123")
    browser.type("Name on card", "Ana Tester")
    browser.press("Pay")


def test_a_person_pays(
    stack: Stack, browser: Browser, client: Person, practitioner: Practitioner, staff: Person, tmp_path: Path
) -> None:
    """The page names what is sold and for how much, tells why a card was refused, and leads back to the shop."""
    slot = free_slots(client, practitioner, days_ahead=12)[0]
    give_credits(staff, client, "1.00")  # Whoever has credits is known to payments, with an address.
    shop = f"{stack.url('health/')}?paid={{CHECKOUT_SESSION_ID}}"
    booking = book(
        client,
        practitioner,
        slot["start_time"],
        wait=10,
        success_url=shop,
        cancel_url=stack.url("health/"),
        apply_credits=False,
    )
    url = checkout_url_of(client, booking)

    browser.open(url)
    assert "$80.00" in browser.text
    assert "Deep tissue massage" in browser.text
    assert browser.evaluate("document.querySelector('#email').value") == client.email
    assert browser.evaluate(UNLABELLED) == 0
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    browser.picture(tmp_path / "checkout.png")
    assert (tmp_path / "checkout.png").stat().st_size > 10_000

    fill_in(browser, CARD_DECLINED)
    alert = "document.querySelector('[role=alert]')?.innerText || ''"
    browser.until(lambda: "declined" in browser.evaluate(alert), "the refusal")
    assert status_of(client, booking)[0] == "pending_payment"

    fill_in(browser, CARD_AUTHENTICATION)
    browser.until(lambda: "Is this you?" in browser.text, "the bank's page")
    assert status_of(client, booking)[0] == "pending_payment"
    browser.press("Yes, confirm")
    browser.until(lambda: "paid=cs_" in browser.url, "the way back to the shop")

    assert becomes(client, booking, "confirmed")["payment_status"] == "paid"
    browser.open(url)
    assert "paid=cs_" in browser.url


def test_going_back_pays_nothing(stack: Stack, browser: Browser, client: Person, practitioner: Practitioner) -> None:
    slot = free_slots(client, practitioner, days_ahead=12)[4]
    back = f"{stack.url('health/')}?left=yes"
    booking = book(client, practitioner, slot["start_time"], wait=10, success_url=stack.url("health/"), cancel_url=back)

    browser.open(checkout_url_of(client, booking))
    browser.click("[...document.querySelectorAll('a')].find(a => a.innerText.includes('Cancel and go back'))")
    browser.until(lambda: browser.url.endswith("left=yes"), "the shop")

    assert status_of(client, booking)[0] == "pending_payment"


def test_a_page_whose_booking_is_gone_takes_no_money(
    browser: Browser, client: Person, practitioner: Practitioner
) -> None:
    slot = free_slots(client, practitioner, days_ahead=12)[8]
    booking = book(client, practitioner, slot["start_time"], wait=10)
    url = checkout_url_of(client, booking)
    client.api.post(f"/bookings/{booking['id']}/cancel/", {})

    eventually(lambda: requests.get(url, timeout=10).status_code == 410, what="the end of the page")
    browser.open(url)
    assert "expired" in browser.text
    assert "Nothing was charged" in browser.text
    assert CARD_OK not in browser.text.replace(" ", "")
