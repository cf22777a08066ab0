"""What practitioners write down about their clients."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.practitioners.models import ClientNote, ClientStats, Practitioner
from shared.errors import NotFound


def require_client(session: Session, practitioner: Practitioner, client_id: int) -> None:
    """Refuse somebody who is no client. Raises NotFound."""
    is_client = exists().where(
        ClientStats.practitioner_id == practitioner.id, ClientStats.user_id == client_id, ClientStats.bookings > 0
    )
    if not session.scalar(select(is_client)):
        raise NotFound("You have no such client.")


def add_note(session: Session, practitioner: Practitioner, client_id: int, content: str) -> ClientNote:
    """Write something down. Raises NotFound."""
    require_client(session, practitioner, client_id)
    note = ClientNote(practitioner_id=practitioner.id, user_id=client_id, content=content)
    session.add(note)
    session.flush()
    return note


def own_note(session: Session, practitioner: Practitioner, note_id: int) -> ClientNote:
    """Return a note that the practitioner wrote. Raises NotFound."""
    note = session.scalar(
        select(ClientNote).where(ClientNote.id == note_id, ClientNote.practitioner_id == practitioner.id)
    )
    if note is None:
        raise NotFound("There is no such note.")
    return note


def notes_about(session: Session, practitioner: Practitioner, client_id: int) -> list[ClientNote]:
    """Return the notes about a client, newest first. Raises NotFound."""
    require_client(session, practitioner, client_id)
    return list(
        session.scalars(
            select(ClientNote)
            .where(ClientNote.practitioner_id == practitioner.id, ClientNote.user_id == client_id)
            .order_by(ClientNote.id.desc())
        )
    )
