"""The intent log of writes at Stripe: committed before the call, so that a crash in between resumes, not repeats."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.models import StripeOperation
from shared.clock import utc_now
from shared.database.waiting import notify

DESK = "payments_desk"
"""The channel that wakes the worker's desk: it makes calls and works on webhooks."""

LEASE = timedelta(seconds=60)


def intend(
    session: Session,
    *,
    call: str,
    key: str,
    params: Mapping[str, Any],
    subject: str,
    target: str | None = None,
    user_id: int | None = None,
    by_caller: bool = False,
) -> int:
    """Note a write at Stripe that is to be made after the commit, and return its number.

    The worker's desk makes it at once; with `by_caller` whoever notes it does (`stripe_desk.perform`), and the desk
    only if that process dies. A key that is known already changes nothing.
    """
    now = utc_now()
    packed = orjson.dumps(params, option=orjson.OPT_SORT_KEYS)
    number = session.scalar(
        insert(StripeOperation)
        .values(
            idempotency_key=key,
            call=call,
            target=target,
            params=dict(params),
            params_hash=hashlib.sha256(packed).hexdigest(),
            subject=subject,
            user_id=user_id,
            status="started",
            attempts=0,
            due_at=now + LEASE if by_caller else now,
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(StripeOperation.id)
    )
    if number is None:
        known = session.scalar(select(StripeOperation.id).where(StripeOperation.idempotency_key == key))
        assert known is not None
        return known
    if not by_caller:
        notify(session, DESK)
    return int(number)


def wake_desk(session: Session) -> None:
    """Wake the worker's desk when this transaction commits."""
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": DESK})
