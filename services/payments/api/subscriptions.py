"""Practitioners' plans."""

from typing import Any

from marshmallow import validate

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner
from services.payments.api.schemas.plans import (
    PLAN_STATUSES,
    CancelRequest,
    ConfirmedSubscription,
    Invoice,
    PatchedPractitionerSubscriptionRequest,
    PractitionerSubscription,
    PractitionerSubscriptionRequest,
    SubscriptionCreate,
    SubscriptionCreateRequest,
    SubscriptionTier,
    UpgradeRequest,
)
from services.payments.domain import errors
from services.payments.models import Subscription
from services.payments.operations import billing, checkout, plans, subscriptions
from services.payments.operations.cards import customer_of, refusal_of, translated
from services.payments.operations.charging import card_or_refuse
from services.payments.queries import plans as queries
from services.payments.queries.people import practitioner_id_of
from shared.audit import audit
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import BadGateway, Conflict, Forbidden, NotFound
from shared.http import (
    IN_PERSON,
    PRACTITIONER,
    PRACTITIONER_IN_PERSON,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    fields,
    identity,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema

subscriptions_ = Blueprint("subscriptions", "Practitioners' plans.")

PLANS = queries.plan_listing(
    {
        "status": fields.String(validate=validate.OneOf(PLAN_STATUSES)),
        "tier": fields.String(),
        "practitioner": fields.Integer(metadata={"description": "Staff only."}),
    }
)
PlansQuery = query_schema(PLANS, "SubscriptionsQuery")
InvoicesQuery = query_schema(queries.INVOICE_LIST, "InvoicesQuery")
REFUSES = [
    Forbidden,
    NotFound,
    errors.AlreadySubscribed,
    errors.TierNotAvailable,
    errors.CardDeclined,
    errors.CardExpired,
    errors.AuthenticationRequired,
    errors.SubscriptionNotActive,
    Conflict,
    BadGateway,
    errors.StripeUnavailable,
]


@subscriptions_.route("/subscriptions/")
class Plans(MethodView):
    @subscriptions_.operation("subscriptions_list", SIGNED_IN, refuses=[NotFound])
    @subscriptions_.arguments(PlansQuery, location="query")
    @subscriptions_.response(200, page_schema(PractitionerSubscription))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's plans; staff see everybody's."""
        caller = identity()
        with reading() as connection:
            page, rows = queries.plan_page(
                connection,
                PLANS,
                query,
                practitioner_id=practitioner_id_of(connection, caller),
                is_staff=caller.is_staff,
                now=utc_now(),
            )
        return page_body(page, rows)

    @subscriptions_.operation(
        "subscriptions_create",
        PRACTITIONER_IN_PERSON,
        refuses=REFUSES,
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
    )
    @subscriptions_.arguments(SubscriptionCreateRequest)
    @subscriptions_.response(201, SubscriptionCreate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Start a plan: paid now with a stored card, or by the page that gets `client_secret`."""
        caller, now = identity(), utc_now()
        with transaction() as session:
            owner = caller_practitioner(session.connection())
            tier = plans.tier_named(session, body["tier_id"])
            live = plans.live_plan(session, owner, lock=False)
            changes = live is not None and live.stripe_subscription_id and live.status != "incomplete"
        if changes and (live is None or live.tier_id != tier.id or live.is_annual != body["is_annual"]):
            assert live is not None
            return _change(live.id, tier_id=body["tier_id"], is_annual=body["is_annual"])
        card = _card(caller.user_id, body["payment_method_id"])
        with transaction() as session:
            tier = plans.tier_named(session, body["tier_id"])
            plan = plans.open_plan(
                session,
                practitioner_id=owner,
                user_id=caller.user_id,
                tier=tier,
                is_annual=body["is_annual"],
                now=now,
            )
        if plan.status == "active":
            return _created(plan.id, None)
        api = desk.stripe()
        price = translated(lambda: plans.stripe_price(api, tier.id, is_annual=body["is_annual"]))
        customer = customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
        with transaction() as session:
            row = session.get(Subscription, plan.id)
            assert row is not None
            number = billing.note_subscription(session, row, kind=plans.KIND, customer=customer, price=price, card=card)
        return _created(plan.id, _paid(plan.id, desk.make_call(number), card))


@subscriptions_.route("/subscriptions/tiers/")
class Tiers(MethodView):
    @subscriptions_.operation("subscriptions_tiers_retrieve", SIGNED_IN)
    @subscriptions_.response(200, SubscriptionTier(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the plans that practitioners can have."""
        with reading() as connection:
            return queries.tiers(connection, is_staff=identity().is_staff)


@subscriptions_.route("/subscriptions/current/")
class Current(MethodView):
    @subscriptions_.operation("subscriptions_current_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @subscriptions_.response(200, PractitionerSubscription)
    def get(self) -> dict[str, Any]:
        """Return the caller's plan."""
        with reading() as connection:
            found = queries.current_plan(connection, caller_practitioner(connection), now=utc_now())
        if found is None:
            raise NotFound("There is no plan.")
        return found


@subscriptions_.route("/subscriptions/invoices/")
class Invoices(MethodView):
    @subscriptions_.operation("subscriptions_invoices_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @subscriptions_.arguments(InvoicesQuery, location="query")
    @subscriptions_.response(200, page_schema(Invoice))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what the caller paid for plans."""
        with reading() as connection:
            owner = caller_practitioner(connection)
            return page_body(queries.invoice_page(connection, query, practitioner_id=owner))


@subscriptions_.route("/subscriptions/<ref:reference>/")
class Plan(MethodView):
    @subscriptions_.operation("subscriptions_retrieve", SIGNED_IN, refuses=[NotFound])
    @subscriptions_.response(200, PractitionerSubscription)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a plan."""
        found = _found(reference)
        set_version(found["version"])
        return found

    @subscriptions_.operation("subscriptions_update", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(PractitionerSubscriptionRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a plan: another tier, or whether it renews."""
        return _update(body, reference)

    @subscriptions_.operation("subscriptions_partial_update", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(PatchedPractitionerSubscriptionRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a plan: another tier, or whether it renews."""
        return _update(body, reference)

    @subscriptions_.operation(
        "subscriptions_destroy", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.response(204)
    def delete(self, reference: str) -> None:
        """Cancel a plan at the end of its paid period."""
        _cancel(_found(reference)["id"], immediately=False)


@subscriptions_.route("/subscriptions/<ref:reference>/cancel/")
class Cancel(MethodView):
    @subscriptions_.operation(
        "subscriptions_cancel_create", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.arguments(CancelRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Cancel a plan at the end of its paid period; staff also at once."""
        _cancel(_found(reference)["id"], immediately=body["immediately"] and identity().is_staff)
        return _found(reference)


@subscriptions_.route("/subscriptions/<ref:reference>/reactivate/")
class Reactivate(MethodView):
    @subscriptions_.operation(
        "subscriptions_reactivate_create", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.response(200, PractitionerSubscription)
    def post(self, reference: str) -> dict[str, Any]:
        """Let a canceled plan renew after all."""
        _resume(_found(reference)["id"])
        return _found(reference)


@subscriptions_.route("/subscriptions/<ref:reference>/upgrade/")
class Upgrade(MethodView):
    @subscriptions_.operation("subscriptions_upgrade_create", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(UpgradeRequest)
    @subscriptions_.response(200, SubscriptionCreate)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change to another plan: upward at once and prorated, downward from the next period on."""
        found = _found(reference)
        return _change(found["id"], tier_id=body["tier_id"], is_annual=body.get("is_annual", found["is_annual"]))


@subscriptions_.route("/subscriptions/<ref:reference>/confirm_payment/")
class ConfirmPayment(MethodView):
    @subscriptions_.operation(
        "subscriptions_confirm_payment_create", IN_PERSON, refuses=[NotFound, BadGateway, errors.StripeUnavailable]
    )
    @subscriptions_.response(200, ConfirmedSubscription)
    @subscriptions_.alt_response(202, schema=ConfirmedSubscription, description="Not paid yet.")
    def post(self, reference: str) -> Any:
        """Ask Stripe whether a plan has been paid. Safe to repeat."""
        found = _found(reference)
        if found["stripe_subscription_id"]:
            translated(lambda: subscriptions.refresh(desk.stripe(), found["stripe_subscription_id"]))
        now = _found(reference)
        is_paid = now["is_active"]
        answer = {
            "subscription": now,
            "message": "The plan is active." if is_paid else "The payment has not arrived yet.",
            "stripe_status": now["status"],
        }
        return answer if is_paid else (answer, 202)


def _found(reference: str) -> dict[str, Any]:
    caller = identity()
    with reading() as connection:
        found = queries.plan(
            connection,
            str(reference),
            practitioner_id=practitioner_id_of(connection, caller),
            is_staff=caller.is_staff,
            now=utc_now(),
        )
    if found is None:
        raise NotFound("There is no such plan.")
    return found


def _card(user_id: int, reference: str | None) -> str | None:
    if reference is None:
        return None
    with transaction() as session:
        return card_or_refuse(session, user_id=user_id, reference=reference, now=utc_now()).stripe_payment_method_id


def _paid(plan_id: int, outcome: Any, card: str | None) -> dict[str, Any]:
    """Pay a started plan with the given card, if there is one; returns its state at Stripe. Raises refusals."""
    if desk.was_unanswered(outcome):
        raise errors.StripeUnavailable(retry_after=5)
    if outcome.answer is None:
        raise BadGateway
    api, subscription_id = desk.stripe(), outcome.answer["id"]
    refusal = billing.charged_now(api, plan_id, model=Subscription, card=card) if card else None
    told: dict[str, Any] = translated(lambda: subscriptions.refresh(api, subscription_id))
    if refusal is not None and refusal.code != "invoice_payment_intent_requires_action":
        with transaction() as session:
            plan = session.get(Subscription, plan_id, with_for_update=True)
            if plan is not None and plan.status == "incomplete":
                plans.end_plan(session, plan, now=utc_now())
        raise refusal_of(refusal)
    return told


def _created(plan_id: int, told: dict[str, Any] | None) -> dict[str, Any]:
    secret = billing.secret_of(told) if told else None
    return {
        "subscription": _found(str(plan_id)),
        "client_secret": secret,
        "requires_action": secret is not None,
        "next_action_url": (told or {}).get("latest_invoice", {}).get("hosted_invoice_url") if secret else None,
    }


def _change(plan_id: int, *, tier_id: str, is_annual: bool) -> dict[str, Any]:
    api = desk.stripe()
    with transaction() as session:
        plan = session.get(Subscription, plan_id)
        tier = plans.tier_named(session, tier_id)
        if plan is None or plan.ended_at is not None or plan.status not in ("active", "trialing", "canceled"):
            raise errors.SubscriptionNotActive
        if plan.tier_id == tier.id and plan.is_annual == is_annual:
            raise errors.AlreadySubscribed
        subscription_id = plan.stripe_subscription_id
    if plans.price_cents(tier, is_annual=is_annual) == 0:
        _cancel(plan_id, immediately=False)
        return _created(plan_id, None)
    if subscription_id is None:
        raise errors.SubscriptionNotActive("Start a paid plan instead.")
    price = translated(lambda: plans.stripe_price(api, tier.id, is_annual=is_annual))
    state = translated(lambda: api.call("subscriptions.retrieve", subscription_id, {}))
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_change(
            session, plan, tier=tier, is_annual=is_annual, item=billing.item_of(state), price=price
        )
    _answered(desk.make_call(number))
    return _created(plan_id, translated(lambda: subscriptions.refresh(api, subscription_id)))


def _cancel(plan_id: int, *, immediately: bool) -> None:
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_cancel(session, plan, now=utc_now(), immediately=immediately)
    _answered(desk.make_call(number))


def _resume(plan_id: int) -> None:
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_resume(session, plan, now=utc_now())
    _answered(desk.make_call(number))


def _update(body: dict[str, Any], reference: str) -> dict[str, Any]:
    found, caller = _found(reference), identity()
    if ("status" in body and body["status"] != found["status"]) or (
        "end_date" in body and body["end_date"] != found["end_date"]
    ):
        if not caller.is_staff:
            raise Forbidden("Only staff change status and end of a plan.", errors={"status": ["Staff only."]})
        _set_by_staff(found["id"], body)
    if body.get("auto_renew") is False and found["auto_renew"]:
        _cancel(found["id"], immediately=False)
    elif body.get("auto_renew") is True and not found["auto_renew"]:
        _resume(found["id"])
    wanted, is_annual = body.get("tier_id"), body.get("is_annual", found["is_annual"])
    tier = found["tier"]
    is_other = wanted is not None and wanted not in (str(tier["id"]), tier["code"], str(tier["public_uuid"]))
    if is_other or is_annual != found["is_annual"]:
        _change(found["id"], tier_id=wanted or str(tier["id"]), is_annual=is_annual)
    return _found(reference)


def _set_by_staff(plan_id: int, body: dict[str, Any]) -> None:
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        plan.status = body.get("status", plan.status)
        if "end_date" in body:
            plan.end_date = body["end_date"]
        session.flush()
        plans.tell_plan(session, plan)
        audit(session, "subscription.changed_by_staff", by=identity(), subject=("subscription", plan_id))


def _answered(outcome: Any) -> None:
    if desk.was_unanswered(outcome):
        raise errors.StripeUnavailable(retry_after=5)
    if outcome.refusal is not None:
        raise checkout.refusal(outcome.refusal.code, outcome.refusal.message)
