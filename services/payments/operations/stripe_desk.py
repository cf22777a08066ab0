"""The desk: makes the calls that the intent log holds, and applies their answers.

No database transaction is open during a call. A call without an answer is repeated with the same key and parameters;
when Stripe would only repeat its own failure, or the key is too old, the outcome is looked up instead, so that
nothing is ever charged twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Declined, Refused, Stripe, StripeRefusal, Unanswered
from services.payments.models import PaymentAttempt, Refund, StripeOperation
from services.payments.operations import connect, payouts, refunds_told, subscriptions, sync
from services.payments.operations.orders import locked_order
from services.payments.operations.stripe_log import LEASE
from services.payments.operations.stripe_lookup import look_up
from shared.clock import utc_now
from shared.database import transaction
from shared.observability import logger

KEY_LIVES = timedelta(hours=23)
WAITS_SECONDS = (2, 5, 15, 60, 300, 900, 3600)
log = logger(__name__)

Apply = Callable[[Session, StripeOperation, Mapping[str, Any]], object]
Refuse = Callable[[Session, StripeOperation, StripeRefusal], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended: its answer, its refusal, or neither yet."""

    answer: Mapping[str, Any] | None = None
    refusal: StripeRefusal | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """What is needed for the call, read while the row was claimed."""

    id: int
    call: str
    target: str | None
    key: str
    params: dict[str, Any]
    is_old: bool


def perform(stripe: Stripe, number: int, *, owned: bool = False) -> Outcome:
    """Make the noted call `number`, unless it is done or somebody else is at it, and apply what comes of it.

    `owned`: the caller noted it `by_caller` a moment ago. Never raises StripeRefusal.
    """
    job = _claim(number, owned=owned)
    if job is None:
        return Outcome()
    try:
        answer = _looked_up(stripe, job) if job.is_old else stripe.call(job.call, job.target, job.params, key=job.key)
    except Unanswered as unknown:
        return _unanswered(stripe, job, unknown)
    except (Declined, Refused) as refusal:
        return _refused(stripe, job, refusal)
    return _answered(job, answer)


def _looked_up(stripe: Stripe, job: _Job) -> dict[str, Any]:
    """Return what a call made long ago, whose key Stripe may have forgotten. Raises Refused if it made nothing."""
    answer = look_up(stripe, job.call, job.params)
    if answer is None:
        raise Refused("The call was never carried out.", code="lost")
    return answer


def due_operations(*, limit: int = 100) -> list[int]:
    """Return the numbers of noted calls that wait to be made."""
    with transaction() as session:
        return list(
            session.scalars(
                select(StripeOperation.id)
                .where(StripeOperation.status == "started", StripeOperation.due_at <= utc_now())
                .order_by(StripeOperation.due_at)
                .limit(limit)
            )
        )


def _claim(number: int, *, owned: bool) -> _Job | None:
    now = utc_now()
    with transaction() as session:
        claimed = session.execute(
            update(StripeOperation)
            .where(
                StripeOperation.id == number,
                StripeOperation.status == "started",
                *(() if owned else (StripeOperation.due_at <= now,)),
            )
            .values(attempts=StripeOperation.attempts + 1, due_at=now + LEASE, updated_at=now)
            .returning(StripeOperation)
        ).scalar_one_or_none()
        if claimed is None:
            return None
        first = claimed.called_at or now
        claimed.called_at = first
        return _Job(
            claimed.id,
            claimed.call,
            claimed.target,
            claimed.idempotency_key,
            dict(claimed.params),
            first < now - KEY_LIVES,
        )


def _answered(job: _Job, answer: Mapping[str, Any]) -> Outcome:
    with transaction() as session:
        operation = _locked(session, job)
        if operation is None:
            return Outcome(answer=answer)
        operation.status, operation.stripe_id, operation.error = "done", answer.get("id"), None
        apply = _APPLY.get(job.call)
        if apply is not None:
            apply(session, operation, answer)
    return Outcome(answer=answer)


def _refused(stripe: Stripe, job: _Job, refusal: StripeRefusal) -> Outcome:
    """Apply a definite no. What can not be closed any more is asked for instead: it may have been paid."""
    if job.call in _CLOSING and isinstance(refusal, Refused):
        retrieve, extra = _CLOSING[job.call]
        try:
            return _answered(job, stripe.call(retrieve, job.target, extra))
        except StripeRefusal as unknown:
            return _later(job, unknown)
    with transaction() as session:
        operation = _locked(session, job)
        if operation is not None:
            operation.status = "failed"
            operation.error = {"code": refusal.code, "message": refusal.message}
            refuse = _REFUSE.get(job.call)
            if refuse is not None:
                refuse(session, operation, refusal)
    return Outcome(refusal=refusal)


def _unanswered(stripe: Stripe, job: _Job, unknown: Unanswered) -> Outcome:
    """Try again later, or at once find out what a stored failure did."""
    if unknown.is_stored:
        try:
            answer = look_up(stripe, job.call, job.params)
        except StripeRefusal:
            return _later(job, unknown)
        if answer is not None:
            return _answered(job, answer)
        return _refused(stripe, job, Refused("Stripe failed and did nothing.", code="provider_error"))
    return _later(job, unknown)


def _later(job: _Job, unknown: StripeRefusal) -> Outcome:
    with transaction() as session:
        operation = _locked(session, job)
        if operation is not None:
            wait = WAITS_SECONDS[min(operation.attempts, len(WAITS_SECONDS)) - 1]
            operation.due_at = utc_now() + timedelta(seconds=wait)
            operation.error = {"code": unknown.code, "message": unknown.message}
    log.warning("stripe_unanswered", call=job.call, operation=job.id, code=unknown.code)
    return Outcome(refusal=unknown)


def _locked(session: Session, job: _Job) -> StripeOperation | None:
    """Return the row locked, unless somebody else applied an answer meanwhile (the same one: the key is the same)."""
    return session.scalar(
        select(StripeOperation)
        .where(StripeOperation.id == job.id, StripeOperation.status == "started")
        .with_for_update()
    )


def _attempt_refused(session: Session, operation: StripeOperation, refusal: StripeRefusal) -> None:
    """The try to pay is over: declined by the bank, or refused by Stripe."""
    intent = refusal.body.get("payment_intent")
    if isinstance(intent, Mapping) and sync.sync_intent(session, intent) and not isinstance(refusal, Declined):
        return
    _kind, order_id, number = operation.subject.split(":")
    order = locked_order(session, int(order_id))
    attempt = session.scalar(
        select(PaymentAttempt).where(PaymentAttempt.order_id == order.id, PaymentAttempt.number == int(number))
    )
    if attempt is not None:
        code = refusal.code if isinstance(refusal, Declined) else f"stripe_{refusal.code}"
        sync.declined(
            session,
            order,
            attempt,
            code=code,
            message=refusal.message,
            decline_code=refusal.body.get("decline_code"),
        )


def _refund_refused(session: Session, operation: StripeOperation, refusal: StripeRefusal) -> None:
    refund = session.get(Refund, int(operation.subject.partition(":")[2]))
    if refund is not None and refund.status == "pending":
        order = locked_order(session, refund.order_id)
        refunds_told.fail_refund(session, order, refund, status="failed", reason=refusal.code)


def _intent(session: Session, _operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    sync.sync_intent(session, answer)


def _page(session: Session, _operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    sync.sync_checkout(session, answer)


def _refund(session: Session, _operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    refunds_told.sync_refund(session, answer)


_CLOSING: dict[str, tuple[str, dict[str, Any]]] = {
    "payment_intents.cancel": ("payment_intents.retrieve", {}),
    "checkout.sessions.expire": ("checkout.sessions.retrieve", {"expand": ["payment_intent"]}),
}

_APPLY: dict[str, Apply] = {
    "payment_intents.create": _intent,
    "payment_intents.cancel": _intent,
    "checkout.sessions.create": _page,
    "checkout.sessions.expire": _page,
    "refunds.create": _refund,
    **connect.APPLY,
    **payouts.APPLY,
    **subscriptions.APPLY,
}

_REFUSE: dict[str, Refuse] = {
    "payment_intents.create": _attempt_refused,
    "checkout.sessions.create": _attempt_refused,
    "refunds.create": _refund_refused,
    **payouts.REFUSE,
    **subscriptions.REFUSE,
}
