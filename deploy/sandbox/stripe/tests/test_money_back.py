"""Money on its way back: refunds and disputes."""

import pytest
import stripe


def test_a_refund_in_parts_until_nothing_is_left(client, pay, hooks):
    intent = pay(amount=1_000)
    first = client.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 300,
            "reason": "requested_by_customer",
            "metadata": {"refund_uuid": "r-1"},
        }
    )
    second = client.refunds.create({"payment_intent": intent.id})

    assert (first.status, first.amount, second.amount) == ("succeeded", 300, 700)
    assert client.charges.retrieve(intent.latest_charge.id).refunded
    assert {each.id for each in client.refunds.list({"payment_intent": intent.id})} == {first.id, second.id}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    hooks.wait_for("refund.created", count=2)
    hooks.wait_for("charge.refunded", count=2)


def test_a_refund_of_more_than_is_left_is_refused(client, pay):
    intent = pay(amount=1_000)

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.refunds.create({"payment_intent": intent.id, "amount": 1_001})


def test_a_refund_can_fail_later(client, pay, control, hooks):
    intent = pay("pm_card_refundFail", amount=1_000)
    refund = client.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"

    control("clock", advance_seconds=5)

    hooks.wait_for("refund.failed")
    assert client.refunds.retrieve(refund.id).status == "failed"
    assert not client.charges.retrieve(intent.latest_charge.id).refunded
    assert client.balance.retrieve().available[0].amount == 1_000 - 59


def test_a_refund_can_take_its_time(client, pay, control, hooks):
    intent = pay("pm_card_pendingRefund")
    refund = client.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"

    control("clock", advance_seconds=5)

    assert client.refunds.retrieve(refund.id).status == "succeeded"
    hooks.wait_for("refund.updated")


def test_a_disputed_charge_takes_its_money_along(client, pay, hooks, control):
    intent = pay("pm_card_createDispute", amount=2_000)
    hooks.wait_for("charge.dispute.created")
    hooks.wait_for("charge.dispute.funds_withdrawn")
    dispute = client.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.amount, dispute.balance_transactions[0].fee) == ("needs_response", 2_000, 1_500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"

    won = client.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True})

    assert won.status == "won"
    hooks.wait_for("charge.dispute.funds_reinstated")
    hooks.wait_for("charge.dispute.closed")


def test_a_dispute_can_be_given_up(client, pay):
    intent = pay("pm_card_createDispute")
    dispute = client.disputes.list({"charge": intent.latest_charge.id}).data[0]

    assert client.disputes.close(dispute.id).status == "lost"
