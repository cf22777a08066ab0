"""Stripe's test cards: how each behaves, by number and by the names its documentation gives them.

Source: Stripe's page "Test card numbers". A number that is not here is refused as a real card would be in test mode,
and is not kept.
"""

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why an issuer refuses."""

    code: str
    message: str
    decline_code: str | None = None


GENERIC = Decline(code="card_declined", decline_code="generic_decline", message="Your card was declined.")
INSUFFICIENT_FUNDS = Decline(
    code="card_declined", decline_code="insufficient_funds", message="Your card has insufficient funds."
)
EXPIRED = Decline(code="expired_card", message="Your card has expired.")
INCORRECT_CVC = Decline(code="incorrect_cvc", message="Your card's security code is incorrect.")
NOT_A_TEST_CARD = Decline(
    code="card_declined",
    decline_code="test_mode_live_card",
    message="Your card was declined. Your request was in test mode, but used a non test card.",
)
UNAUTHENTICATED = Decline(
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One test card."""

    number: str
    names: tuple[str, ...]
    effect: str
    brand: str = "visa"
    decline: Decline | None = None
    attaches: bool = False
    """Whether a card that declines can nevertheless be saved."""
    authentication: str = "none"
    """`none`, `unless_set_up` or `always`."""
    disputed: bool = False
    refund: str = "succeeds"
    """`succeeds`, `fails_later` or `succeeds_later`."""

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        """The number in groups of four."""
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))

    @property
    def fingerprint(self) -> str:
        """The same for every payment method made of this number."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    def can_be_saved(self) -> bool:
        """Tell whether attaching it to a customer succeeds."""
        return self.decline is None or self.attaches

    def details(self, *, exp_month: int, exp_year: int) -> dict[str, Any]:
        """Return the `card` member of a payment method."""
        return {
            "brand": self.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": self.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": self.fingerprint,
            "funding": "credit",
            "generated_from": None,
            "last4": self.last4,
            "networks": {"available": [self.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }


CARDS = (
    Card(number="4242424242424242", names=("visa", "us"), effect="Succeeds"),
    Card(number="5555555555554444", names=("mastercard",), brand="mastercard", effect="Succeeds (Mastercard)"),
    Card(
        number="4000002500003155",
        names=("authenticationRequiredOnSetup", "threeDSecureOptional"),
        authentication="unless_set_up",
        effect="Needs authentication, unless it was set up before",
    ),
    Card(
        number="4000002760003184",
        names=("authenticationRequired", "threeDSecure2Required"),
        authentication="always",
        effect="Needs authentication every time",
    ),
    Card(
        number="4000000000000002",
        names=("chargeDeclined", "visa_chargeDeclined"),
        decline=GENERIC,
        effect="Is declined",
    ),
    Card(
        number="4000000000009995",
        names=("chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
        decline=INSUFFICIENT_FUNDS,
        effect="Is declined: insufficient funds",
    ),
    Card(
        number="4000000000000069",
        names=("chargeDeclinedExpiredCard",),
        decline=EXPIRED,
        effect="Is declined: expired",
    ),
    Card(
        number="4000000000000127",
        names=("chargeDeclinedIncorrectCvc",),
        decline=INCORRECT_CVC,
        effect="Is declined: wrong security code",
    ),
    Card(
        number="4000000000000341",
        names=("chargeCustomerFail",),
        decline=GENERIC,
        attaches=True,
        effect="Can be saved, is declined when charged",
    ),
    Card(
        number="4000000000000259",
        names=("createDispute",),
        disputed=True,
        effect="Succeeds, then the payer disputes it",
    ),
    Card(
        number="4000000000007726",
        names=("pendingRefund",),
        refund="succeeds_later",
        effect="Succeeds; a refund takes a while",
    ),
    Card(
        number="4000000000005126",
        names=("refundFail",),
        refund="fails_later",
        effect="Succeeds; a refund fails later",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {f"{prefix}_{name}": card for card in CARDS for name in card.names for prefix in ("pm_card", "tok")}
BY_NAME["tok_threeDSecure2Required"] = BY_NUMBER["4000002760003184"]


def passes_luhn(number: str) -> bool:
    """Tell whether a number's check digit is right."""
    total = 0
    for place, digit in enumerate(int(each) for each in reversed(number)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
