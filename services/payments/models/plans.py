"""Plans of practitioners, memberships of fans, and the rates that the platform keeps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Money, Timestamps, Versioned
from shared.ids import uuid7


class SubscriptionTier(Timestamps, Base):
    """A plan that practitioners can have."""

    __tablename__ = "subscription_tiers"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    monthly_price_cents: Mapped[Money]
    annual_price_cents: Mapped[int | None]
    features: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    order: Mapped[int] = mapped_column("order", default=0)
    is_most_popular: Mapped[bool] = mapped_column(default=False)
    stripe_product_id: Mapped[str | None]
    stripe_monthly_price_id: Mapped[str | None]
    stripe_annual_price_id: Mapped[str | None]


class Subscription(Versioned, Timestamps, Base):
    """A practitioner's plan. `ended_at` is set when nothing of it is left; one live plan per practitioner."""

    aggregate_type = "subscription"
    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("uq_subscriptions_live", "practitioner_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_subscriptions_practitioner", "practitioner_id", text("created_at DESC")),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    practitioner_id: Mapped[int]
    user_id: Mapped[int]
    tier_id: Mapped[int] = mapped_column(ForeignKey("subscription_tiers.id"))
    pending_tier_id: Mapped[int | None] = mapped_column(ForeignKey("subscription_tiers.id"))
    pending_is_annual: Mapped[bool | None]
    status: Mapped[str] = mapped_column(default="incomplete")
    stripe_status: Mapped[str | None]
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    is_annual: Mapped[bool] = mapped_column(default=False)
    auto_renew: Mapped[bool] = mapped_column(default=True)
    start_date: Mapped[datetime]
    end_date: Mapped[datetime | None]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=1)


class ServiceTypeCommission(Timestamps, Base):
    """The platform's base share of one kind of service, in basis points."""

    __tablename__ = "service_type_commissions"
    __table_args__ = (CheckConstraint("base_bps BETWEEN 0 AND 10000", name="base"),)

    id: Mapped[Key]
    service_type_code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    base_bps: Mapped[int]


class TierCommissionAdjustment(Timestamps, Base):
    """How much a plan changes the share; without a service type for all kinds."""

    __tablename__ = "tier_commission_adjustments"
    __table_args__ = (
        CheckConstraint("adjustment_bps BETWEEN -10000 AND 10000", name="adjustment"),
        UniqueConstraint("tier_code", "service_type_code", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Key]
    tier_code: Mapped[str]
    service_type_code: Mapped[str | None]
    adjustment_bps: Mapped[int]


class ExternalFee(Timestamps, Base):
    """What others take of a sale: a fixed amount or a share; borne by the practitioner or by the platform."""

    __tablename__ = "external_fees"
    __table_args__ = (CheckConstraint("(fixed_cents IS NULL) <> (bps IS NULL)", name="fixed_or_share"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    fixed_cents: Mapped[int | None]
    bps: Mapped[int | None]
    service_type_code: Mapped[str | None]
    borne_by_practitioner: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)


class Membership(Versioned, Timestamps, Base):
    """A fan's membership of a practitioner's stream; the price is the one at joining."""

    aggregate_type = "membership"
    __tablename__ = "memberships"
    __table_args__ = (
        Index("uq_memberships_live", "user_id", "stream_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_memberships_practitioner", "practitioner_id", text("created_at DESC")),
        Index("ix_memberships_user", "user_id", text("created_at DESC")),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    user_id: Mapped[int]
    stream_id: Mapped[int]
    practitioner_id: Mapped[int]
    tier: Mapped[str]
    tier_name: Mapped[str] = mapped_column(default="")
    previous_tier: Mapped[str | None]
    pending_tier: Mapped[str | None]
    pending_price_cents: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="incomplete")
    stripe_status: Mapped[str | None]
    price_cents: Mapped[Money]
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD")
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    auto_renew: Mapped[bool] = mapped_column(default=True)
    started_at: Mapped[datetime]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=1)
