"""Asking for payouts and changing them, as requests wish."""

from typing import Any

from services.payments.api.earnings import caller_practitioner, owner_or_staff
from services.payments.domain import errors
from services.payments.operations import ledger
from services.payments.operations import payouts as operations
from services.payments.queries import payouts as queries
from services.payments.settings import settings
from shared.audit import audit
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Forbidden, Invalid, NotFound
from shared.http import (
    identity,
    require_match,
    say,
    set_version,
)


def request_payout(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a payout for the caller, or as staff for somebody. Raises what `operations.request_payout` does."""
    caller = identity()
    if body.get("method") == "instant":
        raise errors.InstantNotAvailable
    with transaction() as session:
        connection = session.connection()
        if body.get("practitioner") is not None and caller.is_staff:
            owner = body["practitioner"]
        else:
            owner = caller_practitioner(connection)
            if body.get("practitioner") not in (None, owner):
                raise Forbidden("Only staff request payouts for others.")
        payout = operations.request_payout(
            session,
            practitioner_id=owner,
            cents=body.get("amount", body.get("amount_cents")),
            minimum_cents=settings().payout_minimum_cents,
            notes=body.get("notes"),
            payment_method="manual" if caller.is_staff and body.get("payment_method") == "manual" else "stripe",
            by_user=caller.user_id,
        )
        say("Payout requested")
        return found_payout(connection, str(payout.id), owner=owner)


def update_payout(body: dict[str, Any], reference: str) -> dict[str, Any]:
    """Change a payout's notes, as staff also its status. Raises Forbidden, InvalidTransition."""
    caller = identity()
    with transaction() as session:
        payout = locked_payout(session, reference)
        require_match(payout.version)
        wished = body.get("status")
        if wished is not None and wished != payout.status:
            if not caller.is_staff:
                raise Forbidden("Only staff change the status of a payout.", errors={"status": ["Staff only."]})
            _move(session, payout, wished, body.get("error_message"))
        if "notes" in body and body["notes"] != payout.notes:
            if not caller.is_staff and payout.status != "pending":
                raise errors.InvalidTransition("Notes can be changed while a payout is pending.")
            payout.notes = body["notes"]
        session.flush()
        set_version(payout.version)
        return found_payout(session.connection(), str(payout.id))


def _move(session: Any, payout: Any, wished: str, error_message: str | None) -> None:
    """Do what staff wish of a payout's status. Raises InvalidTransition."""
    if wished == "canceled":
        operations.cancel_payout(session, payout)
    elif wished == "failed" and payout.status == "pending":
        operations.fail_payout(session, payout, code="marked_failed", message=error_message or "Marked by staff.")
    elif wished == "pending" and payout.status == "failed":
        operations.reopen_payout(session, payout)
    elif wished == "completed" and payout.status == "pending" and payout.payment_method == "manual":
        operations.complete_payout(session, payout, transfer_id=None, money=ledger.MANUAL, now=utc_now())
    else:
        raise errors.InvalidTransition
    payout.processed_by = identity().user_id
    audit(session, "payout.status_changed", by=identity(), subject=("payout", payout.id), details={"to": wished})


def found_payout(connection: Any, reference: str, *, owner: int | None = None) -> dict[str, Any]:
    """Return a payout that the caller may see. Raises NotFound, Forbidden."""
    wanted = owner if owner is not None else owner_or_staff(connection)
    row = queries.one(connection, reference, practitioner_id=wanted)
    if row is None:
        raise NotFound("There is no such payout.")
    return row


def locked_payout(session: Any, reference: str) -> Any:
    """Return a payout that the caller may see, locked. Raises NotFound."""
    row = found_payout(session.connection(), reference)
    payout = operations.locked_payout(session, row["id"])
    if payout is None:
        raise Invalid("There is no such payout.")
    return payout
