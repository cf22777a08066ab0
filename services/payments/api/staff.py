"""What staff see of the ledger, and what they do about Stripe's events."""

from typing import Any

from marshmallow import validate

from services.payments.api.earnings import owner_or_staff
from services.payments.api.fields import Since, Until, in_order
from services.payments.operations.stripe_events import replay_event
from services.payments.queries import staff as queries
from shared.audit import audit
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import PRACTITIONER, STAFF, Blueprint, MethodView, Schema, fields, identity
from shared.http.pages import page_body, page_schema, query_schema

staff = Blueprint("payments-staff", "The ledger, disputes, and comparisons with Stripe.")


class LedgerAccount(Schema):
    """Where money lies; the balance is in the account's normal direction."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    kind = fields.String(required=True)
    owner_type = fields.String(required=True, allow_none=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True)
    balance_cents = fields.Integer(required=True)
    balance = fields.Money(required=True, signed=True)


class LedgerEntry(Schema):
    """One line of a posting: debit positive, credit negative."""

    id = fields.Integer(required=True)
    transaction = fields.Integer(required=True)
    account = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    kind = fields.String(required=True)
    order = fields.Integer(required=True, allow_none=True)
    reference = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class Dispute(Schema):
    """A charge that a payer's bank takes back."""

    id = fields.Integer(required=True)
    order = fields.Integer(required=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    stripe_dispute_id = fields.String(required=True)
    amount = fields.Money(required=True)
    amount_cents = fields.Integer(required=True)
    reason = fields.String(required=True)
    status = fields.String(required=True)
    evidence_due_by = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class ReconciliationItem(Schema):
    """One difference that somebody has to explain."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    stripe_id = fields.String(required=True, allow_none=True)
    ours_cents = fields.Integer(required=True, allow_none=True)
    theirs_cents = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True)
    note = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class Replayed(Schema):
    """An event will be worked on again."""

    event_id = fields.String(required=True)
    status = fields.String(required=True)


ACCOUNTS = queries.account_listing({"kind": fields.String(), "owner": fields.String()})
ENTRIES = queries.entry_listing(
    {
        "date_from": Since(),
        "date_to": Until(),
        "account": fields.Integer(),
        "order": fields.Integer(),
        "transaction": fields.Integer(),
    }
)
DISPUTES = queries.dispute_listing({"status": fields.String(), "practitioner": fields.Integer()})
ITEMS = queries.item_listing({"state": fields.String(validate=validate.OneOf(("open", "resolved")))})
AccountsQuery = query_schema(ACCOUNTS, "LedgerAccountsQuery")
EntriesQuery = in_order(query_schema(ENTRIES, "LedgerEntriesQuery"))
DisputesQuery = query_schema(DISPUTES, "DisputesQuery")
ItemsQuery = query_schema(ITEMS, "ReconciliationQuery")


@staff.route("/payments/ledger/accounts/")
class Accounts(MethodView):
    @staff.operation("payments_ledger_accounts_list", STAFF, refuses=[NotFound])
    @staff.arguments(AccountsQuery, location="query")
    @staff.response(200, page_schema(LedgerAccount))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the ledger's accounts with their balances; `owner` is such as `user:12`."""
        with reading() as connection:
            page = ACCOUNTS.page(connection, query)
        return page_body(page, [{**row, "balance": row["balance_cents"]} for row in page.rows])


@staff.route("/payments/ledger/entries/")
class Entries(MethodView):
    @staff.operation("payments_ledger_entries_list", STAFF, refuses=[NotFound])
    @staff.arguments(EntriesQuery, location="query")
    @staff.response(200, page_schema(LedgerEntry))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the ledger's entries."""
        with reading() as connection:
            return page_body(ENTRIES.page(connection, query))


@staff.route("/payments/disputes/")
class Disputes(MethodView):
    @staff.operation("payments_disputes_list", PRACTITIONER, refuses=[Forbidden, NotFound])
    @staff.arguments(DisputesQuery, location="query")
    @staff.response(200, page_schema(Dispute))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List disputes: a practitioner's own, for staff all."""
        with reading() as connection:
            owner = owner_or_staff(connection)
            return page_body(queries.dispute_page(connection, DISPUTES, query, practitioner_id=owner))


@staff.route("/payments/reconciliation/")
class Reconciliation(MethodView):
    @staff.operation("payments_reconciliation_list", STAFF, refuses=[NotFound])
    @staff.arguments(ItemsQuery, location="query")
    @staff.response(200, page_schema(ReconciliationItem))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List differences that the nightly comparisons found."""
        with reading() as connection:
            return page_body(ITEMS.page(connection, query))


@staff.route("/payments/webhooks/stripe/events/<ref:event_id>/replay/")
class Replay(MethodView):
    @staff.operation("payments_stripe_events_replay_create", STAFF, refuses=[NotFound])
    @staff.response(202, Replayed)
    def post(self, event_id: str) -> dict[str, Any]:
        """Have one of Stripe's events worked on again."""
        with transaction() as session:
            event = replay_event(session, event_id)
            if event is None:
                raise NotFound("There is no such event.")
            audit(session, "stripe_event.replayed", by=identity(), subject=("stripe_event", event_id))
            return {"event_id": event_id, "status": event.status}
