"""What checks every call of the other tests against Stripe's types is itself checked: it lets right ones pass only."""

from typing import Any

import pytest

from services.payments.tests.published import NotPublished, check

PAGE = {"mode": "payment", "line_items": [{"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 100}}]}


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("payment_intents.create", {"amount": 100, "currency": "usd", "metadata": {"order_uuid": "1"}}),
        ("checkout.sessions.create", {**PAGE, "expires_at": 1}),
        ("customers.delete", {}),
        ("events.list", {"created": {"gte": 1}, "limit": 100}),
    ],
)
def test_what_stripe_takes_passes(call: str, params: dict[str, Any]) -> None:
    check(call, params)


@pytest.mark.parametrize(
    ("call", "params", "told"),
    [
        ("payment_intents.create", {"currency": "usd"}, "amount is wanted"),
        ("payment_intents.create", {"amount": "100", "currency": "usd"}, "amount: '100'"),
        ("payment_intents.create", {"amount": True, "currency": "usd"}, "amount: True"),
        ("payment_intents.create", {"amount": 1, "currency": "usd", "payment_method_types": ["card"]}, "knows no"),
        ("checkout.sessions.create", {**PAGE, "mode": "gift"}, "mode: 'gift'"),
        ("checkout.sessions.create", {"line_items": [{"quantity": "1"}]}, r"line_items\[0\].quantity"),
        ("accounts.create", {"controller": {"fees": {"payer": "nobody"}}}, "fees.payer"),
    ],
)
def test_what_it_does_not_take_is_named(call: str, params: dict[str, Any], told: str) -> None:
    with pytest.raises(NotPublished, match=told):
        check(call, params)
