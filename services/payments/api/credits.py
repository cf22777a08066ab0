"""Account credits."""

from typing import Any

from flask import request
from marshmallow import validate

from services.payments.api import stripe as desk
from services.payments.api.fields import Since, Until, in_order
from services.payments.api.schemas.credits import (
    CREDIT_TYPES,
    CreditAdjustmentRequest,
    CreditPurchase,
    CreditPurchaseRequest,
    CreditTransfer,
    CreditTransferRequest,
    UserCreditBalance,
    UserCreditTransaction,
)
from services.payments.domain import errors
from services.payments.operations import checkout
from services.payments.operations import credits as operations
from services.payments.operations.cards import customer_of
from services.payments.queries import credits as queries
from services.payments.queries import people
from services.payments.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import BadGateway, NotFound, RateLimited
from shared.http import IN_PERSON, SIGNED_IN, STAFF, Blueprint, Idempotency, MethodView, fields, identity, say
from shared.http.pages import page_body, page_schema, query_schema
from shared.ids import uuid7

credits_ = Blueprint("credits", "Account credits.")

LINES = queries.listing(
    {
        "date_from": Since(),
        "date_to": Until(),
        "type": fields.String(validate=validate.OneOf(CREDIT_TYPES)),
    }
)
LinesQuery = in_order(query_schema(LINES, "CreditTransactionsQuery"))


@credits_.route("/credits/balance/")
class Balance(MethodView):
    @credits_.operation("credits_balance_retrieve", SIGNED_IN)
    @credits_.response(200, UserCreditBalance)
    def get(self) -> dict[str, Any]:
        """Return what the caller can spend, and what is reserved for unfinished payments."""
        with reading() as connection:
            return queries.balance_of(connection, identity().user_id)


@credits_.route("/credits/transactions/")
class Transactions(MethodView):
    @credits_.operation("credits_transactions_retrieve", SIGNED_IN, refuses=[NotFound])
    @credits_.arguments(LinesQuery, location="query")
    @credits_.response(200, page_schema(UserCreditTransaction))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's credit history."""
        with reading() as connection:
            return page_body(queries.line_page(connection, LINES, query, by=identity()))


@credits_.route("/credits/purchase/")
class Purchase(MethodView):
    @credits_.operation(
        "credits_purchase_create",
        IN_PERSON,
        refuses=[NotFound, errors.CardDeclined, errors.CardExpired, BadGateway, errors.StripeUnavailable],
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
    )
    @credits_.arguments(CreditPurchaseRequest)
    @credits_.response(200, CreditPurchase)
    @credits_.alt_response(202, schema=CreditPurchase, description="Not decided yet: ask again.")
    def post(self, body: dict[str, Any]) -> Any:
        """Buy credits with a stored card, or get what the page needs to ask for one."""
        caller = identity()
        cents = body["amount"] if "amount" in body else body["amount_cents"]
        key = request.headers.get("Idempotency-Key") or str(uuid7())
        if body["save_payment_method"]:
            customer_of(desk.stripe(), user_id=caller.user_id, user_uuid=caller.uuid)
        with transaction() as session:
            order_id = checkout.credit_order(session, user_id=caller.user_id, cents=cents, key=key, wanted={}).id
        with transaction() as session:
            number = checkout.buy_credits(
                session,
                order_id,
                payment_method_id=body["payment_method_id"],
                save_card=body["save_payment_method"],
                now=utc_now(),
            )
        outcome = desk.make_call(number)
        order = desk.order_now(order_id)
        if desk.was_unanswered(outcome) and body["payment_method_id"] is None:
            raise errors.StripeUnavailable(retry_after=5)
        return _purchase(order, has_card=body["payment_method_id"] is not None)


@credits_.route("/credits/transfer/")
class Transfer(MethodView):
    @credits_.operation(
        "credits_transfer_create",
        IN_PERSON,
        refuses=[errors.InsufficientCredits, errors.TransferLimitExceeded, RateLimited],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @credits_.arguments(CreditTransferRequest)
    @credits_.response(200, CreditTransfer)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give credits to somebody, by e-mail address."""
        told = settings()
        cents = body["amount"] if "amount" in body else body["amount_cents"]
        with transaction() as session:
            line = operations.transfer_credits(
                session,
                by=identity(),
                recipient_email=body["recipient_email"],
                cents=cents,
                description=body["description"],
                key=str(uuid7()),
                now=utc_now(),
                daily_cents=told.credit_transfer_daily_cents,
                hourly=told.credit_transfers_hourly,
            )
            balance = queries.balance_of(session.connection(), identity().user_id)["balance_cents"]
        say("Credits transferred")
        return {
            "message": "Credits transferred",
            "transaction_id": line.id,
            "amount": cents,
            "amount_cents": cents,
            "recipient_email": body["recipient_email"],
            "balance": balance,
            "balance_cents": balance,
        }


@credits_.route("/credits/adjust/")
class Adjust(MethodView):
    @credits_.operation(
        "credits_adjust_create",
        STAFF,
        refuses=[NotFound, errors.InsufficientCredits],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @credits_.arguments(CreditAdjustmentRequest)
    @credits_.response(201, UserCreditTransaction)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a user credits at the platform's cost, or take some away. The reason is kept."""
        with transaction() as session:
            line = operations.adjust_credits(
                session,
                by=identity(),
                user_id=people.user_id_of(session.connection(), body["user_id"]),
                cents=body["amount"],
                transaction_type=body["transaction_type"],
                reason=body["reason"],
                expires_at=body["expires_at"],
                key=str(uuid7()),
            )
            return queries.line(session.connection(), line.id)


def _purchase(order: dict[str, Any], *, has_card: bool) -> Any:
    if order["status"] == "failed":
        raise checkout.refusal(order["failure_code"], order["failure_message"])
    is_paid = order["status"] == "completed"
    wants = bool(order["client_secret"] or order["next_action_url"])
    status = "processing"
    if is_paid:
        status = "success"
    elif wants:
        status = "requires_action" if has_card else "requires_payment_method"
    with reading() as connection:
        balance = queries.balance_of(connection, order["user"])["balance_cents"]
    added = order["subtotal_amount_cents"] if is_paid else 0
    answer = {
        "status": status,
        "order_id": order["public_uuid"],
        "order": order["id"],
        "payment_intent_id": order["stripe_payment_intent_id"],
        "client_secret": order["client_secret"],
        "credits_added": added,
        "credits_added_cents": added,
        "balance": balance,
        "balance_cents": balance,
    }
    return (answer, 202) if status == "processing" else answer
