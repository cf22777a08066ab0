"""What payments reads and answers about payouts."""

from marshmallow import validate

from services.payments.api.schemas.parts import AmountBody, Body
from shared.http import Schema, fields

PAYOUT_STATUSES = ("canceled", "completed", "failed", "pending", "processing")


class PractitionerPayout(Schema):
    """Money on its way to a practitioner."""

    id = fields.Integer(required=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    payout_date = fields.DateTime(required=True, allow_none=True)
    credits_payout_cents = fields.Integer(required=True, allow_none=True)
    cash_payout_cents = fields.Integer(required=True, allow_none=True)
    commission_collected_cents = fields.Integer(required=True, allow_none=True)
    credits_payout = fields.Money(required=True)
    stripe_account_id = fields.String(required=True, allow_none=True)
    stripe_transfer_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(PAYOUT_STATUSES))
    batch_id = fields.UUID(required=True, allow_none=True)
    currency = fields.String(required=True)
    processed_by = fields.Integer(required=True, allow_none=True)
    notes = fields.String(required=True, allow_none=True)
    payment_method = fields.String(required=True)
    error_message = fields.String(required=True, allow_none=True)
    transaction_fee_cents = fields.Integer(required=True, allow_none=True)
    transaction_count = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    cash_payout = fields.Money(required=True)
    net_amount_cents = fields.Integer(required=True)
    net_amount = fields.Money(required=True)
    reference_number = fields.String(required=True)
    public_uuid = fields.UUID(required=True)
    completed_at = fields.DateTime(required=True, allow_none=True)
    failure_code = fields.String(required=True, allow_none=True)


class PayoutItem(Schema):
    """How much of one earning a payout carries."""

    earnings_transaction = fields.Integer(required=True)
    booking = fields.Integer(required=True, allow_none=True)
    service_name = fields.String(required=True)
    client_name = fields.String(required=True)
    date = fields.DateTime(required=True)
    gross_amount_cents = fields.Integer(required=True)
    commission_amount_cents = fields.Integer(required=True)
    amount_cents = fields.Integer(required=True)
    amount = fields.Money(required=True)


class PractitionerPayoutDetail(PractitionerPayout):
    """A payout with what it carries."""

    transactions = fields.List(fields.Nested(PayoutItem), required=True)


class PayoutRequest(AmountBody):
    """How much to pay out; without an amount all that is available."""

    amount_required = False

    notes = fields.String(allow_none=True, load_default=None, multiline=True, validate=validate.Length(max=500))
    method = fields.String(load_default="standard", validate=validate.OneOf(("standard", "instant")))
    payment_method = fields.String(validate=validate.Length(max=50))
    idempotency_key = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=255))


class PractitionerPayoutRequest(AmountBody):
    """What may be said of a payout; most of it by staff only."""

    amount_required = False

    notes = fields.String(allow_none=True, multiline=True, validate=validate.Length(max=500))
    practitioner = fields.Integer(metadata={"description": "Staff only."})
    payout_date = fields.DateTime(allow_none=True)
    credits_payout_cents = fields.Integer(allow_none=True)
    cash_payout_cents = fields.Integer(allow_none=True)
    commission_collected_cents = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf(PAYOUT_STATUSES), metadata={"description": "Staff only."})
    currency = fields.String(validate=validate.OneOf(("USD", "usd")))
    processed_by = fields.Integer(allow_none=True)
    payment_method = fields.String(validate=validate.Length(min=1, max=50))
    error_message = fields.String(allow_none=True, multiline=True)
    transaction_fee_cents = fields.Integer(allow_none=True)


class PatchedPractitionerPayoutRequest(PractitionerPayoutRequest):
    """The same, in part."""


class MarkFailedRequest(Body):
    """Why it failed."""

    error_message = fields.String(required=True, multiline=True, validate=validate.Length(min=3, max=500))


class PayoutSummary(Schema):
    """Counts and sums."""

    count_by_status = fields.Dict(required=True)
    paid_cents = fields.Integer(required=True)
    fees_cents = fields.Integer(required=True)
    next_payout_date = fields.Date(required=True)
    next_payout_estimate_cents = fields.Integer(required=True)


class PractitionerPayoutRow(Schema):
    """A payout as the practitioners' older pages have it."""

    id = fields.Integer(required=True)
    reference_number = fields.String(required=True)
    amount = fields.Integer(required=True)
    amount_display = fields.String(required=True)
    fee = fields.Integer(required=True)
    fee_display = fields.String(required=True)
    platform_fee = fields.Integer(required=True)
    net_amount = fields.Integer(required=True)
    net_amount_display = fields.String(required=True)
    status = fields.String(required=True)
    payment_method = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    completed_at = fields.DateTime(required=True, allow_none=True)
    stripe_transfer_id = fields.String(required=True, allow_none=True)
    failure_reason = fields.String(required=True, allow_none=True)
