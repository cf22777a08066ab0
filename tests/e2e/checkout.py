"""The sandbox's hosted checkout page, filled in as a person's browser would send it."""

import requests

CARD_OK = "4242424242424242"
CARD_DECLINED = "4000000000000002"


def pay(checkout_url: str, card: str = CARD_OK) -> requests.Response:
    """Open the page, fill in the card and press the button; return where that led (redirects are not followed)."""
    browser = requests.Session()
    browser.get(checkout_url, timeout=10).raise_for_status()
    form = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ana Tester"}
    return browser.post(checkout_url, data=form, allow_redirects=False, timeout=15)
