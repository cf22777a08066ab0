"""Stripe's webhooks: kept at once, worked on afterwards, from the object's present state.

Because the state is asked for anew, neither the order of events nor repeats nor the version of a payload matter.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Refused, Stripe, StripeRefusal
from services.payments.models import StripeEvent
from services.payments.operations import cards, connect, disputes, fees, refunds_told, subscriptions, sync, transfers
from services.payments.operations.stripe_log import wake_desk
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import DomainError
from shared.observability import logger

AT_ONCE = 50
GIVE_UP_AFTER = timedelta(hours=24)
WAITS_SECONDS = (5, 15, 60, 300, 900, 3600)
LEASE = timedelta(seconds=60)
log = logger(__name__)

Sync = Callable[[Session, Mapping[str, Any]], bool]
Fetch = Callable[[Stripe, str, str | None], list[dict[str, Any]]]


def keep_event(session: Session, event: Mapping[str, Any], *, is_live: bool) -> None:
    """Keep a signed event once, and wake the desk; one of the other mode or of no interest is kept as ignored."""
    thing = event.get("data", {}).get("object", {})
    is_ours = bool(event.get("livemode")) == is_live
    wanted = is_ours and event["type"] in _WORK
    now = utc_now()
    session.execute(
        insert(StripeEvent)
        .values(
            stripe_event_id=event["id"],
            type=event["type"],
            account=event.get("account"),
            object_id=str(thing.get("id") or ""),
            stripe_created=datetime.fromtimestamp(int(event["created"]), tz=UTC),
            livemode=bool(event.get("livemode")),
            payload=dict(event),
            status="received" if wanted else "ignored",
            attempts=0,
            next_try_at=now,
        )
        .on_conflict_do_nothing(index_elements=["stripe_event_id"])
    )
    if wanted:
        wake_desk(session)


def due_events(*, limit: int = AT_ONCE) -> list[str]:
    """Return the ids of events that wait to be worked on."""
    with transaction() as session:
        return list(
            session.scalars(
                select(StripeEvent.stripe_event_id)
                .where(StripeEvent.status == "received", StripeEvent.next_try_at <= utc_now())
                .order_by(StripeEvent.next_try_at)
                .limit(limit)
            )
        )


def work_on(stripe: Stripe, event_id: str) -> None:
    """Fetch what an event is about and sync it; what is not known here yet is tried again for a day, then parked."""
    claimed = _claim(event_id)
    if claimed is None:
        return
    type_, object_id, account = claimed
    with _alone_with(object_id) as is_alone:
        if is_alone:
            _sync(stripe, event_id, type_, object_id, account)
        else:
            _again(event_id, note="another worker is at it")


def _sync(stripe: Stripe, event_id: str, type_: str, object_id: str, account: str | None) -> None:
    fetch, apply = _WORK[type_]
    try:
        things = fetch(stripe, object_id, account)
    except Refused as gone:
        _conclude(event_id, "ignored" if gone.code == "resource_missing" else "parked", note=gone.message)
        return
    except StripeRefusal as unknown:
        _again(event_id, note=unknown.message)
        return
    try:
        with transaction() as session:
            results = [apply(session, {**thing, "account": account}) for thing in things]
    except DomainError as refused:
        _again(event_id, note=refused.message)
        return
    if all(results):
        _conclude(event_id, "done")
    else:
        _again(event_id, note="not known here yet")


@contextmanager
def _alone_with(object_id: str) -> Iterator[bool]:
    """Hold an object from before it is fetched until it is synced, so that no older state is applied after a newer.

    The lock is the connection's, not a transaction's: none is open while Stripe is asked.
    """
    key = {"id": object_id}
    with reading() as connection:
        is_ours = bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:id, 1))"), key))
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:id, 1))"), key)


def replay_event(session: Session, event_id: str) -> StripeEvent | None:
    """Let an event be worked on again; None if there is none."""
    event = session.get(StripeEvent, event_id, with_for_update=True)
    if event is None:
        return None
    event.status, event.next_try_at, event.attempts = "received", utc_now(), 0
    wake_desk(session)
    return event


def _claim(event_id: str) -> tuple[str, str, str | None] | None:
    now = utc_now()
    with transaction() as session:
        row = session.execute(
            update(StripeEvent)
            .where(
                StripeEvent.stripe_event_id == event_id,
                StripeEvent.status == "received",
                StripeEvent.next_try_at <= now,
            )
            .values(attempts=StripeEvent.attempts + 1, next_try_at=now + LEASE, updated_at=now)
            .returning(StripeEvent.type, StripeEvent.object_id, StripeEvent.account)
        ).one_or_none()
    return None if row is None else (row.type, row.object_id, row.account)


def _conclude(event_id: str, status: str, *, note: str | None = None) -> None:
    with transaction() as session:
        session.execute(
            update(StripeEvent)
            .where(StripeEvent.stripe_event_id == event_id)
            .values(status=status, note=note, updated_at=utc_now())
        )
    if status == "parked":
        log.error("stripe_event_parked", event_id=event_id, note=note)


def _again(event_id: str, *, note: str) -> None:
    now = utc_now()
    with transaction() as session:
        event = session.get(StripeEvent, event_id, with_for_update=True)
        assert event is not None
        if event.created_at < now - GIVE_UP_AFTER:
            event.status, event.note = "parked", note
            log.error("stripe_event_parked", event_id=event_id, note=note)
            return
        wait = WAITS_SECONDS[min(event.attempts, len(WAITS_SECONDS)) - 1]
        event.next_try_at, event.note = now + timedelta(seconds=wait), note


def _one(call: str, **params: Any) -> Fetch:
    """Return what fetches one object by its id, from the connected account where the event came from one."""

    def fetch(stripe: Stripe, object_id: str, _account: str | None) -> list[dict[str, Any]]:
        return [stripe.call(call, object_id, params)]

    return fetch


def _refunds(stripe: Stripe, object_id: str, _account: str | None) -> list[dict[str, Any]]:
    """Fetch every refund of the payment that a refund or charge belongs to."""
    if object_id.startswith("re_"):
        return [stripe.call("refunds.retrieve", object_id, {})]
    return list(stripe.call("refunds.list", None, {"charge": object_id, "limit": 100})["data"])


_INTENT = (_one("payment_intents.retrieve", expand=["latest_charge"]), sync.sync_intent)
_PAGE = (_one("checkout.sessions.retrieve", expand=["payment_intent"]), sync.sync_checkout)
_REFUND = (_refunds, refunds_told.sync_refund)
_CARD = (_one("payment_methods.retrieve"), cards.sync_card_of_event)
_SETUP = (_one("setup_intents.retrieve", expand=["payment_method"]), cards.sync_setup_of_event)
_FEE = (_one("charges.retrieve", expand=["balance_transaction"]), fees.sync_fee)

_DISPUTE = (_one("disputes.retrieve"), disputes.sync_dispute)
_SUBSCRIPTION = (_one("subscriptions.retrieve"), subscriptions.sync)
_INVOICE = (_one("invoices.retrieve", expand=["payments"]), subscriptions.sync_invoice)
_TRANSFER = (_one("transfers.retrieve"), transfers.sync_transfer_of_event)


def _account(stripe: Stripe, object_id: str, account: str | None) -> list[dict[str, Any]]:
    """Fetch the connected account that an event came from, or is about."""
    return [stripe.call("accounts.retrieve", account or object_id, {})]


def _gone(_stripe: Stripe, object_id: str, account: str | None) -> list[dict[str, Any]]:
    """An account that we may not ask about any more: its id is all there is."""
    return [{"id": account or object_id}]


_WORK: dict[str, tuple[Fetch, Sync]] = {
    **{
        f"payment_intent.{what}": _INTENT
        for what in ("succeeded", "payment_failed", "requires_action", "processing", "canceled")
    },
    **{
        f"checkout.session.{what}": _PAGE
        for what in ("completed", "async_payment_succeeded", "async_payment_failed", "expired")
    },
    **dict.fromkeys(("refund.created", "refund.updated", "refund.failed", "charge.refunded"), _REFUND),
    **{
        f"charge.dispute.{what}": _DISPUTE
        for what in ("created", "updated", "funds_withdrawn", "funds_reinstated", "closed")
    },
    "charge.updated": _FEE,
    **{
        f"customer.subscription.{what}": _SUBSCRIPTION
        for what in ("created", "updated", "deleted", "pending_update_applied", "pending_update_expired")
    },
    **{f"invoice.{what}": _INVOICE for what in ("paid", "payment_failed", "payment_action_required", "voided")},
    "account.updated": (_account, connect.sync_account_of_event),
    "account.application.deauthorized": (_gone, connect.deauthorized),
    **{
        f"account.external_account.{what}": (_account, connect.sync_account_of_event)
        for what in ("created", "updated", "deleted")
    },
    **{f"transfer.{what}": _TRANSFER for what in ("created", "reversed", "updated")},
    **{f"payment_method.{what}": _CARD for what in ("automatically_updated", "updated", "detached")},
    "setup_intent.succeeded": _SETUP,
}
