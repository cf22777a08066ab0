"""Fixtures of the tests of payments."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from services.payments.clients.stripe import Stripe, StripeApi, configured
from services.payments.models import SubscriptionTier
from services.payments.operations.rates import forget_rates
from services.payments.settings import settings
from services.payments.tests import published as published_types
from services.payments.tests.factories import World
from services.payments.tests.sandbox import KEY, SECRET, Sandbox, start
from shared.database import Database


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in a process of its own, for the whole run."""
    process, sandbox = start(tmp_path_factory.mktemp("stripe"))
    yield sandbox
    process.terminate()
    process.wait(10)


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test lets the service ask of Stripe has to fit Stripe's published types."""
    call = StripeApi.call

    def checked(self: StripeApi, name: str, target: str | None, params: Any, **options: Any) -> dict[str, Any]:
        published_types.check(name, params)
        return call(self, name, target, params, **options)

    monkeypatch.setattr(StripeApi, "call", checked)


@pytest.fixture
def sandbox(database: Database, sandbox_process: Sandbox) -> Sandbox:
    """The sandbox, empty; this process's settings point to it."""
    sandbox_process.reset()
    os.environ.update(STRIPE_API_BASE=sandbox_process.base, STRIPE_SECRET_KEY=KEY, STRIPE_WEBHOOK_SECRETS=SECRET)
    settings.cache_clear()
    settings()
    forget_rates()
    # Plans are reference rows that tests share; what Stripe knew of them went with the sandbox's memory.
    with database.transaction() as session:
        session.execute(
            update(SubscriptionTier).values(
                stripe_product_id=None, stripe_monthly_price_id=None, stripe_annual_price_id=None
            )
        )
    return sandbox_process


@pytest.fixture
def stripe(sandbox: Sandbox) -> Stripe:
    """What the service itself uses."""
    return configured(settings())


@pytest.fixture
def world(database: Database, sandbox: Sandbox, stripe: Stripe) -> World:
    """Two clients and a practitioner, and the events that others would send."""
    world = World(database=database, stripe=stripe, sandbox=sandbox)
    world.introduce()
    return world
