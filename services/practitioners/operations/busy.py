"""Time that is taken, for the free times shown here. Bookings decides; this may be seconds behind."""

from datetime import timedelta

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.practitioners.domain.counting import PARENT_KINDS, TAKES_TIME
from services.practitioners.models import BookingCopy, Busy, Service, ServiceSession
from services.practitioners.operations.queueing import queue_next_available

SESSION_TAKES_TIME = ("scheduled", "in_progress")


def keep_session_busy(session: Session, dated: ServiceSession) -> None:
    """Let a dated session take the time of everybody who gives its service, while it is on."""
    freed = session.scalars(
        delete(Busy).where(Busy.source == "service_session", Busy.source_id == dated.id).returning(Busy.practitioner_id)
    ).all()
    service = session.get(Service, dated.service_id)
    giving = {dated.practitioner_id, *(service.practitioner_ids if service else ())} - {0}
    start, end = dated.starts_at, dated.ends_at
    takes = dated.deleted_at is None and dated.status in SESSION_TAKES_TIME
    if takes and start is not None and end is not None and start < end:
        rows = [
            {"source": "service_session", "source_id": dated.id, "practitioner_id": one, "during": Range(start, end)}
            for one in sorted(giving)
        ]
        session.execute(insert(Busy), rows)
    queue_next_available(session, {*freed, *giving})


def keep_booking_busy(session: Session, booking: BookingCopy) -> None:
    """Let a session booking take its practitioner's time, its buffer included, while it is open.

    Seats of dated sessions take none: the session does.
    """
    key = (Busy.source == "booking") & (Busy.source_id == booking.id)
    is_single = booking.parent_booking_id is not None or booking.kind not in PARENT_KINDS
    start, end = booking.start_time, booking.end_time
    if not (is_single and booking.kind == "session" and booking.status in TAKES_TIME and start and end):
        session.execute(delete(Busy).where(key))
        return
    session.execute(delete(Busy).where(key, Busy.practitioner_id != booking.practitioner_id))
    during = Range(start, end + timedelta(minutes=booking.buffer_minutes))
    session.execute(
        upsert(Busy)
        .values(source="booking", source_id=booking.id, practitioner_id=booking.practitioner_id, during=during)
        .on_conflict_do_update(index_elements=["source", "source_id", "practitioner_id"], set_={"during": during})
    )
