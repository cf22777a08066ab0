"""What payments reads and answers about earnings."""

from marshmallow import validate

from shared.http import Schema, fields

EARNING_STATUSES = ("pending", "available", "paid", "reversed")


class PractitionerEarnings(Schema):
    """All that a practitioner has. `available_balance` may be negative: a debt after a refund."""

    id = fields.Integer(required=True)
    practitioner = fields.Integer(required=True)
    pending_balance_cents = fields.Integer(required=True)
    available_balance_cents = fields.Integer(required=True)
    lifetime_earnings_cents = fields.Integer(required=True)
    lifetime_payouts_cents = fields.Integer(required=True)
    in_payout_balance_cents = fields.Integer(required=True)
    escrow_balance_cents = fields.Integer(required=True)
    disputed_balance_cents = fields.Integer(required=True)
    pending_balance = fields.Money(required=True)
    available_balance = fields.Money(required=True, signed=True)
    lifetime_earnings = fields.Money(required=True, signed=True)
    lifetime_payouts = fields.Money(required=True)
    total_balance = fields.Money(required=True, signed=True)
    last_payout_date = fields.DateTime(required=True, allow_none=True)
    next_payout_date = fields.Date(required=True)
    minimum_payout_cents = fields.Integer(required=True)
    can_request_payout = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class EarningsTransaction(Schema):
    """A delivered part, and what the practitioner gets of it."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    practitioner = fields.Integer(required=True)
    booking = fields.Integer(required=True, allow_none=True)
    order = fields.Integer(required=True, allow_none=True)
    membership = fields.Integer(required=True, allow_none=True)
    service = fields.Integer(required=True, allow_none=True)
    service_name = fields.String(required=True)
    client_name = fields.String(required=True)
    gross_amount_cents = fields.Integer(required=True)
    commission_rate = fields.String(required=True)
    commission_amount_cents = fields.Integer(required=True)
    net_amount_cents = fields.Integer(required=True)
    gross_amount = fields.Money(required=True)
    commission_amount = fields.Money(required=True)
    net_amount = fields.Money(required=True)
    paid_amount_cents = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(EARNING_STATUSES))
    available_after = fields.DateTime(required=True)
    payout = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True)
    description = fields.String(required=True)
    transaction_type = fields.String(required=True)
    external_fees = fields.Raw(required=True, allow_none=True)
    metadata = fields.Raw(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class PractitionerBalance(Schema):
    """A practitioner's balance as the older pages have it: integer cents with shown twins."""

    available_balance = fields.Integer(required=True)
    available_balance_display = fields.String(required=True)
    pending_balance = fields.Integer(required=True)
    pending_balance_display = fields.String(required=True)
    lifetime_earnings = fields.Integer(required=True)
    lifetime_earnings_display = fields.String(required=True)
    lifetime_payouts = fields.Integer(required=True)
    lifetime_payouts_display = fields.String(required=True)
    last_payout_date = fields.DateTime(required=True, allow_none=True)
    next_payout_date = fields.Date(required=True)
    minimum_payout_amount = fields.Integer(required=True)
    minimum_payout_display = fields.String(required=True)
    commission_rate = fields.String(required=True)
    can_request_payout = fields.Boolean(required=True)


class EarningsTotals(Schema):
    """Sums of a range."""

    gross_amount = fields.Integer(required=True)
    gross_amount_display = fields.String(required=True)
    commission_amount = fields.Integer(required=True)
    commission_amount_display = fields.String(required=True)
    net_amount = fields.Integer(required=True)
    net_amount_display = fields.String(required=True)
    total_bookings = fields.Integer(required=True)


class EarningsByType(Schema):
    """Sums of a kind of service."""

    service_type = fields.String(required=True)
    amount = fields.Integer(required=True)
    amount_display = fields.String(required=True)
    count = fields.Integer(required=True)


class EarningsPeriod(Schema):
    """Sums of a period."""

    period = fields.DateTime(required=True)
    gross_amount = fields.Integer(required=True)
    gross_amount_display = fields.String(required=True)
    commission_amount = fields.Integer(required=True)
    commission_amount_display = fields.String(required=True)
    net_amount = fields.Integer(required=True)
    net_amount_display = fields.String(required=True)
    booking_count = fields.Integer(required=True)


class PractitionerEarningsSummary(Schema):
    """Earnings over time."""

    totals = fields.Nested(EarningsTotals, required=True)
    available_balance = fields.Integer(required=True)
    available_balance_display = fields.String(required=True)
    by_service_type = fields.List(fields.Nested(EarningsByType), required=True)
    time_series = fields.List(fields.Nested(EarningsPeriod), required=True)


class TransactionClient(Schema):
    """Who paid."""

    id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)


class TransactionService(Schema):
    """What was sold."""

    id = fields.Integer(required=True, allow_none=True)
    title = fields.String(required=True)
    type = fields.String(required=True)


class PractitionerTransaction(Schema):
    """An earning as the practitioners' older pages have it."""

    id = fields.String(required=True)
    booking_id = fields.Integer(required=True, allow_none=True)
    date = fields.DateTime(required=True)
    type = fields.String(required=True)
    status = fields.String(required=True)
    client = fields.Nested(TransactionClient, required=True)
    service = fields.Nested(TransactionService, required=True)
    amount = fields.Integer(required=True)
    amount_display = fields.String(required=True)
    commission = fields.Integer(required=True)
    commission_display = fields.String(required=True)
    net_amount = fields.Integer(required=True)
    net_amount_display = fields.String(required=True)


class PurchaseOrder(Schema):
    """What was bought."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    total_amount_cents = fields.Integer(required=True)
    total_amount_display = fields.String(required=True)
    status = fields.String(required=True)
    order_type = fields.String(required=True)


class PurchaseClient(TransactionClient):
    """Who bought."""

    avatar_url = fields.String(required=True, allow_none=True)


class PurchaseService(Schema):
    """Which service."""

    id = fields.Integer(required=True, allow_none=True)
    public_uuid = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True)
    service_type = fields.String(required=True)
    service_type_name = fields.String(required=True)


class PurchaseBooking(Schema):
    """One session of a purchase."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    status = fields.String(required=True)
    payment_status = fields.String(required=True)
    credits_allocated = fields.Integer(required=True)
    credits_allocated_display = fields.String(required=True)
    service_session = fields.Raw(required=True, allow_none=True)
    earnings = fields.Raw(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class PurchaseSummary(Schema):
    """Sums of a purchase."""

    total_sessions = fields.Integer(required=True)
    completed_sessions = fields.Integer(required=True)
    total_credits_cents = fields.Integer(required=True)
    total_gross_cents = fields.Integer(required=True)
    total_commission_cents = fields.Integer(required=True)
    total_net_cents = fields.Integer(required=True)
    total_credits_display = fields.String(required=True)
    total_gross_display = fields.String(required=True)
    total_commission_display = fields.String(required=True)
    total_net_display = fields.String(required=True)
    earnings_by_status = fields.Dict(required=True)


class EarningsPurchase(Schema):
    """A purchase, with what each of its sessions earned."""

    order = fields.Nested(PurchaseOrder, required=True)
    client = fields.Nested(PurchaseClient, required=True)
    service = fields.Nested(PurchaseService, required=True)
    bookings = fields.List(fields.Nested(PurchaseBooking), required=True)
    summary = fields.Nested(PurchaseSummary, required=True)
