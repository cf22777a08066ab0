"""What the processes of payments are told."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from shared.settings import ServiceSettings, secret

SANDBOX_BASE = "http://127.0.0.1:8195"


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of payments; amounts are integer cents.

    Without `stripe_secret_key` the sandbox at `stripe_api_base` stands for Stripe; its key and webhook secret are
    what the local runner made.
    """

    stripe_secret_key: str = secret("sk_test_sandbox")
    """Stripe's secret key; without one of the real Stripe the sandbox stands for it."""
    stripe_publishable_key: str = "pk_test_sandbox"
    """Stripe's publishable key, which front ends are told."""
    stripe_webhook_secrets: tuple[str, ...] = secret(("whsec_sandbox",))
    """Secrets of the webhook endpoints, and both while one follows the other."""
    stripe_api_base: str = ""
    """The sandbox's address; empty: the real Stripe."""
    stripe_connect_country: str = "US"
    """Country of practitioners' accounts."""
    stripe_timeout_seconds: float = 15
    """How long a call to Stripe may take."""
    checkout_allowed_origins: tuple[str, ...] = ()
    """The only origins to which payment pages may lead back; empty: any."""
    refund_default_destination: Literal["original", "credits"] = "original"
    """Where refunds go when nobody says."""
    earnings_hold_hours: int = 48
    """How long earnings rest before they can be paid out."""
    payout_minimum_cents: int = 5_000
    """The least that can be paid out on request."""
    payout_batch_minimum_cents: int = 1_000
    """The least that is paid out by itself."""
    payout_fee_cents: int = 0
    """What a payout costs the practitioner."""
    credit_purchase_min_cents: int = 100
    """The least credit that can be bought at once."""
    credit_purchase_max_cents: int = 500_000
    """The most credit that can be bought at once."""
    credit_transfer_daily_cents: int = 50_000
    """The most credit that somebody can give away in a day."""
    credit_transfers_hourly: int = 10
    """How often somebody can give credit away in an hour."""

    @property
    def is_sandbox(self) -> bool:
        """Whether the sandbox stands for Stripe."""
        return bool(self.stripe_base) and "api.stripe.com" not in self.stripe_base

    @property
    def stripe_base(self) -> str:
        """Where Stripe's API is; empty for the real one."""
        if self.stripe_api_base:
            return self.stripe_api_base
        return SANDBOX_BASE if self.stripe_secret_key == "sk_test_sandbox" else ""  # noqa: S105 - the sandbox's own.

    def problems(self) -> list[str]:
        found = super().problems()
        if self.stripe_secret_key.startswith(("sk_live_", "rk_live_")) and self.is_sandbox:
            found.append("STRIPE_API_BASE: a live key must not be sent to a sandbox")
        if self.is_production and self.stripe_secret_key == "sk_test_sandbox":  # noqa: S105 - the sandbox's own.
            found.append("STRIPE_SECRET_KEY: is required in production")
        if self.is_production and self.is_sandbox:
            found.append("STRIPE_API_BASE: a sandbox must not stand for Stripe in production")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
