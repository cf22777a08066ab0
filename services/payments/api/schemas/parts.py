"""What the bodies and answers of payments are built from."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, pre_load, validates_schema

from services.payments.api.fields import refuse_card_data
from shared.http import Schema, fields
from shared.http.fields import dollars

MONEY_MAX_CENTS = 99_999_999


class Body(Schema):
    """A body in which card data is refused."""

    @pre_load
    def refuse_cards(self, data: Any, **_: Any) -> Any:
        """Refuse card data before anything else is looked at."""
        if isinstance(data, Mapping):
            refuse_card_data(data)
        return data


class AmountBody(Body):
    """A body with `amount` in dollars or `amount_cents`; read as `cents`."""

    least_cents = 1
    most_cents = MONEY_MAX_CENTS
    amount_required = True

    amount = fields.Money()
    amount_cents = fields.Integer()

    @pre_load
    def refuse_other_currencies(self, data: Any, **_: Any) -> Any:
        """Refuse an amount that is meant in another currency, rather than take it for dollars."""
        if isinstance(data, Mapping) and str(data.get("currency") or "USD").upper() != "USD":
            raise ValidationError({"currency": ["Amounts are in USD."]})
        return data

    @validates_schema
    def check_amount(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want exactly one amount within the limits."""
        name = "amount" if "amount" in data else "amount_cents"
        cents = data.get(name)
        if cents is None:
            if self.amount_required:
                raise ValidationError({"amount": ["Say how much."]})
            return
        if "amount" in data and "amount_cents" in data and data["amount"] != data["amount_cents"]:
            raise ValidationError({"amount_cents": ["amount and amount_cents differ."]})
        if not self.least_cents <= cents <= self.most_cents:
            least, most = dollars(self.least_cents), dollars(self.most_cents)
            raise ValidationError({name: [f"Must be {least} to {most}."]})


class Said(Schema):
    """A sentence."""

    detail = fields.String(required=True)
