"""Fans' memberships of streams."""

from typing import Any

from marshmallow import validate
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner
from services.payments.api.recurring import answered, own_card, pay_started
from services.payments.api.schemas.memberships import (
    MEMBERSHIP_TIERS,
    CardRequest,
    ChangeTierRequest,
    Membership,
    MembershipCreate,
    MembershipCreateRequest,
)
from services.payments.api.schemas.plans import CancelRequest
from services.payments.domain import errors
from services.payments.models import Membership as Row
from services.payments.models import StreamRef
from services.payments.operations import billing, memberships, subscriptions
from services.payments.operations.cards import customer_of, translated
from services.payments.queries import plans as queries
from services.payments.queries.bookings import named
from services.payments.queries.people import practitioner_id_of
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import BadGateway, Forbidden, NotFound, PaymentRequired
from shared.http import IN_PERSON, SIGNED_IN, Blueprint, Idempotency, MethodView, fields, identity, set_version
from shared.http.pages import page_body, page_schema, query_schema

memberships_ = Blueprint("memberships", "Fans' memberships of streams.")

MEMBERSHIPS = queries.membership_listing(
    {
        "stream": fields.Integer(),
        "status": fields.String(),
        "tier": fields.String(validate=validate.OneOf(MEMBERSHIP_TIERS)),
    }
)
MembershipsQuery = query_schema(
    MEMBERSHIPS,
    "MembershipsQuery",
    role=fields.String(load_default="member", validate=validate.OneOf(("member", "practitioner"))),
)
REFUSES = [
    NotFound,
    errors.AlreadySubscribed,
    errors.CannotSubscribeToSelf,
    errors.TierNotAvailable,
    PaymentRequired,
    errors.CardDeclined,
    errors.CardExpired,
    errors.AuthenticationRequired,
    errors.MembershipNotActive,
    BadGateway,
    errors.StripeUnavailable,
]


@memberships_.route("/memberships/")
class Memberships(MethodView):
    @memberships_.operation("memberships_list", SIGNED_IN, refuses=[Forbidden, NotFound])
    @memberships_.arguments(MembershipsQuery, location="query")
    @memberships_.response(200, page_schema(Membership))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's memberships; with role=practitioner the members of their streams; staff see all."""
        caller = identity()
        where, parameters, variant = [Row.user_id == bindparam("me")], {"me": caller.user_id}, "member"
        with reading() as connection:
            if query["role"] == "practitioner":
                where, variant = [Row.practitioner_id == bindparam("me")], "practitioner"
                parameters = {"me": caller_practitioner(connection)}
            elif caller.is_staff:
                where, parameters, variant = [], {}, "all"
            page = MEMBERSHIPS.page(connection, query, where=where, parameters=parameters, variant=variant)
        now = utc_now()
        return page_body(page, [queries.membership_shown(row, now=now) for row in page.rows])

    @memberships_.operation(
        "memberships_create", IN_PERSON, refuses=REFUSES, idempotency=Idempotency.ACROSS_TRANSACTIONS
    )
    @memberships_.arguments(MembershipCreateRequest)
    @memberships_.response(201, MembershipCreate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Join a stream, at today's price: paid now with a stored card, or by the page that gets `client_secret`."""
        caller, api = identity(), desk.stripe()
        card = own_card(caller.user_id, body["payment_method_id"])
        with transaction() as session:
            stream = session.scalar(
                select(StreamRef).where(named(StreamRef, body["stream_id"]), StreamRef.deleted_at.is_(None))
            )
            if stream is None:
                raise NotFound("There is no such stream.")
            row = memberships.open_membership(
                session, user_id=caller.user_id, stream=stream, tier=body["tier"], now=utc_now()
            )
        if row.status == "active":
            return _created(row.id, None)
        price = _price(stream, row.tier, row.price_cents)
        customer = customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
        with transaction() as session:
            again = session.get(Row, row.id)
            assert again is not None
            number = billing.note_subscription(
                session, again, kind=memberships.KIND, customer=customer, price=price, card=card
            )
        return _created(row.id, pay_started(row.id, desk.make_call(number), card, model=Row, give_up=_give_up))


@memberships_.route("/memberships/<ref:reference>/")
class One(MethodView):
    @memberships_.operation("memberships_retrieve", SIGNED_IN, refuses=[NotFound])
    @memberships_.response(200, Membership)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a membership."""
        found = _found(reference, also_practitioner=True)
        set_version(found["version"])
        return found


@memberships_.route("/memberships/<ref:reference>/cancel/")
class Cancel(MethodView):
    @memberships_.operation(
        "memberships_cancel_create", IN_PERSON, refuses=[NotFound, errors.MembershipNotActive, BadGateway]
    )
    @memberships_.arguments(CancelRequest)
    @memberships_.response(200, Membership)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Renew no more; access stays until the end of the paid period. Staff also end it at once."""
        found = _found(reference)
        with transaction() as session:
            row = _locked(session, found["id"])
            at_once = body["immediately"] and identity().is_staff
            number = memberships.note_cancel(session, row, now=utc_now(), immediately=at_once)
        answered(desk.make_call(number))
        return _found(reference)


@memberships_.route("/memberships/<ref:reference>/reactivate/")
class Reactivate(MethodView):
    @memberships_.operation(
        "memberships_reactivate_create", IN_PERSON, refuses=[NotFound, errors.MembershipNotActive, BadGateway]
    )
    @memberships_.response(200, Membership)
    def post(self, reference: str) -> dict[str, Any]:
        """Let a canceled membership renew after all."""
        found = _found(reference)
        with transaction() as session:
            number = memberships.note_resume(session, _locked(session, found["id"]), now=utc_now())
        answered(desk.make_call(number))
        return _found(reference)


@memberships_.route("/memberships/<ref:reference>/change_tier/")
class ChangeTier(MethodView):
    @memberships_.operation("memberships_change_tier_create", IN_PERSON, refuses=REFUSES)
    @memberships_.arguments(ChangeTierRequest)
    @memberships_.response(200, MembershipCreate)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change to another tier: upward at once and prorated, downward from the next period on."""
        found, api = _found(reference), desk.stripe()
        with transaction() as session:
            row = session.get(Row, found["id"])
            stream = session.get(StreamRef, found["stream"])
            if row is None or stream is None or not found["is_active"] or row.stripe_subscription_id is None:
                raise errors.MembershipNotActive
            if row.tier == body["tier"]:
                raise errors.AlreadySubscribed
            cents = memberships.price_of_tier(stream, body["tier"])
            subscription_id = row.stripe_subscription_id
        if cents == 0:
            with transaction() as session:
                number = memberships.note_cancel(session, _locked(session, row.id), now=utc_now(), immediately=False)
            answered(desk.make_call(number))
            return _created(row.id, None)
        price = _price(stream, body["tier"], cents)
        state = translated(lambda: api.call("subscriptions.retrieve", subscription_id, {}))
        with transaction() as session:
            number = memberships.note_change(
                session,
                _locked(session, row.id),
                tier=body["tier"],
                tier_name=stream.tier_names.get(body["tier"], body["tier"]),
                cents=cents,
                item=billing.item_of(state),
                price=price,
            )
        answered(desk.make_call(number))
        return _created(row.id, translated(lambda: subscriptions.refresh(api, subscription_id)))


@memberships_.route("/memberships/<ref:reference>/confirm_payment/")
class ConfirmPayment(MethodView):
    @memberships_.operation(
        "memberships_confirm_payment_create", IN_PERSON, refuses=[NotFound, BadGateway, errors.StripeUnavailable]
    )
    @memberships_.response(200, Membership)
    @memberships_.alt_response(202, schema=Membership, description="Not paid yet.")
    def post(self, reference: str) -> Any:
        """Ask Stripe whether a membership has been paid. Safe to repeat."""
        found = _found(reference)
        subscription_id = _stripe_id(found["id"])
        if subscription_id:
            translated(lambda: subscriptions.refresh(desk.stripe(), subscription_id))
        now = _found(reference)
        return now if now["is_active"] else (now, 202)


@memberships_.route("/memberships/<ref:reference>/payment_method/")
class Card(MethodView):
    @memberships_.operation(
        "memberships_payment_method_create", IN_PERSON, refuses=[NotFound, errors.MembershipNotActive, BadGateway]
    )
    @memberships_.arguments(CardRequest)
    @memberships_.response(200, Membership)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Pay a membership with another stored card from now on."""
        found = _found(reference)
        card = own_card(identity().user_id, body["payment_method_id"])
        with transaction() as session:
            row = _locked(session, found["id"])
            if row.ended_at is not None or row.stripe_subscription_id is None:
                raise errors.MembershipNotActive
            number = billing.note_update(
                session, row, kind=memberships.KIND, what="card", params={"default_payment_method": card}
            )
        answered(desk.make_call(number))
        return _found(reference)


def _found(reference: str, *, also_practitioner: bool = False) -> dict[str, Any]:
    caller = identity()
    with reading() as connection:
        found = queries.membership(connection, str(reference), now=utc_now())
        if found is not None:
            is_own = found["user"] == caller.user_id or caller.is_staff
            if is_own or (also_practitioner and practitioner_id_of(connection, caller) == found["practitioner"]):
                return found
    raise NotFound("There is no such membership.")


def _locked(session: Any, row_id: int) -> Row:
    row: Row | None = session.get(Row, row_id, with_for_update=True)
    assert row is not None
    return row


def _stripe_id(row_id: int) -> str | None:
    with reading() as connection:
        return connection.scalar(select(Row.stripe_subscription_id).where(Row.id == row_id))


def _price(stream: StreamRef, tier: str, cents: int) -> str:
    price: str = translated(
        lambda: memberships.stripe_price(desk.stripe(), stream_id=stream.id, title=stream.title, tier=tier, cents=cents)
    )
    return price


def _give_up(session: Session, row: Row) -> None:
    memberships.end_membership(session, row, now=utc_now())


def _created(row_id: int, told: dict[str, Any] | None) -> dict[str, Any]:
    secret = billing.secret_of(told) if told else None
    page = (told or {}).get("latest_invoice", {}).get("hosted_invoice_url") if secret else None
    return {
        "membership": _found(str(row_id)),
        "client_secret": secret,
        "requires_action": secret is not None,
        "next_action_url": page,
        "checkout_url": page,
    }
