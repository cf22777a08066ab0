"""The document tells every operation that payments serves, and what each may refuse."""

import pytest

from shared.testing.http import Caller

OPERATIONS = {
    "checkout_create_session_create",
    "checkout_direct_payment_create",
    "checkout_quote_create",
    "checkout_session_retrieve",
    "commissions_calculate_create",
    "commissions_rates_retrieve",
    "connect_disconnect_create",
    "connect_login_link_create",
    "connect_onboarding_create",
    "connect_refresh_create",
    "connect_status_retrieve",
    "credits_adjust_create",
    "credits_balance_retrieve",
    "credits_purchase_create",
    "credits_transactions_retrieve",
    "credits_transfer_create",
    "earnings_balance_retrieve",
    "earnings_export_retrieve",
    "earnings_list",
    "earnings_retrieve",
    "earnings_summary_retrieve",
    "memberships_cancel_create",
    "memberships_change_tier_create",
    "memberships_confirm_payment_create",
    "memberships_create",
    "memberships_list",
    "memberships_payment_method_create",
    "memberships_reactivate_create",
    "memberships_retrieve",
    "payment_methods_create",
    "payment_methods_destroy",
    "payment_methods_list",
    "payment_methods_partial_update",
    "payment_methods_retrieve",
    "payment_methods_set_default_create",
    "payment_methods_setup_intent_create",
    "payment_methods_update",
    "payments_cancel_create",
    "payments_config_retrieve",
    "payments_confirm_create",
    "payments_disputes_list",
    "payments_ledger_accounts_list",
    "payments_ledger_entries_list",
    "payments_list",
    "payments_receipt_retrieve",
    "payments_reconciliation_list",
    "payments_refund_create",
    "payments_refunds_list",
    "payments_retrieve",
    "payments_stripe_events_replay_create",
    "payments_webhooks_stripe_create",
    "payouts_create",
    "payouts_destroy",
    "payouts_earnings_balance_path_retrieve",
    "payouts_earnings_balance_retrieve",
    "payouts_earnings_purchases_retrieve",
    "payouts_earnings_transactions_path_retrieve",
    "payouts_earnings_transactions_retrieve",
    "payouts_list",
    "payouts_mark_failed_create",
    "payouts_partial_update",
    "payouts_process_create",
    "payouts_request_create",
    "payouts_request_payout_create",
    "payouts_retrieve",
    "payouts_summary_retrieve",
    "payouts_update",
    "practitioners_balance_retrieve",
    "practitioners_earnings_retrieve",
    "practitioners_payouts_retrieve",
    "practitioners_request_payout_create",
    "practitioners_transactions_retrieve",
    "subscriptions_cancel_create",
    "subscriptions_confirm_payment_create",
    "subscriptions_create",
    "subscriptions_current_retrieve",
    "subscriptions_destroy",
    "subscriptions_invoices_retrieve",
    "subscriptions_list",
    "subscriptions_partial_update",
    "subscriptions_reactivate_create",
    "subscriptions_retrieve",
    "subscriptions_tiers_retrieve",
    "subscriptions_update",
    "subscriptions_upgrade_create",
    "webhooks_stripe_create",
}


@pytest.fixture
def operations(http: Caller) -> dict[str, dict]:
    """Every documented operation by its id."""
    paths = http.get("/openapi.json").json["paths"]
    return {told["operationId"]: told for path in paths.values() for told in path.values() if "operationId" in told}


def test_every_operation_is_documented(operations: dict[str, dict]) -> None:
    assert set(operations) == OPERATIONS


def test_every_operation_has_a_sentence_and_an_answer(operations: dict[str, dict]) -> None:
    for name, told in operations.items():
        assert told["summary"], name
        assert any(status.startswith("2") for status in told["responses"]), name


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        (
            "checkout_direct_payment_create",
            {"card_declined", "insufficient_credits", "already_paid", "booking_not_ready"},
        ),
        ("credits_transfer_create", {"insufficient_credits", "transfer_limit_exceeded", "rate_limited"}),
        ("payments_refund_create", {"order_not_refundable", "refund_exceeds_payment", "idempotency_conflict"}),
        ("payouts_create", {"payout_in_progress", "payout_account_required", "payouts_frozen"}),
    ],
)
def test_refusals_are_told(operations: dict[str, dict], operation: str, codes: set[str]) -> None:
    told = {code for answer in operations[operation]["responses"].values() for code in answer.get("x-codes", ())}

    assert codes <= told
