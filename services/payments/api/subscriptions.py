"""Practitioners' plans."""

from typing import Any

from marshmallow import validate

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner
from services.payments.api.plan_changes import (
    cancel_plan,
    change_plan,
    created_plan,
    found_plan,
    give_up,
    resume_plan,
    update_plan,
)
from services.payments.api.recurring import own_card, pay_started
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
from services.payments.operations import billing, plans, subscriptions
from services.payments.operations.cards import customer_of, translated
from services.payments.queries import plans as queries
from services.payments.queries.people import practitioner_id_of
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
            return change_plan(live.id, tier_id=body["tier_id"], is_annual=body["is_annual"])
        card = own_card(caller.user_id, body["payment_method_id"])
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
            return created_plan(plan.id, None)
        api = desk.stripe()
        price = translated(lambda: plans.stripe_price(api, tier.id, is_annual=body["is_annual"]))
        customer = customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
        with transaction() as session:
            row = session.get(Subscription, plan.id)
            assert row is not None
            number = billing.note_subscription(session, row, kind=plans.KIND, customer=customer, price=price, card=card)
        return created_plan(
            plan.id, pay_started(plan.id, desk.make_call(number), card, model=Subscription, give_up=give_up)
        )


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
        found = found_plan(reference)
        set_version(found["version"])
        return found

    @subscriptions_.operation("subscriptions_update", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(PractitionerSubscriptionRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a plan: another tier, or whether it renews."""
        return update_plan(body, reference)

    @subscriptions_.operation("subscriptions_partial_update", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(PatchedPractitionerSubscriptionRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a plan: another tier, or whether it renews."""
        return update_plan(body, reference)

    @subscriptions_.operation(
        "subscriptions_destroy", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.response(204)
    def delete(self, reference: str) -> None:
        """Cancel a plan at the end of its paid period."""
        cancel_plan(found_plan(reference)["id"], immediately=False)


@subscriptions_.route("/subscriptions/<ref:reference>/cancel/")
class Cancel(MethodView):
    @subscriptions_.operation(
        "subscriptions_cancel_create", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.arguments(CancelRequest)
    @subscriptions_.response(200, PractitionerSubscription)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Cancel a plan at the end of its paid period; staff also at once."""
        cancel_plan(found_plan(reference)["id"], immediately=body["immediately"] and identity().is_staff)
        return found_plan(reference)


@subscriptions_.route("/subscriptions/<ref:reference>/reactivate/")
class Reactivate(MethodView):
    @subscriptions_.operation(
        "subscriptions_reactivate_create", IN_PERSON, refuses=[NotFound, errors.SubscriptionNotActive, BadGateway]
    )
    @subscriptions_.response(200, PractitionerSubscription)
    def post(self, reference: str) -> dict[str, Any]:
        """Let a canceled plan renew after all."""
        resume_plan(found_plan(reference)["id"])
        return found_plan(reference)


@subscriptions_.route("/subscriptions/<ref:reference>/upgrade/")
class Upgrade(MethodView):
    @subscriptions_.operation("subscriptions_upgrade_create", IN_PERSON, refuses=REFUSES)
    @subscriptions_.arguments(UpgradeRequest)
    @subscriptions_.response(200, SubscriptionCreate)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change to another plan: upward at once and prorated, downward from the next period on."""
        found = found_plan(reference)
        return change_plan(found["id"], tier_id=body["tier_id"], is_annual=body.get("is_annual", found["is_annual"]))


@subscriptions_.route("/subscriptions/<ref:reference>/confirm_payment/")
class ConfirmPayment(MethodView):
    @subscriptions_.operation(
        "subscriptions_confirm_payment_create", IN_PERSON, refuses=[NotFound, BadGateway, errors.StripeUnavailable]
    )
    @subscriptions_.response(200, ConfirmedSubscription)
    @subscriptions_.alt_response(202, schema=ConfirmedSubscription, description="Not paid yet.")
    def post(self, reference: str) -> Any:
        """Ask Stripe whether a plan has been paid. Safe to repeat."""
        found = found_plan(reference)
        if found["stripe_subscription_id"]:
            translated(lambda: subscriptions.refresh(desk.stripe(), found["stripe_subscription_id"]))
        now = found_plan(reference)
        is_paid = now["is_active"]
        answer = {
            "subscription": now,
            "message": "The plan is active." if is_paid else "The payment has not arrived yet.",
            "stripe_status": now["status"],
        }
        return answer if is_paid else (answer, 202)
