"""What Stripe says of transfers: made, or taken back in part or in full."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.events import PayoutFailed
from services.payments.models import Payout
from services.payments.operations import ledger
from services.payments.operations.covering import free_items
from services.payments.operations.earnings import user_of
from services.payments.operations.payouts import complete_payout
from shared.clock import utc_now
from shared.messaging import record


def sync_transfer(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a transfer's state: made, or taken back in part or in full. False if it is no payout of ours."""
    payout = _payout_of(session, told)
    if payout is None:
        return False
    if str((told.get("metadata") or {}).get("attempt", payout.attempt)) != str(payout.attempt):
        # The transfer of an earlier try, which came back: all that is to be said of it was said.
        return True
    if payout.status == "processing":
        complete_payout(session, payout, transfer_id=told["id"], money=ledger.STRIPE, now=utc_now())
    reversed_ = int(told.get("amount_reversed") or 0)
    difference = reversed_ - payout.reversed_cents
    if difference <= 0 or payout.status != "completed":
        return True
    payout.reversed_cents = reversed_
    reversals = (told.get("reversals") or {}).get("data") or []
    name = reversals[0]["id"] if reversals else f"{told['id']}:{reversed_}"
    ledger.post(
        session,
        "transfer_reversal",
        f"reversal:{name}",
        {
            ledger.STRIPE: difference,
            ledger.practitioner(payout.practitioner_id, "available"): -difference,
        },
        payout_id=payout.id,
    )
    if reversed_ >= payout.amount_cents - payout.fee_cents:
        free_items(session, payout)
        payout.status, payout.failure_code = "failed", "transfer_reversed"
        payout.error_message = "The transfer was reversed at Stripe."
        session.flush()
        record(session, PayoutFailed.of(payout, user_id=user_of(session, payout.practitioner_id)), subject=payout)
    else:
        payout.notes = f"{payout.notes or ''} Reversed in part: {reversed_ / 100:.2f}.".strip()
    return True


def sync_transfer_of_event(session: Session, told: Mapping[str, Any]) -> bool:
    """The same for a webhook: a transfer that is no payout of ours is nobody's business."""
    if "payout_uuid" not in (told.get("metadata") or {}):
        return True
    return sync_transfer(session, told)


def _payout_of(session: Session, told: Mapping[str, Any]) -> Payout | None:
    named = (told.get("metadata") or {}).get("payout_uuid")
    where = Payout.public_uuid == UUID(named) if named else Payout.stripe_transfer_id == told["id"]
    return session.scalar(select(Payout).where(where).with_for_update())
