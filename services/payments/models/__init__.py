"""Tables of payments."""

from services.payments.models.base import Base
from services.payments.models.connect import ConnectAccount
from services.payments.models.customers import Customer, PaymentMethod
from services.payments.models.disputes import Dispute
from services.payments.models.earnings import EarningsDaily, EarningsTransaction, Payout, PayoutBatch, PayoutItem
from services.payments.models.ledger import (
    BalanceSnapshot,
    CreditTransaction,
    LedgerAccount,
    LedgerAudit,
    LedgerEntry,
    LedgerTransaction,
)
from services.payments.models.orders import Order, OrderItem, PaymentAttempt, Refund
from services.payments.models.plans import (
    ExternalFee,
    Membership,
    ServiceTypeCommission,
    Subscription,
    SubscriptionTier,
    TierCommissionAdjustment,
)
from services.payments.models.reconciliation import ReconciliationItem, ReconciliationRun
from services.payments.models.replicas import BookingRef, PractitionerRef, ServiceRef, StreamRef, UserRef
from services.payments.models.stripe import StripeEvent, StripeOperation

REFERENCE_TABLES = ("subscription_tiers", "service_type_commissions", "tier_commission_adjustments")

__all__ = [
    "REFERENCE_TABLES",
    "BalanceSnapshot",
    "Base",
    "BookingRef",
    "ConnectAccount",
    "CreditTransaction",
    "Customer",
    "Dispute",
    "EarningsDaily",
    "EarningsTransaction",
    "ExternalFee",
    "LedgerAccount",
    "LedgerAudit",
    "LedgerEntry",
    "LedgerTransaction",
    "Membership",
    "Order",
    "OrderItem",
    "PaymentAttempt",
    "PaymentMethod",
    "Payout",
    "PayoutBatch",
    "PayoutItem",
    "PractitionerRef",
    "ReconciliationItem",
    "ReconciliationRun",
    "Refund",
    "ServiceRef",
    "ServiceTypeCommission",
    "StreamRef",
    "StripeEvent",
    "StripeOperation",
    "Subscription",
    "SubscriptionTier",
    "TierCommissionAdjustment",
    "UserRef",
]
