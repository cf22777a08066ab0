"""Looking at bookings: lists of them, and one in full."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, true
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.cancellation import Claim, Outcome, Policy, outcome
from services.bookings.domain.errors import BookingNotFound
from services.bookings.models import Booking, BookingNote, BookingReminder, Practitioner, User
from services.bookings.queries import presenting
from services.bookings.queries.rows import DETAIL_ROWS, SUMMARY_ROWS, row_of_new
from shared.identity import Identity
from shared.listing.statements import compiled, run

INT64_MAX = 2**63 - 1
NOTES_MAX = 200


def naming(reference: str | int) -> ColumnElement[bool]:
    """Return the clause for the booking that an id or a uuid names. Raises BookingNotFound for anything else."""
    text = str(reference)
    if text.isascii() and text.isdigit():
        if int(text) > INT64_MAX:
            raise BookingNotFound
        return Booking.id == int(text)
    try:
        return Booking.public_uuid == UUID(text)
    except ValueError as strange:
        raise BookingNotFound from strange


def visible_to(by: Identity) -> ColumnElement[bool]:
    """Return the clause for the bookings that the caller takes part in; staff see all."""
    if by.is_staff:
        return true()
    return or_(Booking.client_id == by.user_id, Booking.practitioner_user_id == by.user_id)


_PROFILE = compiled(
    select(Practitioner.id).where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None)),
    is_preparable=True,
)
_AS_CLIENT = Booking.client_id == bindparam("me")
_AS_PRACTITIONER = Booking.practitioner_id == bindparam("mine")
_AS_EITHER = or_(_AS_CLIENT, _AS_PRACTITIONER)


def listed_for(
    connection: Connection, by: Identity, *, role: str | None = None
) -> tuple[list[Any], str, dict[str, Any]]:
    """Return the clauses, their name and their parameters for the bookings that a list may show the caller.

    `role`: only those as a client, or only one's appointments as a practitioner.
    """
    if by.is_staff and role is None:
        return [], "staff", {}
    me = {"me": by.user_id}
    if role == words.CLIENT:
        return [_AS_CLIENT], "client", me
    # Found here rather than in a token that may be older.
    profile = run(connection, _PROFILE, me)
    mine = profile[0]["id"] if profile else 0
    if role == words.PRACTITIONER:
        return [_AS_PRACTITIONER], "practitioner", {"mine": mine}
    if not profile:
        return [_AS_CLIENT], "client", me
    return [_AS_EITHER], "both", {**me, "mine": mine}


def booking_detail(
    session: Session, reference: str | int, *, by: Identity, now: datetime, is_new: bool = False
) -> dict[str, Any]:
    """Return a booking in full; one that was just made has no notes yet. Raises BookingNotFound.

    Somebody else's is not found, unless the caller is staff.
    """
    session.flush()
    found = session.execute(DETAIL_ROWS.where(naming(reference), visible_to(by))).mappings().first()
    if found is None:
        raise BookingNotFound
    row = dict(found)
    booking_id = row["id"]
    is_parent = row["kind"] in words.PARENT_KINDS and row["parent_id"] is None
    children = _children(session, booking_id) if is_parent else []
    notes = [] if is_new else notes_of(session, booking_id, by=by, is_client=by.user_id == row["client_id"])
    reminders = [] if row["status"] == words.PENDING else _reminders(session, booking_id)
    return full(row, children, notes, reminders, by=by, now=now)


def new_detail(session: Session, booking: Booking, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return a booking in full that this transaction has made: what `booking_detail` would read, mostly remembered."""
    session.flush()
    if booking.is_parent or booking.parent_id is not None or booking.status != words.PENDING:
        return booking_detail(session, booking.id, by=by, now=now, is_new=True)
    return full(row_of_new(session, booking), [], [], [], by=by, now=now)


def full(
    row: dict[str, Any],
    children: Sequence[Mapping[str, Any]],
    notes: list[dict[str, Any]],
    reminders: list[dict[str, Any]],
    *,
    by: Identity,
    now: datetime,
) -> dict[str, Any]:
    """Return what the detail shows of a row and what hangs on it."""
    role = presenting.role_in(row, by)
    quoted = quote(row, children, role=role, now=now)
    free_until = _free_until(row)
    began, ended = row["actual_start_time"] or row["start_time"], row["actual_end_time"] or row["end_time"]
    shown = {
        **row,
        **presenting.summary(row, by=by, now=now),
        "room": presenting.room(row, now=now),
        "location": presenting.location(row, role=role),
        "practitioner_notes": None if role == words.CLIENT else row["practitioner_notes"],
        "price_charged": row["price_charged_cents"],
        "discount_amount": row["discount_amount_cents"],
        "final_amount": row["final_amount_cents"],
        "is_active": began is not None
        and ended is not None
        and began <= now <= ended
        and row["status"] != words.CANCELED,
        "is_group_session": row["service_session_id"] is not None,
        "is_package_booking": presenting.is_package(row),
        "is_course_booking": row["service_type"] == words.COURSE,
        "is_individual_session": presenting.booking_type(row) == "individual",
        "is_parent_booking": bool(children),
        "child_bookings": presenting.each(children, by=by, now=now),
        "parent_booking_uuid": row.get("parent_uuid"),
        "rescheduled_from_uuid": None,
        "reminders": reminders,
        "notes": notes,
        "allocated_amount_cents": row["allocated_cents"],
        "payment": presenting.payment(row, role=role),
        "cancellation_policy": presenting.policy(row),
        "free_cancellation_until": free_until,
        "refund_if_canceled_now_cents": quoted.refund_cents,
        "can_be_reviewed": row["status"] == words.COMPLETED and role == words.CLIENT,
    }
    shown["can_be_canceled"] = quoted.refusal is None
    return shown


def _free_until(row: Mapping[str, Any]) -> datetime | None:
    hours, start = row["free_cancellation_hours"], row["start_time"]
    return None if hours is None or start is None else start - timedelta(hours=hours)


def claim(row: Mapping[str, Any], *, parent_kind: str | None) -> Claim:
    """Return what a cancellation has to know of a row."""
    return Claim(
        id=row["id"],
        kind=row["kind"],
        status=row["status"],
        status_detail=row["status_detail"],
        start=row["start_time"],
        end=row["end_time"],
        base_cents=row["paid_cents"] - row["refunded_cents"],
        final_cents=row["final_amount_cents"] if row["parent_id"] is None else 0,
        policy=Policy.of(row["policy"]),
        parent_kind=parent_kind,
    )


def quote(row: Mapping[str, Any], children: Sequence[Mapping[str, Any]], *, role: str, now: datetime) -> Outcome:
    """Return what would happen if this caller canceled now: computed as cancelling does, changing nothing."""
    parent_kind = row.get("parent_kind")
    return outcome(
        claim(row, parent_kind=parent_kind),
        [claim(child, parent_kind=row["kind"]) for child in children],
        role=role,
        now=now,
    )


def cancellation_quote(session: Session, reference: str, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return what cancelling would amount to now. Raises BookingNotFound."""
    found = session.execute(DETAIL_ROWS.where(naming(reference), visible_to(by))).mappings().first()
    if found is None:
        raise BookingNotFound
    row = dict(found)
    is_parent = row["kind"] in words.PARENT_KINDS and row["parent_id"] is None
    children = _children(session, row["id"]) if is_parent else []
    role = presenting.role_in(row, by)
    what = quote(row, children, role=role, now=now)
    return {
        "booking_id": row["id"],
        "can_be_canceled": what.refusal is None,
        "canceled_by": words.CANCELED_BY[role],
        "refund_percent": what.percent,
        "refund_cents": what.refund_cents,
        "refund_amount": what.refund_cents,
        "retained_cents": what.retained_cents,
        "credit_restored": what.restores_credit,
        "free_cancellation_until": _free_until(row),
        "policy": presenting.policy(row),
        "children": [
            {"id": part.id, "refund_cents": part.refund_cents, "reason": part.reason} for part in what.children
        ],
        "reason": what.refusal,
    }


def _children(session: Session, parent_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        DETAIL_ROWS.where(Booking.parent_id == parent_id).order_by(Booking.session_number, Booking.id)
    )
    return [dict(row) for row in rows.mappings()]


def children_rows(session: Session, parent_ids: list[int]) -> list[dict[str, Any]]:
    """Return the children of these purchases as lists show them, in the order of their sessions."""
    rows = session.execute(
        SUMMARY_ROWS.where(Booking.parent_id.in_(parent_ids)).order_by(Booking.session_number, Booking.id)
    )
    return [dict(row) for row in rows.mappings()]


def notes_of(session: Session, booking_id: int, *, by: Identity, is_client: bool) -> list[dict[str, Any]]:
    """Return the notes, newest first; private ones are hidden from the client."""
    statement = (
        select(BookingNote, User.full_name, User.email)
        .outerjoin(User, User.id == BookingNote.author_id)
        .where(BookingNote.booking_id == booking_id)
        .order_by(BookingNote.id.desc())
        .limit(NOTES_MAX)
    )
    if is_client:
        statement = statement.where(BookingNote.is_private.is_(False))
    return [note_shown(note, name, email, by=by) for note, name, email in session.execute(statement)]


def note_shown(note: BookingNote, name: str | None, email: str | None, *, by: Identity) -> dict[str, Any]:
    """Return a note as it is shown."""
    return {
        "id": note.id,
        "content": note.content,
        "is_private": note.is_private,
        "author_name": name or "",
        "author_email": email,
        "author_role": note.author_role,
        "author_id": note.author_id,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
        "can_edit": note.author_id == by.user_id,
    }


def _reminders(session: Session, booking_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(BookingReminder).where(BookingReminder.booking_id == booking_id).order_by(BookingReminder.scheduled_time)
    )
    return [
        {
            "id": reminder.id,
            "reminder_type": reminder.reminder_type,
            "scheduled_time": reminder.scheduled_time,
            "sent_at": reminder.sent_at,
            "subject": None,
            "message": None,
            "is_sent": reminder.is_sent,
        }
        for reminder in rows
    ]
