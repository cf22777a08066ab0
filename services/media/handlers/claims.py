"""What every service tells that shows files: which it uses, and which no longer."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.media.operations.following import note_claim
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaUse:
    """Where a file is used."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


@handles("media.claimed", MediaUse)
def claim_file(session: Session, event: MediaUse, message: Message) -> None:
    """Never sweep the file."""
    _note(session, event, message, claimed=True)


@handles("media.released", MediaUse)
def release_file(session: Session, event: MediaUse, message: Message) -> None:
    """Let the file be swept when nothing else holds it."""
    _note(session, event, message, claimed=False)


def _note(session: Session, event: MediaUse, message: Message, *, claimed: bool) -> None:
    note_claim(
        session,
        message,
        media_id=event.media_id,
        service=event.service,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        claimed=claimed,
    )
