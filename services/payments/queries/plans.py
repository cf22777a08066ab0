"""Reading plans, tiers, rates and memberships."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Text, bindparam, case, cast, func, literal, or_, select

from services.payments.domain.access import grants_access
from services.payments.domain.amounts import rate
from services.payments.models import (
    Membership,
    Order,
    PractitionerRef,
    ServiceTypeCommission,
    StreamRef,
    Subscription,
    SubscriptionTier,
    TierCommissionAdjustment,
    UserRef,
)
from services.payments.queries.orders import percent
from shared.listing import Filter, Listing, Page


def tier_shown(row: RowMapping | dict[str, Any], *, is_staff: bool) -> dict[str, Any]:
    """Return a tier's row as the API has it; Stripe's ids are for staff."""
    monthly, annual = row["monthly_price_cents"], row["annual_price_cents"]
    saved = 12 * monthly - annual if annual is not None else 0
    shown = {
        **row,
        "monthly_price": monthly,
        "annual_price": annual,
        "annual_savings": saved,
        "monthly_savings": (saved + 6) // 12,
    }
    if not is_staff:
        shown["stripe_product_id"] = shown["stripe_monthly_price_id"] = shown["stripe_annual_price_id"] = None
    return shown


def tiers(connection: Connection, *, is_staff: bool) -> list[dict[str, Any]]:
    """Return the plans that are sold; staff see the others too."""
    table = SubscriptionTier.__table__
    statement = select(table).order_by(SubscriptionTier.order, SubscriptionTier.id)
    if not is_staff:
        statement = statement.where(SubscriptionTier.is_active.is_(True))
    return [tier_shown(row, is_staff=is_staff) for row in connection.execute(statement).mappings()]


PLANS = (
    select(
        Subscription.id,
        Subscription.public_uuid,
        Subscription.practitioner_id.label("practitioner"),
        Subscription.tier_id,
        Subscription.status,
        Subscription.start_date,
        Subscription.end_date,
        Subscription.current_period_end,
        Subscription.past_due_since,
        Subscription.ended_at,
        Subscription.is_annual,
        Subscription.auto_renew,
        Subscription.pending_tier_id.label("pending_tier"),
        Subscription.stripe_subscription_id,
        Subscription.version,
        Subscription.created_at,
        Subscription.updated_at,
    )
    .join(SubscriptionTier, SubscriptionTier.id == Subscription.tier_id)
    .join(PractitionerRef, PractitionerRef.id == Subscription.practitioner_id, isouter=True)
)


def plan_listing(read: dict[str, Any]) -> Listing:
    """Return the list of plans."""
    return Listing(
        columns=PLANS,
        key=Subscription.id,
        filters={
            "status": Filter(read["status"], lambda v: Subscription.status == v),
            "tier": Filter(
                read["tier"], lambda v: or_(SubscriptionTier.code == v, cast(SubscriptionTier.id, Text) == v)
            ),
            "practitioner": Filter(read["practitioner"], lambda v: Subscription.practitioner_id == v),
        },
        orderings={"created_at": Subscription.created_at, "start_date": Subscription.start_date},
        default_ordering="-created_at",
        search=lambda v: or_(
            func.starts_with(func.lower(SubscriptionTier.name), func.lower(v)),
            func.starts_with(func.lower(PractitionerRef.name), func.lower(v)),
        ),
    )


def plan_page(
    connection: Connection,
    plans: Listing,
    query: dict[str, Any],
    *,
    practitioner_id: int | None,
    is_staff: bool,
    now: datetime,
) -> tuple[Page, list[dict[str, Any]]]:
    """Return a page of a practitioner's plans, or for staff of everybody's."""
    page = plans.page(
        connection,
        query,
        where=[] if is_staff else [Subscription.practitioner_id == bindparam("owner")],
        variant="all" if is_staff else "own",
        parameters={} if is_staff else {"owner": practitioner_id or 0},
    )
    known = {tier["id"]: tier for tier in tiers(connection, is_staff=is_staff)} if page.rows else {}
    return page, [plan_shown(connection, row, known, is_staff=is_staff, now=now) for row in page.rows]


def plan_shown(
    connection: Connection, row: dict[str, Any], known: dict[int, dict[str, Any]], *, is_staff: bool, now: datetime
) -> dict[str, Any]:
    """Return a plan with its tier."""
    tier = known.get(row["tier_id"])
    if tier is None:
        found = connection.execute(
            select(SubscriptionTier.__table__).where(SubscriptionTier.id == row["tier_id"])
        ).mappings()
        tier = tier_shown(found.one(), is_staff=is_staff)
    return {**row, "tier": tier, "tier_display": tier["name"], "is_active": is_active(row, now=now)}


def plan(
    connection: Connection, reference: str, *, practitioner_id: int | None, is_staff: bool, now: datetime
) -> dict[str, Any] | None:
    """Return one plan by id or uuid, if it is the practitioner's or the caller is staff."""
    row = connection.execute(PLANS.where(_named(Subscription, reference))).mappings().one_or_none()
    if row is None or (not is_staff and row["practitioner"] != practitioner_id):
        return None
    return plan_shown(connection, dict(row), {}, is_staff=is_staff, now=now)


def current_plan(connection: Connection, practitioner_id: int, *, now: datetime) -> dict[str, Any] | None:
    """Return a practitioner's plan that has not ended."""
    row = (
        connection.execute(
            PLANS.where(Subscription.practitioner_id == practitioner_id, Subscription.ended_at.is_(None))
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else plan_shown(connection, dict(row), {}, is_staff=False, now=now)


def is_active(row: dict[str, Any], *, now: datetime) -> bool:
    """Whether what was paid for is still to be had; see `domain.access`."""
    return grants_access(
        status=row["status"],
        ended_at=row["ended_at"],
        past_due_since=row["past_due_since"],
        period_end=row["current_period_end"],
        now=now,
    )


INVOICES = select(
    func.coalesce(Order.stripe_invoice_id, cast(Order.id, Text)).label("id"),
    func.coalesce(Order.details["number"].astext, literal("")).label("number"),
    Order.paid_at.label("date"),
    Order.total_amount_cents.label("amount"),
    case((Order.status == "completed", "paid"), else_=Order.status).label("status"),
    Order.description,
    Order.details["hosted_url"].astext.label("hosted_url"),
    Order.details["pdf_url"].astext.label("pdf_url"),
).where(Order.order_type == "subscription", Order.subscription_id.is_not(None))
INVOICE_LIST = Listing(
    columns=INVOICES,
    key=Order.id,
    orderings={"created_at": Order.created_at},
    default_ordering="-created_at",
)


def invoice_page(connection: Connection, query: dict[str, Any], *, practitioner_id: int) -> Page:
    """Return a page of what a practitioner paid for plans, from our own orders."""
    return INVOICE_LIST.page(
        connection,
        query,
        where=[Order.practitioner_id == bindparam("owner")],
        variant="own",
        parameters={"owner": practitioner_id},
    )


def rates(connection: Connection, *, tier: str) -> list[dict[str, Any]]:
    """Return the platform's share of each kind of service for a plan."""
    adjustment = select(TierCommissionAdjustment.service_type_code, TierCommissionAdjustment.adjustment_bps).where(
        TierCommissionAdjustment.tier_code == tier
    )
    changes = {row.service_type_code: row.adjustment_bps for row in connection.execute(adjustment)}
    kinds = connection.execute(select(ServiceTypeCommission.__table__).order_by(ServiceTypeCommission.id)).mappings()
    return [_rate(kind, changes, tier) for kind in kinds]


def _rate(kind: RowMapping, changes: dict[str | None, int], tier: str) -> dict[str, Any]:
    adjustment = changes.get(kind["service_type_code"], changes.get(None, 0))
    sign = "-" if adjustment < 0 else ""
    return {
        "service_type": kind["name"],
        "service_type_code": kind["service_type_code"],
        "service_type_id": kind["id"],
        "base_rate": percent(kind["base_bps"]),
        "tier_adjustment": f"{sign}{percent(abs(adjustment))}",
        "effective_rate": percent(rate(kind["base_bps"], adjustment)),
        "description": kind["description"],
        "tier": tier,
    }


MEMBERSHIPS = (
    select(
        Membership.id,
        Membership.public_uuid,
        Membership.user_id.label("user"),
        func.coalesce(UserRef.name, "").label("user_name"),
        Membership.stream_id.label("stream"),
        func.coalesce(StreamRef.title, "").label("stream_title"),
        Membership.practitioner_id.label("practitioner"),
        func.coalesce(PractitionerRef.name, "").label("practitioner_name"),
        Membership.tier,
        Membership.status,
        Membership.past_due_since,
        Membership.ended_at,
        Membership.price_cents,
        Membership.currency,
        Membership.started_at,
        Membership.current_period_start,
        Membership.current_period_end,
        Membership.ends_at,
        Membership.canceled_at,
        Membership.auto_renew,
        Membership.previous_tier,
        Membership.pending_tier,
        Membership.version,
        Membership.created_at,
        Membership.updated_at,
    )
    .join(UserRef, UserRef.id == Membership.user_id, isouter=True)
    .join(StreamRef, StreamRef.id == Membership.stream_id, isouter=True)
    .join(PractitionerRef, PractitionerRef.id == Membership.practitioner_id, isouter=True)
)


def membership_listing(read: dict[str, Any]) -> Listing:
    """Return the list of memberships."""
    return Listing(
        columns=MEMBERSHIPS,
        key=Membership.id,
        filters={
            "stream": Filter(read["stream"], lambda v: Membership.stream_id == v),
            "status": Filter(read["status"], lambda v: Membership.status == v),
            "tier": Filter(read["tier"], lambda v: Membership.tier == v),
        },
        orderings={
            "created_at": Membership.created_at,
            "current_period_end": Membership.current_period_end,
        },
        nullable=frozenset({"current_period_end"}),
        default_ordering="-created_at",
        search=lambda v: func.starts_with(func.lower(UserRef.name), func.lower(v)),
    )


def membership_shown(row: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return a membership as the API has it; one that ended is told as expired or canceled."""
    shown = {**row, "price": row["price_cents"], "is_active": is_active(row, now=now)}
    if row["ended_at"] is not None and row["canceled_at"] is None:
        shown["status"] = "expired"
    return shown


def membership(connection: Connection, reference: str, *, now: datetime) -> dict[str, Any] | None:
    """Return one membership by id or uuid."""
    row = connection.execute(MEMBERSHIPS.where(_named(Membership, reference))).mappings().one_or_none()
    return None if row is None else membership_shown(dict(row), now=now)


def _named(model: Any, reference: str) -> Any:
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        return model.id == int(reference)
    try:
        return model.public_uuid == UUID(reference)
    except ValueError:
        return model.id == -1
