"""The sandbox's hosted checkout page, filled in as a person's browser would send it."""

from typing import Any

import requests

from tests.e2e.api import eventually
from tests.e2e.people import Person

CARD_OK = "4242424242424242"
CARD_DECLINED = "4000000000000002"
CARD_AUTHENTICATION = "4000002760003184"


def checkout_url_of(person: Person, booking: dict[str, Any]) -> str:
    """Return the address of the hosted payment page, once payments has made one."""
    return str(
        eventually(
            lambda: person.api.get(f"/bookings/{booking['id']}/")["payment"]["checkout_url"] or None,
            what="a checkout page",
        )
    )


def pay(checkout_url: str, card: str = CARD_OK) -> requests.Response:
    """Open the page, fill in the card and press the button; return where that led (redirects are not followed)."""
    browser = requests.Session()
    browser.get(checkout_url, timeout=10).raise_for_status()
    form = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ana Tester"}
    return browser.post(checkout_url, data=form, allow_redirects=False, timeout=15)
