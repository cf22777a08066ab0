"""Payouts."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import validate

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner, owner_or_staff
from services.payments.api.fields import Since, Until, in_order
from services.payments.api.payout_changes import found_payout, locked_payout, request_payout, update_payout
from services.payments.api.schemas.payouts import (
    PAYOUT_STATUSES,
    MarkFailedRequest,
    PatchedPractitionerPayoutRequest,
    PayoutRequest,
    PayoutSummary,
    PractitionerPayout,
    PractitionerPayoutDetail,
    PractitionerPayoutRequest,
    PractitionerPayoutRow,
)
from services.payments.domain import errors
from services.payments.operations import payout_runs
from services.payments.operations import payouts as operations
from services.payments.operations.cards import translated
from services.payments.queries import payouts as queries
from shared.audit import audit
from shared.database import reading, transaction
from shared.errors import BadGateway, Forbidden, NotFound
from shared.http import (
    IN_PERSON,
    PRACTITIONER,
    PRACTITIONER_IN_PERSON,
    STAFF,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    fields,
    identity,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema

payouts = Blueprint("payouts", "Money on its way to practitioners.")

PAYOUTS = queries.listing(
    {
        "status": fields.String(validate=validate.OneOf(PAYOUT_STATUSES)),
        "payment_method": fields.String(),
        "batch_id": fields.UUID(),
        "practitioner": fields.Integer(metadata={"description": "Staff only."}),
        "date_from": Since(),
        "date_to": Until(),
    }
)
PayoutsQuery = in_order(in_order(query_schema(PAYOUTS, "PayoutsQuery")), "start_date", "end_date")
REQUEST_REFUSALS = [
    Forbidden,
    errors.NoFundsAvailable,
    errors.InsufficientEarnings,
    errors.PayoutBelowMinimum,
    errors.PayoutAccountRequired,
    errors.PayoutInProgress,
    errors.PayoutsFrozen,
    errors.InstantNotAvailable,
]


@payouts.route("/payouts/")
class Payouts(MethodView):
    @payouts.operation("payouts_list", PRACTITIONER, refuses=[Forbidden, NotFound])
    @payouts.arguments(PayoutsQuery, location="query")
    @payouts.response(200, page_schema(PractitionerPayout))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's payouts; staff see everybody's."""
        with reading() as connection:
            owner = owner_or_staff(connection)
            return page_body(queries.payout_page(connection, PAYOUTS, query, practitioner_id=owner))

    @payouts.operation(
        "payouts_create", PRACTITIONER_IN_PERSON, refuses=REQUEST_REFUSALS, idempotency=Idempotency.IN_TRANSACTION
    )
    @payouts.arguments(PractitionerPayoutRequest)
    @payouts.response(201, PractitionerPayout)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Request a payout; staff may name a practitioner."""
        if "amount" not in body and "amount_cents" not in body and body.get("credits_payout_cents"):
            body["amount_cents"] = body["credits_payout_cents"]
        return request_payout(body)


@payouts.route("/payouts/request_payout/")
class RequestPayout(MethodView):
    @payouts.operation(
        "payouts_request_payout_create",
        PRACTITIONER_IN_PERSON,
        refuses=REQUEST_REFUSALS,
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @payouts.arguments(PayoutRequest)
    @payouts.response(201, PractitionerPayout)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Request a payout of what is available, or of a part."""
        return request_payout(body)


@payouts.route("/payouts/request/")
class RequestPayoutToo(MethodView):
    @payouts.operation(
        "payouts_request_create",
        PRACTITIONER_IN_PERSON,
        refuses=REQUEST_REFUSALS,
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @payouts.arguments(PayoutRequest)
    @payouts.response(201, PractitionerPayout)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Request a payout: the same as request_payout."""
        return request_payout(body)


@payouts.route("/practitioners/request_payout/")
class PractitionersRequestPayout(MethodView):
    @payouts.operation(
        "practitioners_request_payout_create",
        PRACTITIONER_IN_PERSON,
        refuses=REQUEST_REFUSALS,
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @payouts.arguments(PayoutRequest)
    @payouts.response(201, PractitionerPayoutRow)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Request a payout: the same, as the practitioners' older pages read it."""
        return queries.plain(request_payout(body))


@payouts.route("/practitioners/payouts/")
class PractitionersPayouts(MethodView):
    @payouts.operation("practitioners_payouts_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @payouts.arguments(PayoutsQuery, location="query")
    @payouts.response(200, page_schema(PractitionerPayoutRow))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's own payouts, in integer cents."""
        with reading() as connection:
            owner = caller_practitioner(connection)
            page = queries.payout_page(connection, PAYOUTS, query, practitioner_id=owner)
        return page_body(page, [queries.plain(row) for row in page.rows])


class RangeQuery(QuerySchema):
    """From when until when."""

    date_from = Since()
    date_to = Until()


@payouts.route("/payouts/summary/")
class Summary(MethodView):
    @payouts.operation("payouts_summary_retrieve", PRACTITIONER, refuses=[Forbidden])
    @payouts.arguments(in_order(RangeQuery), location="query")
    @payouts.response(200, PayoutSummary)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Count and sum payouts."""
        since = query.get("date_from") or datetime(1970, 1, 1, tzinfo=UTC)
        until = query.get("date_to") or datetime(2200, 1, 1, tzinfo=UTC)
        with reading() as connection:
            owner = owner_or_staff(connection)
            return queries.summary(connection, practitioner_id=owner, since=since, until=until)


@payouts.route("/payouts/<ref:reference>/")
class Payout(MethodView):
    @payouts.operation("payouts_retrieve", PRACTITIONER, refuses=[NotFound, Forbidden])
    @payouts.response(200, PractitionerPayoutDetail)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a payout with the earnings that it carries."""
        with reading() as connection:
            row = found_payout(connection, reference)
            set_version(row["version"])
            return {**row, "transactions": queries.items_of(connection, row["id"])}

    @payouts.operation(
        "payouts_update", PRACTITIONER_IN_PERSON, refuses=[NotFound, Forbidden, errors.InvalidTransition], matches=True
    )
    @payouts.arguments(PractitionerPayoutRequest)
    @payouts.response(200, PractitionerPayout)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change notes while a payout is pending; staff also its status."""
        return update_payout(body, reference)

    @payouts.operation(
        "payouts_partial_update",
        PRACTITIONER_IN_PERSON,
        refuses=[NotFound, Forbidden, errors.InvalidTransition],
        matches=True,
    )
    @payouts.arguments(PatchedPractitionerPayoutRequest)
    @payouts.response(200, PractitionerPayout)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change notes while a payout is pending; staff also its status."""
        return update_payout(body, reference)

    @payouts.operation("payouts_destroy", IN_PERSON, refuses=[NotFound, Forbidden, errors.InvalidTransition])
    @payouts.response(204)
    def delete(self, reference: str) -> None:
        """Cancel a pending payout; its row stays."""
        with transaction() as session:
            operations.cancel_payout(session, locked_payout(session, reference))


@payouts.route("/payouts/<ref:reference>/process/")
class Process(MethodView):
    @payouts.operation(
        "payouts_process_create",
        STAFF,
        refuses=[
            NotFound,
            errors.InvalidTransition,
            errors.PayoutAccountRequired,
            errors.PayoutsStopped,
            BadGateway,
        ],
    )
    @payouts.response(200, PractitionerPayout)
    def post(self, reference: str) -> dict[str, Any]:
        """Try a pending or failed payout now."""
        with transaction() as session:
            payout = locked_payout(session, reference)
            if payout.status == "failed":
                operations.reopen_payout(session, payout)
            elif payout.status != "pending":
                raise errors.InvalidTransition
            payout.processed_by = identity().user_id
            payout_id = payout.id
            audit(session, "payout.processed", by=identity(), subject=("payout", payout_id))
        translated(lambda: payout_runs.transfer_now(desk.stripe(), payout_id))
        with reading() as connection:
            return found_payout(connection, str(payout_id))


@payouts.route("/payouts/<ref:reference>/mark_failed/")
class MarkFailed(MethodView):
    @payouts.operation("payouts_mark_failed_create", STAFF, refuses=[NotFound, errors.InvalidTransition])
    @payouts.arguments(MarkFailedRequest)
    @payouts.response(200, PractitionerPayout)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Call a pending payout failed; what was reserved is available again."""
        with transaction() as session:
            payout = locked_payout(session, reference)
            if payout.status != "pending":
                raise errors.InvalidTransition
            operations.fail_payout(session, payout, code="marked_failed", message=body["error_message"])
            payout.processed_by = identity().user_id
            audit(session, "payout.marked_failed", by=identity(), subject=("payout", payout.id), details=body)
            session.flush()
            return found_payout(session.connection(), str(payout.id))
