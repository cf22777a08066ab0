"""Connected accounts: onboarding, transfers, payouts."""

import pytest
import requests
import stripe


@pytest.fixture
def account(client):
    return client.accounts.create(
        {
            "controller": {
                "losses": {"payments": "application"},
                "fees": {"payer": "application"},
                "stripe_dashboard": {"type": "express"},
                "requirement_collection": "stripe",
            },
            "capabilities": {"transfers": {"requested": True}},
            "country": "US",
            "email": "practitioner@example.com",
            "metadata": {"practitioner_uuid": "p-1"},
        }
    )


@pytest.fixture
def onboarded(account, control):
    control(f"accounts/{account.id}/onboard")
    return account


def transfer(client, account, amount=5_000, **more):
    return client.transfers.create(
        {
            "amount": amount,
            "currency": "usd",
            "destination": account.id,
            "transfer_group": "payout_u-1",
            "metadata": {"payout_uuid": "u-1"},
            **more,
        }
    )


def link(client, account):
    return client.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "http://shop.test/again",
            "return_url": "http://shop.test/done",
        }
    )


def test_a_new_account_has_everything_to_give(account):
    assert not account.details_submitted
    assert not account.payouts_enabled
    assert account.capabilities.transfers == "inactive"
    assert "external_account" in account.requirements.currently_due
    assert account.controller.stripe_dashboard.type == "express"


def test_onboarding_is_finished_on_the_page(client, account, hooks):
    made = link(client, account)
    assert "Set up your payouts" in requests.get(made.url, timeout=5).text

    done = requests.post(made.url, data={"decision": "finish"}, allow_redirects=False, timeout=5)

    assert done.headers["Location"] == "http://shop.test/done"
    after = client.accounts.retrieve(account.id)
    assert (after.details_submitted, after.payouts_enabled, after.capabilities.transfers) == (True, True, "active")
    assert after.requirements.currently_due == []
    assert hooks.wait_for("account.updated")[0]["account"] == account.id
    hooks.wait_for("account.external_account.created")
    assert requests.get(made.url, allow_redirects=False, timeout=5).headers["Location"] == "http://shop.test/again"


def test_onboarding_may_be_left_incomplete(client, account):
    made = link(client, account)

    requests.post(made.url, data={"decision": "leave"}, allow_redirects=False, timeout=5)

    assert not client.accounts.retrieve(account.id).details_submitted
    with pytest.raises(stripe.InvalidRequestError, match="not completed onboarding"):
        client.accounts.login_links.create(account.id)


def test_a_login_link_leads_to_the_accounts_own_view(client, onboarded, control):
    control("balance", amount=10_000)
    transfer(client, onboarded)

    page = requests.get(client.accounts.login_links.create(onboarded.id).url, timeout=5)

    assert "$50.00" in page.text


def test_a_transfer_needs_an_account_that_can_receive(client, account):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        transfer(client, account)
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_a_transfer_needs_the_money(client, onboarded, control):
    control("balance", amount=4_999)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        transfer(client, onboarded)
    assert refused.value.code == "balance_insufficient"
    assert client.balance.retrieve().available[0].amount == 4_999


def test_a_transfer_moves_money_and_can_be_taken_back(client, onboarded, control, hooks):
    control("balance", amount=10_000)
    made = transfer(client, onboarded)
    hooks.wait_for("transfer.created")
    theirs = {"stripe_account": onboarded.id}
    assert client.balance.retrieve(options=theirs).available[0].amount == 5_000
    assert client.balance.retrieve().available[0].amount == 5_000

    reversal = client.transfers.reversals.create(made.id, {"amount": 2_000, "metadata": {"by": "staff"}})

    after = client.transfers.retrieve(made.id)
    assert (after.amount_reversed, after.reversed, after.reversals.data[0].id) == (2_000, False, reversal.id)
    assert client.balance.retrieve(options=theirs).available[0].amount == 3_000
    hooks.wait_for("transfer.reversed")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed"):
        client.transfers.reversals.create(made.id, {"amount": 3_001})
    assert client.transfers.list({"transfer_group": "payout_u-1"}).data[0].id == made.id


def test_the_money_reaches_the_bank_by_itself(client, onboarded, control, hooks):
    control("balance", amount=10_000)
    transfer(client, onboarded)

    control("clock", advance_seconds=4 * 86_400)

    event = hooks.wait_for("payout.paid")[0]
    assert (event["account"], event["data"]["object"]["amount"]) == (onboarded.id, 5_000)
    theirs = {"stripe_account": onboarded.id}
    assert client.balance.retrieve(options=theirs).available[0].amount == 0
    assert [each.status for each in client.payouts.list(options=theirs)] == ["paid"]
    assert client.payouts.list().data == []
    control(f"payouts/{event['data']['object']['id']}/fail")
    hooks.wait_for("payout.failed")


def test_the_platform_pays_itself_out_by_hand(client, control):
    control("balance", amount=1_000)

    payout = client.payouts.create({"amount": 400, "currency": "usd"})

    assert payout.status == "pending"
    assert client.balance.retrieve().available[0].amount == 600
    assert client.payouts.cancel(payout.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        client.payouts.create({"amount": 1_001, "currency": "usd"})


def test_an_account_can_be_restricted_and_freed(client, onboarded, control):
    control(f"accounts/{onboarded.id}/restrict", due=["individual.verification.document"])
    restricted = client.accounts.retrieve(onboarded.id)
    assert (restricted.payouts_enabled, restricted.requirements.disabled_reason) == (False, "requirements.past_due")

    control(f"accounts/{onboarded.id}/restrict", due=[])

    assert client.accounts.retrieve(onboarded.id).payouts_enabled


def test_an_account_can_leave(client, onboarded, control, hooks):
    control(f"accounts/{onboarded.id}/deauthorize")

    assert hooks.wait_for("account.application.deauthorized")[0]["account"] == onboarded.id
    with pytest.raises(stripe.PermissionError):
        client.accounts.retrieve(onboarded.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        transfer(client, onboarded)


def test_other_calls_are_not_made_for_connected_accounts(client, onboarded):
    with pytest.raises(stripe.InvalidRequestError, match="connected accounts only"):
        client.customers.create({}, options={"stripe_account": onboarded.id})
