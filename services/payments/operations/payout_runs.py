"""Payouts by the clock: what is pending is transferred, and on Mondays everybody is paid."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from services.payments.clients.stripe import Stripe, StripeRefusal
from services.payments.domain.errors import InvalidTransition
from services.payments.models import ConnectAccount, LedgerAccount, Payout
from services.payments.operations import stripe_desk
from services.payments.operations.connect import sync_account
from services.payments.operations.payouts import due_payouts, locked_payout, request_payout, start_transfer
from services.payments.settings import settings
from shared.database import transaction
from shared.errors import DomainError
from shared.observability import logger

MONDAY = 0
log = logger(__name__)


def transfer_now(stripe: Stripe, payout_id: int) -> None:
    """Transfer one pending payout; its account is asked for first, so that a restricted one fails it."""
    with transaction() as session:
        account_id = session.scalar(
            select(ConnectAccount.stripe_account_id)
            .join(Payout, Payout.practitioner_id == ConnectAccount.practitioner_id)
            .where(Payout.id == payout_id, ConnectAccount.is_active.is_(True))
        )
    if account_id is not None:
        state = stripe.call("accounts.retrieve", account_id, {})
        with transaction() as session:
            sync_account(session, state)
    with transaction() as session:
        payout = locked_payout(session, payout_id)
        if payout is None or payout.status != "pending":
            raise InvalidTransition
        number = start_transfer(session, payout)
    if number is not None:
        stripe_desk.perform(stripe, number)


def transfer_due(stripe: Stripe, *, now: datetime) -> int:
    """Transfer what is pending; return how many were tried."""
    with transaction() as session:
        due = due_payouts(session, now=now)
    for payout_id in due:
        try:
            transfer_now(stripe, payout_id)
        except (StripeRefusal, InvalidTransition) as later:
            log.warning("payout_waits", payout=payout_id, reason=str(later))
    return len(due)


def batch_of(now: datetime) -> UUID:
    """Return the id of a day's batch; the same for every run of that day."""
    return uuid5(NAMESPACE_URL, f"payouts/{now.astimezone(UTC).date()}")


def run_batch(stripe: Stripe, *, now: datetime) -> int:
    """Request a payout for everybody with enough available, once per day and practitioner; return how many."""
    batch_id, made = batch_of(now), 0
    minimum = settings().payout_batch_minimum_cents
    with transaction() as session:
        candidates = session.execute(
            select(LedgerAccount.owner_id, ConnectAccount.stripe_account_id)
            .join(ConnectAccount, ConnectAccount.practitioner_id == LedgerAccount.owner_id)
            .where(
                LedgerAccount.kind == "available",
                LedgerAccount.balance_cents >= minimum,
                ConnectAccount.is_active.is_(True),
                ~select(Payout.id)
                .where(Payout.batch_id == batch_id, Payout.practitioner_id == LedgerAccount.owner_id)
                .exists(),
            )
            .order_by(LedgerAccount.owner_id)
        ).all()
    for practitioner_id, account_id in candidates:
        try:
            if _owes_stripe(stripe, account_id):
                continue
            with transaction() as session:
                request_payout(
                    session,
                    practitioner_id=int(practitioner_id or 0),
                    cents=None,
                    minimum_cents=minimum,
                    batch_id=batch_id,
                )
            made += 1
        except (DomainError, StripeRefusal) as skipped:
            log.info("payout_skipped", practitioner=practitioner_id, reason=str(skipped))
    return made


def _owes_stripe(stripe: Stripe, account_id: str) -> bool:
    """Whether the connected account's own balance is negative: it is skipped this week."""
    balance = stripe.call("balance.retrieve", None, {}, account=account_id)
    return sum(int(part["amount"]) for part in balance.get("available") or []) < 0
