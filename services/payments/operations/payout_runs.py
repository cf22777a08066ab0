"""Payouts by the clock: what is pending is transferred, and on Mondays everybody is paid."""

from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe, StripeRefusal, Unanswered
from services.payments.domain.errors import InvalidTransition
from services.payments.models import ConnectAccount, LedgerAccount, Payout, PayoutBatch
from services.payments.operations import stripe_desk
from services.payments.operations.auditing import is_sound
from services.payments.operations.connect import sync_account
from services.payments.operations.payouts import due_payouts, locked_payout, request_payout, start_transfer
from services.payments.settings import settings
from shared.database import transaction
from shared.errors import DomainError
from shared.observability import logger

BATCH_HOUR = 6
"""From when on, on Mondays, UTC."""
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
    """Transfer what is pending, unless the ledger does not add up; return how many were tried."""
    with transaction() as session:
        due = due_payouts(session, now=now)
        may_pay = is_sound(session)
    if due and not may_pay:
        log.error("payouts_stopped", waiting=len(due))
        return 0
    for payout_id in due:
        try:
            transfer_now(stripe, payout_id)
        except (StripeRefusal, InvalidTransition) as later:
            log.warning("payout_waits", payout=payout_id, reason=str(later))
    return len(due)


def monday_of(now: datetime) -> date:
    """Return the Monday whose batch is due or was last: from 06:00 UTC of that day on."""
    day = (now.astimezone(UTC) - timedelta(hours=BATCH_HOUR)).date()
    return day - timedelta(days=day.weekday())


def batch_of(now: datetime) -> UUID:
    """Return the id of a week's batch; the same for every run of that week."""
    return uuid5(NAMESPACE_URL, f"payouts/{monday_of(now)}")


def run_batch(stripe: Stripe, *, now: datetime) -> int:
    """Request a payout for everybody with enough available, once a week and practitioner; return how many.

    A week that was begun and not finished (a dead process, Stripe out of reach) goes on where it stopped; a Monday on
    which nobody ran is made up for by the next run. Nothing is begun while the ledger does not add up.
    """
    batch_id = batch_of(now)
    with transaction() as session:
        if not is_sound(session) or not _begin(session, batch_id, monday_of(now)):
            return 0
        candidates = session.execute(_candidates(batch_id, settings().payout_batch_minimum_cents)).all()
    made, unknown = 0, 0
    for practitioner_id, account_id in candidates:
        try:
            if _owes_stripe(stripe, account_id):
                continue
            with transaction() as session:
                request_payout(
                    session,
                    practitioner_id=int(practitioner_id or 0),
                    cents=None,
                    minimum_cents=settings().payout_batch_minimum_cents,
                    batch_id=batch_id,
                )
            made += 1
        except Unanswered as later:
            unknown += 1
            log.warning("payout_waits", practitioner=practitioner_id, reason=str(later))
        except (DomainError, StripeRefusal) as skipped:
            log.info("payout_skipped", practitioner=practitioner_id, reason=str(skipped))
    with transaction() as session:
        batch = session.get_one(PayoutBatch, batch_id, with_for_update=True)
        batch.payouts += made
        batch.finished_at = None if unknown else now
    return made


def _begin(session: Session, batch_id: UUID, monday: date) -> bool:
    """Note that a week's batch was begun; False if it is finished."""
    session.execute(
        insert(PayoutBatch)
        .values(id=batch_id, monday=monday, payouts=0)
        .on_conflict_do_nothing(index_elements=["monday"])
    )
    return session.get_one(PayoutBatch, batch_id).finished_at is None


def _candidates(batch_id: UUID, minimum_cents: int) -> Select[int | None, str]:
    """Return who has enough and an account, and no payout of this batch yet."""
    return (
        select(LedgerAccount.owner_id, ConnectAccount.stripe_account_id)
        .join(ConnectAccount, ConnectAccount.practitioner_id == LedgerAccount.owner_id)
        .where(
            LedgerAccount.kind == "available",
            LedgerAccount.balance_cents >= minimum_cents,
            ConnectAccount.is_active.is_(True),
            ~select(Payout.id)
            .where(Payout.batch_id == batch_id, Payout.practitioner_id == LedgerAccount.owner_id)
            .exists(),
        )
        .order_by(LedgerAccount.owner_id)
    )


def _owes_stripe(stripe: Stripe, account_id: str) -> bool:
    """Whether the connected account's own balance is negative: it is skipped this week."""
    balance = stripe.call("balance.retrieve", None, {}, account=account_id)
    return sum(int(part["amount"]) for part in balance.get("available") or []) < 0
