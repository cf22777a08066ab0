"""Following practitioners: their names on streams, and whether strangers may see these."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import LiveStream, Practitioner, Stream
from services.streams.operations.broadcasting import end_live


def follow_practitioner(session: Session, practitioner_id: int, *, now: datetime) -> None:
    """Show or hide a practitioner's stream; one who is suspended is taken off the air."""
    host = session.get(Practitioner, practitioner_id, populate_existing=True)
    if host is None:
        return
    session.execute(
        update(Stream)
        .where(Stream.practitioner_id == host.id)
        .values(
            practitioner_visible=host.is_visible,
            practitioner_name=host.display_name,
            updated_at=Stream.updated_at,
        )
        .execution_options(synchronize_session=False)
    )
    if host.is_suspended or host.deleted_at is not None:
        on_air = session.scalars(
            select(LiveStream)
            .where(LiveStream.practitioner_id == host.id, LiveStream.status == words.LIVE)
            .with_for_update()
        ).all()
        for live in on_air:
            end_live(session, live, reason=words.BY_STAFF, now=now)
