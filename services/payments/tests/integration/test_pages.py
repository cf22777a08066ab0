"""Where the pages to pay on lead back to."""

import pytest

from services.payments.settings import settings
from services.payments.tests.factories import ANA, World
from shared.testing.http import Caller

PAGE = {"success_url": "https://app.example/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://app.example/no"}


def test_urls_are_checked(world: World, http: Caller) -> None:
    ana = http.as_user(ANA)
    body = {"order_type": "credit", "credit_amount": "5.00", **PAGE}

    bad = ana.post("/checkout/create_session/", {**body, "success_url": "javascript:alert(1)"})
    unicode_ = ana.post("/checkout/create_session/", {**body, "success_url": "https://bücher.example/x"})

    assert list(bad.errors) == ["success_url"]
    assert unicode_.status == 200
    assert world.sandbox.listed("checkout/sessions")[0]["success_url"] == "https://xn--bcher-kva.example/x"


def test_pages_lead_back_to_named_origins_only(world: World, http: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the address that came with a booking: bookings knows no origins."""
    monkeypatch.setenv("CHECKOUT_ALLOWED_ORIGINS", "https://app.example/")
    settings.cache_clear()
    ana = http.as_user(ANA)
    body = {"order_type": "credit", "credit_amount": "5.00", **PAGE}

    assert ana.post("/checkout/create_session/", body).status == 200
    assert list(ana.post("/checkout/create_session/", {**body, "cancel_url": "https://evil.example/"}).errors) == [
        "cancel_url"
    ]
    world.book(100, payment={"success_url": "https://evil.example/"})
    world.work()
    pages = [one["success_url"] for one in world.sandbox.listed("checkout/sessions")]
    assert "https://evil.example/" not in pages
    assert len(pages) == 2
