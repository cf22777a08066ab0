"""What payments reads and answers about rates."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from services.payments.api.fields import Reference
from services.payments.api.schemas.parts import Body
from shared.http import Schema, fields


class CommissionRate(Schema):
    """The platform's share of one kind of service, for the caller's plan; percentages."""

    service_type = fields.String(required=True)
    service_type_code = fields.String(required=True)
    service_type_id = fields.Integer(required=True, allow_none=True)
    base_rate = fields.String(required=True)
    tier_adjustment = fields.String(required=True)
    effective_rate = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    tier = fields.String(required=True, allow_none=True)


class CommissionCalculationRequest(Body):
    """What is to be calculated."""

    gross_amount = fields.Money(
        required=True, validate=validate.Range(min=1, max=99_999_999, error="Must be 0.01 to 999999.99.")
    )
    service_type_id = Reference(allow_none=True, load_default=None)
    service_type = fields.String(allow_none=True, load_default=None)

    @validates_schema
    def check_kind(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want a kind of service."""
        if not data.get("service_type_id") and not data.get("service_type"):
            raise ValidationError({"service_type_id": ["Name a kind of service."]})


class CommissionCalculation(Schema):
    """What a sale would leave; percentages and decimal dollars."""

    service_type = fields.String(required=True)
    tier = fields.String(required=True, allow_none=True)
    gross_amount = fields.Money(required=True)
    commission_rate = fields.String(required=True)
    commission_amount = fields.Money(required=True)
    practitioner_fees = fields.Money(required=True)
    net_amount = fields.Money(required=True)
    net_earnings = fields.Money(required=True)
    external_fees = fields.Raw(required=True)
    gross_amount_cents = fields.Integer(required=True)
    commission_amount_cents = fields.Integer(required=True)
    practitioner_fees_cents = fields.Integer(required=True)
    net_amount_cents = fields.Integer(required=True)
