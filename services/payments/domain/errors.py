"""Why payments refuses; codes are the contract's."""

from shared.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired, Unavailable


class OrderNotFound(NotFound):
    """No such order, or somebody else's."""

    message = "There is no such payment."


class AmountTooSmall(Invalid):
    """Less than Stripe charges, and credits do not cover it."""

    code = "amount_too_small"
    message = "The amount is too small to be charged to a card: at least 0.50, or pay with credits."


class RefundExceedsPayment(Invalid):
    """More than is left of the payment."""

    code = "refund_exceeds_payment"
    message = "This is more than is left of the payment."


class InsufficientCredits(PaymentRequired):
    """The balance does not cover it."""

    code = "insufficient_credits"
    message = "The credit balance does not cover this."


class CardDeclined(PaymentRequired):
    """The card's bank refused."""

    code = "card_declined"
    message = "The card was declined."


class CardExpired(PaymentRequired):
    """The card's month is over."""

    code = "card_expired"
    message = "This card has expired."


class AuthenticationRequired(PaymentRequired):
    """The card's bank wants its owner to confirm."""

    code = "authentication_required"
    message = "The card has to be authenticated by its owner."


class BookingNotPayable(Conflict):
    """Canceled, expired, or not waiting for money."""

    code = "booking_not_payable"
    message = "This booking can not be paid."


class BookingNotReady(Conflict):
    """Made a moment ago; not known here yet."""

    code = "booking_not_ready"
    message = "This booking is not ready to be paid yet. Try again in a second."


class AlreadyPaid(Conflict):
    """Nothing is left to pay."""

    code = "already_paid"
    message = "This has been paid already."


class OrderAlreadyPaid(Conflict):
    """A paid order is refunded, not canceled."""

    code = "order_already_paid"
    message = "This order has been paid already."


class OrderNotPaid(Conflict):
    """There is nothing to show a receipt of."""

    code = "order_not_paid"
    message = "This order has not been paid."


class OrderNotRefundable(Conflict):
    """Unpaid, given back already, or in dispute."""

    code = "order_not_refundable"
    message = "This order can not be refunded."


class SlotTaken(Conflict):
    """The wished time is gone."""

    code = "slot_taken"
    message = "This time has just been taken."


class ServiceUnavailableForSale(Conflict):
    """The service is not on sale."""

    code = "service_unavailable_for_sale"
    message = "This service can not be bought at present."


class TransferLimitExceeded(Invalid):
    """More than may be given away in a day."""

    code = "transfer_limit_exceeded"
    message = "This is more than you may transfer in a day."


class PaymentMethodLimit(Invalid):
    """Too many cards."""

    code = "payment_method_limit"
    message = "You can store at most 20 cards. Remove one first."


class PaymentMethodInUse(Conflict):
    """A renewing plan or membership is paid by it."""

    code = "payment_method_in_use"
    message = "A renewing plan or membership is paid with this card. Add another card first."


class WebhookSignatureInvalid(Invalid):
    """Not signed by Stripe, or too old."""

    code = "webhook_signature_invalid"
    message = "The signature of this webhook is not valid."


class PayoutBelowMinimum(Invalid):
    """Less than is paid out."""

    code = "payout_below_minimum"
    message = "This is less than the smallest payout."


class InsufficientEarnings(Invalid):
    """More than is available."""

    code = "insufficient_earnings"
    message = "This is more than is available."


class NoFundsAvailable(Invalid):
    """Nothing is available."""

    code = "no_funds_available"
    message = "Nothing is available to be paid out."


class InstantNotAvailable(Invalid):
    """Only standard payouts are made."""

    code = "instant_not_available"
    message = "Instant payouts are not available."


class PayoutAccountRequired(Conflict):
    """No account that can receive money."""

    code = "payout_account_required"
    message = "Set up an account that can receive payouts first."


class OnboardingIncomplete(Conflict):
    """Stripe wants more details first."""

    code = "onboarding_incomplete"
    message = "Finish setting up the account at Stripe first."


class PayoutInProgress(Conflict):
    """One at a time."""

    code = "payout_in_progress"
    message = "Another payout is in progress."


class PayoutsFrozen(Forbidden):
    """A suspended practitioner earns on, but is not paid out."""

    code = "payouts_frozen"
    message = "Payouts are frozen while the profile is suspended."


class PractitionerSuspended(Forbidden):
    """A suspended practitioner can not set up an account."""

    code = "practitioner_suspended"
    message = "This profile is suspended."


class InvalidTransition(Conflict):
    """The present status does not allow it."""

    code = "invalid_transition"
    message = "The present status does not allow this."


class TierNotAvailable(Invalid):
    """Not sold, or not known."""

    code = "tier_not_available"
    message = "This plan is not available."


class AlreadySubscribed(Conflict):
    """The same one is live."""

    code = "already_subscribed"
    message = "This is subscribed already."


class SubscriptionNotActive(Conflict):
    """Nothing live to change."""

    code = "subscription_not_active"
    message = "This subscription is not active."


class MembershipNotActive(Conflict):
    """Nothing live to change."""

    code = "membership_not_active"
    message = "This membership is not active."


class CannotSubscribeToSelf(Forbidden):
    """One's own stream."""

    code = "cannot_subscribe_to_self"
    message = "You can not join your own stream."


class StripeUnavailable(Unavailable):
    """Stripe does not answer now."""

    message = "The payment provider does not answer for the moment. Try again shortly."


class PayoutsStopped(Unavailable):
    """The ledger does not add up; until somebody has explained it no money leaves."""

    message = "Payouts are stopped for the moment. Yours is kept and will be made as soon as they go on."
