"""Paying practitioners out: reserve, transfer, and whatever goes wrong on the way."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import StripeRefusal
from services.payments.domain.errors import (
    InsufficientEarnings,
    InvalidTransition,
    NoFundsAvailable,
    PayoutAccountRequired,
    PayoutBelowMinimum,
    PayoutInProgress,
    PayoutsFrozen,
    PayoutsStopped,
)
from services.payments.events import PayoutFailed, PayoutPaid, PayoutRequested
from services.payments.models import Payout, PractitionerRef, StripeOperation
from services.payments.operations import ledger
from services.payments.operations.auditing import is_sound
from services.payments.operations.connect import OPEN_PAYOUT, active_account
from services.payments.operations.covering import choose_items, free_items, items_of_payout
from services.payments.operations.earnings import user_of
from services.payments.operations.stripe_log import intend
from services.payments.settings import settings
from shared.clock import utc_now
from shared.messaging import record

RETRY_AFTER = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)


def request_payout(
    session: Session,
    *,
    practitioner_id: int,
    cents: int | None,
    minimum_cents: int,
    notes: str | None = None,
    payment_method: str = "stripe",
    batch_id: UUID | None = None,
    by_user: int | None = None,
) -> Payout:
    """Reserve available earnings for a payout; without an amount all there are. Emits PayoutRequested.

    Raises PayoutsFrozen, PayoutAccountRequired, PayoutInProgress, NoFundsAvailable, PayoutBelowMinimum,
    InsufficientEarnings.
    """
    account_code = ledger.practitioner(practitioner_id, "available")
    in_payout = ledger.practitioner(practitioner_id, "in_payout")
    balance = ledger.lock_balances(session, [account_code, in_payout])[account_code]
    status = session.scalar(select(PractitionerRef.status).where(PractitionerRef.id == practitioner_id))
    if status == "suspended":
        raise PayoutsFrozen
    if cents is not None and cents < minimum_cents:
        raise PayoutBelowMinimum
    account = active_account(session, practitioner_id)
    if payment_method == "stripe" and (account is None or not account.can_receive):
        raise PayoutAccountRequired
    _refuse_second(session, practitioner_id)
    if balance <= 0:
        raise NoFundsAvailable
    cents = balance if cents is None else cents
    if cents > balance:
        raise InsufficientEarnings
    if cents < minimum_cents:
        raise PayoutBelowMinimum
    payout = Payout(
        practitioner_id=practitioner_id,
        amount_cents=cents,
        fee_cents=settings().payout_fee_cents,
        notes=notes,
        payment_method=payment_method,
        batch_id=batch_id,
        stripe_account_id=account.stripe_account_id if account is not None else None,
        processed_by=by_user,
    )
    session.add(payout)
    session.flush()
    choose_items(session, payout)
    _post_reserve(session, payout)
    record(session, PayoutRequested.of(payout, user_id=user_of(session, practitioner_id)), subject=payout)
    return payout


def _refuse_second(session: Session, practitioner_id: int) -> None:
    open_ = select(Payout.id).where(Payout.practitioner_id == practitioner_id, Payout.status.in_(OPEN_PAYOUT))
    if session.scalar(open_.limit(1)) is not None:
        raise PayoutInProgress


def locked_payout(session: Session, payout_id: int) -> Payout | None:
    """Return a payout, locked until the commit."""
    return session.scalar(
        select(Payout).where(Payout.id == payout_id).with_for_update().execution_options(populate_existing=True)
    )


def start_transfer(session: Session, payout: Payout) -> int | None:
    """Have a pending payout's money moved; returns the noted call. An account that can not take it fails the payout.

    Raises InvalidTransition, and PayoutsStopped while the ledger does not add up.
    """
    if payout.status != "pending":
        raise InvalidTransition
    if not is_sound(session):
        raise PayoutsStopped
    account = active_account(session, payout.practitioner_id)
    if account is None or not account.can_receive:
        fail_payout(session, payout, code="payout_account_required", message="The account can not receive payouts.")
        return None
    payout.status, payout.stripe_account_id, payout.retry_at = "processing", account.stripe_account_id, None
    session.flush()
    return intend(
        session,
        call="transfers.create",
        key=f"payout:{payout.public_uuid}:{payout.attempt}",
        params={
            "amount": payout.amount_cents - payout.fee_cents,
            "currency": payout.currency.lower(),
            "destination": account.stripe_account_id,
            "transfer_group": f"payout_{payout.public_uuid}",
            "metadata": {"payout_uuid": str(payout.public_uuid), "attempt": str(payout.attempt)},
        },
        subject=f"payout:{payout.id}",
    )


def complete_payout(session: Session, payout: Payout, *, transfer_id: str | None, money: str, now: datetime) -> None:
    """The transfer exists: post it, and mark what it covered as paid. Emits PayoutPaid."""
    if payout.status == "completed":
        return
    payout.status, payout.stripe_transfer_id, payout.payout_date = "completed", transfer_id, now
    payout.failure_code = payout.error_message = None
    ledger.post(
        session,
        "payout_transfer",
        f"payout:{payout.public_uuid}:transfer{_try(payout)}",
        {
            ledger.practitioner(payout.practitioner_id, "in_payout"): payout.amount_cents,
            money: -(payout.amount_cents - payout.fee_cents),
            ledger.PAYOUT_FEES: -payout.fee_cents,
        },
        payout_id=payout.id,
    )
    for _item, earning in items_of_payout(session, payout):
        if earning.left_cents == 0 and earning.status == "available":
            earning.status = "paid"
    session.flush()
    record(session, PayoutPaid.of(payout, user_id=user_of(session, payout.practitioner_id)), subject=payout)


def fail_payout(session: Session, payout: Payout, *, code: str, message: str) -> None:
    """Give what was reserved back to the practitioner's balance. Emits PayoutFailed."""
    if payout.status not in OPEN_PAYOUT:
        raise InvalidTransition
    _give_back(session, payout)
    payout.status, payout.failure_code, payout.error_message = "failed", code, message
    session.flush()
    record(session, PayoutFailed.of(payout, user_id=user_of(session, payout.practitioner_id)), subject=payout)


def cancel_payout(session: Session, payout: Payout) -> None:
    """Call a pending payout off. Raises InvalidTransition once its money may be on the way."""
    if payout.status != "pending":
        raise InvalidTransition
    _give_back(session, payout)
    payout.status = "canceled"
    session.flush()


def reopen_payout(session: Session, payout: Payout) -> None:
    """Let a failed payout be tried again, if its funds are still there.

    Raises InvalidTransition, InsufficientEarnings, PayoutInProgress.
    """
    if payout.status != "failed":
        raise InvalidTransition
    account = ledger.practitioner(payout.practitioner_id, "available")
    if ledger.lock_balances(session, [account])[account] < payout.amount_cents:
        raise InsufficientEarnings
    _refuse_second(session, payout.practitioner_id)
    payout.attempt += 1
    payout.status, payout.failure_code, payout.error_message, payout.stripe_transfer_id = "pending", None, None, None
    payout.reversed_cents = 0
    session.flush()
    choose_items(session, payout)
    _post_reserve(session, payout)


def due_payouts(session: Session, *, now: datetime) -> list[int]:
    """Return the payouts that wait to be transferred."""
    return list(
        session.scalars(
            select(Payout.id)
            .where(
                Payout.status == "pending",
                Payout.payment_method == "stripe",
                (Payout.retry_at.is_(None)) | (Payout.retry_at <= now),
            )
            .order_by(Payout.id)
            .limit(100)
        )
    )


def _try(payout: Payout) -> str:
    """Return what tells the postings of a payout's later tries from those of its first."""
    return "" if payout.attempt == 1 else f":{payout.attempt}"


def _post_reserve(session: Session, payout: Payout) -> None:
    ledger.post(
        session,
        "payout_reserve",
        f"payout:{payout.public_uuid}:reserve{_try(payout)}",
        {
            ledger.practitioner(payout.practitioner_id, "available"): payout.amount_cents,
            ledger.practitioner(payout.practitioner_id, "in_payout"): -payout.amount_cents,
        },
        payout_id=payout.id,
    )


def _give_back(session: Session, payout: Payout) -> None:
    payout.returns += 1
    ledger.post(
        session,
        "payout_return",
        f"payout:{payout.public_uuid}:return:{payout.returns}",
        {
            ledger.practitioner(payout.practitioner_id, "in_payout"): payout.amount_cents,
            ledger.practitioner(payout.practitioner_id, "available"): -payout.amount_cents,
        },
        payout_id=payout.id,
    )
    free_items(session, payout)


def _transferred(session: Session, operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    payout = locked_payout(session, int(operation.subject.partition(":")[2]))
    if payout is not None and payout.status == "processing":
        complete_payout(session, payout, transfer_id=answer["id"], money=ledger.STRIPE, now=utc_now())


def _not_transferred(session: Session, operation: StripeOperation, refusal: StripeRefusal) -> None:
    """The platform's balance may be too low for now; anything else is final."""
    payout = locked_payout(session, int(operation.subject.partition(":")[2]))
    if payout is None or payout.status != "processing":
        return
    is_waiting = refusal.code == "balance_insufficient" and payout.created_at > utc_now() - GIVE_UP_AFTER
    if is_waiting:
        payout.status, payout.attempt, payout.retry_at = "pending", payout.attempt + 1, utc_now() + RETRY_AFTER
        payout.failure_code, payout.error_message = refusal.code, refusal.message
        return
    fail_payout(session, payout, code=refusal.code, message=refusal.message)


APPLY: dict[str, Callable[[Session, StripeOperation, Mapping[str, Any]], object]] = {"transfers.create": _transferred}
REFUSE: dict[str, Callable[[Session, StripeOperation, StripeRefusal], object]] = {"transfers.create": _not_transferred}
