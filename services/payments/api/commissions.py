"""What the platform keeps of a sale."""

from typing import Any

from sqlalchemy import select

from services.payments.api.earnings import caller_practitioner
from services.payments.api.schemas.commissions import (
    CommissionCalculation,
    CommissionCalculationRequest,
    CommissionRate,
)
from services.payments.domain.amounts import share
from services.payments.models import ServiceTypeCommission
from services.payments.operations.earnings import fees_of
from services.payments.operations.rates import commission_bps, tier_of
from services.payments.queries import plans
from services.payments.queries.orders import percent
from shared.database import transaction
from shared.errors import Forbidden, Invalid
from shared.http import PRACTITIONER, Blueprint, MethodView

commissions = Blueprint("commissions", "What the platform keeps of a sale.")


@commissions.route("/commissions/rates/")
class Rates(MethodView):
    @commissions.operation("commissions_rates_retrieve", PRACTITIONER, refuses=[Forbidden])
    @commissions.response(200, CommissionRate(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the rates that the caller's plan has."""
        with transaction() as session:
            tier = tier_of(session, caller_practitioner(session.connection()))
            return plans.rates(session.connection(), tier=tier)


@commissions.route("/commissions/calculate/")
class Calculate(MethodView):
    @commissions.operation("commissions_calculate_create", PRACTITIONER, refuses=[Forbidden])
    @commissions.arguments(CommissionCalculationRequest)
    @commissions.response(200, CommissionCalculation)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Calculate what a sale would leave. Changes nothing."""
        gross = body["gross_amount"]
        with transaction() as session:
            owner = caller_practitioner(session.connection())
            kind = _kind(session, body["service_type_id"] or body["service_type"])
            tier = tier_of(session, owner)
            bps = commission_bps(session, practitioner_id=owner, service_type=kind.service_type_code)
            fees = fees_of(session, gross=gross, service_type=kind.service_type_code)
        commission, borne = share(gross, bps=bps), sum(fees.values())
        amounts = {
            "gross_amount": gross,
            "commission_amount": commission,
            "practitioner_fees": borne,
            "net_amount": gross - commission - borne,
        }
        return {
            **amounts,
            **{f"{name}_cents": cents for name, cents in amounts.items()},
            "net_earnings": amounts["net_amount"],
            "service_type": kind.name,
            "tier": tier,
            "commission_rate": percent(bps),
            "external_fees": [{"name": name, "amount_cents": cents} for name, cents in fees.items()],
        }


def _kind(session: Any, reference: str) -> ServiceTypeCommission:
    """Return a kind of service by id or code. Raises Invalid."""
    by_id = reference.isascii() and reference.isdigit() and len(reference) < 19
    named = (
        ServiceTypeCommission.id == int(reference) if by_id else ServiceTypeCommission.service_type_code == reference
    )
    kind: ServiceTypeCommission | None = session.scalar(select(ServiceTypeCommission).where(named))
    if kind is None:
        raise Invalid.field("service_type_id", "There is no such kind of service.")
    return kind
