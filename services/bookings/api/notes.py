"""Notes about bookings, and their history."""

from typing import Any

import orjson
from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from services.bookings.api.schemas.more import BookingNoteRequest, HistoryEntry
from services.bookings.api.schemas.parts import BookingNote
from services.bookings.domain import errors
from services.bookings.models import BookingHistory, User
from services.bookings.models import BookingNote as Note
from services.bookings.operations.notes import add_note, change_note, remove_note
from services.bookings.queries.bookings import note_shown, notes_of
from services.bookings.queries.stories import HISTORY_ROWS, find_visible
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.errors import Forbidden
from shared.http import SIGNED_IN, Blueprint, MethodView, identity
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Listing

notes = Blueprint("booking-notes", "What is written about bookings.")

HISTORY = Listing(
    columns=HISTORY_ROWS,
    key=BookingHistory.id,
    orderings={"at": BookingHistory.at},
    default_ordering="-at",
)
HistoryQuery = query_schema(HISTORY, "HistoryQuery")


def _shown(session: Session, note: Note) -> dict[str, Any]:
    author = session.get(User, note.author_id)
    return note_shown(note, author.full_name if author else None, author.email if author else None, by=identity())


@notes.route("/bookings/<ref:reference>/notes/")
class Notes(MethodView):
    """The notes about a booking."""

    @notes.operation("bookings_notes_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @notes.response(200, BookingNote(many=True))
    def get(self, reference: str) -> list[dict[str, Any]]:
        """List the notes about a booking, newest first."""
        by = identity()
        with reading() as connection, Session(connection) as session:
            found = find_visible(session, reference, by=by)
            return notes_of(session, found.id, by=by, is_client=by.user_id == found.client_id)

    @notes.operation(
        "bookings_notes_create", SIGNED_IN, refuses=[errors.BookingNotFound, Forbidden, errors.LimitReached]
    )
    @notes.arguments(BookingNoteRequest)
    @notes.response(201, BookingNote)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Write a note; private ones are hidden from the client."""
        by = identity()
        return retrying(lambda session: _shown(session, add_note(session, reference, by=by, now=utc_now(), **body)))


@notes.route("/bookings/<ref:reference>/notes/<id:note_id>/")
class OneNote(MethodView):
    """One note."""

    @notes.operation(
        "bookings_notes_partial_update", SIGNED_IN, refuses=[errors.BookingNotFound, errors.NoteNotFound, Forbidden]
    )
    @notes.arguments(BookingNoteRequest)
    @notes.response(200, BookingNote)
    def patch(self, body: dict[str, Any], reference: str, note_id: int) -> dict[str, Any]:
        """Rewrite one's own note."""
        by = identity()
        return retrying(
            lambda session: _shown(session, change_note(session, reference, note_id, by=by, now=utc_now(), **body))
        )

    @notes.operation(
        "bookings_notes_destroy", SIGNED_IN, refuses=[errors.BookingNotFound, errors.NoteNotFound, Forbidden]
    )
    @notes.response(204)
    def delete(self, reference: str, note_id: int) -> None:
        """Remove one's own note; staff remove any."""
        by = identity()
        retrying(lambda session: remove_note(session, reference, note_id, by=by, now=utc_now()))


@notes.route("/bookings/<ref:reference>/history/")
class History(MethodView):
    """What happened to a booking."""

    @notes.operation("bookings_history_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @notes.arguments(HistoryQuery, location="query")
    @notes.response(200, page_schema(HistoryEntry))
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List every change of a booking, newest first. What staff did is shown to the practitioner and staff."""
        by = identity()
        with reading() as connection:
            with Session(connection) as session:
                found = find_visible(session, reference, by=by)
            where = [BookingHistory.booking_id == bindparam("booking_id")]
            is_client = by.user_id == found.client_id
            if is_client:
                where.append(BookingHistory.actor_role != "staff")
            page = HISTORY.page(
                connection,
                query,
                where=where,
                variant="client" if is_client else "all",
                parameters={"booking_id": found.id},
            )
        for row in page.rows:
            row["changes"] = as_object(row["changes"])
        return page_body(page)


def as_object(value: Any) -> Any:
    """Return a JSON column's value, which a list's rows carry as text."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
