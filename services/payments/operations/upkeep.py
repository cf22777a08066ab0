"""What the clock keeps going: unanswered calls, unpaid orders, webhooks that never came."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe, StripeRefusal
from services.payments.models import Order, PaymentAttempt, StripeEvent, StripeOperation
from services.payments.operations import stripe_desk, stripe_events, subscriptions, sync
from services.payments.operations.orders import locked_order
from services.payments.operations.paying import fail_order
from shared.clock import utc_now
from shared.database import transaction

SYNC_AFTER = timedelta(minutes=2)
UNPAID_LIVES = timedelta(hours=24)
AT_ONCE = 100
EVENTS_LIVE = timedelta(days=30)
EVENTS_KEPT = timedelta(days=400)


def clear_desk(stripe: Stripe) -> int:
    """Make every noted call that is due and work on every kept webhook; return how many there were."""
    numbers = stripe_desk.due_operations()
    for number in numbers:
        stripe_desk.perform(stripe, number)
    events = stripe_events.due_events()
    for event_id in events:
        stripe_events.work_on(stripe, event_id)
    return len(numbers) + len(events)


def ask_again(stripe: Stripe, order_id: int) -> None:
    """Bring an order's newest try in step with Stripe. Raises StripeRefusal when Stripe does not answer."""
    with transaction() as session:
        found = session.execute(
            select(PaymentAttempt.kind, PaymentAttempt.stripe_id, PaymentAttempt.order_id)
            .join(Order, (Order.id == PaymentAttempt.order_id) & (Order.attempt == PaymentAttempt.number))
            .where(Order.id == order_id)
        ).one_or_none()
        waiting = [] if found is None else _started(session, order_id)
    for number in waiting:
        stripe_desk.perform(stripe, number)
    if found is None or found.stripe_id is None:
        return
    if found.kind == "checkout":
        page = stripe.call("checkout.sessions.retrieve", found.stripe_id, {"expand": ["payment_intent"]})
        with transaction() as session:
            sync.sync_checkout(session, page)
        if page.get("subscription"):
            subscriptions.refresh(stripe, str(page["subscription"]))
    else:
        intent = stripe.call("payment_intents.retrieve", found.stripe_id, {"expand": ["latest_charge"]})
        with transaction() as session:
            sync.sync_intent(session, intent)


def sync_stale_orders(stripe: Stripe, *, now: datetime) -> int:
    """Ask Stripe about orders that have been processing for two minutes; return how many."""
    with transaction() as session:
        stale = session.scalars(
            select(Order.id)
            .where(
                Order.status == "processing",
                Order.updated_at < now - SYNC_AFTER,
                Order.payment_method == "stripe",
            )
            .order_by(Order.updated_at)
            .limit(AT_ONCE)
        ).all()
    for order_id in stale:
        try:
            ask_again(stripe, order_id)
        except StripeRefusal:
            continue
    return len(stale)


def expire_unpaid(*, now: datetime) -> int:
    """Fail up to 100 orders that are past their time; return how many."""
    with transaction() as session:
        due = session.scalars(
            select(Order)
            .where(
                Order.status.in_(("pending", "processing")),
                Order.is_final.is_(False),
                Order.payment_method != "manual",
                (Order.expires_at < now) | (Order.expires_at.is_(None) & (Order.created_at < now - UNPAID_LIVES)),
            )
            .order_by(Order.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for order in due:
            fail_order(session, order, code="expired", message="The time to pay is over.", final=True)
        return len(due)


def catch_up(stripe: Stripe, *, now: datetime) -> int:
    """Keep Stripe's events of the time since the newest one we have, less two hours; return how many were listed."""
    with transaction() as session:
        newest = session.scalar(select(func.max(StripeEvent.stripe_created)))
    since = max(newest - timedelta(hours=2), now - EVENTS_LIVE) if newest else now - timedelta(hours=2)
    listed, after = 0, dict[str, str]()
    while True:
        page = stripe.call("events.list", None, {"created": {"gte": int(since.timestamp())}, "limit": 100, **after})
        with transaction() as session:
            for event in page["data"]:
                stripe_events.keep_event(session, event, is_live=bool(event.get("livemode")))
        listed += len(page["data"])
        if not page.get("has_more"):
            return listed
        after = {"starting_after": page["data"][-1]["id"]}


def purge_events(session: Session, *, now: datetime) -> int:
    """Forget up to 1,000 events older than 400 days; return how many."""
    old = select(StripeEvent.stripe_event_id).where(StripeEvent.created_at < now - EVENTS_KEPT).limit(1000)
    gone = session.execute(
        delete(StripeEvent).where(StripeEvent.stripe_event_id.in_(old)).returning(StripeEvent.stripe_event_id)
    )
    return len(gone.all())


def cancel_order(session: Session, order_id: int) -> Order:
    """Abandon an unpaid order for its payer."""
    order = locked_order(session, order_id)
    if not order.is_paid:
        fail_order(session, order, code="abandoned", message="The payment was abandoned.", final=True)
    return order


def _started(session: Session, order_id: int) -> list[int]:
    return list(
        session.scalars(
            select(StripeOperation.id).where(
                StripeOperation.subject.like(f"order:{order_id}:%"),
                StripeOperation.status == "started",
                StripeOperation.due_at <= utc_now(),
            )
        )
    )
