"""A database comes back to a moment of its past, and everybody believes it again (R9, R23). `make drill` runs it."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.people import Person, Practitioner, give_credits, register
from tests.e2e.test_main_flow import credits_of
from tests.operations.asking import dead_messages, rows
from tests.operations.recovery import Backup, estuary, restore

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("ESTUARY_DRILL") != "full", reason="minutes: make drill"),
]
RESTORED_WITHIN_SECONDS = 1800


def test_catalog_is_restored_and_its_readers_follow(stack: Stack, practitioner: Practitioner) -> None:
    """What was changed after the moment is taken back everywhere, though readers held newer versions of it."""
    api, service = practitioner.api, practitioner.service_id
    with TemporaryDirectory(dir="/tmp") as folder, Backup(stack, Path(folder)) as backup:
        api.patch(f"/services/{service}/", {"price": "91.00"})
        eventually(lambda: price_at_bookings(stack, service) == 9100, what="bookings hears of it")
        moment = backup.now()
        for price in ("92.00", "93.00", "94.00"):
            api.patch(f"/services/{service}/", {"price": price})
        eventually(lambda: price_at_bookings(stack, service) == 9400, what="bookings hears of these")

        took = restore(stack, backup, "catalog", moment)

    print(f"\ncatalog was back after {took:.0f} s")
    assert took < RESTORED_WITHIN_SECONDS
    assert rows(stack, "catalog", f"SELECT price_cents FROM services WHERE id = {service}") == [(9100,)]
    eventually(lambda: price_at_bookings(stack, service) == 9100, seconds=30, what="bookings believes it")
    eventually(lambda: differing(stack) == [], seconds=60, what="what bookings holds is what catalog has")
    api.patch(f"/services/{service}/", {"price": "80.00"})
    eventually(lambda: price_at_bookings(stack, service) == 8000, what="changes flow as before")
    assert dead_messages(stack) == {}


def test_payments_are_restored_and_add_up(stack: Stack, staff: Person) -> None:
    """Money that moved after the moment is unknown again, and every cent that is known is accounted for."""
    client = register(stack, "saver")
    give_credits(staff, client, "50.00")
    with TemporaryDirectory(dir="/tmp") as folder, Backup(stack, Path(folder)) as backup:
        moment = backup.now()
        time.sleep(0.2)
        give_credits(staff, client, "25.00")
        assert credits_of(client) == 7500

        took = restore(stack, backup, "payments", moment)

    print(f"\npayments was back after {took:.0f} s")
    assert took < RESTORED_WITHIN_SECONDS
    assert credits_of(client) == 5000
    assert "balances" in estuary(stack, "payments", "ledger", "audit")
    give_credits(staff, client, "10.00")
    assert credits_of(client) == 6000
    assert dead_messages(stack) == {}


def price_at_bookings(stack: Stack, service: int) -> int:
    found = rows(stack, "bookings", f"SELECT price_cents FROM services WHERE id = {service}")
    return int(found[0][0]) if found else 0


def differing(stack: Stack) -> list[tuple[int, int, int]]:
    """Return the services whose version at bookings is not catalog's: id, catalog's, bookings'."""
    epoch = rows(stack, "catalog", "SELECT epoch FROM event_epoch")[0][0]
    held = {
        id_: (known, sequence)
        for id_, known, sequence in rows(stack, "bookings", "SELECT id, epoch, sequence FROM services")
    }
    told = rows(stack, "catalog", "SELECT id, version FROM services")
    return [(id_, version, held.get(id_, (0, 0))[1]) for id_, version in told if held.get(id_) != (epoch, version)]
