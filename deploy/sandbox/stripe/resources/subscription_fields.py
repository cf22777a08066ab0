"""What may be said of a subscription: parameters that starting and changing one share."""

from deploy.sandbox.stripe.parameters import TEXT, Choice, Fields, Integer, ListOf

from . import prices

ITEM_PRICE_DATA = Fields(
    {
        "currency": TEXT,
        "product": TEXT,
        "recurring": Fields({"interval": prices.INTERVAL, "interval_count": Integer(least=1)}),
        "unit_amount": Integer(least=0),
    }
)
PAYMENT_SETTINGS = Fields(
    {
        "payment_method_types": ListOf(Choice("card")),
        "save_default_payment_method": Choice("off", "on_subscription"),
    }
)
CANCELLATION = Fields({"comment": TEXT, "feedback": TEXT})
