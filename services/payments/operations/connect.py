"""Practitioners' accounts at Stripe Connect: made once, kept in step, let go."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe
from services.payments.domain.errors import PayoutAccountRequired, PayoutInProgress, PractitionerSuspended
from services.payments.events import ConnectAccountChanged
from services.payments.models import ConnectAccount, Payout, PractitionerRef, StripeOperation, UserRef
from services.payments.operations.stripe_log import intend
from shared.clock import utc_now
from shared.messaging import record

OPEN_PAYOUT = ("pending", "processing")


def active_account(session: Session, practitioner_id: int, *, lock: bool = False) -> ConnectAccount | None:
    """Return the account that a practitioner is paid on."""
    statement = select(ConnectAccount).where(
        ConnectAccount.practitioner_id == practitioner_id, ConnectAccount.is_active.is_(True)
    )
    return session.scalar(statement.with_for_update() if lock else statement)


def note_account(session: Session, *, practitioner_id: int, country: str) -> int | None:
    """Note that an account is to be made, unless there is one; returns the noted call. Raises PractitionerSuspended."""
    person = session.get(PractitionerRef, practitioner_id)
    if person is not None and person.status == "suspended":
        raise PractitionerSuspended
    if active_account(session, practitioner_id) is not None:
        return None
    generation = 1 + (
        session.scalar(
            select(func.max(ConnectAccount.generation)).where(ConnectAccount.practitioner_id == practitioner_id)
        )
        or 0
    )
    uuid = person.uuid if person is not None else practitioner_id
    user_id = person.user_id if person is not None else 0
    email = session.scalar(select(UserRef.email).where(UserRef.id == user_id))
    params: dict[str, Any] = {
        "controller": {
            "losses": {"payments": "application"},
            "fees": {"payer": "application"},
            "stripe_dashboard": {"type": "express"},
            "requirement_collection": "stripe",
        },
        "capabilities": {"transfers": {"requested": True}},
        "country": country,
        "metadata": {"practitioner_id": str(practitioner_id), "generation": str(generation)},
    }
    if email:
        params["email"] = email
    return intend(
        session,
        call="accounts.create",
        key=f"acct:{uuid}:{generation}",
        params=params,
        subject=f"practitioner:{practitioner_id}:{user_id}:{generation}",
        user_id=user_id or None,
        by_caller=True,
    )


def onboarding_link(stripe: Stripe, account_id: str, *, refresh_url: str, return_url: str) -> dict[str, Any]:
    """Return a fresh single-use link to Stripe's form. Raises StripeRefusal."""
    return stripe.call(
        "account_links.create",
        None,
        {"account": account_id, "type": "account_onboarding", "refresh_url": refresh_url, "return_url": return_url},
    )


def disconnect(session: Session, practitioner_id: int) -> None:
    """Let an account go; its history stays. Raises PayoutAccountRequired, PayoutInProgress."""
    account = active_account(session, practitioner_id, lock=True)
    if account is None:
        raise PayoutAccountRequired
    open_ = select(Payout.id).where(Payout.practitioner_id == practitioner_id, Payout.status.in_(OPEN_PAYOUT))
    if session.scalar(open_.limit(1)) is not None:
        raise PayoutInProgress
    account.is_active = False
    session.flush()
    record(session, ConnectAccountChanged.of(account), subject=account)


def sync_account(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in an account's state; False if it is nobody's here. Emits ConnectAccountChanged when something changed."""
    account = session.scalar(
        select(ConnectAccount).where(ConnectAccount.stripe_account_id == told["id"]).with_for_update()
    )
    if account is None:
        return False
    before = _state(account)
    account.details_submitted = bool(told.get("details_submitted"))
    account.charges_enabled = bool(told.get("charges_enabled"))
    account.payouts_enabled = bool(told.get("payouts_enabled"))
    account.transfers_status = (told.get("capabilities") or {}).get("transfers") or "inactive"
    account.country = told.get("country") or account.country
    account.requirements = _requirements(told.get("requirements") or {})
    account.synced_at = utc_now()
    session.flush()
    if _state(account) != before:
        record(session, ConnectAccountChanged.of(account), subject=account)
    return True


def sync_account_of_event(session: Session, told: Mapping[str, Any]) -> bool:
    """The same for a webhook: an account that is not kept here is nobody's business."""
    sync_account(session, told)
    return True


def deauthorized(session: Session, told: Mapping[str, Any]) -> bool:
    """The owner took our access away at Stripe. Emits ConnectAccountChanged."""
    account = session.scalar(
        select(ConnectAccount)
        .where(ConnectAccount.stripe_account_id == (told.get("account") or told.get("id")))
        .with_for_update()
    )
    if account is None or account.deauthorized_at is not None:
        return True
    account.deauthorized_at, account.is_active, account.payouts_enabled = utc_now(), False, False
    session.flush()
    record(session, ConnectAccountChanged.of(account), subject=account)
    return True


def _keep_account(session: Session, operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    """Keep the account that was just made."""
    _kind, practitioner_id, user_id, generation = operation.subject.split(":")
    if session.scalar(select(ConnectAccount.id).where(ConnectAccount.stripe_account_id == answer["id"])) is None:
        account = ConnectAccount(
            practitioner_id=int(practitioner_id),
            user_id=int(user_id),
            stripe_account_id=answer["id"],
            generation=int(generation),
            country=answer.get("country") or "",
        )
        session.add(account)
        session.flush()
        record(session, ConnectAccountChanged.of(account), subject=account)
    sync_account(session, answer)


def _requirements(told: Mapping[str, Any]) -> dict[str, Any]:
    deadline = told.get("current_deadline")
    return {
        "currently_due": list(told.get("currently_due") or []),
        "eventually_due": list(told.get("eventually_due") or []),
        "past_due": list(told.get("past_due") or []),
        "current_deadline": datetime.fromtimestamp(deadline, tz=UTC).isoformat() if deadline else None,
        "disabled_reason": told.get("disabled_reason"),
    }


def _state(account: ConnectAccount) -> tuple[Any, ...]:
    return (
        account.details_submitted,
        account.charges_enabled,
        account.payouts_enabled,
        account.transfers_status,
        account.requirements,
        account.is_active,
    )


APPLY: dict[str, Callable[[Session, StripeOperation, Mapping[str, Any]], object]] = {"accounts.create": _keep_account}
