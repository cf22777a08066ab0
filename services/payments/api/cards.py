"""Stored cards."""

from typing import Any

from services.payments.api import stripe as desk
from services.payments.api.schemas.cards import (
    PatchedPaymentMethodRequest,
    PaymentMethod,
    PaymentMethodCreateRequest,
    PaymentMethodRequest,
    SetupIntent,
    SetupIntentRequest,
)
from services.payments.domain import errors
from services.payments.operations import cards as operations
from services.payments.queries import cards as queries
from services.payments.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import BadGateway, Conflict, Invalid, NotFound, RateLimited
from shared.http import (
    IN_PERSON,
    Blueprint,
    Idempotency,
    MethodView,
    fields,
    identity,
    require_match,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.ids import uuid7

cards = Blueprint("payment-methods", "Stored cards.")

CARDS = queries.listing({"is_default": fields.Boolean()})
CardsQuery = query_schema(CARDS, "PaymentMethodsQuery")


@cards.route("/payment-methods/")
class Cards(MethodView):
    @cards.operation("payment_methods_list", IN_PERSON, refuses=[NotFound])
    @cards.arguments(CardsQuery, location="query")
    @cards.response(200, page_schema(PaymentMethod))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's stored cards."""
        with reading() as connection:
            return page_body(queries.card_page(connection, CARDS, query, by=identity(), now=utc_now()))

    @cards.operation(
        "payment_methods_create",
        IN_PERSON,
        refuses=[
            errors.CardDeclined,
            errors.AuthenticationRequired,
            errors.PaymentMethodInUse,
            errors.PaymentMethodLimit,
            Conflict,
            BadGateway,
            errors.StripeUnavailable,
        ],
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
    )
    @cards.arguments(PaymentMethodCreateRequest)
    @cards.response(201, PaymentMethod)
    def post(self, body: dict[str, Any]) -> Any:
        """Store a card that Stripe's form made. The same card again answers 200 with the one there is."""
        caller, reference = identity(), body["stripe_payment_method_id"]
        if not reference.startswith(("pm_", "tok_", "card_")):
            raise Invalid.field("stripe_payment_method_id", "Not a payment method of Stripe's.")
        api = desk.stripe()
        customer = operations.customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
        method = operations.translated(
            lambda: api.call(
                "payment_methods.attach",
                reference,
                {"customer": customer},
                # A test alias names a new card each time; a real one is attached once.
                key=None if reference.startswith(("pm_card_", "tok_")) else f"pm:{reference}:{caller.user_id}",
            )
        )
        with transaction() as session:
            card, is_new = operations.store_card(
                session, user_id=caller.user_id, method=method, make_default=body["is_default"]
            )
            row = queries.own_card(session.connection(), card.id, by=caller, now=utc_now())
        set_version(row["version"])
        return row if is_new else (row, 200)


@cards.route("/payment-methods/setup_intent/")
class Setup(MethodView):
    @cards.operation(
        "payment_methods_setup_intent_create", IN_PERSON, refuses=[RateLimited, BadGateway, errors.StripeUnavailable]
    )
    @cards.arguments(SetupIntentRequest)
    @cards.response(201, SetupIntent)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Start confirming a card with its bank before it is stored."""
        caller, api = identity(), desk.stripe()
        customer = operations.customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
        redirects = "always" if body["return_url"] else "never"
        params: dict[str, Any] = {
            "customer": customer,
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": redirects},
            "metadata": {"kind": operations.SETUP_KIND, "user_id": str(caller.user_id)},
        }
        made = operations.translated(lambda: api.call("setup_intents.create", None, params, key=f"seti:{uuid7()}"))
        action = (made.get("next_action") or {}).get("redirect_to_url") or {}
        return {
            "setup_intent_id": made["id"],
            "client_secret": made["client_secret"],
            "status": made["status"],
            "publishable_key": settings().stripe_publishable_key,
            "next_action_url": action.get("url"),
        }


@cards.route("/payment-methods/<id:card_id>/")
class Card(MethodView):
    @cards.operation("payment_methods_retrieve", IN_PERSON, refuses=[NotFound])
    @cards.response(200, PaymentMethod)
    def get(self, card_id: int) -> dict[str, Any]:
        """Return one of the caller's cards."""
        with reading() as connection:
            return _shown(queries.own_card(connection, card_id, by=identity(), now=utc_now()))

    @cards.operation(
        "payment_methods_update",
        IN_PERSON,
        refuses=[NotFound, errors.CardExpired, errors.PaymentMethodInUse],
        matches=True,
    )
    @cards.arguments(PaymentMethodRequest)
    @cards.response(200, PaymentMethod)
    def put(self, body: dict[str, Any], card_id: int) -> dict[str, Any]:
        """Make a card the default, or inactive."""
        return _update(card_id, body)

    @cards.operation(
        "payment_methods_partial_update",
        IN_PERSON,
        refuses=[NotFound, errors.CardExpired, errors.PaymentMethodInUse],
        matches=True,
    )
    @cards.arguments(PatchedPaymentMethodRequest)
    @cards.response(200, PaymentMethod)
    def patch(self, body: dict[str, Any], card_id: int) -> dict[str, Any]:
        """Make a card the default, or inactive."""
        return _update(card_id, body)

    @cards.operation("payment_methods_destroy", IN_PERSON, refuses=[NotFound, errors.PaymentMethodInUse])
    @cards.response(204)
    def delete(self, card_id: int) -> None:
        """Drop a card; the newest other one becomes the default."""
        with transaction() as session:
            operations.remove_card(session, operations.own_card(session, user_id=identity().user_id, card_id=card_id))


@cards.route("/payment-methods/<id:card_id>/set_default/")
class SetDefault(MethodView):
    @cards.operation("payment_methods_set_default_create", IN_PERSON, refuses=[NotFound, errors.CardExpired])
    @cards.response(200, PaymentMethod)
    def post(self, card_id: int) -> dict[str, Any]:
        """Make a card the one that is charged when none is named."""
        return _update(card_id, {"is_default": True})


def _update(card_id: int, body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        card = operations.own_card(session, user_id=identity().user_id, card_id=card_id)
        require_match(card.version)
        if body.get("is_active") is False:
            operations.remove_card(session, card)
            row = {c.key: getattr(card, c.key) for c in card.__mapper__.column_attrs}
            return queries.shown({**row, "user": card.user_id}, now=utc_now())
        if body.get("is_default"):
            operations.set_default(session, card, now=utc_now())
        session.flush()
        return _shown(queries.own_card(session.connection(), card.id, by=identity(), now=utc_now()))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    set_version(row["version"])
    return row
