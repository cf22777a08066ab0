"""Accounts that practitioners are paid on, and the older pages that read the same ledger."""

from datetime import UTC, datetime

from services.payments.operations import stripe_events
from services.payments.tests.factories import BEN, PAT, World
from services.payments.tests.integration.test_payouts import earned, onboarded
from shared.testing.http import Caller

MONDAY = datetime(2027, 1, 4, 6, 0, tzinfo=UTC)


def test_accounts_are_made_once_and_let_go(world: World, http: Caller) -> None:
    pat = http.as_user(PAT)

    assert pat.get("/connect/status/").json["has_stripe_account"] is False
    assert pat.post("/connect/refresh/").code == "payout_account_required"
    first, second = pat.post("/connect/onboarding/", {}), pat.post("/connect/onboarding/", {"country": "us"})
    assert first.json["url"] != second.json["url"]
    assert len(world.sandbox.listed("accounts")) == 1
    assert pat.post("/connect/login_link/").code == "onboarding_incomplete"
    account = onboarded(world, http)
    assert pat.post("/connect/login_link/").json["url"]
    assert pat.post("/connect/disconnect/").status == 200
    assert pat.get("/connect/status/").json["has_stripe_account"] is False
    assert onboarded(world, http) != account
    assert world.told("connect_account.changed")[-1]["can_receive_payouts"] is True
    assert http.as_user(BEN).get("/connect/status/").status == 403
    assert stripe_events.due_events() == []


def test_the_older_pages_read_the_same_ledger(world: World, http: Caller) -> None:
    onboarded(world, http)
    earned(world, cents=123_456)
    pat = http.as_user(PAT)

    balance = pat.get("/practitioners/balance/").json
    assert balance["available_balance_display"] == "$1,049.38"
    assert balance["commission_rate"] == "15.00"
    [row] = pat.get("/practitioners/transactions/?start_date=2026-01-01").json["results"]
    assert (row["type"], row["commission"]) == ("booking", 18_518)
    summary = pat.get("/practitioners/earnings/?group_by=month").json
    assert summary["totals"]["net_amount"] == 104_938
    assert len(summary["time_series"]) == 1
    asked = pat.post("/practitioners/request_payout/", {"amount": "60"})
    assert asked.status == 201
    assert pat.get("/practitioners/payouts/").json["results"][0]["amount_display"] == "$60.00"
    table = pat.get("/earnings/export/").raw.get_data(as_text=True)
    assert table.splitlines()[0].startswith("id,created_at")
    assert "1234.56" in table
    assert pat.get("/earnings/export/?date_from=2024-01-01").status == 400
    one = pat.get("/earnings/").json["results"][0]
    assert pat.get(f"/earnings/{one['id']}/").json["net_amount"] == "1049.38"
    assert http.as_user(BEN).get(f"/earnings/{one['id']}/").status == 404
