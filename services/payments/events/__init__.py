"""Every fact that payments announces."""

from sqlalchemy import select

from services.payments.events.earnings import (
    ConnectAccountChanged,
    EarningsAvailable,
    PayoutFailed,
    PayoutPaid,
    PayoutRequested,
)
from services.payments.events.orders import (
    CheckoutRequested,
    PaymentActionRequired,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from services.payments.events.payers import CreditsChanged, PaymentMethodExpiring, told_credits
from services.payments.events.plans import (
    MembershipChanged,
    SubscriptionChanged,
    plan_subject,
    told_membership,
    told_plan,
)
from services.payments.models import ConnectAccount, LedgerAccount, Membership, Subscription
from shared.messaging import Snapshot, Subject
from shared.privacy import PRIVACY_EVENTS

__all__ = [
    "PUBLISHES",
    "SNAPSHOTS",
    "CheckoutRequested",
    "ConnectAccountChanged",
    "CreditsChanged",
    "EarningsAvailable",
    "MembershipChanged",
    "PaymentActionRequired",
    "PaymentFailed",
    "PaymentMethodExpiring",
    "PaymentRefunded",
    "PaymentSucceeded",
    "PayoutFailed",
    "PayoutPaid",
    "PayoutRequested",
    "SubscriptionChanged",
    "plan_subject",
    "told_credits",
    "told_membership",
    "told_plan",
]

PUBLISHES = [
    PaymentSucceeded,
    PaymentFailed,
    PaymentActionRequired,
    PaymentRefunded,
    CreditsChanged,
    CheckoutRequested,
    SubscriptionChanged,
    MembershipChanged,
    EarningsAvailable,
    PayoutRequested,
    PayoutPaid,
    PayoutFailed,
    ConnectAccountChanged,
    PaymentMethodExpiring,
    *PRIVACY_EVENTS,
]

SNAPSHOTS = [
    Snapshot(ConnectAccountChanged, select(ConnectAccount).where(ConnectAccount.is_active)),
    Snapshot(SubscriptionChanged, select(Subscription), build=told_plan, about=plan_subject),
    Snapshot(MembershipChanged, select(Membership), build=told_membership),
    Snapshot(
        CreditsChanged,
        select(LedgerAccount).where(LedgerAccount.kind == "credits"),
        build=told_credits,
        about=lambda account: Subject(type="credits", id=str(account.owner_id), sequence=account.version),
    ),
]
