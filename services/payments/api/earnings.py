"""Earnings: what practitioners made, and what of it they can have."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from marshmallow import validate
from sqlalchemy import Connection

from services.payments.api.earnings_forms import as_csv, shown_transaction
from services.payments.api.fields import Since, Until, in_order
from services.payments.api.schemas.earnings import (
    EARNING_STATUSES,
    EarningsPurchase,
    EarningsTransaction,
    PractitionerBalance,
    PractitionerEarnings,
    PractitionerEarningsSummary,
    PractitionerTransaction,
)
from services.payments.operations.rates import commission_bps
from services.payments.queries import earnings as queries
from services.payments.queries import purchases
from services.payments.queries.orders import percent
from services.payments.queries.people import practitioner_id_of, require_practitioner
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid, NotFound
from shared.http import PRACTITIONER, Blueprint, MethodView, QuerySchema, fields, identity
from shared.http.pages import page_body, page_schema, query_schema

earnings = Blueprint("earnings", "What practitioners earned.")
EXPORT_MAX = timedelta(days=400)
EarningsPage = page_schema(EarningsTransaction)

EARNINGS = queries.listing(
    {
        "date_from": Since(),
        "date_to": Until(),
        "status": fields.String(validate=validate.OneOf(EARNING_STATUSES)),
        "transaction_type": fields.String(),
        "service": fields.Integer(),
        "service_type": fields.String(),
        "client": fields.Integer(),
        "payout": fields.Integer(),
        "practitioner": fields.Integer(metadata={"description": "Staff only."}),
    }
)
EarningsQuery = in_order(query_schema(EARNINGS, "EarningsQuery"))
TransactionsQuery = in_order(
    query_schema(EARNINGS, "PractitionerTransactionsQuery", start_date=Since(), end_date=Until()),
    "start_date",
    "end_date",
)


PURCHASES = purchases.listing(
    {
        "date_from": Since(),
        "date_to": Until(),
        "status": fields.String(validate=validate.OneOf(EARNING_STATUSES)),
    }
)
PurchasesQuery = in_order(query_schema(PURCHASES, "EarningsPurchasesQuery"))


def caller_practitioner(connection: Connection) -> int:
    """Return the caller's profile. Raises Forbidden for somebody without one."""
    return require_practitioner(connection, identity())


def owner_or_staff(connection: Connection) -> int | None:
    """Return whose things the caller may see: None for staff, who see all. Raises Forbidden for anybody else."""
    caller = identity()
    if caller.is_staff:
        return None
    return require_practitioner(connection, caller)


def _own_page(query: dict[str, Any]) -> dict[str, Any]:
    with reading() as connection:
        owner = caller_practitioner(connection)
        return page_body(queries.earnings_page(connection, EARNINGS, query, practitioner_id=owner))


def _balance() -> dict[str, Any]:
    with reading() as connection:
        return queries.balance_of(connection, caller_practitioner(connection))


@earnings.route("/earnings/")
class Earnings(MethodView):
    @earnings.operation("earnings_list", PRACTITIONER, refuses=[Forbidden, NotFound])
    @earnings.arguments(EarningsQuery, location="query")
    @earnings.response(200, EarningsPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's earnings; staff see everybody's."""
        with reading() as connection:
            owner = owner_or_staff(connection)
            return page_body(queries.earnings_page(connection, EARNINGS, query, practitioner_id=owner))


@earnings.route("/payouts/earnings_transactions/")
class EarningsTransactions(MethodView):
    @earnings.operation("payouts_earnings_transactions_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @earnings.arguments(EarningsQuery, location="query")
    @earnings.response(200, EarningsPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's earnings."""
        return _own_page(query)


@earnings.route("/payouts/earnings/transactions/")
class EarningsTransactionsPath(MethodView):
    @earnings.operation("payouts_earnings_transactions_path_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @earnings.arguments(EarningsQuery, location="query")
    @earnings.response(200, EarningsPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's earnings."""
        return _own_page(query)


@earnings.route("/payouts/earnings/purchases/")
class Purchases(MethodView):
    @earnings.operation("payouts_earnings_purchases_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @earnings.arguments(PurchasesQuery, location="query")
    @earnings.response(200, page_schema(EarningsPurchase))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what the caller sold, with what each session earned."""
        with reading() as connection:
            owner = caller_practitioner(connection)
            page, rows = purchases.purchase_page(connection, PURCHASES, query, practitioner_id=owner)
        return page_body(page, rows)


@earnings.route("/payouts/earnings_balance/")
class EarningsBalance(MethodView):
    @earnings.operation("payouts_earnings_balance_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.response(200, PractitionerEarnings)
    def get(self) -> dict[str, Any]:
        """Return all that the caller has."""
        return _balance()


@earnings.route("/payouts/earnings/balance/")
class EarningsBalancePath(MethodView):
    @earnings.operation("payouts_earnings_balance_path_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.response(200, PractitionerEarnings)
    def get(self) -> dict[str, Any]:
        """Return all that the caller has."""
        return _balance()


@earnings.route("/earnings/balance/")
class Balance(MethodView):
    @earnings.operation("earnings_balance_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.response(200, PractitionerEarnings)
    def get(self) -> dict[str, Any]:
        """Return all that the caller has."""
        return _balance()


@earnings.route("/practitioners/balance/")
class PractitionersBalance(MethodView):
    @earnings.operation("practitioners_balance_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.response(200, PractitionerBalance)
    def get(self) -> dict[str, Any]:
        """Return what the caller has, in integer cents."""
        with transaction() as session:
            owner = caller_practitioner(session.connection())
            found = queries.balance_of(session.connection(), owner)
            bps = commission_bps(session, practitioner_id=owner, service_type="session")
        names = ("available_balance", "pending_balance", "lifetime_earnings", "lifetime_payouts")
        shown: dict[str, Any] = {}
        for name in names:
            shown |= queries.display(name, found[f"{name}_cents"])
        minimum = queries.display("minimum_payout", found["minimum_payout_cents"])
        return {
            **shown,
            "minimum_payout_amount": minimum["minimum_payout"],
            "minimum_payout_display": minimum["minimum_payout_display"],
            "last_payout_date": found["last_payout_date"],
            "next_payout_date": found["next_payout_date"],
            "commission_rate": percent(bps),
            "can_request_payout": found["can_request_payout"],
        }


class SummaryQuery(QuerySchema):
    """Which range, in what steps."""

    start_date = Since()
    end_date = Until()
    group_by = fields.String(load_default="day", validate=validate.OneOf(("day", "week", "month", "year")))
    timezone = fields.TimeZone()


OrderedSummaryQuery = in_order(SummaryQuery, "start_date", "end_date")


def _summary(query: dict[str, Any]) -> dict[str, Any]:
    now = utc_now()
    since = query.get("start_date") or now - timedelta(days=30)
    until = query.get("end_date") or now + timedelta(days=1)
    with reading() as connection:
        owner = caller_practitioner(connection)
        return queries.summary(connection, owner, since=since, until=until, unit=query["group_by"])


@earnings.route("/earnings/summary/")
class Summary(MethodView):
    @earnings.operation("earnings_summary_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.arguments(OrderedSummaryQuery, location="query")
    @earnings.response(200, PractitionerEarningsSummary)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Sum earnings over time, by period and by kind of service."""
        return _summary(query)


@earnings.route("/practitioners/earnings/")
class PractitionersEarnings(MethodView):
    @earnings.operation("practitioners_earnings_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.arguments(OrderedSummaryQuery, location="query")
    @earnings.response(200, PractitionerEarningsSummary)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Sum earnings over time, by period and by kind of service."""
        return _summary(query)


@earnings.route("/practitioners/transactions/")
class PractitionersTransactions(MethodView):
    @earnings.operation("practitioners_transactions_retrieve", PRACTITIONER, refuses=[Forbidden, NotFound])
    @earnings.arguments(TransactionsQuery, location="query")
    @earnings.response(200, page_schema(PractitionerTransaction))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's earnings, in integer cents."""
        asked = {**query}
        for old, new in (("start_date", "date_from"), ("end_date", "date_to")):
            if old in asked:
                asked[new] = asked.pop(old)
        with reading() as connection:
            owner = caller_practitioner(connection)
            page = queries.earnings_page(connection, EARNINGS, asked, practitioner_id=owner)
        return page_body(page, [shown_transaction(row) for row in page.rows])


class ExportQuery(QuerySchema):
    """Which range, in what form."""

    date_from = Since()
    date_to = Until()
    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "json")))


@earnings.route("/earnings/export/")
class Export(MethodView):
    @earnings.operation("earnings_export_retrieve", PRACTITIONER, refuses=[Forbidden])
    @earnings.arguments(in_order(ExportQuery), location="query")
    @earnings.response(200, content_type="text/csv")
    @earnings.alt_response(200, EarningsTransaction(many=True), content_type="application/json")
    def get(self, query: dict[str, Any]) -> Any:
        """Download the caller's earnings of up to thirteen months."""
        until: datetime = query.get("date_to") or utc_now() + timedelta(days=1)
        since: datetime = query.get("date_from") or until - EXPORT_MAX
        if until - since > EXPORT_MAX:
            raise Invalid.field("date_from", "At most thirteen months at a time.")
        with reading() as connection:
            owner = caller_practitioner(connection)
            rows = queries.export_rows(connection, practitioner_id=owner, since=since, until=until)
        if query["format"] == "json":
            return [EarningsTransaction().dump(row) for row in rows]
        return Response(
            as_csv(rows),
            mimetype="text/csv",
            headers={"Content-Disposition": "attachment; filename=earnings.csv"},
        )


@earnings.route("/earnings/<id:earning_id>/")
class Earning(MethodView):
    @earnings.operation("earnings_retrieve", PRACTITIONER, refuses=[NotFound])
    @earnings.response(200, EarningsTransaction)
    def get(self, earning_id: int) -> dict[str, Any]:
        """Return one earning."""
        caller = identity()
        with reading() as connection:
            owner = None if caller.is_staff else practitioner_id_of(connection, caller) or 0
            found = queries.one(connection, earning_id, practitioner_id=owner)
        if found is None:
            raise NotFound("There is no such earning.")
        return found
