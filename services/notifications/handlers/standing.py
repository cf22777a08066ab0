"""What payments tells of how things stand: credits, plans, memberships, payout accounts.

These events carry a whole state and come again whenever it is published: only what changed since is told.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.models import Practitioner
from services.notifications.operations.remembering import hear
from services.notifications.operations.telling import MEMBER, News, tell
from shared.clock import utc_now
from shared.messaging import Message, handles

CREDITS_TOLD = {
    "transfer": "Credits received",
    "adjustment": "Credits adjusted",
    "bonus": "Bonus credits",
    "expiry": "Credits expired",
}
"""What moves a balance and is told by nothing else: purchases, spending and refunds have news of their own."""

REQUIREMENTS = {
    "individual.verification.document": "an identity document",
    "individual.verification.additional_document": "a second document",
    "external_account": "a bank account",
    "business_profile.url": "a web address",
    "tos_acceptance.date": "your consent to the terms",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsChanged:
    """A person's balance, and what last moved it."""

    user_id: int
    balance_cents: int
    change_cents: int
    transaction_type: str
    transaction_id: int


@handles("credits.changed", CreditsChanged)
def tell_of_credits(session: Session, event: CreditsChanged, message: Message) -> None:
    """Tell of credits that came or went without the person's doing."""
    former = hear(
        session, "credits", event.user_id, {"transaction": event.transaction_id}, message=message, now=utc_now()
    )
    change = CREDITS_TOLD.get(event.transaction_type)
    is_sent_by_them = event.transaction_type == "transfer" and event.change_cents < 0
    if former is None or change is None or is_sent_by_them or former.get("transaction") == event.transaction_id:
        return
    values = {"change": change, "amount_cents": event.change_cents, "balance_cents": event.balance_cents}
    news = News(kind="credits.changed", values=values, occasion=f"credits:{event.transaction_id}")
    tell(session, event.user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged:
    """The plan that a practitioner has."""

    practitioner_id: int
    user_id: int
    subscription_id: int
    tier_name: str
    status: str
    is_active: bool
    auto_renew: bool = True
    current_period_end: datetime | None = None
    end_date: datetime | None = None
    grace_until: datetime | None = None

    @property
    def stand(self) -> str:
        """Return active, past_due, cancelled or ended; empty for what is not one of them yet."""
        return _stand(self.status, is_active=self.is_active, is_leaving=not self.auto_renew)


@handles("subscription.changed", SubscriptionChanged)
def tell_of_the_plan(session: Session, event: SubscriptionChanged, message: Message) -> None:
    """Tell the practitioner when the plan begins, changes, is not paid, is given up or ends."""
    now = utc_now()
    state = {"stand": event.stand, "tier": event.tier_name}
    former = hear(session, "subscription", event.practitioner_id, state, message=message, now=now)
    kind = _news_of(former, state)
    if former is None or kind is None:
        return
    end = event.end_date or event.current_period_end
    until = event.grace_until if kind == "past_due" else end
    values = {
        "tier": event.tier_name,
        "previous": former.get("tier") or "",
        "until": until,
        "days": max(0, (until - now).days) if until is not None else 0,
    }
    news = News(kind=f"subscription.{kind}", values=values, related=("subscription", event.subscription_id))
    tell(session, event.user_id, news, message=message, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged:
    """What a fan may see of a stream."""

    membership_id: int
    user_id: int
    practitioner_id: int
    stream_id: int
    stream_title: str
    tier_name: str
    status: str
    is_active: bool
    access_until: datetime | None = None
    price_cents: int = 0

    @property
    def stand(self) -> str:
        """Return active, past_due, cancelled or ended; empty for what is not one of them yet."""
        return _stand(self.status, is_active=self.is_active, is_leaving=False)


@handles("membership.changed", MembershipChanged)
def tell_of_the_membership(session: Session, event: MembershipChanged, message: Message) -> None:
    """Tell the member what changed, and the practitioner who came and who left."""
    now = utc_now()
    state = {"stand": event.stand, "tier": event.tier_name}
    former = hear(session, "membership", event.membership_id, state, message=message, now=now)
    kind = _news_of(former, state)
    if former is None or kind in (None, "ended"):
        return
    known = select(Practitioner).where(Practitioner.id == event.practitioner_id)
    practitioner = session.scalar(known)
    values: dict[str, Any] = {
        "tier": event.tier_name,
        "previous": former.get("tier") or "",
        "until": event.access_until,
        "days": max(0, (event.access_until - now).days) if event.access_until is not None else 0,
        "stream": event.stream_title,
        "practitioner": practitioner.display_name if practitioner is not None else MEMBER,
        "price_cents": event.price_cents,
    }
    related = ("stream", event.stream_id)
    name = {"active": "joined"}.get(str(kind), str(kind))
    tell(
        session,
        event.user_id,
        News(kind=f"membership.{name}", values=values, related=related),
        message=message,
        now=now,
    )
    theirs = {"joined": "membership.new_member", "cancelled": "membership.lost_member"}.get(name)
    if theirs is not None and practitioner is not None:
        fold = f"{theirs}:{event.stream_id}:{message.occurred_at:%Y%m%d}"
        news = News(kind=theirs, values=values, related=related, fold_into=fold)
        tell(session, practitioner.user_id, news, message=message, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccountChanged:
    """What stands between a practitioner and payouts."""

    practitioner_id: int
    user_id: int
    can_receive_payouts: bool
    requirements_due: list[str] = field(default_factory=list)


@handles("connect_account.changed", ConnectAccountChanged)
def tell_of_the_payout_account(session: Session, event: ConnectAccountChanged, message: Message) -> None:
    """Tell the practitioner when something new is asked for, and when payouts are off or on."""
    now = utc_now()
    state = {name: value for name, value in asdict(event).items() if name not in ("practitioner_id", "user_id")}
    former = hear(session, "connect_account", event.practitioner_id, state, message=message, now=now)
    if former is None:
        return
    could, asked = bool(former.get("can_receive_payouts")), set(former.get("requirements_due") or ())
    news = None
    if set(event.requirements_due) - asked or (could and not event.can_receive_payouts):
        due = sorted({_asked(name) for name in event.requirements_due}) or ["a look at your account"]
        news = News(kind="connect.action_needed", values={"due": due})
    elif event.can_receive_payouts and not could:
        news = News(kind="connect.ready")
    if news is not None:
        tell(session, event.user_id, news, message=message, now=now)


def _stand(status: str, *, is_active: bool, is_leaving: bool) -> str:
    if status == "past_due":
        return "past_due"
    if status in ("canceled", "cancelled"):
        return "cancelled" if is_active else "ended"
    if status in ("ended", "expired", "unpaid") or (status not in ("incomplete", "pending") and not is_active):
        return "ended"
    if not is_active:
        return ""
    return "cancelled" if is_leaving else "active"


def _news_of(former: Any, state: dict[str, str]) -> str | None:
    """Return what a state is news of, against the former one; None where nobody needs to be told."""
    if former is None or not state["stand"]:
        return None
    before, now = former.get("stand") or "", state["stand"]
    if before == now:
        return "tier_changed" if now == "active" and former.get("tier") != state["tier"] else None
    if now == "active":
        return None if before in ("past_due", "cancelled") else "active"
    return now if before else None


def _asked(name: str) -> str:
    return REQUIREMENTS.get(name, name.rpartition(".")[2].replace("_", " "))
