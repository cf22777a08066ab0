"""Payments as their payer, their practitioner and staff see them."""

from uuid import UUID

from services.payments.tests.factories import ANA, BEN, PAT, PRACTITIONER, STAFF, World
from shared.testing.http import Caller

PAGE = {"success_url": "https://app.example/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://app.example/no"}


def test_who_sees_a_payment(world: World, http: Caller) -> None:
    world.grant(ANA)
    order = world.book(100, payment={"apply_credits": True})
    path = f"/payments/{order.public_uuid}/"

    seen_by_seller = http.as_practitioner(PAT, PRACTITIONER).get(path).json
    assert seen_by_seller["items"][0]["commission_rate"] == "15.00"
    assert seen_by_seller["tax_details"] is None
    assert http.as_user(PAT).get(path).status == 200
    assert http.as_user(ANA).get(path).json["items"][0]["commission_rate"] is None
    assert http.as_staff(STAFF).get(path).status == 200
    assert http.as_user(BEN).get(path).status == 404
    assert http.as_user(ANA).get("/payments/not-a-uuid/").status == 404
    assert http.as_user(ANA).put(path, {}).status == 405


def test_lists_are_filtered(world: World, http: Caller) -> None:
    world.grant(ANA)
    world.book(100, payment={"apply_credits": True})
    world.book(101, amount=500)
    ana = http.as_user(ANA)

    assert ana.get("/payments/").json["count"] == 2
    assert ana.get("/payments/?status=completed").json["results"][0]["booking"] == 100
    assert ana.get(f"/payments/?booking={UUID(int=10_101)}").json["results"][0]["booking"] == 101
    assert ana.get("/payments/?ordering=-total_amount_cents").json["results"][0]["booking"] == 101
    assert http.as_user(PAT).get("/payments/?role=practitioner").json["count"] == 2
    assert http.as_user(PAT).get("/payments/?role=client").json["count"] == 0
    assert http.as_user(BEN).get("/payments/").json["count"] == 0
    for bad in (
        "page=0",
        "ordering=foo",
        "date_from=31-12-2025",
        "status=nope",
        "x=1",
        "date_from=2026-02-01&date_to=2026-01-01",
    ):
        assert ana.get(f"/payments/?{bad}").status == 400, bad
    assert ana.get("/payments/?page_size=1000").json["page_size"] == 100


def test_a_receipt_can_be_printed(world: World, http: Caller) -> None:
    world.grant(ANA)
    order = world.book(100, payment={"apply_credits": True}, service_name="<b>Massage</b>")
    unpaid = world.book(101, amount=700)
    ana = http.as_user(ANA)

    page = ana.get(f"/payments/{order.id}/receipt/").raw
    assert page.mimetype == "text/html"
    assert "&lt;b&gt;Massage" in page.get_data(as_text=True)
    assert ana.get(f"/payments/{order.id}/receipt/?format=json").json["credits_applied_cents"] == 10_000
    assert ana.get(f"/payments/{unpaid.id}/receipt/").code == "order_not_paid"
    assert http.as_user(PAT).get(f"/payments/{order.id}/receipt/").status == 404


def test_an_unpaid_order_can_be_abandoned(world: World, http: Caller) -> None:
    order = world.book(100)
    world.work()
    ana = http.as_user(ANA)

    assert http.as_user(BEN).post(f"/payments/{order.id}/cancel/").status == 404
    answer = ana.post(f"/payments/{order.id}/cancel/")
    world.work()

    assert (answer.json["status"], answer.json["failure_code"]) == ("failed", "abandoned")
    assert world.sandbox.listed("checkout/sessions")[0]["status"] == "expired"
    assert world.told("payment.failed")[-1]["final"] is True
